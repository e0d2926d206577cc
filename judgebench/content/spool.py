"""Bytes that are too many for memory and are needed again: they lie in a file without a name until the task ends."""

from __future__ import annotations

import tempfile
from typing import NamedTuple


class Span(NamedTuple):
    """Where bytes lie in the spool."""

    start: int
    length: int


class Spool:
    """Takes bytes in and gives them back; the file goes with the process, however it ends."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="judgebench-spool-")  # noqa: SIM115 - it lives as long as this does
        self._end = 0

    def put(self, data: bytes) -> Span:
        """Keep bytes; returns where they are."""
        self._file.seek(self._end)
        self._file.write(data)
        span = Span(self._end, len(data))
        self._end += len(data)
        return span

    def get(self, span: Span) -> bytes:
        """Return bytes that were kept."""
        self._file.seek(span.start)
        return self._file.read(span.length)
