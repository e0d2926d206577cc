"""What a display is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from judgebench.dashboard.board import RunHeader, TaskRow


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """One headline number of the run, for ``done``; ``lo`` and ``hi`` are the 95% interval."""

    name: str
    value: float | None
    lo: float | None = None
    hi: float | None = None
    n: int = 0


class Display(Protocol):
    """Shows a run. All methods are called from the supervisor's event loop and return at once."""

    def start(self, run: RunHeader, rows: Sequence[TaskRow]) -> None:
        """Begin; ``rows`` are all tasks of the run, in the order of the plan, and change in place."""
        ...

    def task(self, row: TaskRow) -> None:
        """A row has changed."""
        ...

    def message(self, text: str) -> None:
        """Say something to the person at the terminal; may be untrusted text of several lines."""
        ...

    def finding(self, kind: str, text: str, *, task: str = "") -> None:
        """Say that the run met something that a reader of its numbers should know (unparsed replies, drift, ...)."""
        ...

    def finish(self, *, interrupted: bool) -> None:
        """Stop drawing and leave the terminal as it was; safe to call twice and before ``start``."""
        ...

    def done(self, *, exit_code: int, scores: Sequence[Score], next_command: str) -> None:
        """Say the last word, for programs that read it; people are told by the command line."""
        ...
