"""How many requests may be in flight: a fixed bound, or one that adapts to what the service bears.

``AdaptiveLimit`` is pure arithmetic (no clock, no I/O): additive increase, multiplicative decrease, as TCP does
(Jacobson 1988; Chiu and Jain 1989 for why this pair is fair and stable). ``Gate`` makes requests wait for it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque

DECREASE = 0.5
"""What is left of the bound after a sign of overload."""

FIRST_LIMIT = 16
"""Where an adaptive bound starts; it doubles per round trip until the first sign of overload."""


class AdaptiveLimit:
    """An additive-increase, multiplicative-decrease bound.

    Args:
        most: The bound never exceeds it (the config's ``batch_size``).
        first: Where it starts.
    """

    def __init__(self, most: int, first: int = FIRST_LIMIT) -> None:
        self._most = float(max(1, most))
        self._value = float(min(self._most, max(1, first)))
        self._slow_start = True
        self._decreased_at = float("-inf")

    @property
    def limit(self) -> int:
        """Requests that may be in flight now; at least 1."""
        return int(self._value)

    def succeeded(self, *, in_flight: int) -> None:
        """Take a success; the bound grows only while it is used, by one per round trip (doubles in slow start)."""
        if in_flight < int(self._value):
            return
        step = 1.0 if self._slow_start else 1.0 / self._value
        self._value = min(self._most, self._value + step)

    def overloaded(self, *, sent_at: float, now: float) -> bool:
        """Take a sign of overload; returns whether the bound was decreased.

        Requests sent before the last decrease say nothing about the bound after it, so one wave of refusals decreases
        it once.
        """
        if sent_at < self._decreased_at:
            return False
        self._decreased_at = now
        self._slow_start = False
        self._value = max(1.0, self._value * DECREASE)
        return True


class Gate:
    """Lets requests through while fewer than the limit are in flight; first come, first served.

    Args:
        limit: A fixed bound, or an adaptive one.
    """

    def __init__(self, limit: int | AdaptiveLimit) -> None:
        self._adaptive = limit if isinstance(limit, AdaptiveLimit) else None
        self._fixed = limit if isinstance(limit, int) else 0
        self._waiters: deque[asyncio.Future[None]] = deque()
        self.in_flight = 0

    @property
    def limit(self) -> int:
        """The bound as it is now."""
        return self._adaptive.limit if self._adaptive is not None else self._fixed

    async def enter(self) -> None:
        """Wait for a free place and take it."""
        if not self._waiters and self.in_flight < self.limit:
            self.in_flight += 1
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        except BaseException:
            if waiter.done() and not waiter.cancelled():
                self.leave()  # the place was given in the moment of the cancellation: hand it on
            else:
                with contextlib.suppress(ValueError):  # a place that became free in the same turn has passed it over
                    self._waiters.remove(waiter)
            raise

    def leave(self) -> None:
        """Give the place back."""
        self.in_flight -= 1
        self._wake()

    def succeeded(self) -> None:
        """Tell the adaptive bound of a success; call before ``leave``."""
        if self._adaptive is not None:
            self._adaptive.succeeded(in_flight=self.in_flight)
            self._wake()

    def overloaded(self, *, sent_at: float, now: float) -> None:
        """Tell the adaptive bound of a sign of overload."""
        if self._adaptive is not None:
            self._adaptive.overloaded(sent_at=sent_at, now=now)

    def _wake(self) -> None:
        while self._waiters and self.in_flight < self.limit:
            waiter = self._waiters.popleft()
            if not waiter.done():
                self.in_flight += 1
                waiter.set_result(None)
