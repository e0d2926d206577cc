"""Jobs that outlived the ``jb`` that submitted them: what they are, waiting for them, ending them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol, cast

import msgspec

from judgebench.executors.job_files import Attempt, TaskJobs, jobs_in
from judgebench.executors.job_service import SERVICE
from judgebench.executors.jobs import POLL, AttemptWatch, BatchSystem, JobStatus, Terms, Watch, until
from judgebench.plugins import make
from judgebench.stages.progress import Progress

SAID_EVERY = 30.0
"""Seconds between two lines about a job that is waited for."""
_STOP_LIMIT = 40.0
"""Seconds that a job gets to keep what is in flight, before it is cancelled."""


class JobExecutor(Protocol):
    """An executor whose tasks are jobs of a batch system."""

    system: BatchSystem
    watch: Watch
    terms: Terms


class LeftJob(NamedTuple):
    """A task whose job nobody has cleared away.

    Attributes:
        task: Its id.
        jobs: Its folder.
        attempt: Its newest attempt.
        executor: Asks the batch system that the job belongs to.
    """

    task: str
    jobs: TaskJobs
    attempt: Attempt
    executor: JobExecutor

    async def status(self) -> JobStatus:
        """Return what is known of it now: its agent's word, else the batch system's."""
        end = self.attempt.end()
        if end is not None:
            return JobStatus("ended", f"exit code {end.code}")
        said = await self.executor.watch.status(self.attempt.job.name)
        return said if said is not None else JobStatus("running", "the batch system does not answer")


def left_jobs(run_dir: Path) -> list[LeftJob]:
    """Return the jobs of a run that are not cleared away; changes nothing.

    Raises:
        ConfigError: The executor's class is not there any more.
    """
    found = []
    for jobs in jobs_in(run_dir):
        attempt = jobs.newest()
        try:
            job = attempt.job if attempt is not None else None
        except (OSError, msgspec.DecodeError):
            job = None
        if attempt is None or job is None:
            continue  # never submitted, or being made right now
        made = cast("JobExecutor", make(job.executor, job.options, "executors", where=f"job {job.name}"))
        found.append(LeftJob(job.task, jobs, attempt, made))
    return found


async def ask_to_stop(jobs: list[LeftJob], notify: Callable[[str], None]) -> None:
    """Ask jobs to end whose ``jb`` is still there; it hears how they do, and clears them away."""
    for job in jobs:
        if job.attempt.begun:
            job.attempt.tell("stop")
        else:
            await job.executor.system.cancel(job.attempt.job.name)
        notify(f"{job.task}: asked to stop")


async def wait_for(jobs: list[LeftJob], notify: Callable[[str], None], *, stop: bool = False) -> None:
    """Wait until no job works any more.

    One that has not begun is cancelled. One that works is waited for: what it does need not be done again.

    Args:
        jobs: All of a run.
        notify: Shows a line.
        stop: Ask them to keep what is in flight and to end, and cancel those that do not.
    """
    services = [job for job in jobs if job.task.startswith(SERVICE)]
    await asyncio.gather(*(_wait_for(job, notify, stop=stop) for job in jobs if job not in services))
    await asyncio.gather(*(_wait_for(job, notify, stop=True) for job in services))  # which the tasks needed


async def _wait_for(job: LeftJob, notify: Callable[[str], None], *, stop: bool) -> None:
    attempt, name = job.attempt, job.attempt.job.name
    if attempt.begun and attempt.end() is None:
        if stop:
            attempt.tell("stop")
            await until(lambda: attempt.end() is not None, _STOP_LIMIT)
        else:
            await _follow(job, notify)
    job.jobs.give_to(0)
    await job.executor.system.cancel(name)
    if attempt.begun:
        await until(lambda: attempt.end() is not None, job.executor.terms.lease)
    job.jobs.remove()
    notify(f"{job.task}: its job has ended")


async def _follow(job: LeftJob, notify: Callable[[str], None]) -> None:
    attempt = job.attempt
    watch = AttemptWatch(attempt, job.executor.watch, job.executor.terms)
    status = await job.status()
    where = f"job {status.job or attempt.job.name}" + (f" on {status.node}" if status.node else "")
    notify(f"{job.task}: still works as {where}; waiting for it (Ctrl-C leaves it at work, jb jobs --stop ends it)")
    last, said_at = Progress(task=job.task), time.monotonic()
    while attempt.end() is None:
        result, _ = await watch.look()
        if result is not None:
            return
        for report in attempt.reports():
            last = report
        if time.monotonic() - said_at >= SAID_EVERY:
            said_at = time.monotonic()
            notify(f"{job.task}: {last.done} of {last.total}")
        await asyncio.sleep(POLL)
