"""The supervisor's side of the warm process from which tasks are forked (``executors.forked``)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec

from judgebench.executors.forked import HEADER, ForkMessage, Order
from judgebench.executors.guard import children_of
from judgebench.executors.process import python_command

PATIENCE = 20.0
"""Seconds after which a warm process that does not take or answer an order counts as gone."""

LAST_PATIENCE = 5.0
"""Seconds after the end of a task within which the warm process has to tell how it ended, else it counts as gone."""


class ForkServerGoneError(Exception):
    """The warm process has ended; tasks are started the ordinary way."""


class ForkedProcess:
    """A task process that was forked: what the supervisor needs of ``asyncio.subprocess.Process``."""

    stdout = None

    def __init__(self, pid: int, ended: asyncio.Future[int]) -> None:
        self.pid = pid
        self._ended = ended

    async def wait(self) -> int:
        """Return the exit code; minus a signal's number where one ended it."""
        return await asyncio.shield(self._ended)


class ForkServer:
    """A warm process; made by ``warm_tasks``."""

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket) -> None:
        self._process = process
        self._control = control
        self._number = 0
        self._starting: dict[int, asyncio.Future[ForkedProcess]] = {}
        self._running: dict[int, tuple[int, asyncio.Future[int]]] = {}
        self._watched: dict[int, int] = {}
        """For each running task, a descriptor that signals its end."""
        self._rest = b""
        self._gone = False
        self._listening = False
        self._sending = asyncio.Lock()

    async def fork(
        self, arguments: Sequence[str], *, environment: Mapping[str, str], descriptors: tuple[int, int, int]
    ) -> ForkedProcess:
        """Start a task; it gets copies of the descriptors.

        Args:
            arguments: Plan and task.
            environment: All of its environment.
            descriptors: Its control pipe, its log, and where it reports.

        Raises:
            ForkServerGoneError: There is no warm process any more, or it does not answer: then it is ended.
        """
        if self._gone:
            raise ForkServerGoneError
        loop = asyncio.get_running_loop()
        if not self._listening:
            self._listening = True
            self._control.setblocking(False)
            loop.add_reader(self._control, self._receive)
        self._number = number = self._number + 1
        started: asyncio.Future[ForkedProcess] = loop.create_future()
        self._starting[number] = started
        body = msgspec.json.encode(Order(number, list(arguments), dict(environment)))
        try:
            async with asyncio.timeout(PATIENCE):
                async with self._sending:
                    await self._send(body, descriptors)
                return await started
        except TimeoutError as error:
            self._give_up()
            raise ForkServerGoneError from error
        except OSError as error:
            raise ForkServerGoneError from error
        except asyncio.CancelledError:
            if started.done() and not started.cancelled() and started.exception() is None:
                _end(started.result().pid)  # it was told in the same turn, and nobody waits for it any more
            raise
        finally:
            self._starting.pop(number, None)
            if started.done() and not started.cancelled():
                started.exception()  # looked at, also where the order was given up before

    async def _send(self, body: bytes, descriptors: Sequence[int]) -> None:
        if self._gone:
            raise ForkServerGoneError
        while True:
            try:
                socket.send_fds(self._control, [HEADER.pack(len(body))], list(descriptors))
                break
            except BlockingIOError:
                await self._room()
        try:
            await asyncio.get_running_loop().sock_sendall(self._control, body)
        except asyncio.CancelledError:
            self._give_up()  # half an order is no order, and the next one would be read as its other half
            raise

    async def _room(self) -> None:
        """Wait until the warm process has read some of what was sent before."""
        loop, room = asyncio.get_running_loop(), asyncio.Event()
        loop.add_writer(self._control, room.set)
        try:
            await room.wait()
        finally:
            loop.remove_writer(self._control)

    def _give_up(self) -> None:
        """End a warm process that hangs, and what it may have forked without telling."""
        if self._gone:
            return
        self._process.send_signal(signal.SIGSTOP)  # so that it forks no more
        forked = children_of(self._process.pid)
        self._process.kill()
        for pid in forked:
            _end(pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)  # it may not have got a process group of its own yet
        self._lose()

    def close(self) -> None:
        """End the warm process; forked tasks go on."""
        self._gone = True
        if self._listening:
            with contextlib.suppress(RuntimeError):  # the loop is closed already
                asyncio.get_running_loop().remove_reader(self._control)
                for descriptor in self._watched.values():
                    asyncio.get_running_loop().remove_reader(descriptor)
        for descriptor in self._watched.values():
            os.close(descriptor)
        self._watched.clear()
        self._control.close()
        self._process.kill()
        self._process.wait()

    def _receive(self) -> None:
        try:
            data = self._control.recv(65536)
        except OSError:
            data = b""
        if not data:
            self._lose()
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._take(msgspec.json.decode(line, type=ForkMessage))

    def _take(self, message: ForkMessage) -> None:
        if message.code is not None:
            _, ended = self._running.pop(message.number)
            ended.set_result(message.code)
            self._unwatch(message.number)
            return
        ended = asyncio.get_running_loop().create_future()
        self._running[message.number] = message.pid, ended
        self._watch(message.number, message.pid)
        started = self._starting.get(message.number)
        if started is None or started.done():
            _end(message.pid)  # nobody waits for it any more
        else:
            started.set_result(ForkedProcess(message.pid, ended))

    def _watch(self, number: int, pid: int) -> None:
        """See to it that the end of a task is learned even where the warm process hangs and does not tell."""
        with contextlib.suppress(OSError):  # it has ended and is told in a moment, or the kernel is older than 5.3
            self._watched[number] = descriptor = os.pidfd_open(pid)
            asyncio.get_running_loop().add_reader(descriptor, self._noticed, number)

    def _unwatch(self, number: int) -> None:
        if (descriptor := self._watched.pop(number, None)) is not None:
            asyncio.get_running_loop().remove_reader(descriptor)
            os.close(descriptor)

    def _noticed(self, number: int) -> None:
        self._unwatch(number)
        asyncio.get_running_loop().call_later(LAST_PATIENCE, self._miss, number)

    def _miss(self, number: int) -> None:
        if number in self._running:
            self._give_up()

    def _lose(self) -> None:
        """Take the end of the warm process: how its tasks end nobody would learn, so they are ended."""
        self._gone = True
        asyncio.get_running_loop().remove_reader(self._control)
        self._listening = False
        for waiting in self._starting.values():
            if not waiting.done():
                waiting.set_exception(ForkServerGoneError())
        for number, (pid, ended) in self._running.items():
            self._unwatch(number)
            _end(pid)
            ended.set_result(-signal.SIGKILL)
        self._running.clear()


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


@contextmanager
def warm_tasks(stages: Sequence[str]) -> Iterator[ForkServer | None]:
    """Start a warm process beside what the caller does meanwhile; it ends with the context.

    Gives ``None`` where nothing is to be forked or forking is not safe: other systems than Linux have libraries that do
    not survive it.

    Args:
        stages: Those whose tasks will be forked; it imports what they need. None: there is no warm process.
    """
    if not stages or sys.platform != "linux":
        yield None
        return
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(  # noqa: S603 - this interpreter and a module of ours
            python_command("judgebench.executors.forked", *stages),
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1"},
            start_new_session=True,
        )
    fork_server = ForkServer(process, ours)
    try:
        yield fork_server
    finally:
        fork_server.close()
