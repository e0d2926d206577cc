"""Who hears a run: one protocol of events, the display's; here are the listener that hears nothing and the recorder."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from judgebench.dashboard.board import RunHeader, TaskRow
from judgebench.dashboard.display import Display, ShownScore


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader of a run's numbers should know.

    Attributes:
        kind: ``preflight``, ``unparsed``, ``failed-items``, ...
        text: One sentence or less.
        task: Id of the task that it is about; empty for the run.
    """

    kind: str
    text: str
    task: str = ""


class Listener(Display):
    """Hears a run and does nothing; inherit from it and define what you want to hear.

    The methods are called from the thread that the run works in. What they raise ends the run.
    """

    def start(self, run: RunHeader, rows: Sequence[TaskRow]) -> None:
        """All tasks of the run, in the order of the plan; the rows change in place."""

    def task(self, row: TaskRow) -> None:
        """A task has changed its status or its counts."""

    def message(self, text: str) -> None:
        """Something is said to people; may be untrusted text of several lines."""

    def finding(self, kind: str, text: str, *, task: str = "") -> None:
        """The run met something that a reader of its numbers should know."""

    def finish(self, *, interrupted: bool) -> None:
        """No task runs any more."""

    def done(self, *, exit_code: int, scores: Sequence[ShownScore], next_command: str) -> None:
        """The last word."""


class Recorder:
    """Passes every event on to a listener, and keeps what was said and found."""

    def __init__(self, listener: Display) -> None:
        self._listener = listener
        self.findings: list[Finding] = []
        self.messages: list[str] = []

    def start(self, run: RunHeader, rows: Sequence[TaskRow]) -> None:
        """Pass it on."""
        self._listener.start(run, rows)

    def task(self, row: TaskRow) -> None:
        """Pass it on."""
        self._listener.task(row)

    def message(self, text: str) -> None:
        """Keep it and pass it on."""
        self.messages.append(text)
        self._listener.message(text)

    def finding(self, kind: str, text: str, *, task: str = "") -> None:
        """Keep it and pass it on."""
        self.findings.append(Finding(kind=kind, text=text, task=task))
        self._listener.finding(kind, text, task=task)

    def finish(self, *, interrupted: bool) -> None:
        """Pass it on."""
        self._listener.finish(interrupted=interrupted)

    def done(self, *, exit_code: int, scores: Sequence[ShownScore], next_command: str) -> None:
        """Pass it on."""
        self._listener.done(exit_code=exit_code, scores=scores, next_command=next_command)
