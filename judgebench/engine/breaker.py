"""A circuit breaker: when the service stops answering, requests wait for it instead of failing one by one.

States: *closed* (all may send), *open* (one probe at a time, the others wait), *gone* (every request is told so).
A pure object: the clock comes in as an argument.

- Before a connection to the service was ever made, a refused connection makes it gone at once; before it ever answered
  well, so does a refused key or an unknown model: the config is wrong, and no item could succeed.
- Later, a connection that cannot be made, ``HARD`` connections cut in a row, or ``soft`` server errors in a row, open
  the breaker. It closes with the first answer; after ``patience`` seconds without one the service is gone.
- ``REFUSALS`` refused keys or unknown models in a row make it gone (a key that was revoked during the run).
"""

from __future__ import annotations

from judgebench.engine.faults import Fault

HARD = 5
REFUSALS = 10
FIRST_PROBE = 0.25
LONGEST_PROBE_GAP = 10.0
_REFUSING = frozenset({"auth", "not_found"})


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
        self._probe_at = 0.0
        self._probe_gap = FIRST_PROBE
        self.open = False
        self.gone: Fault | None = None
        self.gone_for = 0.0

    @property
    def failures(self) -> int:
        """Failures in a row."""
        return self._failures

    def admit(self, now: float) -> float:
        """Return 0 when a request may be sent now (if open: as the probe), else the seconds until then."""
        if not self.open:
            return 0.0
        if now < self._probe_at:
            return self._probe_at - now
        self._probe_at = now + self._probe_gap
        self._probe_gap = min(LONGEST_PROBE_GAP, self._probe_gap * 2)
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
        if kind in _REFUSING:
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
            self._probe_at = now + self._probe_gap
        if self.open and now - self._since >= self._patience:
            self._give_up(fault, now)

    def _close(self) -> None:
        if self._failures or self._refusals:
            self._failures = self._hard = self._refusals = 0
            self._probe_gap = FIRST_PROBE
            self.open = False

    def _give_up(self, fault: Fault, now: float) -> None:
        if self.gone is None:
            self.gone = fault
            self.gone_for = now - self._since if self._failures else 0.0
