"""The supervision of a run: between the scheduler, the executor, the launched services, the display and the event log.

It does what the scheduler says, has the executor start, tell and end tasks, hears what they report, and owns the
signals. Where tasks run it does not know (``executors.contract``).
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import time
from collections.abc import Iterable, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import TextIO

import msgspec

from judgebench.config.files import ONE_THREAD
from judgebench.dashboard.board import ENDED, RunHeader, Status, TaskRow
from judgebench.dashboard.display import Display
from judgebench.errors import ExitCode, InternalError, JudgebenchError, visible
from judgebench.executors.contract import Ended, Executor, Handle, Printed, RunContext
from judgebench.executors.deciding import DECIDED, Decider
from judgebench.executors.outcome import RunOutcome, TaskOutcome, explain_exit
from judgebench.executors.process import Interrupts, on_interrupt, open_log, prepare_log
from judgebench.executors.scheduler import (
    Event,
    Instruction,
    Interrupted,
    KillTask,
    Machine,
    Phase,
    RunDone,
    RunStarted,
    StartTask,
    StopTask,
    TaskExited,
    TaskReported,
    UpstreamDone,
)
from judgebench.executors.services import Service, Services, launched_models, services_environment
from judgebench.executors.spending import SpendingAccount
from judgebench.models.access import launch_key
from judgebench.records.run import Plan, TaskSpec
from judgebench.records.spending import TaskSpending
from judgebench.stages.progress import Progress

DRAIN = 10.0
"""Seconds that tasks get to end after the first Ctrl-C."""

_LAST_WAIT = 5.0
"""Seconds to wait for killed tasks to be gone when the supervision itself ends early."""

EVENT_LOG = "logs/scheduler.jsonl"
"""The scheduler's events, relative to the run folder; ``scheduler.replay`` reads it."""

_STATUS: dict[Phase, Status] = {
    "ok": "finish",
    "partial": "partial",
    "outstanding": "partial",
    "failed": "error",
    "skipped": "skipped",
    "interrupted": "interrupted",
}

_SELF_EXPLAINING = frozenset(
    int(code)
    for code in (
        ExitCode.DONE,
        ExitCode.INTERRUPTED,
        ExitCode.ITEMS_FAILED,
        ExitCode.BUDGET_REACHED,
        ExitCode.WAITING,
    )
)
"""Exit codes after which the log's last lines would only be noise."""

_ENDED = "Look for sys.exit() or os._exit() in the code of your own that it runs; its log says more."


async def supervise(
    plan: Plan,
    plan_file: Path,
    executor: Executor,
    *,
    display: Display,
    max_workers: int,
    overlap: bool,
    environment: Mapping[str, str],
    drain: float = DRAIN,
    interrupts: Interrupts = on_interrupt,
    spending: SpendingAccount | None = None,
    decider: Decider | None = None,
) -> RunOutcome:
    """Run every task of a plan and return how each ended.

    A task that fails is an outcome, not an exception. SIGINT, SIGTERM and SIGHUP stop the run gracefully, a second one
    at once; the outcome says so. That holds in the main thread; anywhere else ``interrupts`` must be another.

    Args:
        plan: What is to be done.
        plan_file: The plan on disk, which the tasks read.
        executor: Where the tasks run; closed at the end.
        display: Shows the run; started and finished here, ``done`` is the caller's.
        max_workers: Most tasks at once.
        overlap: Whether judging may start before the last answer is in; an executor that cannot follow files says no.
        environment: Variables for the tasks (secrets) on top of this process's own.
        drain: Seconds between a graceful stop and the end.
        interrupts: Says when the run is to be stopped; ``on_interrupt`` listens to signals.
        spending: What the tasks may spend; ``None`` sets no limit.
        decider: Hears the verdicts, and says which tasks need do no more; ``None`` where all is to be done.

    Raises:
        InternalError: The plan is no graph.
    """
    if plan.options.debug:
        max_workers, overlap = 1, False
    machine = Machine(plan.tasks, max_workers=max_workers, overlap=overlap and executor.follows)
    run = _Supervision(
        plan,
        RunContext(plan_file, Path(plan.run_dir), shown=plan.options.debug),
        machine,
        executor,
        display=display,
        environment={**os.environ, **environment},
        spending=spending,
        decider=decider,
    )
    with interrupts(run.interrupt, drain=drain):
        return await run.complete()


