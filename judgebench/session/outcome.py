"""What came of a run, for programs: results, how each task ended, what was said."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from judgebench.dashboard.display import ShownScore
from judgebench.errors import DataError, ExitCode
from judgebench.executors.outcome import RunOutcome
from judgebench.records.flow import Counts, TaskResult
from judgebench.records.request import RunRequest
from judgebench.records.run import Plan, RunConfig
from judgebench.report.current import Plans
from judgebench.report.results import read_result
from judgebench.session.listeners import Finding
from judgebench.store.run_folder import RunFolder

if TYPE_CHECKING:
    from judgebench.report.gate import GateOutcome


class ReachedLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits that a run has reached.

    Attributes:
        flags: By which they were set.
        spent: What was spent of what is limited: ``100 of 100 calls, 1.20 USD of 5.00 USD``.
        higher: Flags with which the run goes on: ``--max-calls 200``.
    """

    flags: list[str]
    spent: str
    higher: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a run.

    Attributes:
        exit_code: As of ``jb``: ``ExitCode.DONE`` where all is well.
        path: The run folder.
        results: A result for each model and row that has a current one, in the order of the plan.
        findings: What a reader of the numbers should know.
        messages: What was said to people meanwhile.
        tasks: How each task ended, with times and errors.
        summary: Path of the summary without its ending (``.md``, ``.csv``, ``.json``, ...); ``None`` without one.
        plan: What was to be done.
        config: The resolved configs.
        request: What was asked for, completed from the run that it continued.
        gate: What the gate decided; ``None`` without one.
        reached: The limits that ended it (``--max-calls``, ``--max-tokens``, ``--max-cost``); ``None`` where none did.
        saved: A line about what was not needed to decide the gate, with ``stop_when_decided``; empty where all was.
    """

    exit_code: ExitCode
    path: Path
    results: list[TaskResult]
    findings: list[Finding]
    messages: list[str]
    tasks: RunOutcome
    summary: Path | None
    plan: Plan
    config: RunConfig
    request: RunRequest
    gate: GateOutcome | None = None
    reached: ReachedLimits | None = None
    saved: str = ""

    @property
    def ok(self) -> bool:
        """Whether the run is whole and the gate passed: nothing failed, was stopped, or stayed unscored too often."""
        return self.exit_code == ExitCode.DONE

    @property
    def interrupted(self) -> bool:
        """Whether somebody stopped the run; continue it with ``reuse``."""
        return self.tasks.interrupted

    @property
    def errors(self) -> list[str]:
        """Why tasks failed, a sentence each."""
        return list(dict.fromkeys(task.error for task in self.tasks.failed()))

    @property
    def counts(self) -> Counts:
        """How many items of all results ended in which state."""
        return summed(self.results)


def outcome_of(
    plan: Plan,
    config: RunConfig,
    request: RunRequest,
    tasks: RunOutcome,
    findings: list[Finding],
    messages: list[str],
) -> Outcome:
    """Return the outcome of a run whose tasks have ended.

    Args:
        plan: What was to be done.
        config: The resolved configs.
        request: What was asked for.
        tasks: How the tasks ended.
        findings: What was found meanwhile.
        messages: What was said meanwhile.
    """
    run = RunFolder(Path(plan.run_dir))
    results = _results(run, plan, config) if request.mode in {"all", "eval", "viz"} else []
    summarized = any(task.id == "summarize" and task.phase == "ok" for task in tasks.tasks)
    return Outcome(
        exit_code=_exit_code(request, tasks, results),
        path=run.path,
        results=results,
        findings=findings,
        messages=messages,
        tasks=tasks,
        summary=run.summary / f"summary_{plan.timestamp}" if summarized and not tasks.interrupted else None,
        plan=plan,
        config=config,
        request=request,
    )


def scores(results: list[TaskResult]) -> list[ShownScore]:
    """Return the headline number of each result."""
    found = []
    for result in results:
        metric = result.metrics[result.headline]
        lo, hi = metric.ci95 or (None, None)
        name = f"{result.model}:{result.dataset}.{result.headline}"
        found.append(ShownScore(name=name, value=metric.value, lo=lo, hi=hi, n=metric.n))
    return found


def summed(results: list[TaskResult]) -> Counts:
    """Return the counts of all results together."""
    fields = Counts.__struct_fields__
    return Counts(**{name: sum(getattr(result.counts, name) for result in results) for name in fields})


def _results(run: RunFolder, plan: Plan, config: RunConfig) -> list[TaskResult]:
    found = []
    plans = Plans(run)
    for model, abbr in plan.combinations:
        for row, _ in config.datasets[abbr].rows(model):
            path = run.result(model, row)
            if not path.exists():
                continue
            with contextlib.suppress(DataError):  # the task that made it, or the summary of it, has said so
                result = read_result(path)
                if not plans.stale(result):
                    found.append(result)
    return found


def _exit_code(request: RunRequest, tasks: RunOutcome, results: list[TaskResult]) -> ExitCode:
    counts = summed(results)
    if tasks.exit_code != ExitCode.DONE:
        return tasks.exit_code
    failed, planned = counts.judge_failed + counts.prediction_failed, counts.planned
    if not planned:
        progress = [task.progress for task in tasks.tasks if task.progress and task.stage in {"infer", "judge"}]
        failed, planned = sum(one.fail for one in progress), sum(one.total for one in progress)
    if planned and failed / planned > (request.options.max_fail_rate or 0.0):
        return ExitCode.ITEMS_FAILED
    least = request.options.min_scored
    if least is not None and counts.planned and 100 * counts.ok / counts.planned < least:
        return ExitCode.ITEMS_FAILED
    if least is None and not request.options.go_on and any(one.counts.planned and not one.counts.ok for one in results):
        return ExitCode.ITEMS_FAILED  # a row without a number is no success
    return ExitCode.DONE
