"""A launched service as a job of its own, on whatever node the batch system gives it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from judgebench.errors import LaunchError
from judgebench.executors.contract import Ended, Printed
from judgebench.executors.jobs import JobHandle
from judgebench.executors.process import log_tail, python_command
from judgebench.executors.service_task import ALIVE
from judgebench.models.access import launched_environment, redactor_of
from judgebench.models.contract import LaunchConfig, ModelConfig
from judgebench.records.run import Resources
from judgebench.store.run_folder import RunFolder

SERVICE = "service:"
"""How the ids of services begin, where tasks have a stage."""
ALIVE_EVERY = 10.0
_STOP_LIMIT = 30.0

Submit = Callable[[list[str], Mapping[str, str], Resources], Awaitable[JobHandle]]


class JobService:
    """One service; a ``LaunchedService``.

    Args:
        config: The model that it serves.
        run_dir: The run folder.
        environment: Its environment, before the block's own ``env``.
        notify: Shows a line to the user.
        submit: Submits a job from a command, its environment and what it needs.
        host: Under what name its node is reached; empty takes the host name.
    """

    def __init__(
        self,
        config: ModelConfig,
        run_dir: Path,
        environment: Mapping[str, str],
        notify: Callable[[str], None],
        submit: Submit,
        host: str = "",
    ) -> None:
        self.on_loss: Callable[[asyncio.Future[str]], None] | None = None
        self._host = host
        self._config = config
        self._launch = config.launch or LaunchConfig()
        self._run_dir = run_dir
        self._environment = environment
        self._report = notify
        self._submit = submit
        self._handle: JobHandle | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._address: asyncio.Future[str] | None = None
        """Where it is; a new one each time that another job begins it again."""
        self._stopping = False

    async def start(self) -> str:
        """Submit the job, and return the service's base address once it is healthy; a queue may take its time.

        Raises:
            LaunchError: It ended before that; names the log's last lines.
            JudgebenchError: The batch system refuses it.
        """
        launch, jobs = self._launch, RunFolder(self._run_dir).jobs
        jobs.mkdir(exist_ok=True)
        (jobs / ALIVE).touch()
        words = [str(jobs), self._host, str(launch.port), str(launch.time_limit), launch.health, "--", *launch.command]
        command = python_command("judgebench.executors.service_task", *words)
        self._address = asyncio.get_running_loop().create_future()
        environment = launched_environment(self._config, self._environment)
        self._handle = await self._submit(command, environment, launch.resources)
        self._tasks = [asyncio.create_task(self._listen(self._handle)), asyncio.create_task(self._show_life(jobs))]
        try:
            return await asyncio.shield(self._address)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End the service and wait until its job is gone."""
        self._stopping = True
        if self._handle is None:
            return
        self._handle.stop()
        listening, life = self._tasks
        life.cancel()
        await asyncio.wait([listening], timeout=_STOP_LIMIT)
        if not listening.done():
            self._handle.kill()
            await asyncio.wait([listening], timeout=_STOP_LIMIT)
        if self._address is not None and not self._address.done():
            self._address.cancel()
        with contextlib.suppress(OSError):
            (RunFolder(self._run_dir).jobs / ALIVE).unlink()  # another service that is needed makes it anew

    async def _listen(self, handle: JobHandle) -> None:
        assert self._address is not None
        queued = ""
        error: BaseException | None = None
        try:
            async for event in handle.events():
                if isinstance(event, Ended):
                    continue
                if isinstance(event, Printed):
                    self._lost(event.line)
                    continue
                if event.state == "running" and not self._address.done():
                    self._address.set_result(event.note)
                elif event.state == "queued" and event.note != queued:
                    queued = event.note
                    self._report(f"The service of model {self._config.abbr} waits for a node: {queued}")
        except Exception as caught:  # noqa: BLE001 - handed to who waits for the address
            error = caught
        if not self._address.done():
            self._address.set_exception(error or self._failure("ended before it was healthy"))
            self._address.exception()  # whoever waits gets it; nobody may
        elif not self._stopping:
            lines = [f"The launched service of model {self._config.abbr} ended during the run."]
            self._report("\n  ".join([*lines, *self._tail()]))

    def _lost(self, why: str) -> None:
        """Note that the service is gone, and that another job begins it again."""
        lines = [f"The launched service of model {self._config.abbr} {why}."]
        self._report("\n  ".join([*lines, *self._tail()]))
        if self._address is not None and self._address.done():
            self._address = asyncio.get_running_loop().create_future()
            if self.on_loss is not None:
                self.on_loss(self._address)

    async def _show_life(self, jobs: Path) -> None:
        while True:
            with contextlib.suppress(OSError):
                (jobs / ALIVE).touch()
            await asyncio.sleep(ALIVE_EVERY)

    def _tail(self) -> list[str]:
        """Return the end of the log as it may be shown: a program may print the keys that it was given."""
        redactor = redactor_of(self._config, self._environment)
        log = self._run_dir / "logs" / "services" / f"{self._config.abbr.replace('/', '_')}.out"
        return [redactor.error(line) for line in log_tail(log)]

    def _failure(self, what: str) -> LaunchError:
        tail = self._tail()[-8:]
        hint = "Its log ends:\n    " + "\n    ".join(tail) if tail else "Its log is empty."
        return LaunchError(f"The launched service of model {self._config.abbr!r} {what}.", hint=hint)
