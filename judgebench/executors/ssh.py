"""Tasks on other machines over ssh: the pipes of the local executor, with a connection in between.

Orders go down the connection's standard input and reports come back on its output. A connection may end without either
side hearing of it, so ``beat`` lines go down too (``executors.ssh_task``). The run folder must be on a file system that
all the machines share, under the same path.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from judgebench.errors import ConfigError, LaunchError, PrerequisiteError
from judgebench.executors.contract import Ended, Handle, RunContext, TaskReport
from judgebench.executors.file_channel import CHANNELS
from judgebench.executors.job_files import carried, write_secret
from judgebench.executors.local import stage_command
from judgebench.executors.process import Process, TaskProcess, prepare_log, start_process
from judgebench.records.run import TaskSpec
from judgebench.stages.progress import Progress
from judgebench.store.runs import TASK_FILE

BEAT = 3.0
"""Seconds between two signs of life."""
LEASE = 20.0
"""Seconds without one after which a task on the other machine is ended."""
LOST = 255
"""Exit code of ``ssh`` when the connection cannot be made, or is lost."""
_SIGNALLED = {128 + number: -number for number in (4, 6, 7, 8, 9, 11, 15)}
"""Exit codes that mean a signal; 130 is one of ours."""


class SshTask:
    """A task at the other end of a connection; a ``Handle``."""

    pid = 0

    def __init__(self, task: str, process: TaskProcess, host: str, folder: Path, hosts: Counter[str]) -> None:
        self._task = task
        self._process = process
        self._host = host
        self._folder = folder
        self._hosts = hosts
        self._stopped = False

    def tell(self, line: str) -> None:
        """Hand the task a line."""
        self._process.tell(line)

    def stop(self) -> None:
        """Ask it to stop."""
        self._process.stop()

    def kill(self) -> None:
        """End the task on its machine, and then the connection."""
        self._stopped = True
        self.tell("kill")
        asyncio.get_running_loop().call_later(2.0, self._process.kill)

    async def events(self) -> AsyncGenerator[TaskReport, None]:
        """Yield what it reports, and its end.

        Raises:
            LaunchError: The machine cannot be reached, or was lost.
        """
        begun = False
        beats = asyncio.create_task(self._beat())
        try:
            async for event in self._process.events():
                if not isinstance(event, Ended):
                    begun = begun or isinstance(event, Progress)
                    yield event
                elif event.code == LOST and not self._stopped:
                    if begun:
                        await asyncio.sleep(LEASE)  # nobody may go on before the task over there has ended
                    raise self._lost(event, begun=begun)
                else:
                    yield Ended(_SIGNALLED.get(event.code, event.code), event.tail)
                    return
        finally:
            beats.cancel()
            self._hosts[self._host] -= 1
            shutil.rmtree(self._folder, ignore_errors=True)

    async def _beat(self) -> None:
        while True:
            self.tell("beat")
            await asyncio.sleep(BEAT)

    def _lost(self, end: Ended, *, begun: bool) -> LaunchError:
        said = end.tail[-1] if end.tail else "ssh says nothing"
        if begun:
            return LaunchError(
                f"The connection to {self._host} was lost while task {self._task} worked there: {said}.",
                hint="What it had is kept: continue with --reuse.",
            )
        return LaunchError(
            f"The machine {self._host} cannot be reached over ssh: {said}.",
            hint=f"This must work without a question: ssh -o BatchMode=yes {self._host} true",
        )


class SshExecutor:
    """Runs each task on that of its machines which has the fewest."""

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Its keys.

        Attributes:
            hosts: Machines, as ``ssh`` takes them.
            options: Flags of ``ssh``, such as ``["-p", "2222"]``.
            setup: Lines of shell that run first, such as ``module load cuda``.
            python: Interpreter over there; empty takes this one, which must be there under the same path.
        """

        hosts: Annotated[list[str], msgspec.Meta(min_length=1)]
        options: list[str] = []
        setup: list[str] = []
        python: str = ""

    follows = False
    reserves = False
    shares_machine = False

    def __init__(self, config: Config) -> None:
        for host in config.hosts:
            if host.startswith("-") or not host.strip():
                raise ConfigError(f"{host!r} is no machine.", hint="hosts=['node1', 'me@node2']")
        self._config = config
        self._busy: Counter[str] = Counter(dict.fromkeys(config.hosts, 0))

    async def start(self, spec: TaskSpec, run: RunContext, *, environment: Mapping[str, str]) -> Handle:
        """Start a task.

        Raises:
            OSError: ``ssh`` cannot be started, or the files cannot be written.
            JudgebenchError: Likewise, with a sentence.
        """
        if shutil.which("ssh") is None:
            raise PrerequisiteError(
                "The executor needs the program ssh, which is not on this machine.", hint="Install an OpenSSH client."
            )
        host = min(self._busy, key=lambda name: self._busy[name])
        log = prepare_log(run.run_dir, spec.log or f"logs/{spec.stage}/{spec.name}.out")
        parent = prepare_log(run.run_dir, f"{CHANNELS}/task").parent
        folder = Path(tempfile.mkdtemp(prefix=f"{spec.stage}-", dir=parent))
        python = self._config.python or sys.executable
        what = folder / TASK_FILE
        command = [python, *stage_command(run.plan_file, spec.id)[1:]]
        write_secret(what, {"log": str(log), "lease": LEASE, "command": command, "environment": carried(environment)})
        try:
            process = await start_process(
                self._connection(host, [python, "-m", "judgebench.executors.ssh_task", str(what)]),
                log=log,
                environment=os.environ,
                shown=run.shown,
            )
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._busy[host] += 1
        return SshTask(spec.id, process, host, folder, self._busy)

    async def aclose(self) -> None:
        """Nothing is held."""

    def _connection(self, host: str, command: list[str]) -> _Connect:
        path = os.environ.get("PYTHONPATH")
        imports = [f"export PYTHONPATH={shlex.quote(path)}"] if path else []
        lines = [f"cd {shlex.quote(str(Path.cwd()))}", *imports, *self._config.setup, f"exec {shlex.join(command)}"]
        flags = ["-T", "-o", "BatchMode=yes", "-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3"]
        return _Connect(["ssh", *flags, *self._config.options, "--", host, "\n".join(lines)])


class _Connect:
    """Starts ``ssh``: its output is what the task reports, its complaints go where the task's go."""

    def __init__(self, command: list[str]) -> None:
        self._command = command

    async def __call__(self, control: int, output: int, reports: int, environment: Mapping[str, str]) -> Process:
        with contextlib.ExitStack() as files:
            said = output
            if output == asyncio.subprocess.PIPE:
                said = os.open(os.devnull, os.O_WRONLY)
                files.callback(os.close, said)
            return await asyncio.create_subprocess_exec(
                *self._command, stdin=control, stdout=reports, stderr=said, env=environment, start_new_session=True
            )
