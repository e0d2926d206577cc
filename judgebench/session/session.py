"""One run: a request is resolved, checked and planned, its tasks run, and an outcome is given back."""

from __future__ import annotations

import asyncio
import os
import shlex
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from judgebench.config.dump import dump_config
from judgebench.config.prices import check_priced, with_prices
from judgebench.config.resolve import load_run
from judgebench.dashboard.display import Display
from judgebench.dashboard.events import EventDisplay
from judgebench.errors import InterruptedRunError, UsageError
from judgebench.executors.fork_server import ForkServer, warm_tasks
from judgebench.executors.outcome import RunOutcome
from judgebench.executors.spending import SpendingAccount
from judgebench.plan.graph import STAGES_OF_MODE, Graph, build_graph
from judgebench.plan.shards import check_shards
from judgebench.records.request import RunRequest
from judgebench.records.run import Plan, RunConfig
from judgebench.records.spending import Spending
from judgebench.session.listeners import Audience, Recorder, made_listeners
from judgebench.session.outcome import Outcome, outcome_of
from judgebench.session.prepare import (
    check_data_dir,
    check_ids,
    check_request,
    check_scored,
    data_notes,
    free_stem,
    in_manifest,
    kept_notes,
    make_plan,
    mend_run,
    removed_on_failure,
)
from judgebench.session.reuse import completed, said_overrides
from judgebench.session.shards import divide_records, divided, take_in_shards
from judgebench.session.spending import RunLimits, reached
from judgebench.stages.row_results import check_out
from judgebench.store.event_log import EventLog
from judgebench.store.journal import write_atomically
from judgebench.store.lock import hold
from judgebench.store.run_folder import STAMP_LENGTH, TIMESTAMP_FORMAT, RunFolder
from judgebench.store.runs import new_run, planned_run, remove_leftovers, take_back

if TYPE_CHECKING:
    from judgebench.report.gate_file import GateConditions
    from judgebench.session.deciding import GateWatch


class Preview(NamedTuple):
    """What a run would do.

    Attributes:
        request: What is asked for, completed from the run that it continues.
        config: The resolved configs.
        run: The run folder, which may not exist.
        graph: The tasks.
    """

    request: RunRequest
    config: RunConfig
    run: RunFolder
    graph: Graph


