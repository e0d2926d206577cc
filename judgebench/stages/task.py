"""A task process: it reads the plan, runs a stage, and turns errors into one sentence and an exit code.

Task and supervisor speak a small protocol. Task → supervisor: one JSON object per line on the file descriptor named by
``JB_PROGRESS_FD``; each is a whole ``stages.progress.Progress`` (the newest replaces the older). Supervisor → task:
lines on the task's stdin: ``upstream-done <task id>`` when a followed task has ended, ``stop`` to stop sending and keep
what is in flight for a bounded time, ``allowance <number> <calls> <tokens> <cost>`` for all that it may spend where the
run has limits, ``limit-reached`` to send nothing more and keep all that is in flight, ``decided`` for the same where a
gate needs no more (the task has then done its work), and end of file when the supervisor is gone (the same as
``stop``). Of a report, ``verdicts`` alone are not all that there are, but those since the last one. Where the two share
no pipe, both directions go through files (``stages.task_files``). Without either a task runs by itself and reports to
its log.

An exception of a plug-in about one item is that item's failure and not the end of the task. Whose bug it is cannot be
told from outside: it may be the user's method or one of ours. So it is never quiet either: the log has its traceback,
the item counts as failed, and with failed items a run ends with exit code 4. A task gives up where more items failed
than ``--max-fail-rate`` allows.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, cast

import msgspec

from judgebench.engine.client import BatchPlace
from judgebench.errors import (
    RAISED_BY_OTHERS,
    DiskError,
    ExitCode,
    InterruptedRunError,
    JudgebenchError,
    LimitReachedError,
    WaitingError,
    out_of_memory,
    visible,
)
from judgebench.records.facts import LiveVerdict
from judgebench.records.run import DatasetConfig, JudgeConfig, Plan, TaskSpec
from judgebench.records.shards import shard_of
from judgebench.stages.progress import Reporter, supervised
from judgebench.stages.task_files import FILES_VARIABLE, orders_in
from judgebench.store.journal import DamagedError, Decoder, reason_of, removed
from judgebench.store.run_folder import RunFolder
from judgebench.store.shard_folder import ShardFolder

logger = logging.getLogger(__name__)


class Task:
    """One task while it runs.

    Attributes:
        plan: The whole run; of a task on a shard its options choose the items of the shard.
        spec: This task.
        datasets: Its datasets.
        run: The run folder, or that of the shard.
        reporter: Progress to the supervisor.
        stop: Set when no further request may be sent.
        interrupted: Set when it is to end soon, whatever is in flight.
        upstream_done: Set when no followed task writes any more.
        waiting: Whether nothing is left to do but to wait for answers.
        decided: Whether what is there is enough to decide on.
        in_caller: Whether it runs in a thread of the process that asked for the run.
    """

    def __init__(self, plan: Plan, spec: TaskSpec, *, thread: InThread | None = None) -> None:
        self.plan = of_shard(plan, spec.shard)
        self.spec = spec
        self.datasets = [plan.datasets[abbr] for abbr in spec.datasets]
        run = RunFolder(Path(plan.run_dir))
        self.run = ShardFolder(run, shard_of(spec.shard)) if spec.shard else run
        self.in_caller = thread is not None
        self.reporter = Reporter(spec.id, emit=thread.emit if thread else None)
        self.stop = asyncio.Event()
        self.interrupted = asyncio.Event()
        self.upstream_done = asyncio.Event()
        self.waiting = False
        self.decided = False
        self._open_upstream = set(spec.follows)
        if not self._open_upstream or not (self.in_caller or supervised()):
            self.upstream_done.set()

    def interrupt(self) -> None:
        """Send nothing more, and end soon."""
        self.stop.set()
        self.interrupted.set()
        if self.reporter.allowance is not None:
            self.reporter.allowance.refuse()

    def judge(self, dataset: DatasetConfig) -> JudgeConfig:
        """Return this task's judge of a dataset; in a benchmark of judges that is the tested model itself."""
        return dataset.judge_of(self.spec.judge, self.plan.models[self.spec.model])

    @property
    def unfinished(self) -> bool:
        """Whether it ends before everything is asked and answered."""
        return self.stop.is_set() or self.waiting

    def batches(self) -> BatchPlace:
        """Return where the task keeps what it knows of its batches."""
        model, _, row = self.spec.name.partition("/")
        path, requests = self.run.batches(model, row), self.plan.options.requests
        return BatchPlace(
            path,
            self.interrupted,
            self._leave,
            scope=f"{self.spec.model}/{self.spec.judge}",
            replies=path.parent.parent / "replies.jsonl",
            requests=Path(requests) if requests else None,
        )

    def _leave(self, sentence: str, by_itself: bool) -> None:
        self.reporter.progress.outstanding = sentence
        if by_itself:
            self.waiting = True
            if not self.plan.options.requests:  # a file takes all that is still to be asked
                self.interrupt()

    def receive(self, line: str) -> None:
        """Take one line of the supervisor."""
        word, _, subject = line.strip().partition(" ")
        if word == "stop":
            logger.info("asked to stop: sending no more, keeping what is in flight")
            self.interrupt()
        elif word == "upstream-done":
            self._open_upstream.discard(subject)
            if not self._open_upstream:
                self.upstream_done.set()
        elif word == "decided":
            logger.info("what is there decides: sending no more, keeping what is in flight")
            self.decided = True
            self.stop.set()
            if self.reporter.allowance is not None:
                self.reporter.allowance.refuse()
        elif self.reporter.allowance is not None:
            self.reporter.allowance.receive(word, subject)

    def tell(self, verdict: LiveVerdict) -> None:
        """Tell what became of an answer, where the run waits for what decides a gate."""
        if self.plan.options.in_random_order:
            self.reporter.verdicts.append(verdict)

    def supervisor_gone(self) -> None:
        """The supervisor is gone: keep what is in flight and end."""
        logger.warning("the supervisor is gone: stopping")
        self.interrupt()
        self.upstream_done.set()


