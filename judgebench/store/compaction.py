"""Rewriting a file of records: only those that count, in order, or some of them to another file."""

from __future__ import annotations

import os
from array import array
from collections.abc import Container, Iterable
from pathlib import Path
from typing import Literal

from judgebench.store.journal import disk_error, mend, open_file, open_temporary
from judgebench.store.recorded import is_ok, offset_of, place_of, scan, slot_sample


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
    mend(path)
    columns = _IndexColumns(path, by_sample=by == "item", drop=drop)
    if not columns.disorder:
        return len(columns.slots)
    kept = columns.chosen()
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open_file(path, "rb") as source, open_temporary(temporary) as target:
            for at in kept:
                source.seek(offset_of(columns.positions[at]))
                target.write(source.read(columns.sizes[at]))
            target.flush()
            os.fsync(target.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise disk_error(path, error) from error
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
