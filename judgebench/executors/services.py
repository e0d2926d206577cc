"""Services that ``jb`` starts for a run: one process per distinct ``launch`` block, healthy before it is used.

Each runs under ``executors.guard``, which ends it whichever way ``jb`` dies. Addresses reach the tasks through the
environment variable ``JB_SERVICES``.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

import msgspec

from judgebench.errors import InternalError, LaunchError, one_line
from judgebench.executors import guard
from judgebench.executors.process import log_tail, open_log, prepare_log
from judgebench.models.access import SERVICES_VARIABLE, launch_key, launched_environment, redactor_of
from judgebench.models.contract import LaunchConfig, ModelConfig
from judgebench.records.run import Plan, TaskSpec

HOST = "127.0.0.1"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 1.0
_CHECK_LIMIT = 5.0
_STOP_LIMIT = guard.GRACE + 3.0

OnLoss = Callable[[asyncio.Future[str]], None]


class Service:
    """One launched service.

    Args:
        config: The model that it serves.
        log: File for its output.
        environment: Its environment, before the block's own ``env``.
        notify: Shows a line to the user.
    """

    def __init__(
        self, config: ModelConfig, log: Path, environment: Mapping[str, str], notify: Callable[[str], None]
    ) -> None:
        self.name = config.abbr
        self.url = ""
        self.on_loss: OnLoss | None = None  # it is not begun again
        self._config = config
        self._launch = config.launch or LaunchConfig()
        self._log = log
        self._log_start = log.stat().st_size if log.exists() else 0
        self._environment = environment
        self._report = notify
        self._guard: asyncio.subprocess.Process | None = None
        self._service_pid = 0
        self._watch: asyncio.Task[None] | None = None
        self._stopping = False

    async def start(self) -> str:
        """Start the service and return its base address once it is healthy.

        Raises:
            LaunchError: It ended or did not become healthy in time; names the log's last lines.
            JudgebenchError: Whatever the built-in launcher raises (a missing extra, say).
        """
        port = self._launch.port or _free_port()
        if self._launch.port and not _is_free(port):
            raise LaunchError(
                f"The service of model {self.name!r} should listen on port {port}, which is taken by another process.",
                hint="Leave launch.port out to take a free one, or leave launch out to use the service that runs.",
            )
        command = await self._command(port)
        environment = launched_environment(self._config, self._environment)
        try:
            await self._spawn(command, environment)
            async with asyncio.timeout(self._launch.time_limit):
                await self._until_healthy(port)
        except TimeoutError:
            await self.stop()
            raise self._failure(
                f"did not become healthy within {self._launch.time_limit:g} s",
                "If it only needs more time (a large model, a busy machine), raise launch.time_limit. ",
            ) from None
        except BaseException:
            await self.stop()
            raise
        self.url = f"http://{HOST}:{port}"
        self._watch = asyncio.create_task(self._report_if_it_dies())
        return self.url

    async def stop(self) -> None:
        """End the service and wait until it is gone."""
        self._stopping = True
        if self._watch is not None:
            self._watch.cancel()
        process = self._guard
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(_STOP_LIMIT):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # the guard and the one that stands behind it
            await process.wait()
        if self._service_pid and process.returncode and process.returncode < 0:
            # The guard was killed, so it could not clean up.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._service_pid, signal.SIGKILL)

    async def _command(self, port: int) -> list[str]:
        if not self._launch.type:
            marks = {"{port}": str(port), "{host}": HOST}
            return [_fill(part, marks) for part in self._launch.command]
        from judgebench.plugins import load

        launcher: Any = load(self._launch.type, "launchers", where=f"models.{self.name}.launch.type")()
        # In a thread: a launcher may check a large model file.
        command: list[str] = await asyncio.to_thread(
            launcher.command, host=HOST, port=port, options=self._launch.options, model_path=self._config.path
        )
        notice = getattr(launcher, "notice", None)
        if notice is not None and (text := notice()):
            self._report(text)
        return command

    async def _spawn(self, command: list[str], environment: Mapping[str, str]) -> None:
        if not command:
            raise LaunchError(
                f"The launch block of model {self.name!r} names neither a type nor a command.",
                hint="Give launch=dict(command=[...]) with {port} in it.",
            )
        with os.fdopen(open_log(self._log), "ab") as log:
            # -I -S: the guard needs nothing but the standard library and starts in a tenth of the time.
            self._guard = await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-S", guard.__file__, "--", *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env=environment,
                start_new_session=True,
            )  # fmt: skip
        assert self._guard.stdout is not None
        first = await self._guard.stdout.readline()
        self._service_pid = int(first) if first.strip().isdigit() else 0

    async def _until_healthy(self, port: int) -> None:
        assert self._guard is not None
        gone = asyncio.create_task(self._guard.wait())
        pause = _FIRST_PAUSE
        try:
            while not await _healthy(port, self._launch.health):
                await asyncio.wait([gone], timeout=pause)
                if gone.done():
                    raise self._failure(f"ended with exit code {gone.result()} before it was healthy")
                pause = min(pause * 1.4, _LONGEST_PAUSE)
            if gone.done():
                raise self._failure(f"ended with exit code {gone.result()} before it was healthy")
        finally:
            gone.cancel()

    async def _report_if_it_dies(self) -> None:
        assert self._guard is not None
        code = await self._guard.wait()
        if not self._stopping:
            lines = [f"The launched service of model {self.name} ended with exit code {code} during the run."]
            self._report("\n  ".join([*lines, *self._tail()]))

    def _tail(self) -> list[str]:
        """Return the end of the log as it may be shown: a program may print the keys that it was given."""
        redactor = redactor_of(self._config, self._environment)
        return [redactor.error(line) for line in log_tail(self._log, self._log_start)]

    def _failure(self, what: str, advice: str = "") -> LaunchError:
        tail = self._tail()[-8:]
        end = ", which ends:\n    " + "\n    ".join(tail) if tail else "; it is empty."
        hint = f"{advice}Its log is {self._log}{end}"
        return LaunchError(f"The launched service of model {self.name!r} {what}.", hint=hint)


class LaunchedService(Protocol):
    """A service of a run, wherever it is launched.

    Attributes:
        on_loss: Called where it has ended and is begun again, with the address that it will have.
    """

    on_loss: OnLoss | None

    async def start(self) -> str:
        """Start it and return its base address once it is healthy.

        Raises:
            JudgebenchError: It ended or did not become healthy in time.
        """
        ...

    async def stop(self) -> None:
        """End it and wait until it is gone."""
        ...


ServiceMaker = Callable[[ModelConfig, Path, Mapping[str, str], Callable[[str], None]], LaunchedService]
"""Makes a service of a model's config, its log file, its environment and what shows a line to the user."""


