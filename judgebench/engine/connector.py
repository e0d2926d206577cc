"""What the engine needs of aiohttp beyond its documented interface, all in one place.

``tests/engine/test_connector.py`` fails where a release of aiohttp changes any of it, and ``pyproject.toml`` keeps to
the major version for which it holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection

CONNECTING = 128
"""Most connections being made at once: thousands would all be late on a busy machine, and time out together."""


class Connector(aiohttp.TCPConnector):
    """The library's connector, with three things of its own.

    Connections are made a bounded number at a time, and waiting for the turn is not part of the time to connect. A kept
    connection on which something has come that nobody asked for (a load balancer's 408, say) is closed, as the next
    question would take it for its answer. And somebody is told when a connection stands.

    Args:
        connected: Called whenever a connection has been made.
        **options: As ``aiohttp.TCPConnector`` takes them.
    """

    def __init__(self, connected: Callable[[], None], **options: Any) -> None:
        super().__init__(**options)
        self._turn = asyncio.Semaphore(CONNECTING)
        self._connected = connected

    async def _create_connection(self, *request: Any, **options: Any) -> ResponseHandler:
        async with self._turn:
            made = await super()._create_connection(*request, **options)
        self._connected()
        return made

    async def _get(self, *request: Any, **options: Any) -> Connection | None:
        while (kept := await super()._get(*request, **options)) is not None:
            if kept.protocol is not None and not kept.protocol.should_close:
                break
            kept.close()
        return kept


def limit_reads(response: aiohttp.ClientResponse, seconds: float | None) -> None:
    """From now on, let at most so many seconds pass between two pieces of a response's body."""
    connection = response.connection
    if connection is not None and connection.protocol is not None:
        connection.protocol.read_timeout = seconds
        connection.protocol.start_timeout()
