"""What the engine needs of aiohttp beyond its documented interface, all in one place.

``tests/engine/test_connector.py`` fails where a release of aiohttp changes any of it, and ``pyproject.toml`` keeps to
the major version for which it holds.

The time limits of waits are here too, because aiohttp's own cost a timer per request, a tenth of the request. All waits
of a client have the same limit, so they expire in the order in which they began, and one timer for the oldest is
enough.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection


class Ticket:
    """One wait under a time limit."""

    __slots__ = ("cancelling", "expired", "expires", "task")

    def __init__(self, task: asyncio.Task[Any], expires: float) -> None:
        self.task = task
        self.expires = expires
        self.expired = False
        self.cancelling = task.cancelling()


class Deadlines:
    """Cancels waits that take longer than ``limit`` seconds; 0 lets them take as long as they want.

    The one who waits holds a ticket, gives it back, and asks ``timed_out`` when it was cancelled.
    """

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._tickets: dict[Ticket, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def enter(self) -> Ticket | None:
        """Begin a wait of the running task."""
        task = asyncio.current_task()
        if self._limit <= 0 or task is None:
            return None
        loop = asyncio.get_running_loop()
        ticket = Ticket(task, loop.time() + self._limit)
        self._tickets[ticket] = None
        if self._timer is None:
            self._timer = loop.call_at(ticket.expires, self._expire)
        return ticket

    def leave(self, ticket: Ticket | None) -> None:
        """End a wait, however it ended."""
        if ticket is not None:
            self._tickets.pop(ticket, None)

    def timed_out(self, ticket: Ticket | None) -> bool:
        """Tell whether a cancellation was this limit's alone; if so it is taken back."""
        if ticket is None or not ticket.expired:
            return False
        return ticket.task.uncancel() <= ticket.cancelling

    def close(self) -> None:
        """Forget the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._timer = None
        for ticket in list(self._tickets):
            if ticket.expires > now:
                self._timer = loop.call_at(ticket.expires, self._expire)
                return
            del self._tickets[ticket]
            ticket.expired = True
            ticket.task.cancel()


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
    protocol = connection.protocol if connection is not None else None
    if protocol is not None:
        protocol.read_timeout = seconds
        protocol.start_timeout()
