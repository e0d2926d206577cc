"""One JSON object per line on standard output, for scripts; everything human goes to another display.

Events: ``launch``, ``plan``, ``task`` (change of status), ``progress`` (at most one per second and task), ``finding``,
``done``. ``done`` always comes unless the process is killed, so a reader never needs to parse a log.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, TextIO

import msgspec

from judgebench.dashboard.board import RunHeader, Status, TaskRow
from judgebench.dashboard.display import Display, ShownScore
from judgebench.errors import visible

_INTERVAL = 1.0
_NOT_WORKING: frozenset[Status] = frozenset({"waiting", "launching", "starting", "preflight"})


class EventDisplay:
    """Writes the events of a run as JSON lines.

    Args:
        out: Where the events go; nothing else may write there.
        human: The display for people.
        clock: Monotonic seconds.
    """

    def __init__(self, out: TextIO, human: Display, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._human = human
        self._clock = clock
        self._status: dict[str, Status] = {}
        self._shown: dict[str, float] = {}
        self._started = False
        self._finished = False
        self._early: list[dict[str, Any]] = []
        """Events from before ``launch``, which comes first."""

    def start(self, run: RunHeader, rows: Sequence[TaskRow]) -> None:
        """Emit ``launch`` and ``plan``."""
        self._human.start(run, rows)
        self._started = True
        self._emit("launch", run=run.run, pid=run.pid, dir=run.base)
        tasks = [
            {"id": row.id, "name": row.name, "stage": row.stage, "needs": list(row.needs), "log": row.log}
            for row in rows
        ]
        self._emit("plan", tasks=tasks, max_workers=run.max_workers)
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
            self._emit("task", **self._state(row, now))
        elif working:
            self._shown[row.id] = now
            self._emit("progress", task=row.id, **_counts(row, now))

    def message(self, text: str) -> None:
        """Hand the text to the human display; it is no event."""
        self._human.message(text)

    def finding(self, kind: str, text: str, *, task: str = "") -> None:
        """Emit ``finding``."""
        self._human.finding(kind, text, task=task)
        self._early.append({"kind": kind, "text": visible(text), "task": task})
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
        status = {0: "done", 130: "interrupted"}.get(exit_code, "failed")
        self._emit("done", status=status, exit_code=exit_code, scores=list(scores), next=next_command)

    def _state(self, row: TaskRow, now: float) -> dict[str, Any]:
        state: dict[str, Any] = {"task": row.id, "name": row.name, "stage": row.stage, "status": row.status}
        if row.pid:
            state["pid"] = row.pid
        if row.over:
            state["seconds"] = round(row.seconds(now), 3)
            state["exit_code"] = row.exit_code
        if row.error:
            state |= {"error": row.error, "hint": row.hint, "log": row.log, "tail": row.tail}
        return state | _counts(row, now)

    def _emit_early(self) -> None:
        for finding in self._early:
            self._emit("finding", **finding)
        self._early.clear()

    def _emit(self, event: str, **fields: Any) -> None:
        try:
            self._out.write(msgspec.json.encode({"event": event, **fields}).decode("utf-8") + "\n")
            self._out.flush()
        except (OSError, ValueError):
            # The reader has gone; the run itself must go on.
            return


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
