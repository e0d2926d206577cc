"""When a request may be sent: how many may be in flight, and whether the service answers at all.

How many: a fixed bound, or one that adapts to what the service bears. ``AdaptiveLimit`` is pure arithmetic (no clock,
no I/O): additive increase, multiplicative decrease, as TCP does (Jacobson 1988; Chiu and Jain 1989 for why this pair is
fair and stable). ``ConcurrencyLimit`` makes requests wait.

Whether: when the service stops answering, a circuit breaker lets requests wait for it instead of failing one by one. It
is *closed* (all may send), *open* (one request at a time tries, the others wait) or *gone* (every request is told so);
its clock comes in as an argument.

- Before a connection to the service was ever made, a refused connection makes it gone at once; before it ever answered
  well, so does a refused key or an unknown model: the config is wrong, and no item could succeed.
- Later, a connection that cannot be made, ``HARD`` connections cut in a row, or ``soft`` server errors in a row, open
  the breaker. It closes with the first answer; after ``patience`` seconds without one the service is gone.
- ``REFUSALS`` refused keys or unknown models in a row make it gone (a key that was revoked during the run).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque

from judgebench.engine.faults import Fault

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


class ConcurrencyLimit:
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
        if self._waiters:
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


HARD = 5
REFUSALS = 10
FIRST_CHECK = 0.25
LONGEST_CHECK_GAP = 10.0
REFUSING = frozenset({"auth", "not_found", "quota"})


class Breaker:
    """State of one service.

    Args:
        patience: Seconds without an answer after which an open breaker gives up.
        soft: Server errors in a row that open it; well above the number of requests in flight.
    """

    def __init__(self, *, patience: float, soft: int) -> None:
        self._patience = patience
        self._soft = soft
        self._reached = False
        self._served = False
        self._failures = 0
        self._hard = 0
        self._refusals = 0
        self._since = 0.0
        self._check_at = 0.0
        self._check_gap = FIRST_CHECK
        self.open = False
        self.gone: Fault | None = None
        self.gone_for = 0.0

    @property
    def failures(self) -> int:
        """Failures in a row."""
        return self._failures

    def admit(self, now: float) -> float:
        """Return 0 when a request may be sent now (if open: as the one that tries), else the seconds until then."""
        if not self.open:
            return 0.0
        if now < self._check_at:
            return self._check_at - now
        self._check_at = now + self._check_gap
        self._check_gap = min(LONGEST_CHECK_GAP, self._check_gap * 2)
        return 0.0

    def reached(self) -> None:
        """Take a sign of life: a connection was made, be it for a model list."""
        self._reached = True

    def succeeded(self) -> None:
        """Take an answer that was not a failure of the service."""
        self._reached = self._served = True
        self._close()

    def failed(self, fault: Fault, now: float) -> None:
        """Take a failed attempt; may open the breaker or set ``gone``."""
        kind = fault.failure.kind
        if kind in REFUSING:
            self._refusals += 1
            if not self._served or self._refusals >= REFUSALS:
                self._give_up(fault, now)
            return
        if fault.reach == "answered" and kind not in {"server", "timeout"}:
            self._reached = True
            self._close()
            return
        if fault.reach == "refused" and not self._reached:
            self._give_up(fault, now)
            return
        self._reached = self._reached or fault.reach == "answered"
        if not self._failures:
            self._since = now
        self._failures += 1
        self._hard += fault.reach != "answered"
        if not self.open and (fault.reach == "refused" or self._hard >= HARD or self._failures >= self._soft):
            self.open = True
            self._check_at = now + self._check_gap
        if self.open and now - self._since >= self._patience:
            self._give_up(fault, now)

    def leave_out(self, now: float) -> None:
        """Stay open instead of giving up, as others answer in its place; now and then a request tries it again."""
        self.gone = None
        self.open = True
        self._since = now
        self._check_at = now + self._check_gap
        self._check_gap = min(LONGEST_CHECK_GAP, self._check_gap * 2)

    @property
    def works(self) -> bool:
        """Whether requests go there as they come."""
        return not self.open and self.gone is None

    def _close(self) -> None:
        if self._failures or self._refusals or self.open:
            self._failures = self._hard = self._refusals = 0
            self._check_gap = FIRST_CHECK
            self.open = False

    def _give_up(self, fault: Fault, now: float) -> None:
        if self.gone is None:
            self.gone = fault
            self.gone_for = now - self._since if self._failures else 0.0