class _TaskState:
    """One task, as the supervision knows it.

    Attributes:
        spec: The task.
        row: What the display shows of it.
        services: Keys of the launched services that it asks.
        handle: How to reach it, while it runs.
        untold: Lines for it, until it has started.
        job: Starts it and listens to it until it has ended.
        again: Whether it is to be started once more when it has ended, because its service is somewhere else.
    """

    def __init__(self, plan: Plan, spec: TaskSpec) -> None:
        self.spec = spec
        needs = (*spec.needs, *spec.follows, *spec.after)
        self.row = TaskRow(id=spec.id, name=spec.name, stage=spec.stage, log=spec.log, needs=needs)
        self.services = {launch_key(model): model for model in launched_models(plan, spec)}
        self.handle: Handle | None = None
        self.untold: list[str] = []
        self.job: asyncio.Task[None] | None = None
        self.again = False

    def tell(self, line: str) -> None:
        """Hand the task a line, at the latest when it has started."""
        if self.handle is not None:
            self.handle.tell(line)
        else:
            self.untold.append(line)

    def stop(self) -> None:
        """Ask the task to end; one that still waits for its service or for its start is given up."""
        if self.handle is not None:
            self.handle.stop()
        elif self.job is not None:
            self.job.cancel()

    def kill(self) -> None:
        """End the task now."""
        if self.handle is not None:
            self.handle.kill()
        elif self.job is not None:
            self.job.cancel()


