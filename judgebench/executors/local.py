"""The supervisor: runs a plan as processes of this machine.

It does what the scheduler (``runners.machine``) says, reads what the tasks report, feeds the display, owns the signals,
and leaves nothing behind: every task runs in a session of its own that is ended with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO

import msgspec

from judgebench.config.files import ONE_THREAD
from judgebench.dashboard.board import ENDED, RunHeader, Status, TaskRow
from judgebench.dashboard.display import Display
from judgebench.errors import ExitCode, JudgebenchError, visible
from judgebench.executors.fork_server import ForkServer, ForkServerGoneError
from judgebench.executors.outcome import RunOutcome, TaskOutcome, explain_exit
from judgebench.executors.process import (
    Launch,
    Process,
    TaskProcess,
    on_interrupt,
    open_log,
    prepare_log,
    python_command,
    spawned,
    start_process,
)
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
from judgebench.executors.services import Services, launched_models, services_environment
from judgebench.models.access import launch_key
from judgebench.records.run import Plan, TaskSpec
from judgebench.stages.task import Progress

TaskCommand = Callable[[Path, str], list[str]]

DRAIN = 10.0
"""Seconds that tasks get to end after the first Ctrl-C."""

_LAST_WAIT = 5.0
"""Seconds to wait for killed tasks to be gone when the supervisor itself ends early."""

EVENT_LOG = "logs/scheduler.jsonl"
"""The scheduler's events, relative to the run folder; ``scheduler.replay`` reads it."""

_STATUS: dict[Phase, Status] = {
    "ok": "finish",
    "partial": "partial",
    "failed": "error",
    "skipped": "skipped",
    "interrupted": "interrupted",
}


_SELF_EXPLAINING = frozenset({int(code) for code in (ExitCode.DONE, ExitCode.INTERRUPTED, ExitCode.ITEMS_FAILED)})
"""Exit codes after which the log's last lines would only be noise."""


def stage_command(plan_file: Path, task_id: str) -> list[str]:
    """Return the command of a task process."""
    return python_command("judgebench.stages", str(plan_file), task_id)


async def supervise(
    plan: Plan,
    plan_file: Path,
    *,
    display: Display,
    max_workers: int,
    overlap: bool,
    environment: Mapping[str, str],
    task_command: TaskCommand = stage_command,
    fork_server: ForkServer | None = None,
    drain: float = DRAIN,
) -> RunOutcome:
    """Run every task of a plan and return how each ended; must be called in the main thread.

    A task that fails is an outcome, not an exception. SIGINT, SIGTERM and SIGHUP stop the run gracefully, a second one
    at once; the outcome says so.

    Args:
        plan: What is to be done.
        plan_file: The plan on disk, which the tasks read.
        display: Shows the run; started and finished here, ``done`` is the caller's.
        max_workers: Most task processes at once.
        overlap: Whether judging may start before the last answer is in.
        environment: Variables for the tasks (secrets) on top of this process's own.
        task_command: Gives the command of a task.
        fork_server: A warm process from which tasks are forked instead, as long as it is there.
        drain: Seconds between a graceful stop and the end.

    Raises:
        InternalError: The plan is no graph.
    """
    if plan.options.debug:
        max_workers, overlap = 1, False
    machine = Machine(plan.tasks, max_workers=max_workers, overlap=overlap)
    run = _LocalRun(
        plan,
        plan_file,
        machine,
        display=display,
        environment={**os.environ, **environment},
        task_command=task_command,
        fork_server=fork_server,
    )
    with on_interrupt(run.interrupt, drain=drain):
        return await run.complete()


