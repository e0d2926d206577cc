"""What is known of every task while a run is under way: the rows that all displays show.

No drawing and no clock of its own: times are handed in, in seconds of one monotonic clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

from judgebench.errors import one_line, visible
from judgebench.stages.progress import Progress

Status = Literal[
    "waiting", "launching", "queued", "starting", "preflight", "running", "backing-off", "draining", "writing",
    "finish", "partial", "error", "skipped", "interrupted",
]  # fmt: skip
"""What a row says; the first until the task starts, the last five once it has ended."""

ENDED: frozenset[Status] = frozenset({"finish", "partial", "error", "skipped", "interrupted"})

_WINDOW = 15.0
"""Seconds over which the present rate is taken."""
_SPACING = 0.5
"""Seconds between two remembered counts."""
_TELLING_SHARE = 0.02
_TELLING_SECONDS = 5.0
"""What must be done, and have passed, before the remaining time can be estimated."""


class RunHeader(msgspec.Struct, frozen=True, kw_only=True):
    """What does not change during a run.

    Attributes:
        run: Timestamp of the run.
        base: Path of the run folder as shown to the user.
        pid: Process id of the supervisor.
        max_workers: Most task processes at once.
    """

    run: str
    base: str
    pid: int
    max_workers: int = 1


class Count(NamedTuple):
    """What a task had done at a moment; what was kept from an earlier attempt is no work."""

    at: float
    done: int
    tokens: int


class TaskRow:
    """One task: what it is, where it stands, and how fast it goes."""

    def __init__(self, *, id: str, name: str, stage: str, log: str, needs: tuple[str, ...] = ()) -> None:
        self.id = id
        self.name = name
        self.stage = stage
        self.log = log
        self.needs = needs
        self.status: Status = "waiting"
        self.pid = 0
        self.exit_code: int | None = None
        self.progress = Progress(task=id)
        self.started: float | None = None
        self.ended: float | None = None
        self.error = ""
        self.hint = ""
        self.tail: list[str] = []
        """Last lines of its log, once it has failed."""
        self._counts: deque[Count] = deque(maxlen=64)
        self._first: Count | None = None

    @property
    def over(self) -> bool:
        """Whether the task has ended (or will never run)."""
        return self.status in ENDED

    def start(self, pid: int, now: float) -> None:
        """Note that the task's process runs."""
        self.pid, self.started, self.status = pid, now, "starting"

    def report(self, progress: Progress, now: float) -> None:
        """Take what the task says of itself."""
        if self.status == "queued" and progress.state != "queued":
            self.started = now  # it works from now on; the queue is nobody's time
        self.progress = progress
        if progress.state not in {"finish", "error"} and not self.over:
            self.status = progress.state
        if progress.state in {"queued", "starting", "preflight"}:
            return
        count = Count(now, progress.done - progress.kept, progress.tokens)
        self._first = self._first or Count(now if self.started is None else self.started, 0, 0)
        if not self._counts or now - self._counts[-1].at >= _SPACING:
            self._counts.append(count)
        while len(self._counts) > 2 and now - self._counts[0].at > _WINDOW:
            self._counts.popleft()

    def end(self, status: Status, now: float, *, exit_code: int | None = None, error: str = "", hint: str = "") -> None:
        """Note that the task has ended, and why."""
        self.status, self.ended, self.exit_code = status, now, exit_code
        self.error, self.hint = visible(error), visible(hint)

    def seconds(self, now: float) -> float:
        """Return how long the task has run, in seconds; 0 before it started."""
        if self.started is None:
            return 0.0
        return max(0.0, (now if self.ended is None else self.ended) - self.started)

    def rate(self, now: float) -> float:
        """Return items per second: of the last seconds while it runs, of its whole time once it has ended."""
        return self._speed(now, "done")

    def token_rate(self, now: float) -> float:
        """Return completion tokens per second, over the same time as ``rate``."""
        return self._speed(now, "tokens")

    def eta(self, now: float) -> float | None:
        """Return the seconds that the rest will take at the present rate; ``None`` where that is unknown."""
        rate = self.rate(now)
        if self.over or rate <= 0 or self.progress.total <= 0:
            return None
        return max(0, self.progress.total - self.progress.done) / rate

    def share(self) -> float:
        """Return how much of its work is done, 0..1; what was kept from an earlier attempt is no work."""
        if self.over:
            return 1.0
        work = self.progress.total - self.progress.kept
        return min(1.0, max(0.0, (self.progress.done - self.progress.kept) / work)) if work > 0 else 0.0

    def note(self) -> str:
        """Return what the task waits for, why it failed, or what it says at its end, as one safe line."""
        return one_line(self.error or self.progress.note, limit=200)

    def _speed(self, now: float, what: Literal["done", "tokens"]) -> float:
        if self._first is None:
            return 0.0
        done = self.progress.done - self.progress.kept
        last = Count(now if self.ended is None else self.ended, done, self.progress.tokens)
        first = self._first
        if not self.over and len(self._counts) > 1 and now - self._counts[0].at >= 2.0:
            first = self._counts[0]
        passed = last.at - first.at
        return max(0.0, (getattr(last, what) - getattr(first, what)) / passed) if passed > 0 else 0.0


