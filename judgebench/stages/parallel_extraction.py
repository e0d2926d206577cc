"""Spreads an extract task over the cores: one process per core, each deriving the verdicts of a range of samples.

What the processes counted is put together in the order of the ranges, so the result is the one that a single process
gives. An error in one of them is the task's error, as it would be with a single process.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from judgebench.datasets.samples import PlannedSamples
from judgebench.errors import PrerequisiteError
from judgebench.records.run import DatasetConfig, Plan
from judgebench.stages.accumulators import ResultAccumulator
from judgebench.stages.task import Task
from judgebench.stages.task_files import FILES_VARIABLE
from judgebench.store.recorded import Indexes
from judgebench.store.verdicts import VerdictWriter

PARALLEL_FROM = 20_000
"""Planned answers from which on the start of further processes pays."""
MOST = 8
"""Most processes of one task; each passes over the samples before its own."""
PASSING = 0.13
"""Cost of passing over a sample as a share of passing over and checking it (measured); later ranges are shorter."""
REPORT_INTERVAL = 0.25
"""Seconds between two looks at how far the processes are."""

_METHOD = "fork" if sys.platform == "linux" else "spawn"
"""A forked process has imported everything already; nothing runs beside the event loop that holds a lock."""


def ranges(samples: int, parts: int) -> list[tuple[int, int | None]]:
    """Return the first sample and the count of every part, such that all parts take the same time.

    A part passes over all samples before its own. The last part takes whatever follows.
    """
    weights = [(1 - PASSING) ** number for number in range(parts)]
    starts = [round(samples * sum(weights[:number]) / sum(weights)) for number in range(parts)]
    ends: list[int | None] = [*starts[1:], None]
    return [(start, None if end is None else end - start) for start, end in zip(starts, ends, strict=True)]


def parts_for(dataset: DatasetConfig, planned: PlannedSamples, repeats: int) -> list[tuple[int, int | None]]:
    """Return the ranges into which a task is worth spreading; empty for one that a single process should do."""
    cores = min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, MOST)
    if cores < 2 or dataset.score is not None:
        return []  # a score sees every item itself; such datasets are small
    samples = planned.count()
    if samples is None or samples < cores or samples * repeats < PARALLEL_FROM:
        return []
    return ranges(samples, cores)


async def extract_in_parallel(
    task: Task,
    dataset: DatasetConfig,
    parts: list[tuple[int, int | None]],
    files: list[Path],
    indexes: Indexes,
) -> list[ResultAccumulator] | None:
    """Return what was counted, part by part; ``None`` where the task was asked to stop.

    Args:
        task: The extract task.
        dataset: Whose verdicts are derived.
        parts: First sample and count of every part.
        files: Where each part writes its verdicts.
        indexes: Where the records of the recorded files are, which no part reads again.

    Raises:
        PrerequisiteError: A process was killed.
        Exception: Whatever a process raised.
    """
    import multiprocessing  # few tasks have processes of their own
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    context = multiprocessing.get_context(_METHOD)
    done = context.RawArray("q", len(parts))
    pool = ProcessPoolExecutor(len(parts), mp_context=context, initializer=_begin, initargs=(done, indexes))
    loop = asyncio.get_running_loop()
    running = [
        loop.run_in_executor(pool, _derive, number, task.plan, task.spec.id, dataset.abbr, first, count, place)
        for number, ((first, count), place) in enumerate(zip(parts, files, strict=True))
    ]
    stopping = asyncio.ensure_future(task.stop.wait())
    waiting: set[asyncio.Future[Any]] = set(running)
    try:
        while waiting and not stopping.done():
            finished, _ = await asyncio.wait(
                {*waiting, stopping}, timeout=REPORT_INTERVAL, return_when=asyncio.FIRST_COMPLETED
            )
            task.reporter.update(done=sum(done), total=sum(done))
            for one in finished - {stopping}:
                one.result()
            waiting -= finished
        return None if task.stop.is_set() else [one.result() for one in running]
    except BrokenProcessPool as error:
        raise PrerequisiteError(
            f"A process that derives verdicts for {task.spec.name} was killed.",
            hint="Often the system has run out of memory: see dmesg, make room, then continue with --reuse.",
        ) from error
    finally:
        stopping.cancel()
        if waiting:  # an error or a stop: nobody wants what the others would still find
            for process in multiprocessing.active_children():
                process.kill()
        pool.shutdown(wait=True, cancel_futures=True)
        await asyncio.gather(*running, stopping, return_exceptions=True)


_done: Any = None
"""In a process of the pool: how many verdicts each part has derived so far, shared with the task."""


_indexes: Indexes = {}
"""In a process of the pool: where the records of the recorded files are."""


def _begin(done: Any, indexes: Indexes) -> None:
    """Make a fresh process of the pool one that reports to nobody and ends with the task."""
    global _done, _indexes  # what an initializer is given reaches the work in no other way
    _done, _indexes = done, indexes
    with contextlib.suppress(ValueError):
        signal.set_wakeup_fd(-1)  # a forked process would wake the task's event loop
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the task decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for name in ("JB_PROGRESS_FD", FILES_VARIABLE):
        os.environ.pop(name, None)
    threading.Thread(target=_end_with_the_task, daemon=True).start()


def _end_with_the_task() -> None:
    import multiprocessing

    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _derive(
    number: int, plan: Plan, task_id: str, abbr: str, first: int, count: int | None, place: Path
) -> ResultAccumulator:
    """Derive, write and count the verdicts of one part, in a process of the pool."""
    from judgebench.stages.extract import ExtractRun

    async def derive() -> ResultAccumulator:
        task = Task(plan, next(spec for spec in plan.tasks if spec.id == task_id))
        run = ExtractRun(task, plan.datasets[abbr])
        run.indexes = _indexes

        def report(derived: int) -> None:
            _done[number] = derived

        with VerdictWriter(place, durable=False) as verdicts:
            await run.derive(verdicts=verdicts, first=first, count=count, report=report)
            verdicts.commit()
        return run.accumulator

    return asyncio.run(derive())