def of_shard(plan: Plan, shard: str) -> Plan:
    """Return a plan whose options choose the items of a shard; an empty one takes all."""
    return msgspec.structs.replace(plan, options=msgspec.structs.replace(plan.options, shard=shard)) if shard else plan


def listen(task: Task, *, last_patience: float) -> None:
    """Take the supervisor's lines in a thread of its own, until it hangs up, which means stop.

    The thread ends the process ``last_patience`` seconds after that whatever the event loop is doing, so that no task
    outlives its supervisor for long.
    """
    loop = asyncio.get_running_loop()

    folder = os.environ.get(FILES_VARIABLE, "")
    orders = orders_in(Path(folder)) if folder else _orders_on_stdin()

    def read() -> None:
        for line in orders:
            loop.call_soon_threadsafe(task.receive, line)
        loop.call_soon_threadsafe(task.supervisor_gone)
        time.sleep(last_patience)
        os._exit(ExitCode.INTERRUPTED)

    def read_while_the_loop_lives() -> None:
        with contextlib.suppress(RuntimeError, OSError):  # the loop is closed: the task has ended
            read()

    threading.Thread(target=read_while_the_loop_lives, name="supervisor", daemon=True).start()


def _orders_on_stdin() -> Iterator[str]:
    rest = b""
    while data := os.read(0, 4096):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            yield line.decode()


DRAIN_LIMIT = 8.0
"""Seconds that requests in flight are waited for after a stop."""

_PLAN = Decoder(Plan)

STAGE_MODULES = {
    "infer": "judgebench.stages.infer",
    "judge": "judgebench.stages.judge_infer",
    "merge": "judgebench.stages.shards",
    "extract": "judgebench.stages.extract",
    "summarize": "judgebench.stages.summarize",
}


class SafeFormatter(logging.Formatter):
    """Writes log lines in which nothing that a model or a service said steers a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line with control characters made visible."""
        return visible(super().format(record))


class Stage(Protocol):
    """A stage module."""

    def run(self, task: Task) -> Coroutine[Any, Any, None]:
        """Do the task's work; returns when all of it is on disk.

        Raises:
            JudgebenchError: What keeps the task from being done.
        """
        ...


