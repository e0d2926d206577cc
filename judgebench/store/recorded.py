"""Finds records in a file that is only appended to: by sample, repeat and what was asked; and rewrites it in order.

Of several records with one key the last that succeeded counts, else the last. Damaged lines are put aside.
"""

from __future__ import annotations

import contextlib
import logging
from array import array
from bisect import bisect_left
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Annotated, BinaryIO, Generic, Literal, TypeVar

import msgspec

from judgebench.errors import DAMAGED
from judgebench.records.flow import Exchange
from judgebench.store.journal import disk_error, open_file, open_mended, replacing, unreadable

LOGGED = 100
"""Damaged lines of one file that the log names one by one."""
_LOOKED_AT, _FOUND = 1, 2
_DIGEST = {"question": "uuid", "content": "uid", "item": ""}
"""Which hash tells the records of one item apart, by how they are looked up."""

logger = logging.getLogger(__name__)


class RecordLine(msgspec.Struct, frozen=True, gc=False):
    """The part of a record by which it is found again; everything else is skipped when it is decoded."""

    id: Annotated[int, msgspec.Meta(ge=0, lt=1 << 43)]
    uid: str
    uuid: str
    status: str
    repeat: Annotated[int, msgspec.Meta(ge=0, lt=1 << 20)] = 0
    presentation: str = ""
    nth: Annotated[int, msgspec.Meta(ge=0, lt=1 << 31)] = 0


_LINE = msgspec.json.Decoder(RecordLine)


def slot_sample(id: int, repeat: int) -> int:
    """Return sample and repeat as one number, which sorts by sample and then by repeat."""
    return id << 20 | repeat


def sample_of(slot: int) -> int:
    """Return the sample of a slot."""
    return slot >> 20


def place_of(offset: int, *, ok: bool) -> int:
    """Return where a record begins and whether it succeeded as one number."""
    return offset << 1 | ok


def offset_of(place: int) -> int:
    """Return where a record begins."""
    return place >> 1


def is_ok(place: int) -> bool:
    """Return whether a record is of a success."""
    return place & 1 == 1


def scan(path: Path, start: int = 0) -> Iterator[tuple[RecordLine, int, int]]:
    """Yield every readable record's key, offset and size, in file order; damaged lines are put aside.

    The file is mended first; a line still being written is left out.

    Args:
        path: The file.
        start: Bytes that are passed over; a line begins behind them.
    """
    offset = start
    if (file := open_mended(path, buffering=1 << 20)) is None:
        return
    with file, Aside(path, start) as aside:
        file.seek(start)
        for number, raw in enumerate(file, 1):
            size = len(raw)
            if raw.endswith(b"\n") and size > 1:
                try:
                    line = _LINE.decode(raw)  # which does not look into the text that it skips
                    raw.isascii() or raw.decode("utf-8")
                    int(line.uuid[:16], 16), int(line.uid[:16], 16)
                except DAMAGED as error:  # also text that is no UTF-8, and hashes that are none
                    aside.put(number, raw, error)
                else:
                    yield line, offset, size
            offset += size


class RecordIndex:
    """The places of a file's records by item and digest; 24 bytes a record (16 without a digest).

    Args:
        path: The file; may be missing.
        digest: Which hash tells the records of one item apart (``uuid`` or ``uid``); empty: none, they are one.
        start: Bytes of the file that are passed over; a line begins behind them.
    """

    def __init__(self, path: Path, *, digest: str, start: int = 0) -> None:
        slots, digests, positions = array("Q"), array("Q"), array("Q")
        ordered, last = True, -1
        for line, offset, _ in scan(path, start):
            slot = slot_sample(line.id, line.repeat)
            if slot < last:
                ordered = False
            last = slot
            slots.append(slot)
            positions.append(place_of(offset, ok=line.status == "ok"))
            if digest:
                digests.append(int((line.uuid if digest == "uuid" else line.uid)[:16], 16))
        if not ordered:
            order = array("Q", sorted(range(len(slots)), key=slots.__getitem__))  # stable: later lines stay later
            slots, positions = _taken(slots, order), _taken(positions, order)
            digests = _taken(digests, order) if digest else digests
        self._slots, self._positions = slots, positions
        self._digests = digests if digest else None
        self._marks: bytearray | None = None

    def __len__(self) -> int:
        return len(self._slots)

    def find(self, slot: int, digest: int = 0) -> int:
        """Return the place (``offset_of``, ``is_ok``) of the record that counts, or -1."""
        slots, digests, marks = self._slots, self._digests, self._marks
        at = bisect_left(slots, slot)
        end = len(slots)
        best, found = -1, -1
        while at < end and slots[at] == slot:
            if marks is not None:
                marks[at] |= _LOOKED_AT
            if digests is None or digests[at] == digest:
                place = self._positions[at]
                if best < 0 or is_ok(place) or not is_ok(best):
                    best, found = place, at
            at += 1
        if marks is not None and found >= 0:
            marks[found] |= _FOUND
        return best

    def holds(self, slot: int) -> bool:
        """Say whether there is any record of an item."""
        at = bisect_left(self._slots, slot)
        return at < len(self._slots) and self._slots[at] == slot

    @property
    def last(self) -> int:
        """The largest slot of which there is a record; -1 where there is none."""
        return self._slots[-1] if self._slots else -1

    def track(self) -> None:
        """Remember from now on which records are looked for and found."""
        self._marks = bytearray(len(self._slots))

    def superseded(self) -> set[int]:
        """Return the offsets of records that were passed over while others of their item were looked for."""
        return {offset_of(self._positions[at]) for at, mark in enumerate(self._marks or b"") if mark == _LOOKED_AT}


