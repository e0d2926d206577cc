"""Open-loop schedules: when each request is to start, independent of when replies come.

All times are seconds from the start of the first request, computed from that start and not from the last request, so
that lateness never accumulates.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any, Protocol

from judgebench.models.contract import ModelConfig, ServiceConfig

UNPACED_BELOW = 0.1
"""Requests per second below which a rate means "all at once"."""

BLOCK = 200
"""Random gaps that together take exactly the time that the rate gives them."""


class Schedule(Protocol):
    """Says when jobs are due, and keeps account of when they really started."""

    pace: Pace

    def due(self, job: Any) -> float:
        """Return the seconds from the start at which the next job is to begin; called once per job, in order."""
        ...


class Pace:
    """Asked and achieved rate of a schedule."""

    def __init__(self, asked: float = 0.0) -> None:
        self.asked = asked
        self.started = 0
        self.latest = 0.0
        """Seconds by which the latest start was behind its schedule, at most."""
        self._first = 0.0
        self._last = 0.0

    def start(self, at: float, due: float) -> None:
        """Take a job's real start and its due time."""
        if not self.started:
            self._first = at
        self._last = at
        self.started += 1
        self.latest = max(self.latest, at - due)

    @property
    def achieved(self) -> float:
        """Starts per second between the first and the last start; 0 before the second."""
        span = self._last - self._first
        return (self.started - 1) / span if span > 0 else 0.0

    def figures(self) -> dict[str, float]:
        """Return the numbers for the record of a run."""
        found = {"achieved_rate": round(self.achieved, 3), "latest_start": round(self.latest, 3)}
        return {"asked_rate": self.asked, **found} if self.asked else found


class RateSchedule:
    """Starts at a given mean rate.

    Args:
        rate: Requests per second.
        burstiness: Squared coefficient of variation of the gaps: 0 gives even gaps, 1 a Poisson process, more gives
            bursts. The gaps are gamma distributed with shape ``1/burstiness``, and every ``BLOCK`` of them are scaled
            to take the time that the rate gives them: a Poisson process of which the number of arrivals in a span is
            known (Cox and Lewis 1966), so that the achieved rate is the asked one and not a draw.
        seed: Of the gaps.
    """

    def __init__(self, rate: float, burstiness: float = 0.0, *, seed: int = 0) -> None:
        self.pace = Pace(rate)
        self._gap = 1.0 / rate
        self._burstiness = burstiness
        self._dice = random.Random(seed)
        self._nth = 0
        self._at = 0.0
        self._gaps: list[float] = []

    def due(self, job: Any) -> float:  # noqa: ARG002 the protocol hands the job in; a rate does not look at it
        """Return the next start."""
        if self._burstiness <= 0:
            at = self._nth * self._gap
            self._nth += 1
            return at
        if not self._gaps:
            self._gaps = self._block()
        at = self._at
        self._at += self._gaps.pop()
        return at

    def _block(self) -> list[float]:
        shape = 1.0 / self._burstiness
        drawn = [self._dice.gammavariate(shape, 1.0) for _ in range(BLOCK)]
        scale = BLOCK * self._gap / math.fsum(drawn)
        return [scale * gap for gap in drawn]


class TimestampSchedule:
    """Starts each job at its own time.

    Args:
        timestamp: Gives a job's time in milliseconds; ``None`` starts it at once. The first one is the start.
    """

    def __init__(self, timestamp: Callable[[Any], float | None]) -> None:
        self.pace = Pace()
        self._timestamp = timestamp
        self._first: float | None = None

    def due(self, job: Any) -> float:
        """Return the job's start."""
        stamp = self._timestamp(job)
        if stamp is None:
            return 0.0
        if self._first is None:
            self._first = stamp
        return max(0.0, (stamp - self._first) / 1000.0)


def schedule_of(config: ModelConfig, timestamp: Callable[[Any], float | None]) -> Schedule | None:
    """Return the schedule that a model config asks for, or ``None`` for "as fast as ``batch_size`` allows".

    Args:
        config: ``use_timestamp`` wins over ``request_rate``.
        timestamp: Gives a job's timestamp in milliseconds.
    """
    if not isinstance(config, ServiceConfig):
        return None
    if config.use_timestamp:
        return TimestampSchedule(timestamp)
    if config.request_rate < UNPACED_BELOW:
        return None
    return RateSchedule(config.request_rate, config.burstiness)
