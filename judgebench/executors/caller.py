"""Runs tasks in threads of this process: those of a run whose objects no other process can make."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Mapping

import msgspec

from judgebench.errors import ExitCode
from judgebench.executors.contract import Ended, RunContext, TaskReport
from judgebench.executors.process import log_tail, prepare_log
from judgebench.models.access import environment_of_this_thread
from judgebench.records.run import TaskSpec
from judgebench.stages.progress import Progress
from judgebench.stages.task import InThread, SafeFormatter, run_in_thread


class CallerHandle:
    """A task in a thread; it ends by itself or when it is asked to: a thread cannot be killed."""

    pid = 0

    def __init__(self, spec: TaskSpec, run: RunContext, environment: Mapping[str, str]) -> None:
        self._spec = spec
        self._run = run
        self._environment = environment
        self._log = prepare_log(run.run_dir, spec.log)
        self._loop = asyncio.get_running_loop()
        self._reports: asyncio.Queue[TaskReport] = asyncio.Queue()
        self._task = InThread(self._report)
        self._thread = threading.Thread(target=self._work, name=f"judgebench-{spec.id}", daemon=True)
        self._thread.start()

    async def events(self) -> AsyncGenerator[TaskReport, None]:
        """Yield what the task says, and at last its end."""
        while True:
            report = await self._reports.get()
            yield report
            if isinstance(report, Ended):
                self._thread.join()
                return

    def tell(self, line: str) -> None:
        """Hand the task a line."""
        self._task.tell(line)

    def stop(self) -> None:
        """Ask it to send nothing more and to end."""
        self._task.tell("stop")

    def kill(self) -> None:
        """End what it waits for."""
        self._task.cancel()

    def _report(self, data: bytes) -> None:
        self._put(msgspec.json.decode(data, type=Progress))

    def _put(self, report: TaskReport) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._reports.put_nowait, report)

    def _work(self) -> None:
        code: int = ExitCode.BUG
        here = threading.get_ident()
        handler = logging.FileHandler(self._log, encoding="utf-8")
        handler.setFormatter(SafeFormatter("%(asctime)s %(levelname)-7s %(message)s", datefmt="%H:%M:%S"))
        handler.addFilter(lambda record: record.thread == here)
        logger = logging.getLogger("judgebench")
        logger.addHandler(handler)
        try:
            with environment_of_this_thread(self._environment):
                code = run_in_thread(self._run.plan_file, self._spec.id, self._task)
        finally:
            logger.removeHandler(handler)
            handler.close()
            self._put(Ended(code, log_tail(self._log)))


class CallerExecutor:
    """Runs tasks in this process."""

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """It has no keys."""

    follows = True
    reserves = False
    shares_machine = True

    def __init__(self, _config: Config | None = None) -> None:
        """Nothing is held."""

    async def start(self, spec: TaskSpec, run: RunContext, *, environment: Mapping[str, str]) -> CallerHandle:
        """Start a task.

        Raises:
            DiskError: Its log cannot be written.
        """
        return CallerHandle(spec, run, environment)

    async def aclose(self) -> None:
        """Every thread has ended with its task."""
