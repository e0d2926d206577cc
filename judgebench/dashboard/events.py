"""One JSON object per line, for scripts, on standard output or in a file; everything human goes to another display.

Events: ``launch``, ``plan``, ``task`` (change of status), ``progress`` (at most one per second and task), ``finding``,
``done``. ``done`` always comes unless the process is killed, so a reader never needs to parse a log.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec
from msgspec import UNSET

from judgebench.dashboard.board import RunHeader, Status, TaskRow
from judgebench.dashboard.display import Display, ShownScore
from judgebench.errors import visible
from judgebench.records.events import (
    DoneEvent,
    Event,
    FindingEvent,
    LaunchEvent,
    PlanEvent,
    PlannedTask,
    ProgressEvent,
    ScoreEvent,
    TaskEvent,
)

_INTERVAL = 1.0
_NOT_WORKING: frozenset[Status] = frozenset({"waiting", "launching", "queued", "starting", "preflight"})


class EventStream(Protocol):
    """Where events go: a text file, or what is written like one."""

    def write(self, line: str, /) -> object:
        """Take a line, which ends with a newline."""
        ...

    def flush(self) -> None:
        """Let readers see it."""
        ...


class EventDisplay:
    """Writes the events of a run as JSON lines.

    Args:
        out: Where the events go; nothing else may write there.
        human: The display for people.
        clock: Monotonic seconds.
    """

    def __init__(self, out: EventStream, human: Display, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._human = human
        self._clock = clock
        self._status: dict[str, Status] = {}
        self._shown: dict[str, float] = {}
        self._started = False
        self._finished = False
        self._early: list[FindingEvent] = []
        """Events from before ``launch``, which comes first."""

    def start(self, run: RunHeader, rows: Sequence[TaskRow]) -> None:
        """Emit ``launch`` and ``plan``."""
        self._human.start(run, rows)
        self._started = True
        self._emit(LaunchEvent(run=run.run, pid=run.pid, dir=run.base))
        tasks = [
            PlannedTask(id=row.id, name=row.name, stage=row.stage, needs=list(row.needs), log=row.log) for row in rows
        ]
        self._emit(PlanEvent(tasks=tasks, max_workers=run.max_workers))
        self._emit_early()

    def task(self, row: TaskRow) -> None:
        """Emit ``task`` when the status changed, else ``progress``; between start and end at most one per second."""
        self._human.task(row)
        now = self._clock()
        before = self._status.get(row.id)
        working = before is not None and before not in _NOT_WORKING and not row.over
        if working and now - self._shown[row.id] < _INTERVAL:
            return
        if before != row.status:
            self._status[row.id] = row.status
            self._shown[row.id] = now
            self._emit(_changed(row, now))
        elif working:
            self._shown[row.id] = now
            self._emit(ProgressEvent(task=row.id, **_counts(row, now)))

    def message(self, text: str) -> None:
        """Hand the text to the human display; it is no event."""
        self._human.message(text)

    def finding(self, kind: str, text: str, *, task: str = "") -> None:
        """Emit ``finding``."""
        self._human.finding(kind, text, task=task)
        self._early.append(FindingEvent(kind=kind, text=visible(text), task=task))
        if self._started:
            self._emit_early()

    def finish(self, *, interrupted: bool) -> None:
        """Close the human display; ``done`` is still to come."""
        if not self._finished:
            self._finished = True
            self._human.finish(interrupted=interrupted)

    def done(self, *, exit_code: int, scores: Sequence[ShownScore], next_command: str) -> None:
        """Emit ``done``."""
        self._emit_early()
        self._human.done(exit_code=exit_code, scores=scores, next_command=next_command)
        status = {0: "done", 8: "waiting", 130: "interrupted"}.get(exit_code, "failed")
        said = [ScoreEvent(**msgspec.structs.asdict(score)) for score in scores]
        self._emit(DoneEvent(status=status, exit_code=exit_code, scores=said, next=next_command))

    def _emit_early(self) -> None:
        for finding in self._early:
            self._emit(finding)
        self._early.clear()

    def _emit(self, event: Event) -> None:
        try:
            self._out.write(msgspec.json.encode(event).decode("utf-8") + "\n")
            self._out.flush()
        except (OSError, ValueError):
            # The reader has gone; the run itself must go on.
            return


def _changed(row: TaskRow, now: float) -> TaskEvent:
    over, wrong = row.over, bool(row.error)
    return TaskEvent(
        task=row.id,
        name=row.name,
        stage=row.stage,
        status=row.status,
        pid=row.pid or UNSET,
        seconds=round(row.seconds(now), 3) if over else UNSET,
        exit_code=row.exit_code if over else UNSET,
        error=row.error if wrong else UNSET,
        hint=row.hint if wrong else UNSET,
        log=row.log if wrong else UNSET,
        tail=row.tail if wrong else UNSET,
        **_counts(row, now),
    )


def _counts(row: TaskRow, now: float) -> dict[str, Any]:
    progress = row.progress
    eta = row.eta(now)
    return {
        "done": progress.done,
        "total": progress.total,
        "kept": progress.kept,
        "post": progress.post,
        "recv": progress.recv,
        "finish": progress.finish,
        "fail": progress.fail,
        "unparsed": progress.unparsed,
        "in_flight": progress.in_flight,
        "tokens": progress.tokens,
        "rate": round(row.rate(now), 3),
        "token_rate": round(row.token_rate(now), 1),
        "eta": None if eta is None else round(eta, 1),
        "note": progress.note,
    }
