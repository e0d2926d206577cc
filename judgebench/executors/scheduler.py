"""Which task runs when: a pure state machine without I/O and without a clock.

Events go in, instructions come out; the same events give the same instructions, so every order can be tested and a run
that hung can be replayed from its event log (``encode_log``, ``replay``). The rest is done by
``executors.supervision``.

Rules:

- a task starts when each of its ``needs`` has ended well and each task it ``follows`` works or has ended well. Works
  means that it said so: before that it may still set aside answers of an earlier run, which nobody must judge, or fail;
- without overlap ``follows`` count as ``needs``;
- a task also waits for those it comes ``after``, however they end;
- a task whose cause failed is skipped, with the name of the task that failed first;
- where answers are still to come, judges go on with those that are there, and their rows are scored another time;
- ``summarize`` runs whatever happened to the others, as long as one of them gave results and nobody interrupted;
- free slots go to the ready tasks in the order of the plan. A follower is only ready while those it follows hold a slot
  of their own, so it can never wait for a slot that it occupies itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from judgebench.errors import ExitCode, InternalError
from judgebench.records.run import TaskSpec
from judgebench.stages.progress import State

Phase = Literal["waiting", "running", "ok", "partial", "outstanding", "failed", "skipped", "interrupted"]
"""``partial``: finished, but items failed or the budget was reached; dependants go on with what is there.
``outstanding``: some answers are still to come, so judges go on with those that are there, and nothing is scored yet.
"""

FINAL: frozenset[Phase] = frozenset({"ok", "partial", "outstanding", "failed", "skipped", "interrupted"})
PASSED: frozenset[Phase] = frozenset({"ok", "partial"})

_PARTIAL_CODES = frozenset({int(ExitCode.ITEMS_FAILED), int(ExitCode.BUDGET_REACHED)})
_NOT_YET_WORKING: frozenset[State] = frozenset({"queued", "starting", "preflight"})


class RunStarted(msgspec.Struct, frozen=True, tag="run-started"):
    """The supervisor is ready."""


class TaskReported(msgspec.Struct, frozen=True, tag="task-reported"):
    """A task said in which state it is."""

    task: str
    state: State


class TaskExited(msgspec.Struct, frozen=True, tag="task-exited", omit_defaults=True):
    """A task's process is gone; ``code`` is negative for a signal, as in ``subprocess``."""

    task: str
    code: int
    error: str = ""


class Interrupted(msgspec.Struct, frozen=True, tag="interrupted", omit_defaults=True):
    """Ctrl-C or its like; ``at_once`` for the second one, or when the time to drain is over."""

    at_once: bool = False


Event = RunStarted | TaskReported | TaskExited | Interrupted


class StartTask(msgspec.Struct, frozen=True, tag="start"):
    """Start the task's process."""

    task: str


class UpstreamDone(msgspec.Struct, frozen=True, tag="upstream-done"):
    """Tell a running task that a task it follows has ended and will write no more."""

    task: str
    upstream: str


class StopTask(msgspec.Struct, frozen=True, tag="stop"):
    """Ask a task to send nothing more, keep what is in flight for a bounded time, and end."""

    task: str


class KillTask(msgspec.Struct, frozen=True, tag="kill"):
    """End a task's process now."""

    task: str


class RunDone(msgspec.Struct, frozen=True, tag="done"):
    """Every task has ended."""


Instruction = StartTask | UpstreamDone | StopTask | KillTask | RunDone


