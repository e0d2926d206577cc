"""Drives many jobs through one async function with bounded concurrency and bounded memory, as fast as it goes or paced.

``concurrency`` long-lived workers pull from one iterator. A job is pulled only when a worker is free, so a source of a
million items is never held in memory, and no task is made per job.

A schedule says when each job is to start, independent of when replies come. All its times are seconds from the start of
the first request, computed from that start and not from the last request, so that lateness never accumulates.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from typing import Any, Protocol, TypeVar, cast

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
    """Wanted and achieved rate of a schedule."""

    def __init__(self, wanted_rate: float = 0.0) -> None:
        self.wanted_rate = wanted_rate
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
        return {"wanted_rate": self.wanted_rate, **found} if self.wanted_rate else found


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


def at_a_time(config: ModelConfig, jobs: int) -> int:
    """Return how many jobs are worked on at a time: as many as wait for batches where a model is asked in batches.

    Args:
        config: Of the model that is asked.
        jobs: How many there are, at most; 0 where that is not known.
    """
    if isinstance(config, ServiceConfig) and config.batch is not None:
        return min(config.batch.in_flight, jobs or config.batch.in_flight)
    return config.batch_size


T = TypeVar("T")

_END: Any = object()
_LONGEST_TURN = 0.02
"""Seconds after which workers whose jobs never wait let the event loop run (signals, progress, other tasks)."""


async def run_pool(
    jobs: Iterable[T] | AsyncIterable[T],
    work: Callable[[T], Awaitable[None]],
    *,
    concurrency: int,
    schedule: Schedule | None = None,
    stop: asyncio.Event | None = None,
    drain: float | None = None,
) -> None:
    """Await ``work(job)`` for every job, at most ``concurrency`` at a time.

    Args:
        jobs: Pulled one at a time, when a worker is free.
        work: Handles one job and keeps its outcome.
        concurrency: Number of workers.
        schedule: When each job is to start; ``None`` starts it as soon as a worker is free.
        stop: Once set, nothing more is pulled; what is in flight may finish.
        drain: Seconds that what is in flight may take after ``stop``, then it is cancelled; ``None`` waits for it.

    Raises:
        Exception: The first exception of ``work`` or of the source. It stops everything: the other workers are
            cancelled and have ended when it is raised.
    """
    stop = stop or asyncio.Event()
    if isinstance(jobs, AsyncIterable):
        await _Fed(aiter(jobs), work, concurrency, schedule, stop, drain).run()
    elif schedule is not None:
        await _Fed(_as_async(jobs), work, concurrency, schedule, stop, drain).run()
    else:
        iterator = iter(jobs)  # one for all workers
        turn = _Turn()
        await _supervise([_pull(iterator, work, stop, turn) for _ in range(concurrency)], stop, drain)


async def _pull(jobs: Any, work: Callable[[T], Awaitable[None]], stop: asyncio.Event, turn: _Turn) -> None:
    while not stop.is_set():
        job = next(jobs, _END)
        if job is _END:
            return
        await work(job)
        if time.monotonic() > turn.ends:
            await turn.give_way()


class _Turn:
    """The time that all workers together may run before the event loop does; jobs that never wait would starve it."""

    def __init__(self) -> None:
        self.ends = time.monotonic() + _LONGEST_TURN
        self._renewing = False

    async def give_way(self) -> None:
        """Let the event loop run once; the next turn begins when it has come round."""
        if not self._renewing:
            self._renewing = True
            asyncio.get_running_loop().call_soon(self._renew)
        await asyncio.sleep(0)

    def _renew(self) -> None:
        self._renewing = False
        self.ends = time.monotonic() + _LONGEST_TURN


class _Fed:
    """Workers that are handed their jobs by one feeder, which may wait for the source or for the schedule."""

    def __init__(
        self,
        jobs: AsyncIterator[T],
        work: Callable[[T], Awaitable[None]],
        concurrency: int,
        schedule: Schedule | None,
        stop: asyncio.Event,
        drain: float | None,
    ) -> None:
        self._jobs = jobs
        self._work = cast(Callable[[Any], Awaitable[None]], work)
        self._schedule = schedule
        self._concurrency = concurrency
        self._stop = stop
        self._drain = drain
        self._free = asyncio.Semaphore(0)
        self._handed: asyncio.Queue[Any] = asyncio.Queue()

    async def run(self) -> None:
        workers = [self._worker() for _ in range(self._concurrency)]
        await _supervise([self._feed_until_stop(), *workers], self._stop, self._drain)

    async def _feed_until_stop(self) -> None:
        feeder = asyncio.ensure_future(self._feed())
        stopped = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({feeder, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            feeder.cancel()
            await asyncio.gather(feeder, stopped, return_exceptions=True)
        if not feeder.cancelled() and feeder.exception() is not None:
            raise cast(BaseException, feeder.exception())
        for _ in range(self._concurrency):
            self._handed.put_nowait(_END)

    async def _feed(self) -> None:
        began: float | None = None
        schedule = self._schedule
        while True:
            await self._free.acquire()  # first a free worker, then a job for it
            try:
                job = await anext(self._jobs)
            except StopAsyncIteration:
                return
            if schedule is not None:
                due = schedule.due(job)
                now = time.monotonic()
                began = now if began is None else began
                await asyncio.sleep(max(0.0, began + due - time.monotonic()))
                schedule.pace.start(time.monotonic() - began, due)
            self._handed.put_nowait(job)

    async def _worker(self) -> None:
        while True:
            self._free.release()
            job = await self._handed.get()
            if job is _END:
                return
            await self._work(job)


async def _as_async(jobs: Iterable[T]) -> AsyncIterator[T]:
    for job in jobs:
        yield job


async def _supervise(coroutines: list[Any], stop: asyncio.Event, drain: float | None) -> None:
    """Run the coroutines; the first exception, the end of the drain or a cancellation ends them all."""
    over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    left = len(coroutines)

    def ended(task: asyncio.Future[Any]) -> None:
        # Counting here instead of asyncio.wait, which looks at all of thousands of workers whenever one ends.
        nonlocal left
        left -= 1
        error = None if task.cancelled() else task.exception()
        if over.done():
            return
        if task.cancelled():
            over.cancel()
        elif error is not None:
            over.set_exception(error)
        elif not left:
            over.set_result(None)

    def drained(_: asyncio.Future[Any]) -> None:
        if not over.done():
            over.set_result(None)

    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    limit = None if drain is None else asyncio.ensure_future(_after(stop, drain))
    for task in tasks:
        task.add_done_callback(ended)
    if limit is not None:
        limit.add_done_callback(drained)
    try:
        if tasks:
            await over
    finally:
        leftovers = [task for task in [*tasks, *([limit] if limit is not None else [])] if not task.done()]
        for task in leftovers:
            task.cancel()
        await asyncio.gather(*leftovers, return_exceptions=True)


async def _after(stop: asyncio.Event, seconds: float) -> None:
    await stop.wait()
    await asyncio.sleep(seconds)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Return uvloop's factory where uvloop is installed (extra ``fast``), else asyncio's."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, as ``asyncio.run`` does."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(main)
