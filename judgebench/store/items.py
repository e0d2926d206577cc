"""What files of records say without an index: how many items are answered, where one begins, which file it is."""

from __future__ import annotations

import os
from collections.abc import Container
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

import msgspec

from judgebench.errors import DAMAGED
from judgebench.store.journal import open_file
from judgebench.store.recorded import slot_sample


class _ItemStatus(msgspec.Struct):
    id: int
    repeat: int = 0
    status: str = ""


_ITEM = msgspec.json.Decoder(_ItemStatus)


def answered_items(path: Path, within: Container[int] | None = None) -> int:
    """Return for how many items a file of predictions or judge calls holds a good answer; changes nothing.

    Args:
        path: The file; may be missing.
        within: Slots of the items that count; ``None``: all do.
    """
    marked: dict[int, bytearray] = {}  # by repeat, a byte for each item: a set of pairs takes a hundred
    far: set[tuple[int, int]] = set()
    try:
        with open_file(path, "rb") as file:
            for raw in file:
                with suppress(*DAMAGED):
                    item = _ITEM.decode(raw)
                    if item.status != "ok":
                        continue
                    if within is not None and slot_sample(item.id, item.repeat) not in within:
                        continue
                    if not 0 <= item.id < _MOST_MARKED:
                        far.add((item.id, item.repeat))
                        continue
                    marks = marked.setdefault(item.repeat, bytearray())
                    if item.id >= len(marks):
                        marks.extend(bytes(item.id + 1 - len(marks) + len(marks) // 8))
                    marks[item.id] = 1
    except OSError:
        return 0
    return sum(marks.count(1) for marks in marked.values()) + len(far)


def first_from(path: Path, slot: int) -> int:
    """Return where in a sorted file (``compact``) the first record of this slot or a later one begins.

    Where the file is not sorted it is some place where a line begins; its size where there is no such record.
    """
    try:
        file = open_file(path, "rb")
    except OSError:
        return 0
    with file:
        low, high = 0, file.seek(0, os.SEEK_END)  # a line begins at low, and at or before high
        while low < high:
            file.seek((low + high) // 2)
            if (low + high) // 2 > low:
                file.readline()  # the rest of a line
            begin = file.tell()
            if begin >= high:  # no line begins between: the first one decides
                begin = low
                file.seek(low)
            line = file.readline()
            try:
                item = _ITEM.decode(line)
            except DAMAGED:
                return low
            if slot_sample(item.id, item.repeat) < slot:
                low = begin + len(line)
            else:
                high = begin
        return low


def tail_of(path: Path, size: int) -> str:
    """Return a hash of what ends the first so many bytes of a file: it tells one file that grows from another.

    Raises:
        OSError: The file cannot be read.
    """
    with open_file(path, "rb") as file:
        file.seek(max(0, size - _TAIL))
        return blake2b(file.read(min(size, _TAIL)), digest_size=8).hexdigest()


_TAIL = 4096
_MOST_MARKED = 1 << 26
"""Row numbers from here on, if there are any, are kept as they are."""
