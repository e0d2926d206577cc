"""The worker pool: bounded, fair, stoppable."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from judgebench.engine.worker_pool import RateSchedule, TimestampSchedule, run, run_pool, schedule_of
from judgebench.models.access import model_config
from tests.engine.simulated_time import run_simulated


async def slowly(jobs: Any, gap: float = 0.0) -> AsyncIterator[Any]:
    for job in jobs:
        await asyncio.sleep(gap)
        yield job


@pytest.mark.parametrize("source", ["iterator", "async", "paced"])
def test_every_job_once_with_bounded_concurrency_and_memory(source: str) -> None:
    done: list[int] = []
    pulled = 0
    running = most = 0

    def jobs() -> Iterator[int]:
        nonlocal pulled
        for nth in range(200):
            pulled += 1
            assert pulled - len(done) <= 7 + (source != "iterator")
            yield nth

    async def work(nth: int) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.005)
        running -= 1
        done.append(nth)

    given = slowly(jobs()) if source == "async" else jobs()
    schedule = RateSchedule(1e6) if source == "paced" else None
    asyncio.run(run_pool(given, work, concurrency=7, schedule=schedule))
    assert sorted(done) == list(range(200))
    assert most == 7


@pytest.mark.parametrize("is_async", [False, True])
def test_stop_pulls_no_more_and_lets_what_is_in_flight_finish(is_async: bool) -> None:
    done: list[int] = []

    async def main() -> None:
        stop = asyncio.Event()

        async def work(nth: int) -> None:
            await asyncio.sleep(0.02)
            if nth == 8:
                stop.set()
            done.append(nth)

        await run_pool(slowly(range(1000)) if is_async else range(1000), work, concurrency=4, stop=stop)

    asyncio.run(main())
    assert 9 <= len(done) <= 14
    assert sorted(done) == list(range(len(done)))


def test_stop_ends_a_pool_that_waits_for_its_source_or_its_schedule() -> None:
    async def main() -> None:
        async def never() -> AsyncIterator[int]:
            await asyncio.sleep(3600)
            yield 1

        async def work(job: Any) -> None:
            raise AssertionError(job)

        cases: list[tuple[Any, TimestampSchedule | None]] = [
            (never(), None),
            ([9e9], TimestampSchedule(lambda job: job)),
        ]
        for jobs, schedule in cases:
            stop = asyncio.Event()
            if schedule is not None:
                schedule._first = 0.0
            asyncio.get_running_loop().call_later(0.05, stop.set)
            await asyncio.wait_for(run_pool(jobs, work, concurrency=2, schedule=schedule, stop=stop), 60)

    asyncio.run(main())


def test_drain_is_bounded() -> None:
    ended: list[str] = []

    async def main() -> None:
        stop = asyncio.Event()

        async def work(seconds: float) -> None:
            try:
                await asyncio.sleep(seconds)
                ended.append("done")
            except asyncio.CancelledError:
                ended.append("cancelled")
                raise

        loop = asyncio.get_running_loop()
        loop.call_later(5.0, stop.set)
        await run_pool([10.0, 60.0], work, concurrency=2, stop=stop, drain=30.0)
        assert loop.time() == pytest.approx(35.0)

    run_simulated(main())
    assert ended == ["done", "cancelled"]


@pytest.mark.parametrize("is_async", [False, True])
def test_the_first_exception_ends_everything_and_comes_out_once(is_async: bool) -> None:
    cancelled: list[int] = []

    async def work(nth: int) -> None:
        try:
            await asyncio.sleep(0.01 if nth == 3 else 60)
        except asyncio.CancelledError:
            cancelled.append(nth)
            raise
        raise KeyError(nth)

    with pytest.raises(KeyError, match="3"):
        asyncio.run(run_pool(slowly(range(100)) if is_async else range(100), work, concurrency=5))
    assert sorted(cancelled) == [0, 1, 2, 4]


def test_an_exception_of_the_source_comes_out() -> None:
    def jobs() -> Iterator[int]:
        yield 1
        raise LookupError("bad line")

    async def work(nth: int) -> None:
        await asyncio.sleep(0)

    with pytest.raises(LookupError, match="bad line"):
        asyncio.run(run_pool(jobs(), work, concurrency=3))
    with pytest.raises(LookupError, match="bad line"):
        asyncio.run(run_pool(slowly(jobs()), work, concurrency=3))


def test_work_that_never_waits_does_not_starve_the_loop() -> None:
    seen: list[int] = []

    async def main() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(0.1, stop.set)

        async def work(nth: int) -> None:
            seen.append(nth)

        await run_pool(iter(lambda: 1, 0), work, concurrency=3, stop=stop)  # a source without end

    asyncio.run(asyncio.wait_for(main(), 60))
    assert seen


@pytest.mark.parametrize("burstiness", [0.0, 1.0])
def test_a_rate_is_kept_whatever_the_replies_take(burstiness: float) -> None:
    schedule = RateSchedule(500, burstiness, seed=3)
    planned = RateSchedule(500, burstiness, seed=3)
    due = [planned.due(None) for _ in range(1000)]
    assert 999 / due[-1] == pytest.approx(500, rel=0.01)

    async def work(nth: int) -> None:
        await asyncio.sleep(0.02)  # replies are much slower than the gaps

    run(run_pool(range(1000), work, concurrency=100, schedule=schedule))
    assert schedule.pace.started == 1000
    assert schedule.pace.achieved * (due[-1] - schedule.pace.latest) <= 999  # never ahead of the schedule
    assert schedule.pace.figures()["wanted_rate"] == 500


def test_gaps_have_the_asked_mean_and_spread() -> None:
    for burstiness in (0.25, 1.0, 3.0):
        schedule = RateSchedule(100, burstiness, seed=1)
        due = [schedule.due(None) for _ in range(40_000)]
        gaps = [b - a for a, b in itertools.pairwise(due)]
        mean = sum(gaps) / len(gaps)
        variance = sum((gap - mean) ** 2 for gap in gaps) / len(gaps)
        assert mean == pytest.approx(0.01, rel=0.03)
        assert variance / mean**2 == pytest.approx(burstiness, rel=0.1)


def test_timestamps_are_replayed() -> None:
    started: dict[float, float] = {}

    async def work(stamp: float) -> None:
        started[stamp] = time.monotonic()

    schedule = TimestampSchedule(lambda stamp: stamp)
    begin = time.monotonic()
    asyncio.run(run_pool([5000.0, 5100.0, 5250.0], work, concurrency=2, schedule=schedule))
    assert list(started) == [5000.0, 5100.0, 5250.0]
    assert started[5100.0] - begin >= 0.1  # a busy machine makes a start late, and nothing makes it early
    assert 0.25 <= started[5250.0] - begin < 20


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, type(None)),
        ({"request_rate": 0.05}, type(None)),
        ({"request_rate": 5}, RateSchedule),
        ({"request_rate": 5, "use_timestamp": True}, TimestampSchedule),
    ],
)
def test_config_chooses_the_schedule(keys: dict[str, Any], expected: type) -> None:
    config = model_config({"type": "VLLMCustomAPIChat", "abbr": "m", **keys})
    assert isinstance(schedule_of(config, lambda job: None), expected)
