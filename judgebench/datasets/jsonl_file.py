"""A JSONL file: its lines, its rows, and what may be wrong with them."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import msgspec

from judgebench.content.repeated_keys import repeated_key
from judgebench.datasets.columns import Row
from judgebench.datasets.selection import Wanted
from judgebench.errors import DAMAGED, DataError

_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a data file for reading bytes, decompressed where its name ends in ``.gz``, past a UTF-8 mark.

    Raises:
        DataError: The file cannot be read, is damaged, or is not UTF-8 text.
    """
    try:
        with cast("IO[bytes]", gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")) as file:
            start = file.read(3)
            if start[:2] in _UTF16_MARKS:
                raise DataError(f"{path} is UTF-16 text; UTF-8 was expected.")
            if start != _UTF8_MARK:
                file.seek(0)
            yield file
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path} is a damaged gzip file: {error}.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the number (from 1) and the bytes of every line that is not blank; only a line feed ends a line."""
    with opened(path) as file:
        yield from _lines(file, 1)


def _lines(file: IO[bytes], first: int) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(file, first):
        stripped = line.strip(b" \t\r\n")
        if stripped:
            yield number, stripped


def rows_of(path: Path) -> Iterator[Row]:
    """Yield the objects of a JSONL file.

    Raises:
        DataError: A line is no JSON object, or the file has none.
    """
    return (row for row in wanted_rows(path, None) if not isinstance(row, int))


def wanted_rows(path: Path, wanted: Wanted | None) -> Iterator[Row | int]:
    """Yield the rows whose number (from 0) is wanted, and for others, passed over, how many they are.

    Raises:
        DataError: As of ``rows_of``.
    """
    decoder = msgspec.json.Decoder(dict[str, Any])
    number = 0
    with opened(path) as file:
        whole = wanted is None or path.suffix == ".gz"  # which cannot go back
        passed = 0 if whole else _pass_over(file, cast("Wanted", wanted).first)
        yield passed
        for count, (number, line) in enumerate(_lines(file, passed + 1), passed):
            if wanted is not None and not wanted.holds(count):
                yield 1
                continue
            try:
                values = decoder.decode(line)
            except DAMAGED as error:
                raise _unreadable(path, number, line, error) from None
            if (key := repeated_key(line, len(values))) is not None:
                raise given_twice(f"{path}:{number}", key)
            yield Row(values, path, number)
    if not number and not passed:
        raise DataError(f"{path} is empty; one JSON object per line was expected.")


def _pass_over(file: IO[bytes], rows: int) -> int:
    """Pass over at most so many rows, many at once; returns how many.

    It ends where a line does not begin as an object does: it may be blank, and so no row.
    """
    passed, at, before = 0, file.tell(), b"\n"
    next_row = at
    while piece := file.read(_PIECE):
        count = piece.count(b"\n")
        begun = piece.count(b"\n{") + (before == b"\n" and piece.startswith(b"{"))
        if passed + count > rows or begun + piece.endswith(b"\n") != count + (before == b"\n"):
            break
        passed += count
        if count:
            next_row = at + piece.rindex(b"\n") + 1
        at += len(piece)
        before = piece[-1:]
    file.seek(next_row)
    return passed


_PIECE = 1 << 16


def given_twice(place: str, key: str) -> DataError:
    """Return the error about a row that has a key twice."""
    return DataError(f"{place}: the key {key!r} is given twice; keep only one of them", hint="Remove one.")


def _unreadable(path: Path, number: int, line: bytes, error: Exception) -> DataError:
    shown = line[:60].decode("utf-8", "backslashreplace")
    if line[:1] == b"[" and number == 1:
        hint = "A JSON array was found; write one object per line instead."
    elif b"NaN" in line or b"Infinity" in line:
        hint = "NaN and Infinity are not JSON; write null or leave the key out."
    elif b"\x00" in line:
        hint = "The line holds a NUL byte; the file may be binary, or was not closed properly."
    else:
        hint = f"The line starts with: {shown!r}"
    return DataError(f"{path}:{number}: one JSON object was expected on the line ({error}).", hint=hint)
