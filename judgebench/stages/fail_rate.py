"""When a task gives up: more items failed than ``--max-fail-rate`` allows."""

from __future__ import annotations

from judgebench.errors import FailRateError
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
            hint="Mend the service, then continue with --reuse: failed items alone are asked again.",
        )