class _Supervision:
    """One run: what stands behind the scheduler's instructions."""

    def __init__(
        self,
        plan: Plan,
        context: RunContext,
        machine: Machine,
        executor: Executor,
        *,
        display: Display,
        environment: Mapping[str, str],
        spending: SpendingAccount | None = None,
        decider: Decider | None = None,
    ) -> None:
        self._spending = spending
        self._decider = decider
        self._plan = plan
        self._context = context
        self._machine = machine
        self._executor = executor
        self._display = display
        self._environment = {"PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1", **environment}
        self._tasks = {spec.id: _TaskState(plan, spec) for spec in plan.tasks}
        self._services = Services(
            [model for state in self._tasks.values() for model in state.services.values()],
            run_dir=context.run_dir,
            environment=environment,
            notify=display.message,
            make=launcher(context.run_dir) if (launcher := getattr(executor, "launcher", None)) else Service,
            on_loss=self._service_lost,
        )
        self._over = asyncio.Event()
        self._event_log: TextIO | None = None
        self._closing = False
        self._broken: BaseException | None = None

    async def complete(self) -> RunOutcome:
        """Run to the end, whatever it is."""
        began = time.monotonic()
        try:
            self._open_event_log()
            self._display.start(self._header(), [state.row for state in self._tasks.values()])
            if self._machine.header.overlap:
                # All at once: a judge model loads while the tested one does.
                for key in sorted({key for state in self._tasks.values() for key in state.services}):
                    self._services.begin(key)
            self._post(RunStarted())
            await self._over.wait()
        finally:
            await self._clean_up()
            self._display.finish(interrupted=self._machine.interrupted)
        if self._broken is not None:
            raise self._broken
        return RunOutcome(
            tasks=[self._outcome(state) for state in self._tasks.values()],
            interrupted=self._machine.interrupted,
            seconds=time.monotonic() - began,
        )

    def _header(self) -> RunHeader:
        here, run_dir = Path.cwd(), self._context.run_dir
        base = run_dir.relative_to(here) if run_dir.is_relative_to(here) else run_dir
        return RunHeader(
            run=run_dir.name,  # what --reuse takes; the plan has the time of this invocation
            base=str(base),
            pid=os.getpid(),
            max_workers=self._machine.header.max_workers,
        )

    def interrupt(self, at_once: bool) -> None:
        """Stop the run, gracefully or at once."""
        if self._machine.finished or (at_once and not self._machine.interrupted):
            return
        if not at_once:
            self._display.message("Stopping: waiting for what is in flight. Ctrl-C again stops at once.")
        self._post(Interrupted(at_once=at_once))

    def _post(self, event: Event) -> None:
        if self._closing:
            return
        instructions = self._machine.handle(event)
        self._write_event(msgspec.json.encode(event))
        for instruction in instructions:
            self._perform(instruction)
        self._settle_rows()

    def _perform(self, instruction: Instruction) -> None:
        match instruction:
            case StartTask(task):
                state = self._tasks[task]
                state.job = asyncio.create_task(self._run_task(state))
                state.job.add_done_callback(functools.partial(self._job_ended, state))
            case UpstreamDone(task, upstream):
                self._tasks[task].tell(f"upstream-done {upstream}")
            case StopTask(task):
                self._set_status(self._tasks[task].row, "draining")
                self._tasks[task].stop()
            case KillTask(task):
                self._tasks[task].kill()
            case RunDone():
                self._over.set()

    async def _run_task(self, state: _TaskState) -> None:
        row = state.row
        code, error, hint = int(ExitCode.BUG), "", ""
        try:
            ended = await self._complete_task(state)
        except JudgebenchError as caught:
            code, error, hint = int(caught.exit_code), caught.message, caught.hint
        except OSError as caught:
            code, hint = int(ExitCode.PREREQUISITE), "Look at the disk and at the limits of processes and open files."
            error = f"The process of task {state.spec.id} could not be started: {caught}."
        except asyncio.CancelledError:
            if state.handle is not None or not self._machine.interrupted:
                raise
            code = int(ExitCode.INTERRUPTED)  # stopped while its service or its process was being started
        else:
            code = ended.code
            if code == 0 and row.progress.state != "finish":
                code = int(ExitCode.BUG)
                error, hint = "The task's process ended before its work was done, and called that success.", _ENDED
            elif code != 0:
                said = row.progress
                error, hint = (said.error, said.hint) if said.error else explain_exit(code)
            if code not in _SELF_EXPLAINING:
                row.tail = [line for line in ended.tail if not _repeats(line, error, hint)]
        row.exit_code, row.error, row.hint = code, error, hint
        state.handle = None
        if self._spending is not None:
            self._tell(self._spending.end(state.spec.id, whole=row.progress.state in {"finish", "error"}))
        self._post(TaskExited(state.spec.id, code, error))
        self._report_findings(row)
        self._release_services()

    async def _complete_task(self, state: _TaskState) -> Ended:
        """Start a task and hear it until it has ended; once more where its service has moved meanwhile."""
        while True:
            state.again = False
            addresses = await self._launch_for(state)
            handle = await self._start(state, addresses)
            if state.again:
                handle.stop()
            ended = await self._listen(state, handle)
            if not state.again or ended.code == 0 or self._machine.interrupted:
                return ended
            state.handle = None

    def _service_lost(self, key: str) -> None:
        """Have those who use a service keep what they have, and go on when it is back."""
        if self._spending is not None or self._machine.interrupted:  # an account is for one start of a task
            return
        for state in self._tasks.values():
            if key in state.services and self._machine.phase(state.spec.id) == "running":
                state.again = True
                if state.handle is not None:
                    state.handle.stop()

    async def _launch_for(self, state: _TaskState) -> dict[str, str]:
        if not state.services:
            return {}
        state.row.progress.note = "the model's service"
        self._set_status(state.row, "launching")
        try:
            return await self._services.addresses(sorted(state.services))
        finally:
            state.row.progress.note = ""

    async def _start(self, state: _TaskState, addresses: Mapping[str, str]) -> Handle:
        spec = state.spec
        counts_only = ONE_THREAD if spec.stage in {"merge", "extract", "summarize"} else {}
        environment = {**counts_only, **self._environment, **services_environment(addresses)}
        if self._spending is not None:
            self._spending.begin(spec.id)
        state.handle = handle = await self._executor.start(spec, self._context, environment=environment)
        state.row.start(handle.pid, time.monotonic())
        self._display.task(state.row)
        for line in state.untold:
            handle.tell(line)
        return handle

    async def _listen(self, state: _TaskState, handle: Handle) -> Ended:
        """Hear a task until it has ended; one that cannot be heard any more is ended."""
        try:
            async with aclosing(handle.events()) as events:
                async for event in events:
                    match event:
                        case Ended():
                            return event
                        case Printed(line):
                            self._display.message(f"{state.spec.stage} {state.spec.name} | {line}")
                        case Progress():
                            self._reported(state, event)
        except BaseException:
            handle.kill()
            raise
        raise InternalError(f"{type(self._executor).__name__} did not say how task {state.spec.id} ended.")

    def _reported(self, state: _TaskState, progress: Progress) -> None:
        task, row = state.spec.id, state.row
        if self._spending is not None:
            said = progress.spending or TaskSpending()
            self._tell(self._spending.hear(task, said, done=progress.done, usable=progress.finish))
        if self._decider is not None and progress.verdicts:
            self._tell((other, DECIDED) for other in self._decider.hear(task, progress.verdicts))
        if self._machine.phase(task) != "running":
            return
        changed = progress.state != row.progress.state
        row.report(progress, time.monotonic())
        if self._machine.interrupted:
            row.status = "draining"
        self._display.task(row)
        if changed:
            self._post(TaskReported(task, progress.state))

    def _tell(self, lines: Iterable[tuple[str, str]]) -> None:
        for task, line in lines:
            self._tasks[task].tell(line)

    def _set_status(self, row: TaskRow, status: Status) -> None:
        if row.status != status:
            row.status = status
            self._display.task(row)

    def _settle_rows(self) -> None:
        """Bring the rows of tasks that have ended up to date."""
        now = time.monotonic()
        for task, ending in self._machine.endings.items():
            row = self._tasks[task].row
            if row.status not in ENDED:
                reason = row.error or ending.reason
                row.end(_STATUS[ending.phase], now, exit_code=ending.code, error=reason, hint=row.hint)
                self._display.task(row)

    def _report_findings(self, row: TaskRow) -> None:
        """Say what a reader of the numbers should know, once the task's counts are final."""
        counts = row.progress
        if counts.unparsed:
            self._display.finding("unparsed", f"{counts.unparsed} of {counts.total} could not be read", task=row.id)
        if counts.fail:
            self._display.finding("failed-items", f"{counts.fail} of {counts.total} items failed", task=row.id)

    def _release_services(self) -> None:
        """Stop services that no task needs any more: what they hold (a GPU, say) may be wanted by the next."""
        every = {key for state in self._tasks.values() for key in state.services}
        wanted = {
            key for task, state in self._tasks.items() if task not in self._machine.endings for key in state.services
        }
        for key in every - wanted:
            self._services.release(key)

    async def _clean_up(self) -> None:
        self._closing = True
        jobs = [state.job for state in self._tasks.values() if state.job is not None]
        for state in self._tasks.values():
            state.kill()
        if jobs:
            _, late = await asyncio.wait(jobs, timeout=_LAST_WAIT)
            for job in late:
                job.cancel()
        await self._services.stop_all()
        await self._executor.aclose()
        if self._spending is not None:
            self._spending.close()
        if self._event_log is not None:
            self._event_log.close()

    def _job_ended(self, state: _TaskState, job: asyncio.Task[None]) -> None:
        if job.cancelled() and self._machine.phase(state.spec.id) == "running":
            self._post(TaskExited(state.spec.id, int(ExitCode.INTERRUPTED)))  # stopped before its first step
        elif not job.cancelled() and (error := job.exception()) is not None:
            self._broken = self._broken or error
            self._over.set()

    def _open_event_log(self) -> None:
        if self._plan.options.debug:
            return
        path = prepare_log(self._context.run_dir, EVENT_LOG)
        with contextlib.suppress(OSError):  # it only serves to look into a run that hung
            self._event_log = os.fdopen(open_log(path), "a", encoding="utf-8")
        self._write_event(msgspec.json.encode(self._machine.header))

    def _write_event(self, line: bytes) -> None:
        if self._event_log is not None:
            try:
                self._event_log.write(line.decode() + "\n")
                self._event_log.flush()
            except OSError:  # a full disk; the tasks will say so
                self._event_log = None

    def _outcome(self, state: _TaskState) -> TaskOutcome:
        spec, row, ending = state.spec, state.row, self._machine.endings[state.spec.id]
        return TaskOutcome(
            id=spec.id,
            name=spec.name,
            stage=spec.stage,
            phase=ending.phase,
            exit_code=ending.code,
            error=row.error,
            hint=row.hint,
            cause=ending.cause,
            log=spec.log,
            tail=row.tail,
            progress=row.progress if row.started is not None else None,
            seconds=row.seconds(time.monotonic()),
        )


def _repeats(line: str, error: str, hint: str) -> bool:
    """Return whether a line of a log says again what is told anyway."""
    said = line.strip()
    return visible(error) in line or any(said == part.strip() for part in visible(hint).splitlines())
