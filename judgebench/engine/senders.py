"""Spreads sending over several processes, with one owner of the journal: the task, which asks here.

A request costs its CPU time in the HTTP client, and one process has one core. With thousands of requests in flight the
task hands them to processes that do nothing else (``sender``) and writes down what they bring back. They talk over a
socket, in JSON lines both ways, many in one write.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

import msgspec

from judgebench import errors
from judgebench.engine.client import Traffic
from judgebench.engine.framing import encode
from judgebench.errors import EndpointError, InternalError, JudgebenchError
from judgebench.models.contract import ServiceConfig
from judgebench.records.flow import Reply, Request


class Channel(asyncio.Protocol):
    """Sends values as lines at the end of each turn of the event loop, and hands on the lines that come.

    Args:
        on_line: Takes each line, without its end.
        ended: Called once, when the other end is gone.
    """

    def __init__(self, on_line: Callable[[bytes], None], ended: Callable[[], None]) -> None:
        self._on_line = on_line
        self._ended = ended
        self._rest = bytearray()
        self._waiting: list[bytes] = []
        self._transport: asyncio.Transport | None = None

    async def connect(self, end: socket.socket) -> None:
        """Take over a connected socket."""
        await asyncio.get_running_loop().create_unix_connection(lambda: self, sock=end)

    def send(self, value: object) -> None:
        """Send a value; lone surrogates in its texts are replaced, as they are in what is sent to services."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self.flush)
        self._waiting.append(encode(value))

    def flush(self) -> None:
        """Write what waits."""
        if self._waiting and self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"\n".join(self._waiting) + b"\n")
        self._waiting.clear()

    def close(self) -> None:
        """Hang up, once everything is written."""
        self.flush()
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin (part of ``asyncio.Protocol``)."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        """Take bytes (part of ``asyncio.Protocol``)."""
        if b"\n" not in data:
            self._rest += data
            return
        *lines, rest = data.split(b"\n")
        lines[0] = bytes(self._rest) + lines[0]
        self._rest = bytearray(rest)
        for line in lines:
            self._on_line(line)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - part of asyncio.Protocol
        """End (part of ``asyncio.Protocol``)."""
        self._ended()


_REPORTS = ("JB_PROGRESS_FD", "JB_TASK_FILES")
"""Variables by which a task reports, which is not these processes' to do."""

PARALLEL_FROM = 2048
"""Requests in flight from which on one process is the bottleneck (``docs/performance.md``)."""
EACH = 1024
"""Requests in flight for which one more process pays."""
MOST = 8
"""Most sending processes that a task takes by itself; the owner of the journal keeps up with about so many."""
BOUND = 64
"""Most sending processes that a config can ask for: each one is a Python process that has to start first."""


class SenderQuestion(msgspec.Struct, frozen=True, array_like=True):
    """A request and the number by which its reply is known."""

    number: int
    request: Request


class SenderRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a sender tells.

    Attributes:
        model: The model's name, once it is known: the sender is ready.
        number: Whose reply this is.
        reply: The reply.
        error: Why nothing can be asked: the error's type, message and hint.
        traffic: The counters of this sender.
    """

    model: str | None = None
    number: int = -1
    reply: Reply | None = None
    error: tuple[str, str, str] | None = None
    traffic: Traffic | None = None


def senders_for(config: ServiceConfig) -> int:
    """Return how many processes should send for a model; 1 means the task itself."""
    if config.senders:
        return min(config.senders, max(1, config.batch_size), BOUND)
    if config.batch_size < PARALLEL_FROM:
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, config.batch_size // EACH, MOST))


@asynccontextmanager
async def open_senders(config: ServiceConfig, traffic: Traffic, count: int) -> AsyncIterator[SendersClient]:
    """Start sending processes and give a client that asks through them; they end with the context.

    Args:
        config: The model's config; ``batch_size`` is divided among the processes.
        traffic: Gets the sum of what the processes count.
        count: How many processes.

    Raises:
        EndpointError: The service can serve nobody.
        InternalError: A process ended by itself.
    """
    shares = [config.batch_size // count + (number < config.batch_size % count) for number in range(count)]
    senders = [_Sender(traffic) for _ in shares]
    try:
        # The first one finds out the model's name, where the config leaves it to the service; the others are told.
        model = await senders[0].start(config, shares[0], config.model)
        await asyncio.gather(
            *(sender.start(config, share, model) for sender, share in zip(senders[1:], shares[1:], strict=True))
        )
        yield SendersClient(model, senders)
    finally:
        await asyncio.gather(*(sender.stop() for sender in senders))


class SendersClient:
    """A client that hands every request to the least busy of its processes.

    Attributes:
        model: The model's name as it is sent.
    """

    def __init__(self, model: str, senders: list[_Sender]) -> None:
        self.model = model
        self._senders = senders

    async def ask(self, request: Request) -> Reply:
        """Return the reply that a process received.

        Raises:
            EndpointError: The service can serve nobody.
            InternalError: The process ended by itself.
        """
        return await min(self._senders, key=_Sender.__len__).ask(request)


class _Sender:
    """One sending process, as the task sees it."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._counts = Traffic(faults={})
        self._decode = msgspec.json.Decoder(SenderRecord).decode
        self._in_flight: dict[int, asyncio.Future[Reply]] = {}
        self._number = 0
        self._ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._failure: Exception | None = None
        self._channel = Channel(self._on_line, self._ended)
        self._process: asyncio.subprocess.Process | None = None

    def __len__(self) -> int:
        """Requests in flight."""
        return len(self._in_flight)

    async def start(self, config: ServiceConfig, share: int, model: str) -> str:
        """Start the process; returns the model's name as it is sent."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        environment = {name: value for name, value in os.environ.items() if name not in _REPORTS}
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "judgebench.engine.sender",
                stdin=theirs.fileno(),
                stdout=sys.stderr,  # what a plug-in prints goes to the log
                env=environment,
            )
        await self._channel.connect(ours)
        alone = msgspec.structs.replace(config, batch_size=share, senders=1, model=model)
        self._channel.send(alone)
        return await self._ready

    async def ask(self, request: Request) -> Reply:
        """Hand a request over and wait for its reply."""
        if self._failure is not None:
            raise self._failure
        self._number = number = self._number + 1
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._in_flight[number] = reply
        try:
            self._channel.send(SenderQuestion(number, request))
            return await reply
        finally:
            self._in_flight.pop(number, None)

    async def stop(self) -> None:
        """End the process; nothing waits for its replies any more."""
        self._failure = self._failure or InternalError("A sending process was asked after it was closed.")
        self._ready.cancel()
        self._channel.close()
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    def _on_line(self, line: bytes) -> None:
        record = self._decode(line)
        if record.traffic is not None:
            self._traffic.replace_part(self._counts, record.traffic)
            self._counts = record.traffic
        if record.reply is not None:
            waiting = self._in_flight.get(record.number)
            if waiting is not None and not waiting.done():
                waiting.set_result(record.reply)
        elif record.error is not None:
            name, message, hint = record.error
            kind: type[JudgebenchError] = getattr(errors, name, EndpointError)
            self._fail(kind(message, hint=hint))
        elif record.model is not None and not self._ready.done():
            self._ready.set_result(record.model)

    def _ended(self) -> None:
        self._fail(
            InternalError("A sending process ended by itself.", hint="The task's log says why; continue with --reuse.")
        )

    def _fail(self, failure: Exception) -> None:
        self._failure = self._failure or failure
        if not self._ready.done():
            self._ready.set_exception(self._failure)
        for waiting in self._in_flight.values():
            if not waiting.done():
                waiting.set_exception(self._failure)
