"""Spreads an extract task over the cores: one process per core, each deriving the verdicts of a range of samples.

What the processes counted is put together in the order of the ranges, so the result is the one that a single process
gives. Where a process fails, whatever the reason, the caller derives everything by itself, and that tells the reason.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import pickle
import sys
from collections.abc import Callable
from typing import Any

import msgspec

from judgebench.config.schema import DatasetConfig
from judgebench.datasets.open import count_of
from judgebench.plan.spec import Plan
from judgebench.stages.counted import Counted
from judgebench.stages.task import Task

SPREAD_FROM = 20_000
"""Planned answers from which on the start of further processes pays (about half a second of CPU each)."""
MOST = 8
"""Most processes of one task; every one reads the index of the whole file."""
PASSING = 0.13
"""Cost of passing over a sample as a share of passing over and checking it (measured); later ranges are shorter."""

logger = logging.getLogger(__name__)


class Part(msgspec.Struct, frozen=True):
    """Which part of which task.

    Attributes:
        first: Number of the first sample in the order of the run, from 0.
        count: How many samples; ``None`` takes all that follow.
    """

    plan: Plan
    task: str
    dataset: str
    first: int
    count: int | None


def ranges(samples: int, parts: int) -> list[tuple[int, int | None]]:
    """Return the first sample and the count of every part, such that all parts take the same time.

    A part passes over all samples before its own. The last part takes whatever follows.
    """
    weights = [(1 - PASSING) ** number for number in range(parts)]
    starts = [round(samples * sum(weights[:number]) / sum(weights)) for number in range(parts)]
    ends: list[int | None] = [*starts[1:], None]
    return [(start, None if end is None else end - start) for start, end in zip(starts, ends, strict=True)]


def parts_for(task: Task, dataset: DatasetConfig, repeats: int) -> list[tuple[int, int | None]]:
    """Return the ranges into which a task is worth spreading; empty for one that a single process should do."""
    cores = min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, MOST)
    if cores < 2 or dataset.score is not None:
        return []  # a score sees every item itself; such data sets are small
    samples = count_of(dataset, task.plan.options)
    if samples is None or samples < cores or samples * repeats < SPREAD_FROM:
        return []
    return ranges(samples, cores)


async def spread(task: Task, dataset: DatasetConfig, parts: list[tuple[int, int | None]]) -> list[Counted] | None:
    """Return what was counted, part by part; ``None`` where a part failed or the task was asked to stop."""
    done = [0] * len(parts)

    def report(number: int, count: int) -> None:
        done[number] = count
        task.reporter.update(done=sum(done), total=sum(done))

    running = [
        asyncio.ensure_future(_run(Part(task.plan, task.spec.id, dataset.abbr, first, count), number, report))
        for number, (first, count) in enumerate(parts)
    ]
    stopping = asyncio.ensure_future(task.stop.wait())
    try:
        finished: set[asyncio.Future[Any]] = set()
        while len(finished) < len(running) and not stopping.done():
            waiting = [one for one in running if one not in finished]
            finished |= (await asyncio.wait([*waiting, stopping], return_when=asyncio.FIRST_COMPLETED))[0]
            if any(one.done() and one.result() is None for one in running):
                return None
        return None if task.stop.is_set() else [found for one in running if (found := one.result()) is not None]
    finally:
        for future in [*running, stopping]:
            future.cancel()
        await asyncio.gather(*running, stopping, return_exceptions=True)


async def _run(part: Part, number: int, report: Callable[[int, int], None]) -> Counted | None:
    environment = {name: value for name, value in os.environ.items() if name != "JB_PROGRESS_FD"}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "judgebench.stages.shard",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=environment,
    )
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(msgspec.json.encode(part) + b"\n")
        await process.stdin.drain()
        while line := await process.stdout.readline():
            word, _, figure = line.decode().strip().partition(" ")
            if word == "part":
                found: Counted = pickle.loads(await process.stdout.readexactly(int(figure)))  # noqa: S301 - our child
                return found
            report(number, int(figure))
        logger.warning("part %d ended early (exit code %d)", number, await process.wait())
    except (OSError, asyncio.IncompleteReadError) as error:
        logger.warning("part %d ended early: %s", number, error)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    return None
