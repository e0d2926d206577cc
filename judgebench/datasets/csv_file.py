"""Datasets in CSV files (RFC 4180: quoted fields may hold commas and line breaks), plain or gzipped."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from judgebench.datasets.columns import Row, SourceConfig, samples_of_rows
from judgebench.datasets.samples import find, hub_rows, opened
from judgebench.errors import DataError
from judgebench.records.flow import Sample

_FIELD_LIMIT = 1 << 28


class CsvDataset:
    """A CSV file; else the hub, where the config names a place there."""

    class Config(SourceConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """The keys of every loader, and two more.

        Attributes:
            columns: Names of the columns of a file without a header line; empty takes the first line.
            delimiter: What parts the fields.
        """

        columns: list[str] = []  # noqa: RUF012 -- a struct copies its defaults
        delimiter: str = ","

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
