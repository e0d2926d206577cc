"""What a run knows of its batches: ``batches/<model>/<row>.jsonl``, each line on disk before what it is about is done.

An ``intent`` is written before anything is uploaded, ``created`` when the provider has named the batch, ``closed`` when
all that it brought is handed on. So a process that is killed at any point leaves enough to find its batches again.

A question is found by its ``custom_id``, in the newest batch that holds it. A closed batch still answers what it has
answered well: the answers may have been lost on their way to the file of predictions, and the provider keeps them for
weeks. What it answered badly or not at all is asked in a new one.
"""

from __future__ import annotations

import heapq
import os
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from judgebench.store.journal import DamagedError, Decoder, disk_error, make_folder, mend, open_descriptor, open_file


class _Intent(msgspec.Struct, frozen=True, kw_only=True, tag="intent", tag_field="step"):
    name: str
    at: float
    ids: list[str]


class _Created(msgspec.Struct, frozen=True, kw_only=True, tag="created", tag_field="step"):
    name: str
    at: float
    batches: list[str]
    sure: bool = True


class _Closed(msgspec.Struct, frozen=True, kw_only=True, tag="closed", tag_field="step"):
    name: str
    at: float
    word: str
    again: list[str]


_Step = _Intent | _Created | _Closed
_DECODE: Decoder[_Step] = Decoder(_Step)  # type: ignore[arg-type]


class KnownBatch:
    """One batch, as the log knows it.

    Attributes:
        name: Ours, given before it was submitted.
        ids: The questions that it holds, in their order.
        intended: When it was about to be submitted, in seconds since 1970.
        batches: The provider's ids of what may be this batch, the likeliest first; none while it has not been named.
        sure: Whether the first of them is this batch for certain: never is one ended that may be somebody else's.
        closed: Whether all that it brought has been handed on.
        again: Questions that a closed batch has not answered well.
        resumed: Whether it is of an earlier invocation.
    """

    def __init__(self, name: str, ids: list[str], intended: float, *, resumed: bool) -> None:
        self.name = name
        self.ids = ids
        self.intended = intended
        self.batches: list[str] = []
        self.sure = False
        self.closed = False
        self.again: set[str] = set()
        self.resumed = resumed


class BatchLog:
    """The batches of one tested model in a run; one task writes its own file, and reads those of all.

    Args:
        path: The task's own file; the others stand beside it.

    Raises:
        DiskError: A file cannot be read; from the methods that write: it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._batches: dict[str, KnownBatch] = {}
        self._holding: dict[str, KnownBatch] = {}
        mend(path)
        files = sorted(path.parent.glob("*.jsonl"))
        for _, step in heapq.merge(*[_timed(file) for file in files], key=lambda timed: timed[0]):
            self._take(step, resumed=True)

    def holding(self, id: str) -> KnownBatch | None:
        """Return the newest batch that holds a question; ``None`` where it is in none."""
        return self._holding.get(id)

    def named(self) -> set[str]:
        """Return the provider's ids of all batches of the run that are known by one, also those of its other models."""
        files = self.path.parent.parent.glob("*/*.jsonl")
        return {id for file in files for step in _steps(file) if isinstance(step, _Created) for id in step.batches}

    def intend(self, name: str, ids: list[str]) -> KnownBatch:
        """Write down that a batch is about to be submitted."""
        self._write(_Intent(name=name, at=time.time(), ids=ids))
        return self._batches[name]

    def created(self, batch: KnownBatch, ids: list[str], *, sure: bool = True) -> None:
        """Write down what the provider calls a batch, or what may be it."""
        self._write(_Created(name=batch.name, at=time.time(), batches=ids, sure=sure))

    def close(self, batch: KnownBatch, word: str, again: list[str]) -> None:
        """Write down that nothing more comes of a batch.

        Args:
            batch: The batch.
            word: How it ended.
            again: The questions that it has not answered well.
        """
        self._write(_Closed(name=batch.name, at=time.time(), word=word, again=again))

    def _take(self, step: _Step, *, resumed: bool) -> None:
        if isinstance(step, _Intent):
            batch = self._batches[step.name] = KnownBatch(step.name, step.ids, step.at, resumed=resumed)
            self._holding.update(dict.fromkeys(step.ids, batch))
        elif (known := self._batches.get(step.name)) is None:
            return  # its intent was cut off the file by hand
        elif isinstance(step, _Created):
            known.batches, known.sure = step.batches, step.sure
        else:
            known.closed = True
            known.again = set(step.again)

    def _write(self, step: _Step) -> None:
        """Append a line and see it on disk: what follows may cost money, and must not be forgotten."""
        make_folder(self.path.parent)
        try:
            descriptor = open_descriptor(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            try:
                line = msgspec.json.encode(step) + b"\n"
                while line:
                    line = line[os.write(descriptor, line) :]
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise disk_error(self.path, error) from error
        self._take(step, resumed=False)


def _timed(path: Path) -> Iterator[tuple[float, _Step]]:
    """Yield the steps of a file as they were written, each with a time that a clock set back does not turn back."""
    at = 0.0
    for step in _steps(path):
        at = max(at, step.at)
        yield at, step


def _steps(path: Path) -> Iterator[_Step]:
    """Yield the steps of a file; a torn last line, which another task may just be writing, is passed over."""
    try:
        with open_file(path, "rb") as file:
            for line in file:
                try:
                    yield _DECODE(line)
                except DamagedError:
                    continue
    except OSError as error:
        raise disk_error(path, error) from error
