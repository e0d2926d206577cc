"""An executor that shares nothing with its tasks but the files of the run folder."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path

import msgspec

from judgebench.executors.contract import Ended, RunContext, TaskReport
from judgebench.executors.file_channel import FileChannel
from judgebench.executors.process import log_tail, prepare_log
from judgebench.records.run import TaskSpec

AGENT = Path(__file__).with_name("file_agent.py")


class FileHandle:
    """A task that runs somewhere; ``kill`` and ``end`` are files too."""

    pid = 0

    def __init__(self, channel: FileChannel, log: Path) -> None:
        self._channel = channel
        self._log = log

    def events(self) -> AsyncGenerator[TaskReport, None]:
        return self._channel.events(self._ended)

    def tell(self, line: str) -> None:
        self._channel.tell(line)

    def stop(self) -> None:
        self.tell("stop")

    def kill(self) -> None:
        if self._channel.folder.exists():
            (self._channel.folder / "kill").touch()

    def _ended(self) -> Ended | None:
        end = self._channel.folder / "end"
        return Ended(int(end.read_text()), log_tail(self._log)) if end.exists() else None


class FileExecutor:
    """Starts tasks as independent processes, and reaches them through files."""

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """``python`` is the interpreter that tasks run with; empty takes this one."""

        python: str = ""

    follows = False
    reserves = True
    shares_machine = False

    def __init__(self, config: Config) -> None:
        self._python = config.python or sys.executable

    async def start(self, spec: TaskSpec, run: RunContext, *, environment: Mapping[str, str]) -> FileHandle:
        log = prepare_log(run.run_dir, spec.log)
        channel = FileChannel(run.run_dir, spec)
        handle = FileHandle(channel, log)
        try:
            agent = await asyncio.create_subprocess_exec(
                sys.executable, "-S", str(AGENT), str(channel.folder), str(log),
                self._python, "-m", "judgebench.stages", str(run.plan_file), spec.id,
                stdin=subprocess.DEVNULL, env={**environment, **channel.environment}, start_new_session=True,
            )  # fmt: skip
            await agent.wait()
        except BaseException:
            handle.kill()
            raise
        return handle

    async def aclose(self) -> None:
        """Nothing is held."""


class FollowingFileExecutor(FileExecutor):
    """Likewise, where the files of another task are seen as they grow."""

    follows = True
