"""Reading what a journal holds: by key, in order, or as it grows.

A damaged line in the middle is put aside into ``<file>.damaged`` with its line number, and what it held is asked again.
Of several records with one key the last that succeeded counts, else the last. ``judgebench.store.index`` finds them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Generic, Literal, TypeVar

import msgspec

from judgebench.records.flow import Exchange
from judgebench.store.files import DamagedError, Decoder, open_file, unreadable
from judgebench.store.index import Aside, RecordIndex, is_ok, offset_of, slot_sample
from judgebench.store.journal import mend

T = TypeVar("T", bound=Exchange)


def records(path: Path, kind: type[T]) -> Iterator[T]:
    """Yield the records of a file in file order, streaming; damaged lines are put aside."""
    decode = Decoder(kind)
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
                yield decode(raw)
            except DamagedError as error:
                aside.put(number, raw, error)


class Recorded(Generic[T]):
    """The records of a file, found by key; only places are held in memory (24 bytes a record).

    Args:
        path: The file; may be missing. A torn last line is mended.
        kind: Record type of its lines.
        by: ``question`` finds a record by what was asked, ``content`` by the sample's content (which says as much where
            all records were asked with the same settings), ``slot`` by sample and repeat alone.
    """

    def __init__(self, path: Path, kind: type[T], *, by: Literal["question", "content", "item"] = "question") -> None:
        self._decode = Decoder(kind)
        self.by = by
        self._by_sample = by == "item"
        mend(path)
        self._positions = RecordIndex(path, digest={"question": "uuid", "content": "uid", "item": ""}[by])
        self._file: BinaryIO | None = open_file(path, "rb") if len(self._positions) else None

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
        except DamagedError:  # in a part that the search for places skips
            return None

    def track(self) -> None:
        """Remember from now on which records are looked up, for ``superseded``."""
        self._positions.track()

    def superseded(self) -> set[int]:
        """Return where records stand that nothing asks for any more: others of their item were looked up, they not."""
        return self._positions.superseded()


class _Key(msgspec.Struct, gc=False):
    """The part of a record that says which item it is about."""

    id: int
    repeat: int = 0


class Entry(Generic[T]):
    """A line of a journal of which only the item is known until it is read: most of a million are passed over.

    Attributes:
        id: Id of the sample.
        repeat: Number of the repetition.
    """

    __slots__ = ("_decode", "_raw", "id", "repeat")

    def __init__(self, key: _Key, raw: bytes, decode: Callable[[bytes], T]) -> None:
        self.id = key.id
        self.repeat = key.repeat
        self._raw = raw
        self._decode = decode

    def read(self) -> T | None:
        """Return the record; ``None`` where the line is damaged, which ``records`` and ``Recorded`` put aside."""
        try:
            return self._decode(self._raw)
        except DamagedError:
            return None


class Follower(Generic[T]):
    """Reads the whole lines that another process appends to a file, as they come.

    Args:
        path: The file; may not exist yet.
        kind: Record type of its lines.
    """

    def __init__(self, path: Path, kind: type[T]) -> None:
        self._path = path
        self._key = Decoder(_Key)
        self._decode = Decoder(kind)
        self._rest = b""
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
        data = self._rest
        while piece := self._file.read(1 << 22):
            data += piece
            if b"\n" in piece:
                break
        *lines, self._rest = data.split(b"\n")
        found: list[Entry[T]] = []
        for raw in lines:
            if raw:
                try:
                    found.append(Entry(self._key(raw), raw, self._decode))
                except DamagedError:
                    continue
        return found

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()