def clock_text(seconds: float) -> str:
    """Return a duration as ``h:mm:ss``."""
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def rate_text(per_second: float) -> str:
    """Return a rate with about two significant digits: ``0.04``, ``2.0``, ``117``."""
    if per_second >= 10:
        return f"{per_second:.0f}"
    return f"{per_second:.1f}" if per_second >= 0.95 or per_second == 0 else f"{per_second:.2f}"


def failure_lines(row: TaskRow, base: str) -> list[str]:
    """Return what a person must know of a task that failed: cause, hint, where the log is, its last lines."""
    lines = [f"{row.stage} {row.name}: {row.error or 'ended without saying why'}"]
    lines += [f"  {part}" for part in row.hint.splitlines()]
    if row.tail:
        lines.append(f"  Last lines of {base}/{row.log}:" if row.log else "  Its last lines:")
        lines += [f"    {line}" for line in row.tail]
    elif row.log:
        lines.append(f"  Log: {base}/{row.log}")
    return lines


def at_work_first(rows: Sequence[TaskRow]) -> list[TaskRow]:
    """Return the tasks in the order in which a person wants to see them: at work, ended badly, waiting, finished."""

    def place(row: TaskRow) -> int:
        if not row.over:
            return 2 if row.status == "waiting" else 0
        return 1 if row.status in {"error", "partial"} else 3

    return sorted(rows, key=place)


def whole_run_text(rows: Sequence[TaskRow], now: float) -> str:
    """Return how far the run as a whole is, and about how long the rest will take at the present pace.

    Of a task that waits nobody knows the size, so tasks that ask weigh alike; those that only count take no time. While
    none gets on, as when a service is being launched, there is no pace.
    """
    ended = sum(row.over for row in rows)
    working = sum(not row.over and row.status != "waiting" for row in rows)
    text = f"{ended} of {len(rows)} tasks ended, {working} at work"
    asking = [row for row in rows if row.stage in {"infer", "judge"}] or list(rows)
    share = sum(row.share() for row in asking) / len(asking) if asking else 0.0
    text += f"; {100 * share:.0f}% done"
    started = [row.started for row in rows if row.started is not None]
    passed = now - min(started, default=now)
    under_way = any(not row.over and row.share() > 0 for row in asking)
    if under_way and share >= _TELLING_SHARE and passed >= _TELLING_SECONDS:
        text += f", about {clock_text(passed * (1 - share) / share)} left"
    return text


class Notice:
    """Which failures were told: what fails for one and the same reason is told once."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}

    def lines(self, row: TaskRow, base: str) -> list[str]:
        """Return the lines about a task that failed; if the reason was shown before, only the task that had it."""
        name = f"{row.stage} {row.name}"
        first = self._first.setdefault(row.error, name) if row.error else name
        return failure_lines(row, base) if first == name else [f"{name}: the same as {first}"]