class Session:
    """One run, prepared and carried out for whoever asks.

    Args:
        request: What is asked for.
        command: How it was asked for, without secrets, for the logs.
        display: Makes what hears the run, once there is something to hear.
        close: Says the last words about an outcome, and returns it with what they add to it.
        gate: The gate that is applied at the end, where the run is to stop when it is decided.
    """

    def __init__(
        self,
        request: RunRequest,
        *,
        command: list[str],
        display: Callable[[], Display],
        close: Callable[[Outcome, Display], Outcome],
        gate: GateConditions | None = None,
    ) -> None:
        self._close = close
        self._gate = gate
        self._wanted = request
        self._command = command
        self._make_display = display
        self._shown: Display | None = None
        self._stopping = threading.Lock()
        self._stopped = False
        self._stop_run: Callable[[bool], None] | None = None

    def preview(self) -> Preview:
        """Return what the run would do; sends nothing and writes nothing.

        Raises:
            JudgebenchError: What would keep the run from starting.
        """
        reused, request, _ = self._completed()
        config = with_prices(load_run(request.selection), request.prices)
        check_scored(config, request)
        if request.out:
            check_out(config, Path(request.out))
        run = reused or planned_run(Path(request.work_dir), datetime.now().astimezone())
        graph = build_graph(config, request, run)
        check_priced(config, request.options, graph.tasks)
        return Preview(request, config, run, graph)

    def run(self) -> Outcome:
        """Run to the end and return what came of it; blocks, and wants a thread without a running event loop.

        In the main thread SIGINT, SIGTERM and SIGHUP stop the run gracefully; everywhere ``stop`` does.

        Raises:
            JudgebenchError: What keeps the run from starting.
            InterruptedRunError: It was stopped before the first task.
        """
        reused, request, notes = self._completed()
        # What tasks import is imported beside the reading of configs, which takes as long.
        elsewhere = request.options.debug or request.selection.executor not in {"", "local"}
        elsewhere = elsewhere or "executors" in request.selection.given
        forked = () if elsewhere else STAGES_OF_MODE[request.mode]
        with warm_tasks(forked) as fork_server:
            config = with_prices(load_run(request.selection), request.prices)
            check_scored(config, request)
            if request.out:
                check_out(config, Path(request.out))
            check_ids(config, request)
            check_shards(config, request)
            if request.stop_when_decided and self._gate is not None:
                from judgebench.session.deciding import check_decidable

                check_decidable(self._gate, config, request)
            listeners = made_listeners(config.listeners)
            work_dir, now = Path(request.work_dir), datetime.now().astimezone()
            run = reused or new_run(work_dir, now)
            if reused is None and run.timestamp[:STAMP_LENGTH] > now.strftime(TIMESTAMP_FORMAT):
                later = f"{work_dir} holds a run of a later time than now; this one is named after it, as the latest"
                notes = [*notes, later]
            try:
                with hold(run.lock, shlex.join(self._command)):
                    self._wait_for_jobs(run)
                    remove_leftovers(run)
                    notes = [*notes, *take_in_shards(run), *mend_run(run, config)]
                    return self._run_in(run, config, request, notes, fork_server, listeners)
            except BaseException:
                if reused is None:
                    take_back(run)  # only where nothing is in it: the next --reuse must not take it for the latest run
                raise

    def stop(self, *, at_once: bool = False) -> None:
        """Stop the run, from any thread.

        Args:
            at_once: End its tasks now; else they get some seconds for what is in flight.
        """
        with self._stopping:
            self._stopped = True
            if self._stop_run is not None:
                self._stop_run(at_once)

    @property
    def _display(self) -> Display:
        """What hears the run, made when there is something to hear."""
        if self._shown is None:
            self._shown = self._make_display()
        return self._shown

    def _wait_for_jobs(self, run: RunFolder) -> None:
        """Wait for jobs of a batch system that outlived their run: as long as they write, nobody else may."""
        if not run.jobs.is_dir():
            return
        from judgebench.executors.job_files import jobs_in
        from judgebench.executors.left_jobs import left_jobs, wait_for

        if jobs := left_jobs(run.path):
            asyncio.run(wait_for(jobs, self._display.message))
        for unsubmitted in jobs_in(run.path):
            unsubmitted.remove()

    def _completed(self) -> tuple[RunFolder | None, RunRequest, list[str]]:
        reused = check_request(self._wanted)
        request, notes = completed(self._wanted, reused)
        check_data_dir(request)
        if request.stop_when_decided:
            if self._gate is None:
                raise UsageError("--stop-when-decided needs a gate.", hint="For example: --gate gate.toml")
            options = msgspec.structs.replace(request.options, in_random_order=True)
            request = msgspec.structs.replace(request, options=options)
        return reused, request, notes

    def _run_in(
        self,
        run: RunFolder,
        config: RunConfig,
        request: RunRequest,
        notes: list[str],
        fork_server: ForkServer | None,
        listeners: Mapping[str, Display],
    ) -> Outcome:
        graph = build_graph(config, request, run)
        check_priced(config, request.options, graph.tasks)
        limits = request.options.limits
        allowed = RunLimits(limits, run, reused=request.reuse is not None) if limits is not None else None
        if allowed is not None and request.options.rejudge:
            allowed.check_anything_left()
        stamp = run.timestamp if request.reuse is None else run.next_stamp(datetime.now().astimezone())
        stem = free_stem(run.configs, f"{stamp}_{os.getpid()}")
        dump, plan_file = stem.with_suffix(".py"), stem.with_suffix(".json")
        plan = make_plan(
            config,
            request,
            graph,
            run,
            name=stem.name,
            stamp=stamp,
            command=self._command,
            overrides=said_overrides(self._wanted, run if request.reuse is not None else None),
        )
        log = EventLog(run.events)
        recorder = Recorder(EventDisplay(log, self._display))
        display = Audience(recorder, listeners)
        watch = self._watch(plan, request, graph)
        if watch is not None and (rest := watch.without_decided(graph)) is not graph:
            graph, plan = rest, msgspec.structs.replace(plan, tasks=rest.tasks)
        plan, whole = divided(plan), plan  # what is checked and estimated is the whole
        with removed_on_failure(dump, plan_file):
            write_atomically(dump, dump_config(config).encode())
            write_atomically(plan_file, msgspec.json.format(msgspec.json.encode(plan), indent=1))
            findings, spent = self._preflight(whole, config, display, allowed)
            if self._stopped:
                raise InterruptedRunError("The run was stopped before its first task.", hint="Start it again.")
        for finding in findings:
            display.finding("preflight", finding)
        for line in (*notes, *config.notes, *data_notes(config), *graph.changed):
            display.message(line)
        for line in [*kept_notes(config, request, run, graph.tasks), *(allowed.note if allowed is not None else [])]:
            display.message(line)
        for task_id in graph.kept:
            display.message(f"{task_id}: complete, kept as it is")
        divide_records(run, config, plan)
        with in_manifest(run, plan, log) as ending:
            spending = allowed.open(spent, plan) if allowed is not None else None
            supervised = self._supervised(plan, plan_file, config, request, display, fork_server, spending, watch)
            tasks = asyncio.run(supervised)
            take_in_shards(run)
            outcome = outcome_of(plan, config, request, tasks, recorder.findings, recorder.messages)
            if spending is not None and spending.reached:
                outcome = msgspec.structs.replace(outcome, reached=reached(spending))
            if watch is not None:
                outcome = msgspec.structs.replace(outcome, saved=watch.saved(outcome.results))
            outcome = self._close(outcome, display)
            ending.exit_code = outcome.exit_code
        return outcome

    def _preflight(
        self, plan: Plan, config: RunConfig, display: Display, allowed: RunLimits | None
    ) -> tuple[list[str], Spending]:
        if not plan.options.preflight:
            return [], Spending()
        from judgebench.preflight.checks import preflight

        left = allowed.left if allowed is not None else None
        return preflight(plan, display.message, {**os.environ, **config.secrets}, left=left)

    async def _supervised(
        self,
        plan: Plan,
        plan_file: Path,
        config: RunConfig,
        request: RunRequest,
        display: Display,
        fork_server: ForkServer | None,
        spending: SpendingAccount | None,
        watch: GateWatch | None,
    ) -> RunOutcome:
        from judgebench.executors.chosen import executor_of
        from judgebench.executors.supervision import supervise

        return await supervise(
            plan,
            plan_file,
            executor_of(plan.executor, fork_server, in_caller=config.in_caller),
            display=display,
            max_workers=1 if request.options.debug else request.max_num_workers,
            overlap=request.overlap and not request.options.debug,
            environment=config.secrets,
            interrupts=self._interrupts,
            spending=spending,
            decider=watch,
        )

    def _watch(self, plan: Plan, request: RunRequest, graph: Graph) -> GateWatch | None:
        """Return what follows the verdicts, where the run is to stop when its gate is decided."""
        if self._gate is None or not request.stop_when_decided:
            return None
        from judgebench.session.deciding import GateWatch

        afresh = plan.options.rejudge or plan.options.redo_changed or bool(graph.changed)
        return GateWatch(self._gate, plan, recorded=request.reuse is not None and not afresh)

    @contextmanager
    def _interrupts(self, call: Callable[[bool], None], *, drain: float) -> Iterator[None]:
        """Let ``stop`` end the run, and signals too where they are this thread's."""
        from judgebench.executors.process import on_interrupt

        loop = asyncio.get_running_loop()

        timers: list[asyncio.TimerHandle] = []

        def stop(at_once: bool) -> None:
            if not timers:
                call(False)
                timers.append(loop.call_later(drain, call, True))
            if at_once:
                call(True)

        def stop_from_elsewhere(at_once: bool) -> None:
            loop.call_soon_threadsafe(stop, at_once)

        with self._stopping:
            self._stop_run = stop_from_elsewhere
            if self._stopped:
                loop.call_soon(stop, False)
        try:
            if threading.current_thread() is threading.main_thread():
                with on_interrupt(call, drain=drain):
                    yield
            else:
                yield
        finally:
            with self._stopping:
                self._stop_run = None
            for timer in timers:
                timer.cancel()
