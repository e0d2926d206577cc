"""A task that is reached through files alone: the other end of ``stages.task_files``.

For executors whose tasks run where no pipe reaches: on another machine that shares the run folder, in a batch system.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path

import msgspec

from judgebench.executors.contract import Ended, TaskReport
from judgebench.executors.process import prepare_log
from judgebench.records.run import TaskSpec
from judgebench.stages.progress import Progress
from judgebench.stages.task_files import BEAT, FILES_VARIABLE, ORDERS, POLL, PROGRESS

CHANNELS = "logs/tasks"
"""Folder of the channels, relative to the run folder; each is removed when its task has ended."""


class Reports:
    """What a task says of itself, read from a file that grows.

    Args:
        path: The file, which may not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0
        self._rest = b""
        self._decoder = msgspec.json.Decoder(Progress)

    def new(self) -> Iterator[Progress]:
        """Yield what the task has said since the last call."""
        try:
            with self._path.open("rb") as file:  # opened anew: only so a network file system looks for changes
                file.seek(self._position)
                data = file.read()
        except OSError:
            return
        self._position += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            with contextlib.suppress(msgspec.DecodeError):  # torn by a kill; the next report says it all
                yield self._decoder.decode(line)


class FileChannel:
    """Orders for a task and its reports, in a folder of their own.

    Args:
        run_dir: The run folder, which the task sees too.
        spec: The task.

    Attributes:
        folder: Where the files lie; an executor may put files of its own there.

    Raises:
        DiskError: The folder cannot be made.
        OSError: Likewise.
    """

    def __init__(self, run_dir: Path, spec: TaskSpec) -> None:
        parent = prepare_log(run_dir, f"{CHANNELS}/{ORDERS}").parent
        name = f"{spec.stage}-{spec.name}".replace("/", "-")[:80]
        self.folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=parent))
        self._orders = self.folder / ORDERS
        self._orders.touch()
        self._reports = Reports(self.folder / PROGRESS)

    @property
    def environment(self) -> dict[str, str]:
        """What the task's environment must hold for it to find the files."""
        return {FILES_VARIABLE: str(self.folder)}

    def tell(self, line: str) -> None:
        """Hand the task a line."""
        with contextlib.suppress(OSError), self._orders.open("ab", buffering=0) as file:
            file.write(f"{line}\n".encode())

    def reports(self) -> Iterator[Progress]:
        """Yield what the task has said since the last call."""
        return self._reports.new()

    async def events(self, ended: Callable[[], Ended | None]) -> AsyncGenerator[TaskReport, None]:
        """Yield the task's reports and then its end, and let it know meanwhile that somebody listens.

        Args:
            ended: Says how the task ended; ``None`` while it runs.
        """
        last_beat = time.monotonic()
        while True:
            end = ended()  # before the reports are read: what it said last comes before its end
            for report in self.reports():
                yield report
            if end is not None:
                shutil.rmtree(self.folder, ignore_errors=True)
                yield end
                return
            if time.monotonic() - last_beat >= BEAT:
                last_beat = time.monotonic()
                with contextlib.suppress(OSError):
                    os.utime(self._orders)
            await asyncio.sleep(POLL)
