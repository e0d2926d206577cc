"""The supervisor's side of the warm process from which tasks are forked (``stages.zygote``)."""

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

from judgebench.runners.python import python_command
from judgebench.stages.zygote import HEADER, Order, Told

PATIENCE = 20.0
"""Seconds after which a warm process that does not take an order counts as gone."""


class ZygoteGoneError(Exception):
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


class Zygote:
    """A warm process; made by ``warm_tasks``."""

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket) -> None:
        self._process = process
        self._control = control
        self._number = 0
        self._starting: dict[int, asyncio.Future[ForkedProcess]] = {}
        self._running: dict[int, tuple[int, asyncio.Future[int]]] = {}
        self._rest = b""
        self._gone = False
        self._listening = False

    async def fork(
        self, arguments: Sequence[str], *, environment: Mapping[str, str], descriptors: tuple[int, int, int]
    ) -> ForkedProcess:
        """Start a task; it gets copies of the descriptors.

        Args:
            arguments: Plan and task.
            environment: All of its environment.
            descriptors: Its control pipe, its log, and where it reports.

        Raises:
            ZygoteGoneError: There is no warm process any more.
        """
        loop = asyncio.get_running_loop()
        if not self._listening:
            self._listening = True
            loop.add_reader(self._control, self._hear)
        self._number = number = self._number + 1
        started: asyncio.Future[ForkedProcess] = loop.create_future()
        self._starting[number] = started
        body = msgspec.json.encode(Order(number, list(arguments), dict(environment)))
        try:
            if self._gone:
                raise ZygoteGoneError
            self._control.settimeout(PATIENCE)  # an order is small, and the other side does nothing but wait for it
            socket.send_fds(self._control, [HEADER.pack(len(body))], list(descriptors))
            self._control.sendall(body)
            return await started
        except OSError as error:
            raise ZygoteGoneError from error
        finally:
            self._starting.pop(number, None)

    def close(self) -> None:
        """End the warm process; forked tasks go on."""
        self._gone = True
        if self._listening:
            with contextlib.suppress(RuntimeError):  # the loop is closed already
                asyncio.get_running_loop().remove_reader(self._control)
        self._control.close()
        self._process.kill()
        self._process.wait()

    def _hear(self) -> None:
        try:
            data = self._control.recv(65536)
        except OSError:
            data = b""
        if not data:
            self._lose()
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._take(msgspec.json.decode(line, type=Told))

    def _take(self, told: Told) -> None:
        if told.code is not None:
            _, ended = self._running.pop(told.number)
            ended.set_result(told.code)
            return
        ended = asyncio.get_running_loop().create_future()
        self._running[told.number] = told.pid, ended
        started = self._starting.get(told.number)
        if started is None or started.done():
            _end(told.pid)  # nobody waits for it any more
        else:
            started.set_result(ForkedProcess(told.pid, ended))

    def _lose(self) -> None:
        """Take the end of the warm process: how its tasks end nobody would learn, so they are ended."""
        self._gone = True
        asyncio.get_running_loop().remove_reader(self._control)
        self._listening = False
        for waiting in self._starting.values():
            if not waiting.done():
                waiting.set_exception(ZygoteGoneError())
        for pid, ended in self._running.values():
            _end(pid)
            ended.set_result(-signal.SIGKILL)
        self._running.clear()


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


@contextmanager
def warm_tasks(stages: Sequence[str]) -> Iterator[Zygote | None]:
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
            python_command("judgebench.stages.zygote", *stages),
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1"},
            start_new_session=True,
        )
    zygote = Zygote(process, ours)
    try:
        yield zygote
    finally:
        zygote.close()
