"""How far a task is: what it reports to its supervisor, and how often."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from judgebench.records.facts import LiveVerdict
from judgebench.records.spending import TaskSpending
from judgebench.stages.task_files import FILES_VARIABLE, open_progress

if TYPE_CHECKING:
    from judgebench.engine.allowance import Allowance
    from judgebench.engine.client import Traffic

State = Literal[
    "queued", "starting", "preflight", "waiting", "running", "backing-off", "draining", "writing", "finish", "error"
]


class Progress(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What a task says of itself.

    Attributes:
        done: Items finished in this run folder (kept ones included); -1 where items have no meaning.
        total: Items planned; 0 while unknown.
        kept: Items that were already there.
        post: Requests sent. ``recv``: replies received. ``finish``: items with a usable reply. ``fail``: without one.
        tokens: Completion tokens received.
        in_flight: Requests under way.
        limit: The present bound of requests in flight (adaptive).
        note: A few words on what it is waiting for, such as ``backing off 12 s (429)``.
        outstanding: A sentence about answers that are still to come when it ends, in batches or a file.
        error: One sentence, when the state is ``error``; ``hint`` what to do; ``exit_code`` the error's.
        figures: Further numbers for the record (asked and achieved rate, extra requests, ...).
        spending: How things stand with its allowance, where the run has limits.
        verdicts: What has been decided since the last report, where somebody waits for it.
    """

    task: str
    state: State = "starting"
    done: int = 0
    total: int = 0
    kept: int = 0
    post: int = 0
    recv: int = 0
    finish: int = 0
    fail: int = 0
    tokens: int = 0
    in_flight: int = 0
    limit: int = 0
    unparsed: int = 0
    note: str = ""
    outstanding: str = ""
    error: str = ""
    hint: str = ""
    exit_code: int = 0
    figures: dict[str, float] = {}
    spending: TaskSpending | None = None
    verdicts: list[LiveVerdict] = []


class Reporter:
    """Sends a task's progress to the supervisor, at most every ``interval`` seconds unless forced."""

    def __init__(self, task: str, *, interval: float = 0.25, emit: Callable[[bytes], None] | None = None) -> None:
        self.progress = Progress(task=task)
        self.allowance: Allowance | None = None
        """Goes into each report."""
        self.verdicts: list[LiveVerdict] = []
        """Go into the next report."""
        self.latest: Callable[[], dict[str, object]] | None = None
        """Gives what changes all the time, for each report."""
        self._interval = interval
        self._last = 0.0
        self._emit = emit
        if emit is not None:
            self._fd = 0
            return
        fd, folder = os.environ.get("JB_PROGRESS_FD", ""), os.environ.get(FILES_VARIABLE, "")
        self._fd = int(fd) if fd.isdigit() else open_progress(Path(folder)) if folder else -1

    def update(self, changes: dict[str, Any] | None = None, *, force: bool = False, **more: Any) -> None:
        """Change fields of the progress and send it if it is time."""
        changes = {**(changes or {}), **more}
        for name, value in changes.items():
            setattr(self.progress, name, value)
        self.send(force=force or "state" in changes)

    def send(self, *, force: bool = False) -> None:
        """Send the progress if ``force`` or the interval has passed."""
        now = time.monotonic()
        if self._fd < 0 or (not force and now - self._last < self._interval):
            return
        self._last = now
        for name, value in (self.latest() if self.latest is not None else {}).items():
            setattr(self.progress, name, value)
        if self.allowance is not None:
            self.progress.spending = self.allowance.state(ended=self.progress.state in {"finish", "error"})
        self.progress.verdicts, self.verdicts = self.verdicts[:_MOST_VERDICTS], self.verdicts[_MOST_VERDICTS:]
        line = msgspec.json.encode(self.progress)
        if self._emit is not None:
            self._emit(line)
            if force and self.verdicts:
                self.send(force=True)
            return
        try:
            _write(self._fd, line + b"\n")
        except (BrokenPipeError, OSError):
            self._fd = -1  # the supervisor is gone; stdin tells the rest
        if force and self.verdicts:
            self.send(force=True)


_MOST_VERDICTS = 300
"""Of one report: a reader takes lines of 64 KiB."""


def _write(fd: int, line: bytes) -> None:
    """Write all of a line: a pipe may take a long one in parts."""
    while line:
        line = line[os.write(fd, line) :]


def supervised() -> bool:
    """Say whether a supervisor runs this process."""
    return "JB_PROGRESS_FD" in os.environ or FILES_VARIABLE in os.environ


@contextmanager
def report_regularly(reporter: Reporter, traffic: Traffic, progress: Callable[[], dict[str, object]]) -> Iterator[None]:
    """Report what the client counts and what the stage knows, several times a second, until left."""

    def latest() -> dict[str, object]:
        return {
            **progress(),
            "post": traffic.post,
            "recv": traffic.recv,
            "tokens": traffic.completion_tokens,
            "in_flight": traffic.in_flight,
            "limit": traffic.limit,
            "note": traffic.note,
        }

    async def regularly() -> None:
        while True:
            await asyncio.sleep(0.25)
            reporter.send()

    task = asyncio.create_task(regularly())
    reporter.latest = latest
    try:
        yield
    finally:
        task.cancel()
        reporter.update(latest(), force=True)
        reporter.latest = None