class Services:
    """The services of a run: started when first asked for, shared, stopped when nobody needs them any more.

    Args:
        configs: Models, of which those with a ``launch`` block are started.
        run_dir: The run folder.
        environment: Of the services.
        notify: Shows a line to the user.
        make: Makes a service.
        on_loss: Called with the key of a service that has ended and is begun again, maybe elsewhere: those who use it
            need ``addresses`` anew.
    """

    def __init__(
        self,
        configs: Iterable[ModelConfig],
        *,
        run_dir: Path,
        environment: Mapping[str, str],
        notify: Callable[[str], None],
        make: ServiceMaker = Service,
        on_loss: Callable[[str], None] | None = None,
    ) -> None:
        self._on_loss = on_loss
        self._make = make
        self._configs = {launch_key(config): config for config in configs if config.launch is not None}
        self._run_dir = run_dir
        self._environment = environment
        self._report = notify
        self._services: dict[str, LaunchedService] = {}
        self._starts: dict[str, asyncio.Future[str]] = {}
        self._stops: set[asyncio.Task[None]] = set()

    def begin(self, key: str) -> None:
        """Start a service in the background."""
        if key not in self._starts:
            self._starts[key] = asyncio.create_task(self._start(key))
            # A failure is told to whoever asks for the address; without this the loop would complain when nobody does.
            self._starts[key].add_done_callback(_hear)

    async def addresses(self, keys: Iterable[str]) -> dict[str, str]:
        """Return the base address of each service, once all are healthy.

        Raises:
            LaunchError: One of them did not become healthy.
        """
        wanted = list(keys)
        for key in wanted:
            self.begin(key)
        return {key: await asyncio.shield(self._starts[key]) for key in wanted}

    def release(self, key: str) -> None:
        """Stop a service in the background, if it was started; the next one starts when it is gone."""
        if key in self._starts:
            stop = asyncio.create_task(self._stop(key))
            self._stops.add(stop)
            stop.add_done_callback(self._stops.discard)

    async def stop_all(self) -> None:
        """Stop every service and wait until they are gone."""
        for key in list(self._starts):
            self.release(key)
        await asyncio.gather(*self._stops, return_exceptions=True)

    async def _stop(self, key: str) -> None:
        start = self._starts.pop(key, None)
        if start is not None:
            start.cancel()
            await asyncio.wait([start])
        service = self._services.pop(key, None)
        if service is not None:
            await service.stop()

    async def _start(self, key: str) -> str:
        if self._stops:
            # What it holds (a GPU's memory, a fixed port) may be what this one needs.
            await asyncio.wait(self._stops)
        config = self._configs[key]
        if config.launch is not None and config.launch.replicas > 1:
            return await self._start_replicas(key, config, config.launch.replicas)
        log = prepare_log(self._run_dir, f"logs/services/{config.abbr.replace('/', '_')}.out")
        service = self._services[key] = self._make(config, log, self._environment, self._report)
        service.on_loss = functools.partial(self._lost, key)
        return await service.start()

    def _lost(self, key: str, back: asyncio.Future[str]) -> None:
        back.add_done_callback(_hear)
        if key in self._starts:  # else it is being stopped
            self._starts[key] = back
            if self._on_loss is not None:
                self._on_loss(key)

    async def _start_replicas(self, key: str, config: ModelConfig, count: int) -> str:
        from judgebench.executors.replicated_service import ReplicatedService

        replicas: list[LaunchedService] = []
        for number in range(count):  # each with a name, a log and a job of its own
            one = msgspec.structs.replace(config, abbr=f"{config.abbr}.{number}")
            log = prepare_log(self._run_dir, f"logs/services/{one.abbr.replace('/', '_')}.out")
            replicas.append(self._make(one, log, self._environment, self._report))
        service = self._services[key] = ReplicatedService(replicas, self._report)
        service.on_loss = functools.partial(self._lost, key)
        return await service.start()


