"""The rows of a published file: JSONL, a JSON list, JSON objects one after the other, Parquet, or a table of text.

Benchmarks are published in all of these; JSONL is read line by line, the others by what their name ends in.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from judgebench.content.repeated_keys import repeated_key
from judgebench.datasets.columns import Row
from judgebench.datasets.csv_file import CsvDataset
from judgebench.datasets.jsonl_file import given_twice, lines, opened, rows_of
from judgebench.errors import DAMAGED, DataError

_BLANK = " \t\r\n"
_DELIMITERS = {".csv": ",", ".tsv": "\t"}


def objects_of(path: Path, columns: Sequence[str] = ()) -> Iterator[Row]:
    """Yield the rows of a file, which may be compressed (``.json.gz``).

    Args:
        path: The file. ``.csv`` and ``.tsv`` are tables whose first line names the columns, ``.txt`` one whose fields
            stand between tabs, or in lines without a tab between blanks; their values are texts.
        columns: Names of the columns of a table without such a line; ``.txt`` needs them.

    Raises:
        DataError: The file has no rows, or one of them is no object; names the file and the row (the line on which an
            object begins, or the number from 0 of an entry of a list or of a Parquet row).
    """
    kinds = [suffix for suffix in path.suffixes if suffix != ".gz"]
    if kinds[-1:] == [".parquet"]:
        return _parquet(path)
    if kinds[-1:] == [".json"]:
        return _json(path)
    if (delimiter := _DELIMITERS.get(kinds[-1] if kinds else "")) is not None:
        return CsvDataset(CsvDataset.Config(input_columns=[], delimiter=delimiter, columns=list(columns))).rows(path)
    if kinds[-1:] == [".txt"]:
        return _between_blanks(path, columns)
    return rows_of(path)


def _between_blanks(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    number = 0
    for number, line in lines(path):
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise DataError(f"{path}:{number}: not valid UTF-8 at byte {error.start} ({error.reason}).") from None
        values = text.split("\t" if "\t" in text else None)
        if len(values) != len(columns):
            wanted = f"{len(columns)} fields between tabs or blanks were expected ({', '.join(columns)})"
            raise DataError(f"{path}:{number}: {wanted} and {len(values)} found.")
        yield Row(dict(zip(columns, values, strict=True)), path, number)
    if not number:
        raise DataError(f"{path} is empty; rows of {', '.join(columns)} were expected.")


def _json(path: Path) -> Iterator[Row]:
    with opened(path) as file:
        data = file.read()
    if data.lstrip()[:1] != b"[":
        yield from _one_after_the_other(data, path)
        return
    try:
        listed = msgspec.json.decode(data, type=list[Any])
    except DAMAGED as error:
        raise DataError(f"{path}: a JSON list of objects was expected ({error}).") from None
    if not listed:
        raise DataError(f"{path} holds an empty list; a list of objects was expected.")
    if (key := repeated_key(data, sum(len(values) for values in listed if isinstance(values, dict)))) is not None:
        raise given_twice(str(path), key)
    for number, values in enumerate(listed):
        if not isinstance(values, dict):
            raise DataError(f"{path}:{number}: an object was expected in the list, not {type(values).__name__}.")
        yield Row(values, path, number)


def _one_after_the_other(data: bytes, path: Path) -> Iterator[Row]:
    """Yield objects that follow each other with nothing but blanks between them, each on one line or on many."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not valid UTF-8 at byte {error.start} ({error.reason}).") from None
    decoder = json.JSONDecoder(parse_constant=_no_constant)
    place = _after_blanks(text, 0)
    line, upto = 1, 0
    if place == len(text):
        raise DataError(f"{path} is empty; JSON objects were expected.")
    while place < len(text):
        line, upto = line + text.count("\n", upto, place), place
        try:
            _, end = decoder.raw_decode(text, place)  # says where the object ends
            values = msgspec.json.decode(text[place:end])  # reads it as JSONL is read: no lone surrogates, no 1e999
        except DAMAGED as error:
            raise DataError(f"{path}:{line}: a JSON object was expected to begin here ({error}).") from None
        if not isinstance(values, dict):
            raise DataError(f"{path}:{line}: an object was expected, not {type(values).__name__}.")
        if (key := repeated_key(text[place:end].encode(), len(values))) is not None:
            raise given_twice(f"{path}:{line}", key)
        yield Row(values, path, line)
        place = _after_blanks(text, end)


def _parquet(path: Path) -> Iterator[Row]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise DataError(
            f"{path}: Parquet files need the package 'pyarrow', which cannot be imported ({error}).",
            hint="Install it, or save the file as JSONL.",
        ) from error
    number = 0
    try:
        with parquet.ParquetFile(path) as opened:
            for batch in opened.iter_batches(batch_size=256):
                for values in batch.to_pylist():
                    yield Row(values, path, number)
                    number += 1
    except (ArrowException, OSError) as error:
        raise DataError(f"{path} cannot be read as Parquet: {' '.join(str(error).split())[:200]}.") from None
    if number == 0:
        raise DataError(f"{path} has no rows.")


def _after_blanks(text: str, place: int) -> int:
    while place < len(text) and text[place] in _BLANK:
        place += 1
    return place


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
