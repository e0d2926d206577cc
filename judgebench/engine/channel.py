"""One end of a socket between two processes of this program: JSON lines both ways, many in one write."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import cast

from judgebench.engine import wire


class Channel(asyncio.Protocol):
    """Sends values as lines at the end of each turn of the event loop, and hands on the lines that come.

    Args:
        heard: Takes each line, without its end.
        ended: Called once, when the other end is gone.
    """

    def __init__(self, heard: Callable[[bytes], None], ended: Callable[[], None]) -> None:
        self._heard = heard
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
        self._waiting.append(wire.encode(value))

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
            self._heard(line)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - part of asyncio.Protocol
        """End (part of ``asyncio.Protocol``)."""
        self._ended()