Indexes = dict[tuple[Path, Literal["question", "content", "item"]], RecordIndex]
"""Indexes by file and by how its records are looked up: one file may be looked up in two ways."""


class Aside:
    """Copies the damaged lines of a file into ``<file>.damaged``, each once, and says so in the log.

    What is there already is read once, at the first damaged line. Use as a context manager while the file is read.

    Args:
        path: The file that is read.
        start: Bytes of it that the reading passes over.
    """

    def __init__(self, path: Path, start: int = 0) -> None:
        self._path = path
        self._start = start
        self._passed_over: int | None = None
        self._aside = path.with_name(path.name + ".damaged")
        self._known: set[int] | None = None
        self._file: BinaryIO | None = None
        self._count = 0

    def __enter__(self) -> Aside:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._count > LOGGED:
            logger.warning("%s: %d lines are damaged in all; see %s", self._path.name, self._count, self._aside.name)
        try:
            if self._file is not None:
                self._file.close()
        except OSError as failure:
            raise disk_error(self._aside, failure) from failure

    def put(self, number: int, raw: bytes, error: Exception) -> None:
        """Take a damaged line.

        Args:
            number: Of the line, counted from 1 where the reading begins.
            raw: The line.
            error: What is wrong with it.

        Raises:
            DiskError: It cannot be written.
        """
        self._count += 1
        number += self._lines_passed_over()
        said = str(error).replace("\n", " ")
        if self._count <= LOGGED:
            warning = "%s line %d is damaged (%s); put aside in %s"
            logger.warning(warning, self._path.name, number, said, self._aside.name)
        entry = f"line {number}: {said}\n".encode() + raw.rstrip(b"\n") + b"\n"
        try:
            if self._known is None:
                self._known = self._entries()
            if hash(entry) in self._known:
                return
            self._known.add(hash(entry))
            if self._file is None:
                self._file = open_file(self._aside, "ab")
            self._file.write(entry)
        except OSError as failure:
            raise disk_error(self._aside, failure) from failure

    def _lines_passed_over(self) -> int:
        if self._passed_over is None:
            self._passed_over, left = 0, self._start
            if left:
                with open_file(self._path, "rb") as file:
                    while left > 0 and (piece := file.read(min(left, 1 << 20))):
                        self._passed_over += piece.count(b"\n")
                        left -= len(piece)
        return self._passed_over

    def _entries(self) -> set[int]:
        """Return hashes of what is there: of every two lines that follow each other, as an entry is two."""
        known: set[int] = set()
        before = b""
        with contextlib.suppress(FileNotFoundError), open_file(self._aside, "rb") as file:
            for line in file:
                if before.startswith(b"line "):
                    known.add(hash(before + line))
                before = line
        return known


def _taken(column: array[int], order: Sequence[int]) -> array[int]:
    return array("Q", map(column.__getitem__, order))


T = TypeVar("T", bound=Exchange)


def records(path: Path, kind: type[T]) -> Iterator[T]:
    """Yield the records of a file in file order, streaming; damaged lines are put aside."""
    decode = msgspec.json.Decoder(kind).decode
    with ExitStack() as stack:
        try:
            file = stack.enter_context(open_file(path, "rb"))
        except FileNotFoundError:
            return
        except OSError as error:
            raise unreadable(path, error) from error
        aside = stack.enter_context(Aside(path))
        for number, raw in enumerate(file, 1):
            if not raw.endswith(b"\n") or len(raw) == 1:
                continue
            try:
                record = decode(raw)
            except DAMAGED as error:
                aside.put(number, raw, error)
            else:
                yield record


