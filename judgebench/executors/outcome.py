"""What came of a run: one record per task, and the exit code that they add up to."""

from __future__ import annotations

import signal

import msgspec

from judgebench.errors import ExitCode
from judgebench.executors.scheduler import Phase
from judgebench.stages.progress import Progress


class TaskOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How one task ended.

    Attributes:
        phase: ``ok``, ``partial``, ``outstanding``, ``failed``, ``skipped`` or ``interrupted``.
        exit_code: Of its process (negative for a signal); ``None`` when it never ran.
        error: One sentence, where it did not finish successfully. ``hint``: what to do.
        cause: Id of the task that failed first, for a skipped one.
        log: Log file, relative to the run folder.
        tail: Last lines of the log of a failed task, safe to print.
        progress: The last that it said of itself.
        seconds: How long its process ran.
    """

    id: str
    name: str
    stage: str
    phase: Phase
    exit_code: int | None = None
    error: str = ""
    hint: str = ""
    cause: str = ""
    log: str = ""
    tail: list[str] = []
    progress: Progress | None = None
    seconds: float = 0.0


class RunOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended.

    Attributes:
        tasks: In the order of the plan.
        interrupted: Whether somebody stopped it.
        seconds: How long it took.
    """

    tasks: list[TaskOutcome]
    interrupted: bool = False
    seconds: float = 0.0

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of the run, before gates: of the first task that failed, waits for answers, or is partial."""
        if self.interrupted:
            return ExitCode.INTERRUPTED
        for phase in ("failed", "outstanding", "partial"):
            for task in self.tasks:
                if task.phase == phase:
                    return known_exit_code(task.exit_code)
        return ExitCode.DONE

    def failed(self) -> list[TaskOutcome]:
        """Return the tasks that failed themselves."""
        return [task for task in self.tasks if task.phase == "failed"]


def known_exit_code(code: int | None) -> ExitCode:
    """Return the documented exit code that a task's code means; our bug where it is none of them."""
    try:
        return ExitCode(code) if code is not None else ExitCode.BUG
    except ValueError:
        return ExitCode.BUG


def explain_exit(code: int) -> tuple[str, str]:
    """Return a sentence and a hint for a process that ended without saying why."""
    if code >= 0:
        return f"The task's process ended with exit code {code} and without an error message.", "Its log says more."
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    hint = "Its log says more."
    if -code == signal.SIGKILL:
        hint = "Often the system has run out of memory: see dmesg, or run fewer tasks at once (--max-num-workers)."
    return f"The task's process was killed by {name}.", hint