class _LocalRun:
    """One run: the rows, processes and services behind the scheduler's instructions."""

    def __init__(
        self,
        plan: Plan,
        plan_file: Path,
        machine: Machine,
        *,
        display: Display,
        environment: Mapping[str, str],
        task_command: TaskCommand,
        fork_server: ForkServer | None,
    ) -> None:
        self._plan = plan
        self._plan_file = plan_file
        self._run_dir = Path(plan.run_dir)
        self._machine = machine
        self._display = display
        self._environment = {"PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1", **environment}
        self._task_command = task_command
        self._fork_server = fork_server
        self._specs = {task.id: task for task in plan.tasks}
        self._rows = {
            task.id: TaskRow(
                id=task.id,
                name=task.name,
                stage=task.stage,
                log=task.log,
                needs=(*task.needs, *task.follows, *task.after),
            )
            for task in plan.tasks
        }
        models = {task.id: launched_models(plan, task) for task in plan.tasks}
        self._service_keys = {id: {launch_key(model) for model in found} for id, found in models.items()}
        self._services = Services(
            [model for found in models.values() for model in found],
            run_dir=self._run_dir,
            environment=environment,
            notify=display.message,
        )
        self._processes: dict[str, TaskProcess] = {}
        self._orders: dict[str, list[str]] = {}
        """Lines for tasks whose process has not started yet."""
        self._jobs: dict[str, asyncio.Task[None]] = {}
        self._over = asyncio.Event()
        self._event_log: TextIO | None = None
        self._closing = False
        self._broken: BaseException | None = None

    async def complete(self) -> RunOutcome:
        """Run to the end, whatever it is."""
        began = time.monotonic()
        try:
            self._open_event_log()
            self._display.start(self._header(), list(self._rows.values()))
            if self._machine.header.overlap:
                # All at once: a judge model loads while the tested one does.
                for key in sorted(set().union(*self._service_keys.values())):
                    self._services.begin(key)
            self._post(RunStarted())
            await self._over.wait()
        finally:
            await self._clean_up()
            self._display.finish(interrupted=self._machine.interrupted)
        if self._broken is not None:
            raise self._broken
        return RunOutcome(
            tasks=[self._outcome(task) for task in self._plan.tasks],
            interrupted=self._machine.interrupted,
            seconds=time.monotonic() - began,
        )

    def _header(self) -> RunHeader:
        here = Path.cwd()
        base = self._run_dir.relative_to(here) if self._run_dir.is_relative_to(here) else self._run_dir
        return RunHeader(
            run=self._run_dir.name,  # what --reuse takes; the plan has the time of this invocation
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
                self._orders[task] = []
                self._jobs[task] = asyncio.create_task(self._run_task(self._specs[task]))
                self._jobs[task].add_done_callback(functools.partial(self._job_ended, task))
            case UpstreamDone(task, upstream):
                self._report(task, f"upstream-done {upstream}")
            case StopTask(task):
                self._set_status(task, "draining")
                self._report(task, "stop")
                if task not in self._processes:
                    self._jobs[task].cancel()  # it still waits for its service or for its process
            case KillTask(task):
                if task in self._processes:
                    self._processes[task].kill()
                else:
                    self._jobs[task].cancel()
            case RunDone():
                self._over.set()

    def _report(self, task: str, line: str) -> None:
        if task in self._processes:
            self._processes[task].notify(line)
        else:
            self._orders[task].append(line)

    async def _run_task(self, spec: TaskSpec) -> None:
        row = self._rows[spec.id]
        code, error, hint = int(ExitCode.BUG), "", ""
        try:
            addresses = await self._launch_for(spec)
            process = await self._start(spec, addresses)
            code = await process.wait()
        except JudgebenchError as caught:
            code, error, hint = int(caught.exit_code), caught.message, caught.hint
        except OSError as caught:
            code, hint = int(ExitCode.PREREQUISITE), "Look at the disk and at the limits of processes and open files."
            error = f"The process of task {spec.id} could not be started: {caught}."
        except asyncio.CancelledError:
            if spec.id in self._processes or not self._machine.interrupted:
                raise
            code = int(ExitCode.INTERRUPTED)  # stopped while its service or its process was being started
        else:
            if code != 0:
                said = row.progress
                error, hint = (said.error, said.hint) if said.error else explain_exit(code)
            if code not in _SELF_EXPLAINING:
                row.tail = [line for line in process.tail() if not _repeats(line, error, hint)]
        row.exit_code, row.error, row.hint = code, error, hint
        self._processes.pop(spec.id, None)
        self._post(TaskExited(spec.id, code, error))
        self._report_findings(row)
        self._release_services()

    async def _launch_for(self, spec: TaskSpec) -> dict[str, str]:
        keys = self._service_keys[spec.id]
        if not keys:
            return {}
        row = self._rows[spec.id]
        row.progress.note = "waits for its model's service"
        self._set_status(spec.id, "launching")
        try:
            return await self._services.addresses(sorted(keys))
        finally:
            row.progress.note = ""

    async def _start(self, spec: TaskSpec, addresses: Mapping[str, str]) -> TaskProcess:
        row = self._rows[spec.id]
        counts_only = ONE_THREAD if spec.stage in {"extract", "summarize"} else {}
        process = await start_process(
            self._launch(spec),
            log=prepare_log(self._run_dir, spec.log) if spec.log else None,
            environment={**counts_only, **self._environment, **services_environment(addresses)},
            on_report=lambda progress: self._reported(spec.id, progress),
            on_output=lambda line: self._display.message(f"{spec.stage} {spec.name} | {line}"),
            shown=self._plan.options.debug,
        )
        self._processes[spec.id] = process
        row.start(process.pid, time.monotonic())
        self._display.task(row)
        for line in self._orders[spec.id]:
            process.notify(line)
        return process

    def _launch(self, spec: TaskSpec) -> Launch:
        """Return what starts a task: forked from the warm process where that is possible."""
        spawn = spawned(self._task_command(self._plan_file, spec.id))
        fork_server = self._fork_server
        if fork_server is None:
            return spawn

        async def launch(control: int, output: int, reports: int, environment: Mapping[str, str]) -> Process:
            if output >= 0:
                try:
                    arguments = [str(self._plan_file), spec.id]
                    return await fork_server.fork(
                        arguments, environment=environment, descriptors=(control, output, reports)
                    )
                except ForkServerGoneError:
                    self._fork_server = None
            return await spawn(control, output, reports, environment)

        return launch

    def _reported(self, task: str, progress: Progress) -> None:
        row = self._rows[task]
        if self._machine.phase(task) != "running":
            return
        changed = progress.state != row.progress.state
        row.report(progress, time.monotonic())
        if self._machine.interrupted:
            row.status = "draining"
        self._display.task(row)
        if changed:
            self._post(TaskReported(task, progress.state))

    def _set_status(self, task: str, status: Status) -> None:
        row = self._rows[task]
        if row.status != status:
            row.status = status
            self._display.task(row)

    def _settle_rows(self) -> None:
        """Bring the rows of tasks that have ended up to date."""
        now = time.monotonic()
        for task, ending in self._machine.endings.items():
            row = self._rows[task]
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
        wanted: set[str] = set()
        for task, keys in self._service_keys.items():
            if task not in self._machine.endings:
                wanted |= keys
        for key in set().union(*self._service_keys.values()) - wanted:
            self._services.release(key)

    async def _clean_up(self) -> None:
        self._closing = True
        for process in self._processes.values():
            process.kill()
        for task, job in self._jobs.items():
            if task not in self._processes:
                job.cancel()
        if self._jobs:
            _, late = await asyncio.wait(self._jobs.values(), timeout=_LAST_WAIT)
            for job in late:
                job.cancel()
        await self._services.stop_all()
        if self._event_log is not None:
            self._event_log.close()

    def _job_ended(self, task: str, job: asyncio.Task[None]) -> None:
        if job.cancelled() and self._machine.phase(task) == "running":
            self._post(TaskExited(task, int(ExitCode.INTERRUPTED)))  # stopped before it had taken its first step
        elif not job.cancelled() and (error := job.exception()) is not None:
            self._broken = self._broken or error
            self._over.set()

    def _open_event_log(self) -> None:
        if self._plan.options.debug:
            return
        path = prepare_log(self._run_dir, EVENT_LOG)
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

    def _outcome(self, task: TaskSpec) -> TaskOutcome:
        row, ending = self._rows[task.id], self._machine.endings[task.id]
        return TaskOutcome(
            id=task.id,
            name=task.name,
            stage=task.stage,
            phase=ending.phase,
            exit_code=ending.code,
            error=row.error,
            hint=row.hint,
            cause=ending.cause,
            log=task.log,
            tail=row.tail,
            progress=row.progress if row.pid else None,
            seconds=row.seconds(time.monotonic()),
        )


def _repeats(line: str, error: str, hint: str) -> bool:
    """Return whether a line of a log says again what is told anyway."""
    said = line.strip()
    return visible(error) in line or any(said == part.strip() for part in visible(hint).splitlines())
