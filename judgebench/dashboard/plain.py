"""Plain lines for pipes, logs and CI: no control codes, no redrawing, few lines."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TextIO

from judgebench.dashboard.board import Notice, RunHeader, Status, TaskRow, clock_text, rate_text
from judgebench.dashboard.display import ShownScore
from judgebench.errors import visible

_SAME_STATUS = 10.0
"""Seconds between two lines about one task in one status."""
_OTHER_STATUS = 3.0
"""Seconds between two lines about one task whose status flips; starts and ends are always printed."""


class PlainDisplay:
    """One line per task and change of status, and now and then one about its progress."""

    def __init__(self, stream: TextIO, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._base = ""
        self._shown: dict[str, tuple[Status, int, float]] = {}
        self._failures = Notice()

    def start(self, run: RunHeader, rows: Sequence[TaskRow]) -> None:
        """Say where the run is and how many tasks it has."""
        self._base = run.base
        self._line(f"Base path of result&log : {run.base}")
        self._line(f"{len(rows)} tasks, at most {run.max_workers} at once")

    def task(self, row: TaskRow) -> None:
        """Write a line if the row's status changed, or if it made progress and some time has passed."""
        now = self._clock()
        status, done, shown_at = self._shown.get(row.id, ("waiting", -1, -_SAME_STATUS))
        if row.status == status and (row.over or row.progress.done == done or now - shown_at < _SAME_STATUS):
            return
        if status not in {row.status, "waiting"} and not row.over and now - shown_at < _OTHER_STATUS:
            return
        self._shown[row.id] = (row.status, row.progress.done, now)
        if row.status == "error":
            first, *rest = self._failures.lines(row, self._base)
            self._line(f"{_head(row)}: error: {first.partition(': ')[2]}")
            for line in rest:
                self._line(line)
            return
        self._line(f"{_head(row)}: {_said(row, now)}")

    def message(self, text: str) -> None:
        """Write the text, made visible."""
        self._line(text)

    def finding(self, kind: str, text: str, *, task: str = "") -> None:
        """Write the finding as a line."""
        self._line(f"{task or 'run'}: {kind}: {text}")

    def finish(self, *, interrupted: bool) -> None:
        """Say that the run was interrupted, if it was."""
        if interrupted:
            self._line("Interrupted. Everything that finished is kept.")

    def done(self, *, exit_code: int, scores: Sequence[ShownScore], next_command: str) -> None:
        """Nothing: the command line tells people."""

    def _line(self, text: str) -> None:
        try:
            self._stream.write(visible(text).rstrip() + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            # The reader of the pipe has gone (`jb ... | head`); the run itself must go on.
            return


def _head(row: TaskRow) -> str:
    return f"[{time.strftime('%H:%M:%S')}] {row.stage} {visible(row.name)}"


def _said(row: TaskRow, now: float) -> str:
    progress = row.progress
    parts = [str(row.status)]
    if progress.total > 0:
        parts.append(f"{progress.done}/{progress.total}")
    figures = []
    rate = row.rate(now)
    if rate:
        figures.append(f"{rate_text(rate)} it/s")
    if row.token_rate(now):
        figures.append(f"{rate_text(row.token_rate(now))} tok/s")
    for caption, count in (("kept", progress.kept), ("failed", progress.fail), ("unparsed", progress.unparsed)):
        if count:
            figures.append(f"{count} {caption}")
    eta = row.eta(now)
    if eta is not None and progress.done < progress.total:
        figures.append(f"ETA {clock_text(eta)}")
    if row.over and row.started is not None:
        figures.append(f"took {clock_text(row.seconds(now))}")
    if figures:
        parts.append(f"[{', '.join(figures)}]")
    if row.note():
        parts.append(f"- {row.note()}")
    return " ".join(parts)
