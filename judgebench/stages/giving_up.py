"""When a task gives up before its end: too many failures, or first replies that are all of no use."""

from __future__ import annotations

from judgebench.errors import EndpointError, FailRateError
from judgebench.stages.task import Task


def check_fail_rate(task: Task, *, failed: int, what: str, first_error: str) -> None:
    """Let a task go on, or give it up.

    Args:
        task: The task; its reported total is what the rate is of.
        failed: Items that failed so far.
        what: What failed, in the plural.
        first_error: Sentence of the first fault.

    Raises:
        FailRateError: More failed than allowed; without a limit no task gives up.
    """
    limit, total = task.plan.options.max_fail_rate, task.reporter.progress.total
    if limit is not None and total and failed > limit * total:
        raise FailRateError(
            f"{task.spec.name}: {failed} of {total} {what} failed, more than --max-fail-rate {limit:g} allows; "
            f"first fault: {first_error or 'see the log'}.",
            hint="Repair the service, then continue with --reuse: only failed items are asked again.",
        )


EARLY = 50
"""So many first replies, all refused or all unread, end a task: the others would be paid for in vain."""
REFUSED = frozenset({"bad_request", "context_length", "content_filter"})
"""Kinds of failures that a service repeats however often it is asked."""


def stop_early(task: Task, *, count: int, what: str, words: str) -> None:
    """End a task whose first replies were all of no use, unless ``--go-on`` says otherwise.

    Args:
        task: The task.
        count: So many replies came, and none was of use.
        what: What was of no use about them: "answers were refused", "replies could not be read".
        words: The service's own words.

    Raises:
        EndpointError: There were enough of them.
    """
    if count >= EARLY and not task.plan.options.go_on:
        raise EndpointError(
            f"{task.spec.name}: the first {count} {what}, all of them; the last one: {words}",
            hint="What was recorded is kept. Mend the cause and continue with --reuse, or go on all the same: --go-on.",
        )
