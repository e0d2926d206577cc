"""A task as a process of this machine: its start, its log, its progress pipe, its control pipe, and its end.

The control pipe is the task's standard input. Only the supervisor holds the other end, so the kernel closes it
whichever way the supervisor dies, and the task sees end of file.

The signals that end a run arrive here as well: the first stops it gracefully, the next at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import sys
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec

from judgebench.errors import DiskError, visible
from judgebench.executors.contract import Ended, Printed, TaskReport
from judgebench.stages.progress import Progress
from judgebench.store.journal import open_descriptor, open_file, removed


def python_command(module: str, *arguments: str) -> list[str]:
    """Return the command of a module of ours; its process gets the import path that this one has."""
    safe_path = [] if {"", str(Path.cwd())} & set(sys.path) else ["-P"]
    return [sys.executable, *safe_path, "-m", module, *arguments]


TAIL_LINES = 20
_TAIL_BYTES = 16_384
_LINE_LIMIT = 1 << 20
_PIPE_SIZE = 1 << 20
"""Room for some thousand reports, so that a task does not wait for a supervisor that is suspended."""
_SET_PIPE_SIZE = getattr(fcntl, "F_SETPIPE_SZ", None)  # Linux alone has it
_LAST_WORDS = 1.0
"""Seconds to wait for the rest of the progress pipe after the process is gone."""


class Process(Protocol):
    """What is needed of a process; ``asyncio.subprocess.Process`` has it."""

    @property
    def pid(self) -> int:
        """Its number, which is also that of its session and process group."""
        ...

    @property
    def stdout(self) -> asyncio.StreamReader | None:
        """What it prints, where that is not a file."""
        ...

    async def wait(self) -> int:
        """Return its exit code; minus a signal's number where one ended it."""
        ...


Launch = Callable[[int, int, int, Mapping[str, str]], Awaitable[Process]]
"""Starts a process in a session of its own from descriptors for its control pipe, its output (or ``PIPE``) and its
reports, and its environment, which names the last one as ``JB_PROGRESS_FD``."""


def spawned(command: Sequence[str]) -> Launch:
    """Return what starts a command."""

    async def launch(control: int, output: int, reports: int, environment: Mapping[str, str]) -> Process:
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=control,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            pass_fds=(reports,),
            env={**environment, "JB_PROGRESS_FD": str(reports)},
            start_new_session=True,
        )

    return launch


