"""Datasets in CSV files (RFC 4180: quoted fields may hold commas and line breaks), plain or gzipped."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any

from judgebench.content.spool import Spool
from judgebench.datasets.columns import Row, SourceConfig, samples_of_rows
from judgebench.datasets.jsonl_file import opened
from judgebench.datasets.samples import find, hub_rows
from judgebench.errors import DataError
from judgebench.records.flow import Sample

_FIELD_LIMIT = 1 << 28
_LONGEST_NAME = 64
"""Characters of a row's name; no image is as short in base64 (VLMEvalKit takes the same length)."""


class CsvDataset:
    """A CSV file; else the hub, where the config names a place there."""

    class Config(SourceConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """The keys of every loader, and two more.

        Attributes:
            columns: Names of the columns of a file without a header line; empty takes the first line.
            delimiter: What parts the fields.
            shared_images: Column of the rows' names: an image column that holds the name of another row means that
                row's image, as in the files of VLMEvalKit (``index``); empty where each row has its own.
        """

        columns: list[str] = []  # noqa: RUF012 -- a struct copies its defaults
        delimiter: str = ","
        shared_images: str = ""

    def __init__(self, config: Config) -> None:
        self.config = config

    def samples(self, data_dir: Path | None = None) -> Iterator[Sample]:
        """Yield the samples in the order of the file, in constant memory; every value is a text.

        Raises:
            DataError: A row is not what was declared.
            MissingDataError: There is neither a file nor a hub to get it from.
        """
        path = find(self.config, data_dir)
        rows = self.rows(path) if path else hub_rows(self.config, data_dir)
        if path and self.config.shared_images:
            rows = self._with_shared_images(path)
        return samples_of_rows(rows, self.config)

    def count(self, data_dir: Path | None = None) -> int | None:
        """Return how many rows there are; ``None`` where only the hub knows."""
        path = find(self.config, data_dir)
        if path is None:
            return None
        count = sum(1 for _ in self.rows(path))
        return count if self.config.limit is None else min(count, self.config.limit)

    def rows(self, path: Path) -> Iterator[Row]:
        """Yield the rows of a file, before columns are chosen; every value is a text.

        Raises:
            DataError: It is no valid CSV or UTF-8, or has no rows.
        """
        csv.field_size_limit(_FIELD_LIMIT)
        with opened(path) as raw:
            text = io.TextIOWrapper(raw, encoding="utf-8", newline="")
            reader = csv.reader(text, delimiter=self.config.delimiter, strict=True)
            try:
                yield from self._checked(reader, path)
            except UnicodeDecodeError as error:
                line = reader.line_num + 1
                raise DataError(f"{path}: not valid UTF-8 at or after line {line} ({error.reason}).") from None
            except csv.Error as error:
                raise DataError(f"{path}:{reader.line_num}: not valid CSV ({error}).") from None

    def _with_shared_images(self, path: Path) -> Iterator[Row]:
        """Yield rows with the image of the row that they name; such images wait in a file, not in memory.

        Raises:
            DataError: A row names one that is not there, or one that names a third.
        """
        columns, key = self.config.image_columns, self.config.shared_images
        named = {
            (column, name)
            for row in self.rows(path)
            for column in columns
            if (name := _row_named(row.values.get(column)))
        }
        spool, spans = Spool(), {}
        for row in self.rows(path) if named else ():
            for column in columns:
                if (column, str(row.values.get(key))) in named:
                    image = row.values.get(column) or ""
                    if _row_named(image):
                        raise DataError(f"{row.place}: row {row.values.get(key)!r} has no image of its own to share.")
                    spans[column, str(row.values.get(key))] = spool.put(image.encode())
        for row in self.rows(path):
            shared: dict[str, str] = {}
            for column in columns:
                if name := _row_named(row.values.get(column)):
                    if (column, name) not in spans:
                        raise DataError(
                            f"{row.place}: the column {column!r} names the row {name!r}, and no row has that name "
                            f"in the column {key!r}."
                        )
                    shared[column] = spool.get(spans[column, name]).decode()
            yield row._replace(values={**row.values, **shared}) if shared else row

    def _checked(self, reader: Iterator[list[str]], path: Path) -> Iterator[Row]:
        header = list(self.config.columns) or [name.strip() for name in next(reader, [])]
        if not header:
            raise DataError(f"{path} is empty; a line with the names of the columns was expected.")
        if len(set(header)) < len(header):
            raise DataError(f"{path}: two columns have the same name (columns found: {', '.join(header)}).")
        any_row = False
        line = reader.line_num  # type: ignore[attr-defined]
        for values in reader:
            start, line = line + 1, reader.line_num  # type: ignore[attr-defined]
            if not values:
                continue
            any_row = True
            if len(values) != len(header):
                raise DataError(
                    f"{path}:{start}: {len(header)} fields were expected ({', '.join(header)}) and {len(values)} found."
                )
            if any("\x00" in value for value in values):
                raise DataError(f"{path}:{start}: the row holds a NUL byte; text was expected.")
            yield Row(dict(zip(header, values, strict=True)), path, start)
        if not any_row:
            raise DataError(f"{path} has no rows.")


def _row_named(value: Any) -> str:
    """Return the name of a row that stands in the place of an image; empty where the column holds the image itself."""
    text = str(value or "").strip()
    return text if len(text) <= _LONGEST_NAME and text and not PurePath(text).suffix else ""
