"""The small protocol between a task process and the supervisor.

Task → supervisor: one JSON object per line on the file descriptor named by ``JB_PROGRESS_FD``; each is a whole
``Progress`` (the newest replaces the older). Supervisor → task: lines on the task's stdin: ``upstream-done <task id>``
when a followed task has ended, ``stop`` to stop sending and keep what is in flight for a bounded time, and end of file
when the supervisor is gone (the same as ``stop``). Without the variable a task runs by itself and reports to its log.
"""

from __future__ import annotations

import os
import time
from typing import Any, Literal

import msgspec

State = Literal["starting", "preflight", "waiting", "running", "backing-off", "draining", "writing", "finish", "error"]


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
        error: One sentence, when the state is ``error``; ``hint`` what to do; ``exit_code`` the error's.
        figures: Further numbers for the record (asked and achieved rate, extra requests, ...).
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
    error: str = ""
    hint: str = ""
    exit_code: int = 0
    figures: dict[str, float] = {}


class Reporter:
    """Sends a task's progress to the supervisor, at most every ``interval`` seconds unless forced."""

    def __init__(self, task: str, *, interval: float = 0.25) -> None:
        self.progress = Progress(task=task)
        self._interval = interval
        self._last = 0.0
        fd = os.environ.get("JB_PROGRESS_FD", "")
        self._fd = int(fd) if fd.isdigit() else -1

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
        try:
            os.write(self._fd, msgspec.json.encode(self.progress) + b"\n")
        except (BrokenPipeError, OSError):
            self._fd = -1  # the supervisor is gone; stdin tells the rest
