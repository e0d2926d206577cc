"""Data sets in JSONL files: one JSON object per line, plain or gzipped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from judgebench.datasets import files, hub
from judgebench.datasets.columns import Row, SourceConfig, samples_of_rows
from judgebench.errors import DataError
from judgebench.records import Sample


class JsonlDataset:
    """A JSONL file; else the hub, where the config names a place there."""

    class Config(SourceConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """The keys of every loader."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def samples(self, data_dir: Path | None = None) -> Iterator[Sample]:
        """Yield the samples in the order of the file, in constant memory.

        Raises:
            DataError: A line is not what was declared.
            MissingDataError: There is neither a file nor a hub to get it from.
        """
        path = files.find(self.config, data_dir)
        rows = rows_of(path) if path else hub.rows_of(self.config, data_dir)
        return samples_of_rows(rows, self.config)

    def count(self, data_dir: Path | None = None) -> int | None:
        """Return how many rows there are without reading them as JSON; ``None`` where only the hub knows."""
        path = files.find(self.config, data_dir)
        if path is None:
            return None
        return _within(sum(1 for _ in files.lines(path)), self.config.limit)


def rows_of(path: Path) -> Iterator[Row]:
    """Yield the objects of a JSONL file.

    Raises:
        DataError: A line is no JSON object, or the file has none.
    """
    decoder = msgspec.json.Decoder(dict[str, Any])
    number = 0
    for number, line in files.lines(path):
        try:
            values = decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise _unreadable(path, number, line, error) from None
        if (key := repeated_key(line, len(values))) is not None:
            raise given_twice(f"{path}:{number}", key)
        yield Row(values, path, number)
    if number == 0:
        raise DataError(f"{path} is empty; one JSON object per line was expected.")


def repeated_key(text: bytes, keys: int) -> str | None:
    """Return a key that an object of a JSON text has twice, of which readers silently take the last.

    Args:
        text: Valid JSON.
        keys: How many keys the objects that were read from it have, as far as is known. Where the text has no more,
            none was lost, and it is not read again.
    """
    if text.count(b'":') == keys and b'" :' not in text and b'"\t:' not in text:
        return None
    try:
        json.loads(text, object_pairs_hook=_once_each)
    except _RepeatedKeyError as error:
        return error.key
    except (ValueError, RecursionError):  # whoever reads the text says what is wrong with it
        return None
    return None


def given_twice(place: str, key: str) -> DataError:
    """Return the error about a row that has a key twice."""
    return DataError(f"{place}: the key {key!r} is given twice; which of its values is meant?", hint="Remove one.")


class _RepeatedKeyError(ValueError):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _once_each(pairs: list[tuple[str, Any]]) -> None:
    if len(pairs) != len(dict(pairs)):
        names = [name for name, _ in pairs]
        raise _RepeatedKeyError(next(name for name in names if names.count(name) > 1))


def _unreadable(path: Path, number: int, line: bytes, error: Exception) -> DataError:
    shown = line[:60].decode("utf-8", "backslashreplace")
    if line[:1] == b"[" and number == 1:
        hint = "A JSON array was found; write one object per line instead."
    elif b"NaN" in line or b"Infinity" in line:
        hint = "NaN and Infinity are no JSON; write null or leave the key out."
    elif b"\x00" in line:
        hint = "The line holds a NUL byte; the file may be binary, or was not closed properly."
    else:
        hint = f"The line starts with: {shown!r}"
    return DataError(f"{path}:{number}: one JSON object was expected on the line ({error}).", hint=hint)


def _within(count: int, limit: int | None) -> int:
    return count if limit is None else min(count, limit)
