"""Judging what another task still writes: which predictions make a job now, and how they come.

``Follow`` decides: entries of a file of predictions in, jobs out, each item once. ``AnswerSource`` brings the entries:
from a file that grows, or from one that is read when its writer has ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from judgebench.records.flow import Prediction, Sample
from judgebench.stages.asks import Marked, SampleWindow
from judgebench.store.recorded import Entry, Follower

POLL = 0.05
"""Seconds between two looks at a file that is being written."""

Job = TypeVar("Job")


class Follow(Generic[Job]):
    """Decides which predictions make a job, in passes over their file.

    The first pass takes them as they come. Items about which something is recorded already come in a later one: to find
    that nothing is left to ask about them takes rendering their questions again, and new requests should not wait for
    that. So do those whose sample had to be let go before their prediction came.

    Args:
        samples: Starts another reading of the planned samples.
        repeats: How often each sample is answered.
        job: Makes the job of a sample and its prediction; ``None`` where there is none.
        recorded: Says of an item (id and repeat) whether something is recorded about it; ``None``: of no item.
    """

    def __init__(
        self,
        samples: Callable[[], Iterator[Sample]],
        repeats: int,
        job: Callable[[Sample, Prediction], Job | None],
        recorded: Callable[[int, int], bool] | None = None,
    ) -> None:
        self._samples = samples
        self._repeats = repeats
        self._make = job
        self._recorded = recorded
        self._seen = Marked()
        self._first_pass = True
        self._found = False
        self._window = self._new_window()

    def take(self, entry: Entry[Prediction]) -> Job | None:
        """Return the job of an entry; ``None`` where it has none in this pass."""
        if entry.repeat >= self._repeats or not self._wanted(entry.id, entry.repeat):
            return None
        prediction = entry.read()
        if prediction is None or prediction.status != "ok":
            return None
        sample = self._window.take(prediction.id, prediction.uid)
        if sample is None:
            return None
        self._seen.add(self._number(entry.id, entry.repeat))
        job = self._make(sample, prediction)
        self._found = self._found or job is not None
        return job

    def again(self) -> bool:
        """Begin another pass over the whole file, and say so; ``False`` where none could find anything more."""
        if self._first_pass:
            needed = self._recorded is not None or self._window.dropped > 0
        else:
            needed = self._found and self._window.dropped > 0
        if needed:
            self._first_pass = self._found = False
            self._window = self._new_window()
        return needed

    def _wanted(self, id_: int, repeat: int) -> bool:
        deferred = self._first_pass and self._recorded is not None and self._recorded(id_, repeat)
        return not deferred and self._number(id_, repeat) not in self._seen

    def _number(self, id_: int, repeat: int) -> int:
        return id_ * self._repeats + repeat

    def _new_window(self) -> SampleWindow:
        repeats = range(self._repeats)
        return SampleWindow(self._samples(), lambda sample: sum(self._wanted(sample.id, repeat) for repeat in repeats))


class AnswerSource(Protocol):
    """Where the entries of a file of predictions come from while its writer may still be at work."""

    def coming(self) -> AsyncGenerator[list[Entry[Prediction]], None]:
        """Yield entries as they come, if that can be seen; ends when the writer has ended or the task is to stop."""
        ...

    def whole(self) -> AsyncGenerator[list[Entry[Prediction]], None]:
        """Yield all entries of the file, which nobody writes any more."""
        ...


class EndedAnswers:
    """Waits until the writer has ended, where nobody else sees what it has written before.

    Args:
        path: The file of predictions.
        ended: Set when nobody writes it any more.
        stop: Set when no further entry is wanted.
    """

    def __init__(self, path: Path, ended: asyncio.Event, stop: asyncio.Event) -> None:
        self.path = path
        self.ended = ended
        self.stop = stop

    async def coming(self) -> AsyncGenerator[list[Entry[Prediction]], None]:
        """Yield nothing until the writer has ended."""
        waits = [asyncio.create_task(event.wait()) for event in (self.ended, self.stop)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        nothing: list[list[Entry[Prediction]]] = []
        for entries in nothing:
            yield entries

    async def whole(self) -> AsyncGenerator[list[Entry[Prediction]], None]:
        """Yield all entries of the file."""
        follower = Follower(self.path, Prediction)
        try:
            while (fresh := follower.new()) and not self.stop.is_set():
                await asyncio.sleep(0)  # a million items that are skipped would hold up progress and signals
                yield fresh
        finally:
            follower.close()


class GrowingAnswers(EndedAnswers):
    """Reads a file of predictions while it grows."""

    async def coming(self) -> AsyncGenerator[list[Entry[Prediction]], None]:
        """Yield entries as they are written."""
        follower = Follower(self.path, Prediction)
        try:
            while not self.ended.is_set() and not self.stop.is_set():
                fresh = follower.new()
                yield fresh
                await asyncio.sleep(0 if fresh else POLL)
        finally:
            follower.close()


async def jobs_of(source: AnswerSource, follow: Follow[Job], stop: asyncio.Event) -> AsyncGenerator[Job, None]:
    """Yield every job of a file of predictions: as its entries come, then what was passed over, until nothing is left.

    Args:
        source: Brings the entries.
        follow: Makes jobs of them.
        stop: Set when no further job is wanted.
    """
    async for entries in source.coming():
        for entry in entries:
            if (job := follow.take(entry)) is not None:
                yield job
    again = True
    while again and not stop.is_set():
        async for entries in source.whole():
            for entry in entries:
                if stop.is_set():
                    return
                if (job := follow.take(entry)) is not None:
                    yield job
        again = follow.again()
