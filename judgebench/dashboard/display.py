"""What a display is, and which one suits a run."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Protocol, TextIO

import msgspec

from judgebench.dashboard.board import RunHeader, TaskRow


class ShownScore(msgspec.Struct, frozen=True, kw_only=True):
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

    def done(self, *, exit_code: int, scores: Sequence[ShownScore], next_command: str) -> None:
        """Say the last word, for programs that read it; people are told by the command line."""
        ...


def display_for(json: bool, debug: bool, stream: TextIO) -> Display:
    """Return the display that suits the run.

    Args:
        json: One JSON event per line on standard output, everything human on standard error.
        debug: The tasks write to the terminal, so nothing may be drawn over it.
        stream: Where human text goes.
    """
    if json:
        from judgebench.dashboard.events import EventDisplay
        from judgebench.dashboard.plain import PlainDisplay

        return EventDisplay(sys.stdout, PlainDisplay(sys.stderr if stream is sys.stdout else stream))
    if debug or not _can_draw(stream):
        from judgebench.dashboard.plain import PlainDisplay

        return PlainDisplay(stream)
    from judgebench.dashboard.live import LiveDisplay

    return LiveDisplay(stream)


def _can_draw(stream: TextIO) -> bool:
    if not stream.isatty() or os.environ.get("TERM", "") in {"", "dumb"}:
        return False
    try:
        return os.get_terminal_size(stream.fileno()).columns >= 40
    except OSError:
        return False
