"""Judging what another task still writes: which predictions make a job now, and how they come.

``Follow`` decides: entries of a file of predictions in, jobs out, each item once. ``AnswerSource`` brings the entries:
from a file that grows, or from one that is read when its writer has ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, Generic, Protocol, TypeVar

import msgspec

from judgebench.errors import DAMAGED
from judgebench.records.flow import Exchange, Prediction, Sample
from judgebench.store.journal import open_file, unreadable
from judgebench.store.recorded import slot_sample

POLL = 0.05
"""Seconds between two looks at a file that is being written."""

Job = TypeVar("Job")
T = TypeVar("T", bound=Exchange)


class _Key(msgspec.Struct, gc=False):
    """The part of a record that says which item it is about."""

    id: int
    repeat: int = 0
    status: object = ""


_KEY = msgspec.json.Decoder(_Key)


class Entry(Generic[T]):
    """A line of a journal of which only the item is known until it is read: most of a million are passed over.

    Attributes:
        id: Id of the sample.
        repeat: Number of the repetition.
        ok: Whether it succeeded.
        slot: Both as one number (``slot_sample``).
        at: Where in the file the line begins.
    """

    __slots__ = ("_decode", "_raw", "at", "id", "ok", "repeat", "slot")

    def __init__(self, key: _Key, raw: bytes, decode: Callable[[bytes], T], at: int) -> None:
        self.id = key.id
        self.repeat = key.repeat
        self.ok = key.status == "ok"
        self.at = at
        self.slot = slot_sample(self.id, self.repeat)
        self._raw = raw
        self._decode = decode

    def digest(self) -> int:
        """Return a hash of the line, 64 bits."""
        return int.from_bytes(blake2b(self._raw, digest_size=8).digest())

    def read(self) -> T | None:
        """Return the record; ``None`` where the line is damaged, which ``records`` and ``Recorded`` put aside."""
        try:
            return self._decode(self._raw)
        except DAMAGED:
            return None


class Follower(Generic[T]):
    """Reads the whole lines that another process appends to a file, as they come.

    Args:
        path: The file; may not exist yet.
        kind: Record type of its lines.
        start: Bytes of it that are passed over.
    """

    def __init__(self, path: Path, kind: type[T], start: int = 0) -> None:
        self._path = path
        self._decode = msgspec.json.Decoder(kind).decode
        self._rest = b""
        self._at = start
        self._file: BinaryIO | None = None

    def new(self) -> list[Entry[T]]:
        """Return what was completed since the last call, in parts of some megabytes; nothing at the end of the file.

        Unreadable lines are left out.
        """
        if self._file is None:
            try:
                self._file = open_file(self._path, "rb")
            except FileNotFoundError:
                return []
            except OSError as error:
                raise unreadable(self._path, error) from error
            self._file.seek(self._at)
        data = self._rest
        while piece := self._file.read(1 << 22):
            data += piece
            if b"\n" in piece:
                break
        *lines, self._rest = data.split(b"\n")
        found: list[Entry[T]] = []
        for raw in lines:
            at = self._at
            self._at += len(raw) + 1
            if raw:
                try:
                    found.append(Entry(_KEY.decode(raw), raw, self._decode, at))
                except DAMAGED:
                    continue
        return found

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()


class NumberSet:
    """A set of small numbers: a byte for each up to the largest, where a set of numbers takes seventy."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def add(self, number: int) -> None:
        """Put a number in."""
        if number >= len(self._bytes):
            self._bytes.extend(bytes(number + 1 - len(self._bytes) + len(self._bytes) // 8))
        self._bytes[number] = 1

    def __contains__(self, number: int) -> bool:
        return number < len(self._bytes) and self._bytes[number] == 1


MOST_HELD = 20_000
"""Samples of one window: more than requests are in flight."""


class SampleWindow:
    """Finds samples by id while reading the dataset once, in the order in which they were asked.

    Predictions arrive nearly in that order, so only those between the oldest open and the newest seen one are held; and
    no more than ``MOST_HELD`` of them, as nobody takes the sample of a prediction that failed.

    Args:
        samples: The planned samples.
        uses: Says how often a sample will be taken; one that will not be is not held.

    Attributes:
        dropped: How many samples were let go before they were taken as often as planned.
        planned: Samples that were read; all that there are where ``at_end``.
        changed: Hashes of samples that were asked for with other content, by id.
    """

    def __init__(self, samples: Iterator[Sample], uses: Callable[[Sample], int]) -> None:
        self._samples = samples
        self._uses = uses
        self._open: dict[int, tuple[Sample, int]] = {}
        self._passed = NumberSet()
        self.dropped = 0
        self.planned = NumberSet()
        self.at_end = False
        self.changed: dict[int, str] = {}

    def take(self, id_: int, uid: str) -> Sample | None:
        """Return a sample; ``None`` when it is not planned, has another content, or was taken as often as planned."""
        while id_ not in self._open:
            if id_ in self._passed:
                return None
            sample = next(self._samples, None)
            if sample is None:
                self.at_end = True
                return None
            self.planned.add(sample.id)
            if uses := self._uses(sample):
                self._open[sample.id] = (sample, uses)
                if len(self._open) > MOST_HELD:
                    self._drop_oldest()
            else:
                self._passed.add(sample.id)
        if self._open[id_][0].uid != uid:
            self.changed[id_] = self._open[id_][0].uid
            return None
        sample, uses = self._open.pop(id_)
        if uses > 1:
            self._open[id_] = (sample, uses - 1)
        else:
            self._passed.add(id_)
        return sample

    def _drop_oldest(self) -> None:
        oldest = next(iter(self._open))
        del self._open[oldest]
        self._passed.add(oldest)
        self.dropped += 1


class Follow(Generic[Job]):
    """Decides which predictions make a job, in passes over their file.

    The first pass takes them as they come. Items about which something is recorded already come in a later one: to find
    that nothing is left to ask about them takes rendering their questions again, and new requests should not wait for
    that. So do those whose sample had to be let go before their prediction came.

    Args:
        samples: Starts another reading of the planned samples.
        repeats: How often each sample is answered.
        job: Makes the job of a sample and its prediction, which an entry holds; ``None`` where there is none.
        recorded: Says of an item (id and repeat) whether something is recorded about it; ``None``: of no item.
        passes: Says of an entry, in a pass of this number, whether it is passed over; ``None``: of none.
        twice: Whether there is a second pass in any case.
    """

    def __init__(
        self,
        samples: Callable[[], Iterator[Sample]],
        repeats: int,
        job: Callable[[Sample, Prediction, Entry[Prediction]], Job | None],
        recorded: Callable[[int, int], bool] | None = None,
        passes: Callable[[Entry[Prediction], int], bool] | None = None,
        *,
        twice: bool = False,
    ) -> None:
        self._samples = samples
        self._twice = twice
        self._passes = passes
        self._repeats = repeats
        self._make = job
        self._recorded = recorded
        self._seen = NumberSet()
        self._pass = 0
        self._found = False
        self._planned: NumberSet | None = None
        self._changed: dict[int, str] = {}
        self._window = self._new_window()

    def take(self, entry: Entry[Prediction]) -> Job | None:
        """Return the job of an entry; ``None`` where it has none in this pass."""
        if self._passes is not None and self._passes(entry, self._pass):
            return None
        if entry.repeat >= self._repeats or not self._wanted(entry.id, entry.repeat):
            return None
        prediction = entry.read()
        if prediction is None or prediction.status != "ok" or self._is_of_none(prediction):
            return None
        sample = self._window.take(prediction.id, prediction.uid)
        if sample is None:
            return None
        self._seen.add(self._number(entry.id, entry.repeat))
        job = self._make(sample, prediction, entry)
        self._found = self._found or job is not None
        return job

    def again(self) -> bool:
        """Begin another pass over the whole file, and say so; ``False`` where none could find anything more."""
        if self._pass == 0:
            needed = self._twice or self._recorded is not None or self._window.dropped > 0
        else:
            learnt = self._window.changed or (self._window.at_end and self._planned is None)
            needed = (self._found or bool(learnt)) and self._window.dropped > 0
        if needed:
            self._pass += 1
            self._found = False
            self._planned = self._window.planned if self._window.at_end else self._planned
            self._changed |= self._window.changed
            self._window = self._new_window()
        return needed

    def _wanted(self, id_: int, repeat: int) -> bool:
        deferred = self._pass == 0 and self._recorded is not None and self._recorded(id_, repeat)
        return not deferred and self._number(id_, repeat) not in self._seen

    def _is_of_none(self, prediction: Prediction) -> bool:
        """Say whether its sample was looked for in vain: to look again would let go of others that are wanted."""
        if self._planned is not None and prediction.id not in self._planned:
            return True
        return self._changed.get(prediction.id, prediction.uid) != prediction.uid

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
        start: Bytes of the file that hold nothing new.
    """

    def __init__(self, path: Path, ended: asyncio.Event, stop: asyncio.Event, start: int = 0) -> None:
        self.path = path
        self.start = start
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
        follower = Follower(self.path, Prediction, self.start)
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