def main(argv: list[str]) -> int:
    """Run one task of a plan; returns its exit code."""
    if len(argv) != 2:
        sys.stderr.write("usage: python -m judgebench.stages PLAN TASK_ID\n")
        return ExitCode.USAGE
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(SafeFormatter("%(asctime)s %(levelname)-7s %(message)s", datefmt="%H:%M:%S"))
    logging.basicConfig(handlers=[handler], level=logging.INFO)
    sys.excepthook = _log_uncaught
    try:
        plan = _PLAN.read(Path(argv[0]))
    except (OSError, DamagedError) as error:
        return _without_plan(Path(argv[0]), error, Reporter(argv[1]))
    spec = next((task for task in plan.tasks if task.id == argv[1]), None)
    if spec is None:
        sys.stderr.write(f"there is no task {argv[1]!r} in {argv[0]}\n")
        return ExitCode.USAGE
    stage = cast("Stage", importlib.import_module(STAGE_MODULES[spec.stage]))
    with contextlib.suppress(KeyboardInterrupt):
        return _run_loop(_run(stage, plan, argv[1]), spec.stage)
    return ExitCode.INTERRUPTED


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Write an error that ends the process as the log writes all else: what it says may come from a model."""
    logger.critical("the task ends with an error that nothing foresaw", exc_info=(kind, error, trace))


def _run_loop(work: Coroutine[Any, Any, int], stage: str) -> int:
    if stage in {"infer", "judge"}:
        from judgebench.engine.worker_pool import run

        return run(work)
    return asyncio.run(work)


class InThread:
    """A task in a thread of the process that asked for the run: how it reports, and how it is told things.

    Args:
        emit: Takes each report; called from the task's thread.
    """

    def __init__(self, emit: Callable[[bytes], None]) -> None:
        self.emit = emit
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: Task | None = None
        self._main: asyncio.Task[Any] | None = None
        self._early: list[str] = []
        self._cancelled = False

    def begin(self, task: Task) -> None:
        """Let it be told things from now on, and what it was told before; called inside of its event loop."""
        with self._lock:
            self._loop, self._task, self._main = asyncio.get_running_loop(), task, asyncio.current_task()
            for line in self._early:
                task.receive(line)
            if self._cancelled and self._main is not None:
                self._main.cancel()

    def tell(self, line: str) -> None:
        """Hand the task a line, from any thread."""
        with self._lock:
            if self._loop is None or self._task is None:
                self._early.append(line)
            else:
                self._call(self._loop, self._task.receive, line)

    def cancel(self) -> None:
        """End what the task waits for, from any thread."""
        with self._lock:
            self._cancelled = True
            if self._loop is not None and self._main is not None:
                self._call(self._loop, self._main.cancel)

    @staticmethod
    def _call(loop: asyncio.AbstractEventLoop, function: Callable[..., object], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: the task has ended
            loop.call_soon_threadsafe(function, *arguments)


def run_in_thread(plan_file: Path, task_id: str, thread: InThread) -> int:
    """Run a task of a plan in this thread; returns its exit code. The process stays as it is."""
    try:
        plan = _PLAN.read(plan_file)
    except (OSError, DamagedError) as error:
        return _without_plan(plan_file, error, Reporter(task_id, emit=thread.emit))
    spec = next(task for task in plan.tasks if task.id == task_id)
    stage = cast("Stage", importlib.import_module(STAGE_MODULES[spec.stage]))
    with contextlib.suppress(asyncio.CancelledError):
        return asyncio.run(_run(stage, plan, task_id, thread))
    return ExitCode.INTERRUPTED


async def _run(stage: Stage, plan: Plan, task_id: str, thread: InThread | None = None) -> int:
    task = Task(plan, next(spec for spec in plan.tasks if spec.id == task_id), thread=thread)
    task.reporter.update(state="starting")
    if thread is not None:
        thread.begin(task)
    elif threading.current_thread() is threading.main_thread():  # Python hands signals to no other
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.interrupt)
    if thread is None and supervised():
        listen(task, last_patience=DRAIN_LIMIT + 4)
    work = asyncio.ensure_future(_carried_out(stage, task))
    stopping = asyncio.create_task(task.interrupted.wait())
    try:
        await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            task.reporter.update(state="draining")
            await asyncio.wait({work}, timeout=DRAIN_LIMIT)
            if not work.done():
                work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            if (left := await work) is not None:
                raise left
    except JudgebenchError as error:
        return _report_error(task.reporter, error)
    except RAISED_BY_OTHERS as error:  # a process ends here; whatever it was is told and logged
        if (lacking := out_of_memory(error)) is not None:
            return _report_error(task.reporter, lacking)
        reason = f"{type(error).__name__}: {error}"
        logger.exception("the task ends with an error that nothing foresaw")  # by the log, which makes it safe to show
        task.reporter.update(state="error", error=reason, exit_code=int(ExitCode.BUG))
        return ExitCode.BUG
    finally:
        stopping.cancel()
    if (why := _why_early(task)) is not None:
        return _report_error(task.reporter, why)
    if figures := task.reporter.progress.figures:
        logger.info("figures: %s", ", ".join(f"{name} {value:g}" for name, value in figures.items()))
    task.reporter.update(state="finish")
    return ExitCode.DONE


async def _carried_out(stage: Stage, task: Task) -> SystemExit | None:
    """Do a stage's work; returns the ``sys.exit()`` of a plug-in, which would end the event loop without a word."""
    try:
        await stage.run(task)
    except SystemExit as error:
        return error
    return None


def _why_early(task: Task) -> JudgebenchError | None:
    """Return why a task ends before everything is asked and answered; ``None`` where it is done."""
    outstanding = task.reporter.progress.outstanding
    if task.waiting:
        return WaitingError(f"{outstanding}.", hint="Nothing is asked twice.")
    if task.interrupted.is_set():
        said = f"stopped before the end; {outstanding}" if outstanding else "stopped before the end"
        return InterruptedRunError(said, hint="Continue with --reuse.")
    if task.stop.is_set() and not task.decided:
        what = "The run has spent what it may; what this task had in flight then is kept."
        return LimitReachedError(what, hint="Continue with --reuse and a higher limit.")
    return None


def _without_plan(path: Path, error: Exception, reporter: Reporter) -> int:
    """Report a plan that is not there any more, or cannot be read."""
    if isinstance(error, FileNotFoundError):
        return _report_error(reporter, removed(path))
    reason = reason_of(error) if isinstance(error, OSError) else str(error)
    sentence = f"The plan {path} cannot be read: {reason}."
    return _report_error(reporter, DiskError(sentence, hint="Start the same command again with --reuse."))


def _report_error(reporter: Reporter, error: JudgebenchError) -> int:
    logger.error("%s", error)
    reporter.update(state="error", error=error.message, hint=error.hint, exit_code=int(error.exit_code))
    return error.exit_code
