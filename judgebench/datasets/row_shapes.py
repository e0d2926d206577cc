"""Published files whose items are not their rows: lists inside of an object, lists inside of a row, tables beside.

Whatever the layout is, it becomes rows with one item each; the keys ``rows_at``, ``each`` and ``joins`` of
``JudgeSamples`` say how.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from judgebench.datasets.columns import Row
from judgebench.errors import DataError

EVERY_KEY = "*"
"""As ``rows_at``: all keys of the file's object."""


class TableBeside(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A further file that holds more columns of the rows: ``joins=[dict(path=..., on=..., by=...)]``.

    Attributes:
        path: The file, looked for as the dataset's own.
        also: Other names of it.
        on: Column of the row that names a row of the table.
        by: Column of the table that holds that name.
        take: Columns of the table that the row gets; empty takes all.
        columns: Names of the columns of a text table without a heading.
        rows_at: As of the dataset's own file.
    """

    path: str
    on: str
    by: str
    also: list[str] = []
    take: list[str] = []
    columns: list[str] = []
    rows_at: str = ""


def rows_inside(rows: Iterable[Row], rows_at: str) -> Iterator[Row]:
    """Yield the rows that stand inside of the objects of a file, numbered from 0 through the file.

    Args:
        rows: The objects.
        rows_at: Empty: each object is a row. ``*``: its values are rows, or lists of rows, and each row gets the key of
            its value as the column ``part``. A name: the list of that name holds the rows, and what stands beside the
            list are columns of all of them.

    Raises:
        DataError: There is no such list, or it holds something else than objects.
    """
    if not rows_at:
        yield from rows
        return
    number = 0
    for row in rows:
        for about, entry in _entries(row, rows_at):
            if not isinstance(entry, Mapping):
                raise DataError(f"{row.source}:{number}: an object was expected in {rows_at!r}, not {entry!r:.60}.")
            yield row._replace(values={**about, **entry}, line=number)
            number += 1


def _entries(row: Row, rows_at: str) -> Iterator[tuple[Mapping[str, Any], Any]]:
    if rows_at == EVERY_KEY:
        for key, value in row.values.items():
            for entry in value if isinstance(value, list) else [value]:
                yield {"part": key}, entry
        return
    listed = row.values.get(rows_at)
    if not isinstance(listed, list) or not listed:
        raise DataError(f"{row.place}: the key {rows_at!r} must hold a list of objects, not {listed!r:.60}.")
    beside = {key: value for key, value in row.values.items() if key != rows_at}
    for entry in listed:
        yield beside, entry


def one_for_each(rows: Iterable[Row], column: str) -> Iterator[Row]:
    """Yield a row for each entry of the list in a column, or of the object, which then stands in that column.

    The column ``entry`` holds the entry's number from 0, or its key.

    Raises:
        DataError: The column holds no list or object, or an empty one.
    """
    for row in rows:
        listed = row.values.get(column)
        if not isinstance(listed, list | dict) or not listed:
            raise DataError(f"{row.place}: the column {column!r} must hold a list or an object, not {listed!r:.60}.")
        for key, entry in listed.items() if isinstance(listed, dict) else enumerate(listed):
            yield row._replace(values={**row.values, column: entry, "entry": key})


def with_columns(
    rows: Iterable[Row], table: Mapping[str, Mapping[str, Any]], join: TableBeside, path: Path
) -> Iterator[Row]:
    """Yield rows with the columns of the table's row that they name.

    Raises:
        DataError: A row names none, or one that the table lacks.
    """
    for row in rows:
        name = row.values.get(join.on)
        found = table.get(str(name)) if name is not None else None
        if found is None:
            raise DataError(
                f"{row.place}: the column {join.on!r} names {name!r:.60}, and {path} has no row with that {join.by!r}.",
                hint="Use the two files of one publication, or correct the row.",
            )
        yield row._replace(values={**found, **row.values})


def table_of(rows: Iterable[Row], join: TableBeside) -> dict[str, dict[str, Any]]:
    """Return the rows of a table by their names, with the columns that are taken.

    Raises:
        DataError: A row has no name, a name that an earlier row has, or lacks a column.
    """
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        name = row.values.get(join.by)
        if name is None or isinstance(name, list | dict):
            raise DataError(f"{row.place}: the column {join.by!r}, which names the row, is missing or empty.")
        if str(name) in found:
            raise DataError(f"{row.place}: a previous row has the {join.by!r} {name!r:.60} too.")
        lacking = next((column for column in join.take if column not in row.values), None)
        if lacking is not None:
            raise DataError(f"{row.place}: the column {lacking!r} is missing (columns found: {', '.join(row.values)}).")
        taken = join.take or [column for column in row.values if column != join.by]
        found[str(name)] = {column: row.values[column] for column in taken}
    return found
