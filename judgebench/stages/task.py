"""What a stage works with: the plan, its task, the run folder, and the line to the supervisor."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
import time

from judgebench.config.schema import DatasetConfig, JudgeConfig
from judgebench.errors import ExitCode
from judgebench.plan.spec import Plan, TaskSpec
from judgebench.stages.progress import Reporter
from judgebench.store.layout import RunFolder

logger = logging.getLogger(__name__)


class Task:
    """One task while it runs.

    Attributes:
        plan: The whole run.
        spec: This task.
        run: The run folder.
        reporter: Progress to the supervisor.
        stop: Set when no further request may be sent.
        upstream_done: Set when no followed task writes any more.
    """

    def __init__(self, plan: Plan, spec: TaskSpec) -> None:
        from pathlib import Path

        self.plan = plan
        self.spec = spec
        self.run = RunFolder(Path(plan.run_dir))
        self.reporter = Reporter(spec.id)
        self.stop = asyncio.Event()
        self.upstream_done = asyncio.Event()
        self._open_upstream = set(spec.follows)
        if not self._open_upstream or not supervised():
            self.upstream_done.set()

    def datasets(self) -> list[DatasetConfig]:
        """Return the data sets of this task."""
        return [self.plan.datasets[abbr] for abbr in self.spec.datasets]

    def judge(self, dataset: DatasetConfig) -> JudgeConfig:
        """Return this task's judge of a data set; in a benchmark of judges that is the tested model itself."""
        return dataset.judge_of(self.spec.judge, self.plan.models[self.spec.model])

    def hear(self, line: str) -> None:
        """Take one line of the supervisor."""
        word, _, subject = line.strip().partition(" ")
        if word == "stop":
            logger.info("asked to stop: sending no more, keeping what is in flight")
            self.stop.set()
        elif word == "upstream-done":
            self._open_upstream.discard(subject)
            if not self._open_upstream:
                self.upstream_done.set()

    def left_alone(self) -> None:
        """The supervisor is gone: keep what is in flight and end."""
        logger.warning("the supervisor is gone: stopping")
        self.stop.set()
        self.upstream_done.set()


def listen(task: Task, *, last_patience: float) -> None:
    """Take the supervisor's lines in a thread of its own, until it hangs up, which means stop.

    The thread ends the process ``last_patience`` seconds after that whatever the event loop is doing, so that no task
    outlives its supervisor for long.
    """
    loop = asyncio.get_running_loop()

    def read() -> None:
        rest = b""
        while data := os.read(0, 4096):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                loop.call_soon_threadsafe(task.hear, line.decode())
        loop.call_soon_threadsafe(task.left_alone)
        time.sleep(last_patience)
        os._exit(ExitCode.INTERRUPTED)

    def read_while_the_loop_lives() -> None:
        with contextlib.suppress(RuntimeError, OSError):  # the loop is closed: the task has ended
            read()

    threading.Thread(target=read_while_the_loop_lives, name="supervisor", daemon=True).start()


def supervised() -> bool:
    """Say whether a supervisor runs this process."""
    return "JB_PROGRESS_FD" in os.environ
