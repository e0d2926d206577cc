"""Drives many jobs through one async function with bounded concurrency and bounded memory.

``concurrency`` long-lived workers pull from one iterator. A job is pulled only when a worker is free, so a source of a
million items is never held in memory, and no task is made per job.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, TypeVar, cast

from judgebench.engine.pacing import Schedule

T = TypeVar("T")

_END: Any = object()
_LONGEST_TURN = 0.02
"""Seconds after which workers whose jobs never wait let the event loop run (signals, progress, other tasks)."""


async def pump(
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
