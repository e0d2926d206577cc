"""Reading what a journal holds: by key, in order, or as it grows.

A damaged line in the middle is put aside into ``<file>.damaged`` with its line number, and what it held is asked again.
Of several records with one key the last that succeeded counts, else the last.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Container, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Generic, Literal, NamedTuple, TypeVar

import msgspec

from judgebench.records import Exchange
from judgebench.store.journal import disk_error, mend, open_temporary

logger = logging.getLogger(__name__)
T = TypeVar("T", bound=Exchange)


class Line(msgspec.Struct, frozen=True):
    """The part of a record by which it is found again; everything else is skipped when it is decoded."""

    id: int
    uid: str
    uuid: str
    status: str
    repeat: int = 0
    view: str = ""
    nth: int = 0


class Place(NamedTuple):
    """Where a record stands in its file."""

    line: Line
    offset: int
    size: int


def places(path: Path) -> Iterator[Place]:
    """Yield every readable record's key and place, in file order; damaged lines are put aside.

    The file must not end in a torn line (see ``mend``); a line still being written is left out.
    """
    if not path.exists():
        return
    decode = msgspec.json.Decoder(Line).decode
    offset = 0
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            size = len(raw)
            if raw.endswith(b"\n") and size > 1:
                try:
                    yield Place(decode(raw), offset, size)
                except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                    _put_aside(path, number, raw, error)
            offset += size


def records(path: Path, kind: type[T]) -> Iterator[T]:
    """Yield the records of a file in file order, streaming; damaged lines are put aside."""
    if not path.exists():
        return
    decode = msgspec.json.Decoder(kind).decode
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            if not raw.endswith(b"\n") or len(raw) == 1:
                continue
            try:
                yield decode(raw)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                _put_aside(path, number, raw, error)


class Recorded(Generic[T]):
    """The records of a file, found by key; only places are held in memory (about 150 bytes a record).

    Args:
        path: The file; may be missing. A torn last line is mended.
        kind: Record type of its lines.
        by: ``question`` finds a record by what was asked, ``content`` by the sample's content (which says as much where
            all records were asked with the same settings), ``item`` by sample and repeat alone.
    """

    def __init__(self, path: Path, kind: type[T], *, by: Literal["question", "content", "item"] = "question") -> None:
        self._decode = msgspec.json.Decoder(kind).decode
        self._by = by
        self._places: dict[int, int] = {}
        self._file: BinaryIO | None = None
        mend(path)
        for place in places(path):
            line = place.line
            key = self._key(line.id, line.repeat, line.uuid if by == "question" else line.uid)
            ok = line.status == "ok"
            known = self._places.get(key)
            if known is None or ok or not known & 1:
                self._places[key] = place.offset << 1 | ok
        if self._places:
            self._file = path.open("rb")

    def __len__(self) -> int:
        return len(self._places)

    def __enter__(self) -> Recorded[T]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file:
            self._file.close()

    def status(self, id: int, repeat: int, digest: str = "") -> str:
        """Return ``ok``, ``failed`` or, where nothing is recorded, an empty text; ``digest``: a uuid or uid (``by``)."""
        known = self._places.get(self._key(id, repeat, digest))
        return "" if known is None else "ok" if known & 1 else "failed"

    def get(self, id: int, repeat: int, digest: str = "") -> T | None:
        """Return a record, read from disk, or ``None``; ``digest`` is a uuid or uid (``by``)."""
        known = self._places.get(self._key(id, repeat, digest))
        if known is None or self._file is None:
            return None
        self._file.seek(known >> 1)
        return self._decode(self._file.readline())

    def _key(self, id_: int, repeat: int, hash_: str) -> int:
        item = id_ << 20 | repeat
        return item if self._by == "item" else item << 64 | int(hash_[:16], 16)


def compact(path: Path, *, by: Literal["question", "item"] = "question", keep: Container[str] | None = None) -> int:
    """Sort a file by id, repeat, view and number, keep one record per key, and swap it in atomically.

    A file that is already so is left alone. Returns the number of records.

    Args:
        path: The file.
        by: ``item`` keeps one record per sample and repeat, ``question`` one per question about it.
        keep: Only records with these uuids, where given.

    Raises:
        DiskError: No room for the sorted copy; the file stays as it was, which is valid too.
    """
    mend(path)
    best: dict[tuple[int, int, str, int, str], Place] = {}
    disorder = False
    last: tuple[int, int, str, int, str] | None = None
    for place in places(path):
        line = place.line
        if keep is not None and line.uuid not in keep:
            disorder = True
            continue
        detail = ("", 0, "") if by == "item" else (line.view, line.nth, line.uuid)
        key = (line.id, line.repeat, *detail)
        if last is not None and key <= last:
            disorder = True
        last = key
        known = best.get(key)
        if known is None or line.status == "ok" or known.line.status != "ok":
            best[key] = place
    if disorder:
        _rewrite(path, [best[key] for key in sorted(best)])
    return len(best)


def _rewrite(path: Path, kept: list[Place]) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with path.open("rb") as source, open_temporary(temporary) as target:
            for place in kept:
                source.seek(place.offset)
                target.write(source.read(place.size))
            target.flush()
            os.fsync(target.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise disk_error(path, error) from error


class Follower(Generic[T]):
    """Reads the whole lines that another process appends to a file, as they come.

    Args:
        path: The file; may not exist yet.
        kind: Record type of its lines.
    """

    def __init__(self, path: Path, kind: type[T]) -> None:
        self._path = path
        self._decode = msgspec.json.Decoder(kind).decode
        self._rest = b""
        self._file = None if not path.exists() else path.open("rb")

    def new(self) -> list[T]:
        """Return the records that were completed since the last call; unreadable lines are left to a later reader."""
        if self._file is None:
            if not self._path.exists():
                return []
            self._file = self._path.open("rb")
        data = self._rest + self._file.read(1 << 22)
        *lines, self._rest = data.split(b"\n")
        found: list[T] = []
        for raw in lines:
            if raw:
                try:
                    found.append(self._decode(raw))
                except (msgspec.MsgspecError, UnicodeDecodeError):
                    continue
        return found

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()


def _put_aside(path: Path, number: int, raw: bytes, error: Exception) -> None:
    aside = path.with_name(path.name + ".damaged")
    entry = f"line {number}: {error}\n".encode() + raw.rstrip(b"\n") + b"\n"
    try:
        if not aside.exists() or entry not in aside.read_bytes():
            with os.fdopen(os.open(aside, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o666), "ab") as file:
                file.write(entry)
    except OSError as failure:
        raise disk_error(aside, failure) from failure
    logger.warning("%s line %d is damaged (%s); put aside in %s", path.name, number, error, aside.name)
