"""The local executor: each task is a process of this machine, forked from a warm one where that is possible.

Each runs in a session of its own, which is ended with it. Orders, reports and the end of the supervisor reach it, and
it them, through pipes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from judgebench.executors.contract import Handle, RunContext
from judgebench.executors.fork_server import ForkServer, ForkServerGoneError
from judgebench.executors.process import Launch, Process, prepare_log, python_command, spawned, start_process
from judgebench.records.run import TaskSpec

TaskCommand = Callable[[Path, str], list[str]]


def stage_command(plan_file: Path, task_id: str) -> list[str]:
    """Return the command of a task process."""
    return python_command("judgebench.stages", str(plan_file), task_id)


class LocalExecutor:
    """Runs tasks as processes of this machine.

    Args:
        task_command: Gives the command of a task.
        fork_server: A warm process from which tasks are forked instead, as long as it is there; its owner ends it.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """It has no keys."""

    follows = True
    reserves = False
    shares_machine = True
    runs_in_caller = True

    def __init__(
        self,
        _config: Config | None = None,
        *,
        task_command: TaskCommand = stage_command,
        fork_server: ForkServer | None = None,
    ) -> None:
        self._task_command = task_command
        self._fork_server = fork_server

    async def start(self, spec: TaskSpec, run: RunContext, *, environment: Mapping[str, str]) -> Handle:
        """Start a task.

        Raises:
            OSError: Its program cannot be started.
            DiskError: Its log cannot be written.
        """
        return await start_process(
            self._launch(spec, run),
            log=prepare_log(run.run_dir, spec.log) if spec.log else None,
            environment=environment,
            shown=run.shown,
        )

    async def aclose(self) -> None:
        """Nothing is left: every task ends with its handle, and the warm process belongs to another."""

    def _launch(self, spec: TaskSpec, run: RunContext) -> Launch:
        """Return what starts a task: forked from the warm process where that is possible."""
        spawn = spawned(self._task_command(run.plan_file, spec.id))
        fork_server = self._fork_server
        if fork_server is None:
            return spawn

        async def launch(control: int, output: int, reports: int, environment: Mapping[str, str]) -> Process:
            if output >= 0:
                try:
                    arguments = [str(run.plan_file), spec.id]
                    return await fork_server.fork(
                        arguments, environment=environment, descriptors=(control, output, reports)
                    )
                except ForkServerGoneError:
                    self._fork_server = None
            return await spawn(control, output, reports, environment)

        return launch