class Recorded(Generic[T]):
    """The records of a file, found by key; only places are held in memory (24 bytes a record).

    Args:
        path: The file; may be missing. A torn last line is mended.
        kind: Record type of its lines.
        by: ``question`` finds a record by what was asked, ``content`` by the sample's content (which says as much where
            all records were asked with the same settings), ``slot`` by sample and repeat alone.
        track: Remember which records are looked up, for ``superseded``.
        index: The places of the file's records, where they are known already.
        start: Bytes of the file that are passed over; a line begins behind them.
    """

    def __init__(
        self,
        path: Path,
        kind: type[T],
        *,
        by: Literal["question", "content", "item"] = "question",
        track: bool = False,
        index: RecordIndex | None = None,
        start: int = 0,
    ) -> None:
        self._decode = msgspec.json.Decoder(kind).decode
        self.by = by
        self._by_sample = by == "item"
        self._positions = index if index is not None else RecordIndex(path, digest=_DIGEST[by], start=start)
        if track:
            self._positions.track()
        self._file: BinaryIO | None = open_file(path, "rb") if len(self._positions) else None

    @property
    def index(self) -> RecordIndex:
        """The places of the file's records, which others may use on the same file while nothing is added to it."""
        return self._positions

    def __len__(self) -> int:
        return len(self._positions)

    def __enter__(self) -> Recorded[T]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()

    def status(self, id: int, repeat: int, digest: str = "") -> str:
        """Return ``ok``, ``failed`` or, where nothing is recorded, an empty text; ``digest``: uuid or uid (``by``)."""
        known = self._positions.find(slot_sample(id, repeat), 0 if self._by_sample else int(digest[:16], 16))
        return "" if known < 0 else "ok" if is_ok(known) else "failed"

    def holds(self, id: int, repeat: int) -> bool:
        """Say whether anything is recorded about an item, whatever was asked."""
        return self._positions.holds(slot_sample(id, repeat))

    def get(self, id: int, repeat: int, digest: str = "") -> T | None:
        """Return a record, read from disk, or ``None``; ``digest`` is a uuid or uid (``by``)."""
        known = self._positions.find(slot_sample(id, repeat), 0 if self._by_sample else int(digest[:16], 16))
        if known < 0 or self._file is None:
            return None
        self._file.seek(offset_of(known))
        try:
            return self._decode(self._file.readline())
        except DAMAGED:  # in a part that the search for places skips
            return None

    def superseded(self) -> set[int]:
        """Return where records stand that nothing asks for any more: others of their item were looked up, they not."""
        return self._positions.superseded()


class _IndexColumns:
    """What sorting needs of every record of a file: 37 bytes each."""

    def __init__(self, path: Path, *, by_sample: bool, drop: Container[int]) -> None:
        self.slots, self.digests, self.positions = array("Q"), array("Q"), array("Q")
        self.sizes, self.nths, self.presentations = array("I"), array("I"), array("H")
        self.names: dict[str, int] = {}
        self.disorder = False
        last: tuple[int, str, int, str] | None = None
        end = 0
        for line, offset, size in scan(path):
            self.disorder = self.disorder or offset != end  # what lies between was damaged, and is put aside already
            end = offset + size
            if offset in drop:
                self.disorder = True
                continue
            slot = slot_sample(line.id, line.repeat)
            presentation, nth, uuid = ("", 0, "0") if by_sample else (line.presentation, line.nth, line.uuid)
            key = (slot, presentation, nth, uuid)
            self.disorder = self.disorder or (last is not None and key <= last)
            last = key
            self.slots.append(slot)
            self.presentations.append(self.names.setdefault(presentation, len(self.names)))
            self.nths.append(nth)
            self.digests.append(int(uuid[:16], 16))
            self.positions.append(place_of(offset, ok=line.status == "ok"))
            self.sizes.append(size)
        self.disorder = self.disorder or (path.exists() and end != path.stat().st_size)

    def chosen(self) -> array[int]:
        """Return the numbers of the records that count, sorted by item, presentation, number and hash."""
        names = list(self.names)
        kept = array("Q")
        order = sorted(range(len(self.slots)), key=self.slots.__getitem__)
        start, size = 0, len(order)
        while start < size:
            slot = self.slots[order[start]]
            end = start + 1
            while end < size and self.slots[order[end]] == slot:
                end += 1
            if end == start + 1:
                kept.append(order[start])
            else:
                best: dict[tuple[str, int, int], int] = {}
                for at in order[start:end]:
                    key = (names[self.presentations[at]], self.nths[at], self.digests[at])
                    known = best.get(key)
                    if known is None or is_ok(self.positions[at]) or not is_ok(self.positions[known]):
                        best[key] = at
                kept.extend(best[key] for key in sorted(best))
            start = end
        return kept


def compact(path: Path, *, by: Literal["question", "item"] = "question", drop: Container[int] = ()) -> int:
    """Sort a file by id, repeat, presentation and number, keep one record per key, and swap it in atomically.

    Damaged lines, which were put aside, go out. A file that is already so is left alone. Returns the number of records.

    Args:
        path: The file.
        by: ``slot`` keeps one record per sample and repeat, ``question`` one per question about it.
        drop: Offsets of records to leave out.

    Raises:
        DiskError: No room for the sorted copy; the file stays as it was, which is valid too.
    """
    columns = _IndexColumns(path, by_sample=by == "item", drop=drop)
    if not columns.disorder:
        return len(columns.slots)
    kept = columns.chosen()
    with replacing(path) as target, open_file(path, "rb") as source:
        for at in kept:
            source.seek(offset_of(columns.positions[at]))
            target.write(source.read(columns.sizes[at]))
    return len(kept)


def copy_aside(path: Path, offsets: Iterable[int], aside: Path) -> None:
    """Append the records at these offsets to another file, before ``compact`` drops them.

    Raises:
        DiskError: No room for them; both files stay readable.
    """
    try:
        with open_file(path, "rb") as source, open_file(aside, "ab") as target:
            for offset in sorted(offsets):
                source.seek(offset)
                target.write(source.readline())
    except OSError as error:
        raise disk_error(aside, error) from error