class Ending(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a task ended.

    Attributes:
        phase: One of ``FINAL``.
        code: Exit code of its process; ``None`` when it never ran.
        reason: One sentence, where it did not finish successfully.
        cause: The task that failed first, for a skipped one.
    """

    phase: Phase
    code: int | None = None
    reason: str = ""
    cause: str = ""


class LogHeader(msgspec.Struct, frozen=True):
    """First line of an event log: all that a machine is made of."""

    tasks: list[TaskSpec]
    max_workers: int
    overlap: bool


class Machine:
    """The scheduler of one run.

    Args:
        tasks: The graph; ``needs``, ``follows`` and ``after`` name tasks of it.
        max_workers: Most tasks at once; below 1 counts as 1.
        overlap: Whether a follower may run beside the task it follows.

    Raises:
        InternalError: Two tasks of one id, a name that is not in the graph, or a cycle.
    """

    def __init__(self, tasks: Sequence[TaskSpec], *, max_workers: int, overlap: bool) -> None:
        self.header = LogHeader(tasks=list(tasks), max_workers=max(1, max_workers), overlap=overlap)
        self.events: list[Event] = []
        self.endings: dict[str, Ending] = {}
        self._tasks = {task.id: task for task in tasks}
        self._running: dict[str, bool] = {}
        """Running tasks, each with whether it has reported that it works."""
        self._started = False
        self._interrupted = False
        self._killed = False
        self._done = False
        _check_graph(tasks)

    @property
    def interrupted(self) -> bool:
        """Whether somebody interrupted the run."""
        return self._interrupted

    @property
    def finished(self) -> bool:
        """Whether every task has ended."""
        return len(self.endings) == len(self._tasks)

    def phase(self, task: str) -> Phase:
        """Return where a task stands."""
        if task in self.endings:
            return self.endings[task].phase
        return "running" if task in self._running else "waiting"

    def handle(self, event: Event) -> list[Instruction]:
        """Take one event and return what is to be done, in order.

        Raises:
            InternalError: The event speaks of a task that does not run.
        """
        self.events.append(event)
        out: list[Instruction] = []
        match event:
            case RunStarted():
                self._started = True
            case TaskReported(task, state):
                if task in self._running and state not in _NOT_YET_WORKING:
                    self._running[task] = True
            case TaskExited(task, code, error):
                out += self._exited(task, code, error)
            case Interrupted(at_once):
                out += self._interrupt(at_once=at_once)
        self._skip_blocked()
        out += self._start_ready()
        if self.finished and not self._done:
            self._done = True
            out.append(RunDone())
        return out

    def _exited(self, task: str, code: int, error: str) -> list[Instruction]:
        if task not in self._running:
            raise InternalError(f"Task {task!r} ended, but the scheduler did not know it as running.")
        del self._running[task]
        phase = self._phase_of(code)
        spec = self._tasks[task]
        if phase in PASSED and any(self.phase(other) == "outstanding" for other in [*spec.needs, *spec.follows]):
            phase, code = "outstanding", int(ExitCode.WAITING)
        self.endings[task] = Ending(phase=phase, code=code, reason=error)
        return [UpstreamDone(other, task) for other in self._running if task in self._tasks[other].follows]

    def _phase_of(self, code: int) -> Phase:
        if code == 0:
            return "ok"
        if code == ExitCode.WAITING:
            return "outstanding"
        if code in _PARTIAL_CODES:
            return "partial"
        if self._interrupted and (code < 0 or code == ExitCode.INTERRUPTED):
            return "interrupted"
        return "failed"

    def _interrupt(self, *, at_once: bool) -> list[Instruction]:
        out: list[Instruction] = []
        if not self._interrupted:
            self._interrupted = True
            for task in self._tasks:
                if self.phase(task) == "waiting":
                    self.endings[task] = Ending(
                        phase="interrupted", reason="The run was interrupted before it started."
                    )
            out += [StopTask(task) for task in self._running]
        if at_once and not self._killed:
            self._killed = True
            out += [KillTask(task) for task in self._running]
        return out

    def _skip_blocked(self) -> None:
        changed = True
        while changed:
            changed = False
            for task in self._tasks.values():
                if self.phase(task.id) != "waiting":
                    continue
                ending = self._blocked(task)
                if ending is not None:
                    self.endings[task.id] = ending
                    changed = True

    def _blocked(self, task: TaskSpec) -> Ending | None:
        upstream = [*task.needs, *task.follows]
        lost = [other for other in upstream if other in self.endings and not self._passed(task, other)]
        if not lost:
            return None
        if task.stage == "summarize" and (
            any(self.phase(other) not in FINAL for other in upstream)
            or any(self.phase(other) in PASSED for other in upstream)
        ):
            return None
        first = self.endings[lost[0]]
        cause = first.cause or lost[0]
        if self.endings[cause].phase == "outstanding":
            return Ending(phase="skipped", reason=f"Left for later: {cause} still waits for answers.", cause=cause)
        return Ending(phase="skipped", reason=f"Skipped because {cause} did not finish successfully.", cause=cause)

    def _start_ready(self) -> list[Instruction]:
        out: list[Instruction] = []
        if not self._started or self._interrupted:
            return out
        for task in self._tasks.values():
            if len(self._running) >= self.header.max_workers:
                break
            if self.phase(task.id) == "waiting" and self._ready(task):
                self._running[task.id] = False
                out.append(StartTask(task.id))
                out += [UpstreamDone(task.id, other) for other in task.follows if other in self.endings]
        return out

    def _passed(self, task: TaskSpec, other: str) -> bool:
        """Whether a task can go on with what another has left."""
        phase = self.phase(other)
        return phase in PASSED or (phase == "outstanding" and task.stage == "judge")

    def _ready(self, task: TaskSpec) -> bool:
        if task.stage == "summarize":
            return all(self.phase(other) in FINAL for other in [*task.needs, *task.follows])
        if any(self.phase(other) not in FINAL for other in task.after):
            return False
        return all(self._passed(task, other) for other in task.needs) and all(
            self._passed(task, other) or (self.header.overlap and self._running.get(other, False))
            for other in task.follows
        )


def _check_graph(tasks: Sequence[TaskSpec]) -> None:
    known = {task.id: task for task in tasks}
    if len(known) != len(tasks):
        raise InternalError("The plan has two tasks of one id.")
    for task in tasks:
        for other in [*task.needs, *task.follows, *task.after]:
            if other not in known:
                raise InternalError(f"Task {task.id!r} waits for {other!r}, which is not in the plan.")
    settled: set[str] = set()
    while len(settled) < len(known):
        free = [
            task.id
            for task in tasks
            if task.id not in settled and settled.issuperset([*task.needs, *task.follows, *task.after])
        ]
        if not free:
            circle = sorted(set(known) - settled)
            raise InternalError(f"These tasks wait for each other in a circle: {', '.join(circle)}.")
        settled.update(free)


def encode_log(machine: Machine) -> list[bytes]:
    """Return the event log as JSON lines: the header, then each event."""
    return [msgspec.json.encode(machine.header), *(msgspec.json.encode(event) for event in machine.events)]


def replay(lines: Iterable[bytes]) -> tuple[Machine, list[list[Instruction]]]:
    """Return the machine after the events of a log, and the instructions that each event gave.

    Raises:
        msgspec.DecodeError: A line is not from an event log.
    """
    decoder = msgspec.json.Decoder(Event)
    rest = iter(lines)
    header = msgspec.json.decode(next(rest), type=LogHeader)
    machine = Machine(header.tasks, max_workers=header.max_workers, overlap=header.overlap)
    return machine, [machine.handle(decoder.decode(line)) for line in rest if line.strip()]
