"""Texts of a run, read where they stand: questions, answers, replies; and the search in them."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from judgebench.content.parts import in_words
from judgebench.errors import DAMAGED, UsageError
from judgebench.query.regexes import TooSlowError, searching
from judgebench.query.sources import Source
from judgebench.records.flow import Prompt
from judgebench.store.journal import open_descriptor
from judgebench.store.recorded import slot_sample

T = TypeVar("T")

_AT_MOST = 64
"""Files that are open at once."""


class _Texts(msgspec.Struct, gc=False):
    """The texts of a prediction or of a judge call, and what they are about."""

    id: int
    origin_prompt: Prompt
    prediction: str
    repeat: int = 0
    reasoning_content: str = ""
    gold: Any = None


_DECODE = msgspec.json.Decoder(_Texts).decode
_PLAIN = re.compile(r"[A-Za-z0-9 ,;:()-]+", re.ASCII)
"""Texts that stand in JSON as they are."""


class Files:
    """The files of a run, opened when needed; used by one thread at a time."""

    def __init__(self) -> None:
        self._open: dict[Path, int] = {}

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Close all."""
        while self._open:
            os.close(self._open.popitem()[1])

    def read(self, path: Path, at: int, size: int) -> bytes:
        """Return bytes of a file; none where it cannot be read."""
        descriptor = self._open.get(path)
        if descriptor is None:
            if len(self._open) >= _AT_MOST:
                self.close()
            try:
                descriptor = open_descriptor(path, os.O_RDONLY)
            except OSError:
                return b""
            self._open[path] = descriptor
        with suppress(OSError):
            return os.pread(descriptor, size, at)
        return b""

    def record(self, path: Path, at: int, size: int, kind: type[T]) -> T | None:
        """Return the record that stands in a place; ``None`` where it is not there any more."""
        try:
            return msgspec.json.decode(self.read(path, at, size), type=kind)
        except DAMAGED:
            return None


class TextReader:
    """Reads the texts about an item, and searches in them as functions of SQL.

    Args:
        index: An index, for the places of judge calls.
        sources: The result rows by number.
    """

    def __init__(self, index: sqlite3.Connection, sources: Sequence[Source]) -> None:
        self.files = Files()
        self._index = index
        self._sources = sources
        self._key: tuple[int, int] = (-1, -1)
        self._last: _Texts | None = None
        self._too_slow: TooSlowError | None = None

    def answer(self, row: int, id: int, repeat: int, at: int | None, size: int | None) -> _Texts | None:
        """Return the texts of the prediction that stands in a place; ``None`` where it is not there."""
        path = self._sources[row].predictions
        if at is None or size is None or path is None:
            return None
        if self._key != (row, at):
            self._key, self._last = (row, at), _decoded(self.files.read(path, at, size), id, repeat)
        return self._last

    def calls(self, row: int, id: int, repeat: int) -> Iterator[tuple[bytes, int]]:
        """Yield the judge calls about an answer as they stand in the file, and where."""
        path = self._sources[row].calls
        if path is None:
            return
        found = self._index.execute(
            "SELECT at, size FROM calls WHERE row = ? AND slot = ? ORDER BY at", (row, slot_sample(id, repeat))
        )
        for at, size in found.fetchall():
            yield self.files.read(path, at, size), at

    def add_functions(self, connection: sqlite3.Connection) -> None:
        """Make the search in texts known to SQL: ``text_contains``, ``text_matches``, ``text_equals``."""

        def with_test(make: Callable[[str], tuple[Callable[[str], Any], bytes]]) -> Callable[..., bool]:
            known = lru_cache(64)(make)

            def found(row: int, id: int, repeat: int, at: int | None, size: int | None, names: str, text: str) -> bool:
                test, needed = known(text)
                return self._any(row, id, repeat, at, size, names, test, needed)

            return found

        def remembering(function: Callable[..., bool]) -> Callable[..., bool]:
            def matches(*values: Any) -> bool:
                try:
                    return function(*values)
                except TooSlowError as error:
                    self._too_slow = error  # SQLite says of whatever is raised here no more than that something was
                    raise

            return matches

        connection.create_function("text_contains", 7, with_test(_containing))
        matching = with_test(lambda text: (searching(text), b""))
        connection.create_function("text_matches", 7, remembering(matching))
        connection.create_function("text_equals", 7, with_test(lambda text: (text.__eq__, b"")))
        connection.create_function("value_contains", 2, _value_contains, deterministic=True)
        connection.create_function("value_matches", 2, remembering(_value_matches), deterministic=True)

    def given_up(self) -> UsageError | None:
        """Return why the last search was given up, once; ``None`` where it was not."""
        error, self._too_slow = self._too_slow, None
        return error.for_readers() if error is not None else None

    def _any(
        self,
        row: int,
        id: int,
        repeat: int,
        at: int | None,
        size: int | None,
        names: str,
        test: Callable[[str], Any],
        needed: bytes,
    ) -> bool:
        wanted = names.split(",")
        path = self._sources[row].predictions
        if at is not None and size is not None and path is not None and wanted != ["reply"]:
            raw = self.files.read(path, at, size) if needed else b""
            if not needed or needed in raw.lower():
                one = self.answer(row, id, repeat, at, size)
                if one is not None and (
                    ("answer" in wanted and test(one.prediction))
                    or ("question" in wanted and test(in_words(one.origin_prompt)))
                    or ("reasoning" in wanted and one.reasoning_content and test(one.reasoning_content))
                ):
                    return True
        if "reply" not in wanted and not ("question" in wanted and at is None):
            return False
        for raw, _ in self.calls(row, id, repeat):
            if needed and needed not in raw.lower():
                continue
            call = _decoded(raw, id, repeat)
            if call is not None and (
                ("reply" in wanted and (test(call.prediction) or test(call.reasoning_content)))
                or ("question" in wanted and at is None and test(in_words(call.origin_prompt)))
            ):
                return True
        return False


def _decoded(raw: bytes, id: int, repeat: int) -> _Texts | None:
    """Return a record if it is about the item: the file may have been written again since the index was made."""
    try:
        one = _DECODE(raw)
    except DAMAGED:
        return None
    return one if (one.id, one.repeat) == (id, repeat) else None


def _containing(text: str) -> tuple[Callable[[str], bool], bytes]:
    """Return the test for a text whatever its case, and bytes without which a line need not be decoded."""
    part = text.lower()
    needed = part.encode() if _PLAIN.fullmatch(text) else b""
    return lambda whole: part in whole.lower(), needed


def _value_contains(value: Any, part: str) -> bool:
    return value is not None and part.lower() in str(value).lower()


def _value_matches(value: Any, pattern: str) -> bool:
    return value is not None and searching(pattern)(str(value))
