"""One time limit for many waits at once, with a single timer.

All waits of a client have the same limit, so they expire in the order in which they began, and one timer for the oldest
is enough. A timer per request (``asyncio.timeout``, or the client library's own) costs a tenth of a request.
"""

from __future__ import annotations

import asyncio
from typing import Any


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
