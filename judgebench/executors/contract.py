"""What an executor is: it starts tasks somewhere, hears their progress and their end, tells them things, ends them.

The supervision knows no more of where tasks run than this. An executor of your own is one class and one config; see
docs/executors.md.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from judgebench.records.run import TaskSpec
from judgebench.stages.progress import Progress


class Printed(NamedTuple):
    """A line that a task printed, made visible; only where the run shows what tasks print."""

    line: str


class Ended(NamedTuple):
    """A task is gone.

    Attributes:
        code: Its exit code; minus a signal's number where one ended it, as in ``subprocess``.
        tail: The last lines that it printed, made visible.
    """

    code: int
    tail: list[str]


TaskReport = Progress | Printed | Ended


class RunContext(NamedTuple):
    """What all tasks of a run have in common.

    Attributes:
        plan_file: The plan on disk. ``python -m judgebench.stages PLAN_FILE TASK_ID`` runs a task of it.
        run_dir: The run folder, under which ``TaskSpec.log`` lies.
        shown: Whether the lines that tasks print are wanted as ``Printed`` events too.
    """

    plan_file: Path
    run_dir: Path
    shown: bool = False


class Handle(Protocol):
    """A task that was started."""

    @property
    def pid(self) -> int:
        """Its process id, where it is a process of this machine; else 0."""
        ...

    def events(self) -> AsyncGenerator[TaskReport, None]:
        """Yield what the task says of itself, as it comes, and at last one ``Ended``; called once.

        Leaving it early ends the task.

        Raises:
            JudgebenchError: The task is lost; nobody will learn how it ended.
        """
        ...

    def tell(self, line: str) -> None:
        """Hand the task a line (``judgebench.stages.task`` has them all); one that has ended does not mind."""
        ...

    def stop(self) -> None:
        """Ask the task to send nothing more, to keep for a bounded time what is in flight, and to end."""
        ...

    def kill(self) -> None:
        """End the task, and all that it started, without waiting; ``events`` tells when it is gone."""
        ...


class Executor(Protocol):
    """A place where tasks run. Its class is made from its ``Config``, a struct of the keys that a config may hold.

    Attributes:
        follows: Whether a task sees what another appends to a file that it still writes. Where not, no task judges
            answers before the last is in.
        reserves: Whether a task gets what its ``TaskSpec`` asks for: ``cores``, ``memory``, ``gpus``.
        shares_machine: Whether tasks run on this machine, so that they reach services that the run launches.
    """

    follows: bool
    reserves: bool
    shares_machine: bool

    async def start(self, spec: TaskSpec, run: RunContext, *, environment: Mapping[str, str]) -> Handle:
        """Start a task; cancelled in the middle, it leaves nothing behind.

        Args:
            spec: The task.
            run: What all tasks have in common.
            environment: All of its environment; the executor adds how the task reports.

        Raises:
            OSError: It cannot be started.
            JudgebenchError: Likewise, with a sentence of its own.
        """
        ...

    async def aclose(self) -> None:
        """Let go of what the executor itself holds; every task has been killed or has ended."""
        ...
