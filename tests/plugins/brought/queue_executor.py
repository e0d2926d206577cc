"""An executor of one's own: tasks are processes that share nothing with ``jb`` but the files of the run folder."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys

import msgspec

from judgebench.executors.contract import Ended
from judgebench.executors.file_channel import FileChannel
from judgebench.executors.process import log_tail, prepare_log


class QueueExecutor:
    """Starts a process for each task, with the name of a queue in its environment."""

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """``queue`` is only told to the tasks."""

        queue: str = "short"

    follows = False
    reserves = True
    shares_machine = False

    def __init__(self, config):
        self.config = config

    async def start(self, spec, run, *, environment):
        log = prepare_log(run.run_dir, spec.log)
        channel = FileChannel(run.run_dir, spec)
        told = {**environment, **channel.environment, "QUEUE": self.config.queue}
        with log.open("ab") as output:
            output.write(f"queue {self.config.queue}, {spec.cores} cores\n".encode())
            output.flush()
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "judgebench.stages", str(run.plan_file), spec.id, env=told,
                stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
        return Handle(channel, process, log)

    async def aclose(self):
        pass


class Handle:
    """One started task."""

    pid = 0

    def __init__(self, channel, process, log):
        self.channel = channel
        self.process = process
        self.log = log

    def events(self):
        return self.channel.events(self.ended)

    def tell(self, line):
        self.channel.tell(line)

    def stop(self):
        self.tell("stop")

    def kill(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def ended(self):
        code = self.process.returncode
        return None if code is None else Ended(code, log_tail(self.log))
