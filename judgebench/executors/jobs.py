"""A task as a job of a batch system: submitted, watched, submitted again where the system ended it, and never doubled.

What a batch system says of a job is a hint and no proof: it forgets jobs, gives numbers out twice, declares nodes dead
that go on writing. So a job is known by its name; one whose agent still counts up runs, whatever the system says; and a
new attempt begins only when the older one has ended, or has lost its lease (``executors.job_files``).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from judgebench.errors import ExitCode, InterruptedRunError, JudgebenchError, LaunchError, visible
from judgebench.executors.contract import Ended, Printed, TaskReport
from judgebench.executors.job_files import Attempt, AttemptEnd, TaskJobs
from judgebench.executors.process import log_tail
from judgebench.records.run import Resources
from judgebench.stages.progress import Progress

POLL = 0.25
"""Seconds between two looks at the files of an attempt."""

_KILL_LIMIT = 4.0
"""Seconds to wait for a killed job to be gone."""
_NOTICED = 20.0
"""Seconds for which a batch system may take an ended job for a running one."""
_LAGS = 15.0
"""Seconds for which a shared file system may hide that an ended job wrote down how it ended."""

JobState = Literal["waiting", "impossible", "running", "ended", "killed", "lost", "cancelled", "gone"]
"""What the batch system says of a job: it waits; waits, and can never start as it is; runs; ended by itself; was killed
for the memory that it used; was ended by the system and may go on elsewhere (lost); was cancelled by a person; is not
known there any more (gone)."""


class JobStatus(NamedTuple):
    """What a batch system says of one job.

    Attributes:
        state: See ``JobState``.
        reason: The system's own words, such as ``Resources`` or ``NODE_FAIL``.
        job: Its number there.
        node: Where it runs or ran.
    """

    state: JobState
    reason: str = ""
    job: str = ""
    node: str = ""


class BatchSystem(Protocol):
    """What is needed of a batch system."""

    async def submit(self, attempt: Attempt, resources: Resources) -> None:
        """Submit the job of an attempt under its name; where it is not certain whether that worked, find out.

        Raises:
            JudgebenchError: The system refuses it.
        """
        ...

    async def statuses(self) -> Mapping[str, JobStatus] | None:
        """Return the jobs that the system knows by name; ``None`` where it cannot be asked now."""
        ...

    async def cancel(self, name: str) -> None:
        """End the jobs of a name, if there are any."""
        ...


class Watch:
    """Asks a batch system for all jobs at once, and not more often than it likes.

    Args:
        system: The batch system.
        every: Seconds between two questions.
    """

    def __init__(self, system: BatchSystem, every: float) -> None:
        self._system = system
        self._every = every
        self._looked_at = float("-inf")
        self._known: Mapping[str, JobStatus] | None = None
        self._lock = asyncio.Lock()

    async def status(self, name: str) -> JobStatus | None:
        """Return what the system says of a job; ``None`` where it cannot be asked."""
        async with self._lock:
            if time.monotonic() - self._looked_at >= self._every:
                self._known = await self._system.statuses()
                self._looked_at = time.monotonic()
        return None if self._known is None else self._known.get(name, JobStatus("gone"))

    def forget(self) -> None:
        """Ask anew the next time."""
        self._looked_at = float("-inf")


class Terms(NamedTuple):
    """How an executor goes about jobs.

    Attributes:
        max_jobs: Most attempts at a task.
        lease: Seconds after which an agent that cannot read the run folder ends its task.
        silence: Seconds after which an agent that has stopped counting is asked for at the batch system.
        every: Seconds between two questions to the batch system.
        revive: Whether one that worked and then ended by itself, unasked, is begun again: a service, not a task.
    """

    max_jobs: int
    lease: float
    silence: float
    every: float
    revive: bool = False


class JobHandle:
    """A task that runs as a job; a ``Handle``.

    Args:
        task: Its id.
        log: Its log file.
        jobs: Its folder.
        system: The batch system, and ``watch`` over it.
        terms: How to go about it.
        make: Makes and submits the next attempt.
    """

    pid = 0

    def __init__(
        self,
        task: str,
        log: Path,
        *,
        jobs: TaskJobs,
        system: BatchSystem,
        watch: Watch,
        terms: Terms,
        make: Callable[[], Awaitable[Attempt]],
    ) -> None:
        self._task = task
        self._log = log
        self._log_start = log.stat().st_size if log.exists() else 0
        self._jobs = jobs
        self._system = system
        self._watch = watch
        self._terms = terms
        self._make = make
        self._orders: list[str] = []
        self._stopping = self._killed = self._has_allowance = False
        self._worked = 0
        """The newest attempt that said that it works."""
        self._attempt: Attempt | None = None

    async def begin(self) -> None:
        """Submit the first attempt.

        Raises:
            OSError: Its files cannot be written.
            JudgebenchError: The batch system refuses it.
        """
        self._attempt = await self._make()

    def tell(self, line: str) -> None:
        """Hand the task a line; one that it has not begun to read is read by a later attempt too."""
        self._orders.append(line)
        self._has_allowance = self._has_allowance or line.startswith("allowance")
        if self._attempt is not None:
            self._attempt.tell(line)

    def stop(self) -> None:
        """Ask it to stop; one that still waits for a node is given up."""
        self._stopping = True
        self.tell("stop")

    def kill(self) -> None:
        """End it, wherever it is."""
        self._killed = True
        if self._attempt is not None:
            self._attempt.tell("kill")

    async def events(self) -> AsyncGenerator[TaskReport, None]:
        """Yield what the task reports and what becomes of its job, and at last its end."""
        ended = False
        try:
            while True:
                attempt = self._attempt
                assert attempt is not None
                watcher = AttemptWatch(attempt, self._watch, self._terms)
                result: AttemptEnd | JobStatus | None = None
                while result is None:
                    if self._killed or (self._stopping and not attempt.begun):
                        await self._end_job(attempt)
                        ended = True
                        yield Ended(-9 if self._killed else int(ExitCode.INTERRUPTED), self._tail())
                        return
                    result = attempt.end()  # before the reports: what it said last comes before its end
                    for report in attempt.reports():
                        if report.state == "running":
                            self._worked = attempt.number
                        yield report
                    if result is None:
                        result, note = await watcher.look()
                        if note:
                            yield Progress(task=self._task, state="queued", note=note)
                    if result is None:
                        await asyncio.sleep(POLL)
                why = await self._why_again(attempt, result)
                if not why:
                    await self._system.cancel(attempt.job.name)  # one that was submitted twice, and still waits
                    ended = True
                    yield self._end_of(attempt, result)
                    return
                yield Printed(visible(why))
                await self._fence(attempt, result)
                self._attempt = await self._make()
                for line in self._orders:
                    self._attempt.tell(line)
        finally:
            if not ended and self._attempt is not None:
                await self._end_job(self._attempt)
            self._jobs.remove()

    async def _why_again(self, attempt: Attempt, result: AttemptEnd | JobStatus) -> str:
        """Return a sentence where another attempt is to be made; empty where this was the last."""
        if isinstance(result, AttemptEnd):
            stopped, revive = result.code in {int(ExitCode.INTERRUPTED), -15, -10}, self._terms.revive
            if result.signal and (stopped or revive) and (await self._settled(attempt.job.name)).state != "cancelled":
                what = f"was ended by the batch system (signal {result.signal})"
            elif revive and not result.signal and not stopped and self._worked == attempt.number:
                what = f"ended with exit code {result.code}"
            else:
                return ""
        elif result.state == "ended" and attempt.begun:
            what = "ended without saying how"
        elif result.state in {"lost", "gone"}:
            what = f"was lost ({result.reason})" if result.reason else "is not known to the batch system any more"
        else:
            return ""
        if self._stopping or self._killed or self._has_allowance or attempt.number >= self._terms.max_jobs:
            return ""
        if self._terms.revive:
            return f"{what}; another job begins it again"
        return f"attempt {attempt.number} {what}; what it has is kept, and attempt {attempt.number + 1} goes on"

    async def _settled(self, name: str) -> JobStatus:
        """Return what the batch system says of a job whose agent has just ended, once it has noticed."""
        end = time.monotonic() + _NOTICED
        while True:
            self._watch.forget()
            status = await self._watch.status(name)
            if (status is not None and status.state not in {"running", "waiting"}) or time.monotonic() > end:
                return status or JobStatus("gone")
            await asyncio.sleep(POLL)

    async def _fence(self, attempt: Attempt, result: AttemptEnd | JobStatus) -> None:
        """Take the work away from an attempt, and wait until it cannot work any more."""
        self._jobs.give_to(0)
        if isinstance(result, AttemptEnd):
            return
        await self._system.cancel(attempt.job.name)
        if not attempt.begun:
            return
        await until(lambda: attempt.end() is not None, self._terms.lease + 2 * POLL)

    async def _end_job(self, attempt: Attempt) -> None:
        self._jobs.give_to(0)
        await self._system.cancel(attempt.job.name)
        await until(lambda: not attempt.begun or attempt.end() is not None, _KILL_LIMIT)

    def _end_of(self, attempt: Attempt, result: AttemptEnd | JobStatus) -> Ended:
        """Return the end of the task.

        Raises:
            JudgebenchError: The task did not say how it ended.
        """
        if isinstance(result, AttemptEnd):
            if result.reason:
                raise LaunchError(visible(result.reason), hint="Look at the config of the executor.")
            return Ended(result.code, self._tail())
        if result.state == "killed":
            return Ended(-9, self._tail())
        raise lost(self._task, result, log_tail(attempt.folder / "job.out")[-5:])

    def _tail(self) -> list[str]:
        return log_tail(self._log, self._log_start)


async def until(true: Callable[[], bool], limit: float) -> None:
    """Wait until something is true, at most ``limit`` seconds."""
    end = time.monotonic() + limit
    while not true() and time.monotonic() < end:  # noqa: ASYNC110 - files on another machine's disk send no event
        await asyncio.sleep(POLL)


def lost(task: str, status: JobStatus, tail: list[str]) -> JudgebenchError:
    """Return the error of a task whose job ended without a word of its agent.

    Args:
        task: Its id.
        status: What the batch system says of the job.
        tail: The last lines that the job printed.
    """
    number = f" {status.job}" if status.job else ""
    if status.state == "cancelled":
        return InterruptedRunError(f"The job{number} of task {task} was cancelled.", hint="Continue with --reuse.")
    if status.state == "impossible":
        return LaunchError(
            f"The job{number} of task {task} can never start: {visible(status.reason)}.",
            hint="Change the keys of the executor's config or the resources of the model, then continue with --reuse.",
        )
    why = f": {visible(status.reason)}" if status.reason else ""
    printed = "\n    ".join(["It printed:", *tail]) if tail else "It printed nothing."
    return LaunchError(
        f"The job{number} of task {task} ended without saying how{why}.",
        hint=f"What it has is kept: continue with --reuse. {printed}",
    )


class AttemptWatch:
    """Finds out whether an attempt that says nothing still lives."""

    def __init__(self, attempt: Attempt, watch: Watch, terms: Terms) -> None:
        self._attempt = attempt
        self._watch = watch
        self._terms = terms
        self._beat = b""
        self._changed_at = time.monotonic()
        self._ended_at: float | None = None
        self._note = ""
        self._name = attempt.job.name

    async def look(self) -> tuple[JobStatus | None, str]:
        """Return what ended it, if anything did, and what to tell of its waiting, if that is new."""
        beat, now = self._attempt.beat(), time.monotonic()
        if beat != self._beat:
            self._beat, self._changed_at, self._ended_at = beat, now, None
        if beat and now - self._changed_at < self._terms.silence:
            return None, ""
        status = await self._watch.status(self._name)
        if status is None or status.state == "running":
            self._ended_at = None
            return None, ""
        if status.state == "waiting":
            self._ended_at = None
            note = status.reason if status.reason not in {"", "None"} else "not scheduled yet"
            self._note, new = note, note if note != self._note else ""
            return None, visible(new)
        if status.state == "impossible" and status.reason != self._note:
            self._note = status.reason
            return None, visible(status.reason)
        # It has ended, or is not known: its own word about that may be on its way through the file system.
        self._ended_at = self._ended_at or now
        return (status if now - self._ended_at >= min(_LAGS, self._terms.silence) else None), ""