class TaskProcess:
    """A running task process, as a ``Handle``; made by ``start_process``."""

    def __init__(
        self, process: Process, control: int, log: Path | None, log_start: int, copy: BinaryIO | None = None
    ) -> None:
        self._process = process
        self._control = control
        self._log = log
        self._log_start = log_start
        self._copy = copy
        self._shown: deque[str] = deque(maxlen=TAIL_LINES)
        self._said: asyncio.Queue[TaskReport] = asyncio.Queue()
        self._readers: list[asyncio.Task[None]] = []

    @property
    def pid(self) -> int:
        """Its number, which is also that of its session and process group."""
        return self._process.pid

    def tell(self, line: str) -> None:
        """Write a line to the task's control pipe; a task that is gone does not mind."""
        if self._control >= 0:
            with contextlib.suppress(OSError):
                os.write(self._control, f"{line}\n".encode())

    def stop(self) -> None:
        """Ask it to stop; it keeps for a bounded time what is in flight."""
        self.tell("stop")

    def kill(self) -> None:
        """End the task and all that it started in its process group, now."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    async def events(self) -> AsyncGenerator[TaskReport, None]:
        """Yield what it reports and prints; the last is its end, once the process is gone and all it said was read."""
        ending = asyncio.create_task(self._end())
        try:
            while True:
                event = await self._said.get()
                yield event
                if isinstance(event, Ended):
                    return
        finally:
            ending.cancel()
            self.kill()  # left early; or what it left behind in its process group
            self._close_control()
            for reader in self._readers:
                reader.cancel()

    async def _end(self) -> None:
        code = await self._process.wait()
        self.kill()  # what it left behind in its process group holds the pipes open
        await asyncio.wait(self._readers, timeout=_LAST_WORDS)
        tail = list(self._shown) if self._log is None else log_tail(self._log, self._log_start)
        self._said.put_nowait(Ended(code, tail))

    def follow(self, progress: asyncio.StreamReader) -> None:
        """Read what the task reports, and what it prints where that is not a file."""
        self._readers.append(asyncio.create_task(_read_reports(progress, self._said.put_nowait)))
        if self._process.stdout is not None:
            self._readers.append(asyncio.create_task(self._read_output(self._process.stdout)))

    async def _read_output(self, stream: asyncio.StreamReader) -> None:
        rest = b""
        with self._copy or contextlib.nullcontext():
            while chunk := await stream.read(65_536):
                if self._copy is not None:
                    with contextlib.suppress(OSError):  # the terminal has it
                        self._copy.write(chunk)
                *lines, rest = (rest + chunk).split(b"\n")
                if len(rest) > _LINE_LIMIT:
                    lines, rest = [*lines, rest], b""
                for line in lines:
                    self._show(line)
        if rest:
            self._show(rest)

    def _show(self, line: bytes) -> None:
        text = visible(line.decode("utf-8", "replace").rstrip("\r"))
        self._shown.append(text)
        self._said.put_nowait(Printed(text))

    def _close_control(self) -> None:
        if self._control >= 0:
            os.close(self._control)
            self._control = -1


async def start_process(
    launch: Launch,
    *,
    log: Path | None,
    environment: Mapping[str, str],
    shown: bool = False,
) -> TaskProcess:
    """Start a task process in a session of its own, so that the terminal's Ctrl-C reaches the supervisor alone.

    Args:
        launch: Starts it.
        log: File that its output is appended to; ``None`` makes each line a ``Printed`` event.
        environment: All of its environment.
        shown: Whether the lines are events although they are in a log too.

    Raises:
        OSError: The program cannot be started.
    """
    report_end, task_report_end = _pipe(_PIPE_SIZE)
    task_control_end, control_end = _pipe(0)
    os.set_blocking(control_end, False)
    try:
        with contextlib.ExitStack() as files:
            files.callback(os.close, task_report_end)
            files.callback(os.close, task_control_end)
            output: int = asyncio.subprocess.PIPE
            start = 0
            copy = None
            if log is not None:
                descriptor = open_log(log)
                start = os.fstat(descriptor).st_size
                if shown:
                    copy = os.fdopen(descriptor, "ab", buffering=0)
                else:
                    output = descriptor
                    files.callback(os.close, output)
            process = await launch(task_control_end, output, task_report_end, environment)
    except BaseException:
        os.close(report_end)
        os.close(control_end)
        raise
    running = TaskProcess(process, control_end, log, start, copy)
    reader = asyncio.StreamReader(limit=_LINE_LIMIT)
    try:
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(report_end, "rb", buffering=0)
        )
    except BaseException:
        running.kill()
        os.close(control_end)
        raise
    running.follow(reader)
    return running


def prepare_log(run_dir: Path, relative: str) -> Path:
    """Make the folder of a log file and return the file's path.

    Raises:
        DiskError: The folder cannot be made, or lies outside the run folder, or the run folder is gone.
    """
    path = run_dir / relative
    if not run_dir.is_dir():  # to make it anew would stand in the way of one that was moved and is moved back
        raise removed(run_dir)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        inside = path.parent.resolve().is_relative_to(run_dir.resolve())
    except OSError as error:
        raise DiskError(
            f"The log folder {path.parent} cannot be made: {error.strerror}.",
            hint="Make room or give another folder with --work-dir, then continue with --reuse.",
        ) from error
    if not inside:
        raise DiskError(f"The log {relative} would lie outside the run folder {run_dir}.", hint="Remove the link.")
    return path


def open_log(path: Path) -> int:
    """Return a descriptor that appends to a log file; a link or anything that is no file in its place is refused.

    Raises:
        OSError: It cannot be opened.
    """
    return open_descriptor(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def log_tail(path: Path, start: int = 0) -> list[str]:
    """Return the last lines of a log file from byte ``start`` on, safe to print; none when it cannot be read."""
    try:
        with open_file(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            begin = max(start, size - _TAIL_BYTES)
            file.seek(begin)
            lines = file.read(_TAIL_BYTES).decode("utf-8", "replace").split("\n")
    except OSError:
        return []
    if begin > start:
        lines = lines[1:]
    kept = [visible(line.rstrip()) for line in lines if line.strip()]
    return kept[-TAIL_LINES:]


async def _read_reports(stream: asyncio.StreamReader, report: Callable[[Progress], None]) -> None:
    decoder = msgspec.json.Decoder(Progress)
    while True:
        try:
            line = await stream.readline()
        except ValueError:
            continue  # longer than any report; the stream has dropped it
        if not line:
            return
        try:
            decoded = decoder.decode(line)
        except msgspec.DecodeError:
            continue  # torn by a kill in the middle of the write; the next report says it all
        report(decoded)


def _pipe(size: int) -> tuple[int, int]:
    read_end, write_end = os.pipe()
    if size and _SET_PIPE_SIZE is not None:
        with contextlib.suppress(OSError):  # more than the user may have; the default does too
            fcntl.fcntl(write_end, _SET_PIPE_SIZE, size)
    return read_end, write_end


STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_ONE_GESTURE = 0.2
"""Seconds within which several signals are one wish (a closed terminal sends SIGHUP more than once)."""


class Interrupts(Protocol):
    """What tells a run to stop: its context lasts as long as the run."""

    def __call__(self, call: Callable[[bool], None], *, drain: float) -> AbstractContextManager[None]:
        """Return a context in which ``call(False)`` stops the run gracefully and ``call(True)`` at once."""
        ...


@contextmanager
def on_interrupt(call: Callable[[bool], None], *, drain: float) -> Iterator[None]:
    """Call ``call(False)`` on the first stopping signal, and ``call(True)`` on the next or after ``drain`` seconds.

    A signal that was ignored when the program began (``nohup``) stays ignored. The former handlers return at the end.
    """
    loop = asyncio.get_running_loop()
    first: list[float] = []
    timers: list[asyncio.TimerHandle] = []

    def received() -> None:
        now = time.monotonic()
        if not first:
            first.append(now)
            timers.append(loop.call_later(drain, call, True))
            call(False)
        elif now - first[0] > _ONE_GESTURE:
            call(True)

    former = {number: signal.getsignal(number) for number in STOPPING}
    watched = [number for number in STOPPING if former[number] != signal.SIG_IGN]
    for number in watched:
        loop.add_signal_handler(number, received)
    try:
        yield
    finally:
        for timer in timers:
            timer.cancel()
        for number in watched:
            loop.remove_signal_handler(number)
            signal.signal(number, former[number] if former[number] is not None else signal.SIG_DFL)