def _hear(start: asyncio.Future[str]) -> None:
    if not start.cancelled():
        start.exception()


def services_environment(addresses: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variable that hands the addresses to a task."""
    return {SERVICES_VARIABLE: msgspec.json.encode(addresses).decode()} if addresses else {}


def launched_models(plan: Plan, task: TaskSpec) -> list[ModelConfig]:
    """Return the models with a ``launch`` block that a task sends requests to.

    Raises:
        InternalError: The plan's model config does not fit its type (it was checked when the plan was made).
    """
    raw: list[Mapping[str, object]] = []
    if plan.options.requests:
        return []  # nothing is sent
    if task.stage == "infer":
        raw.append(plan.models[task.model])
    elif task.stage == "judge":
        for dataset in (plan.datasets[abbr] for abbr in task.datasets):
            if dataset.method is not None:  # a benchmark of judges: the tested model is the judge
                raw.append(plan.models[task.model])
            else:
                raw += [judge.model for judge in dataset.judges if judge.abbr == task.judge]
    return list({key: config for described in raw for key, config in launched(described).items()}.values())


def launched(described: Mapping[str, object]) -> dict[str, ModelConfig]:
    """Return a model by the key of the service that it launches; none where it launches none.

    Raises:
        InternalError: The config does not fit its type (it was checked when it was resolved).
    """
    if not described.get("launch"):
        return {}
    config = _model_config(described)
    return {launch_key(config): config}


def _model_config(described: Mapping[str, object]) -> ModelConfig:
    from judgebench.plugins import load

    # The key rests on the config as its own type reads it, defaults included; the task computes the same.
    name = str(described["type"])
    config_type: type[ModelConfig] = load(name, "models").Config
    try:
        return msgspec.convert(dict(described), config_type)
    except msgspec.ValidationError as error:
        raise InternalError(f"The plan's config of model type {name} is not valid: {error}.") from error


def _fill(part: str, marks: Mapping[str, str]) -> str:
    for mark, value in marks.items():
        part = part.replace(mark, value)
    return part


def _free_port() -> int:
    with socket.socket() as check:
        check.bind((HOST, 0))
        port: int = check.getsockname()[1]
        return port


def _is_free(port: int) -> bool:
    with socket.socket() as check:
        check.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            check.bind((HOST, port))
        except OSError:
            return False
        return True


async def _healthy(port: int, path: str) -> bool:
    """Return whether the service answers ``path`` with 200; without a path, whether it accepts connections."""
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(_CHECK_LIMIT):
            reader, writer = await asyncio.open_connection(HOST, port)
            if not path:
                return True
            question = f"GET {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\nConnection: close\r\n\r\n"
            writer.write(question.encode("ascii", "backslashreplace"))
            status = await reader.readline()
    except (OSError, TimeoutError, ValueError):
        return False
    finally:
        if writer is not None:
            writer.close()
    words = one_line(status.decode("latin-1")).split()
    return len(words) > 1 and words[0].startswith("HTTP/") and words[1] == "200"
