"""Datasets in Parquet files, images included (the hub's ``Image`` columns hold ``{"bytes": ..., "path": ...}``)."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from judgebench.datasets.columns import Row, SourceConfig, media_columns, samples_of_rows
from judgebench.datasets.samples import find, hub_rows
from judgebench.errors import DataError
from judgebench.records.flow import Sample

_BATCH = 256
"""Rows that are read at a time."""
_PICTURES = 16
"""The same for rows with images, which are some thousand times as long."""
_INDEX = "__index_level_"
"""How the columns begin in which pandas keeps its row labels."""


class ParquetDataset:
    """A Parquet file; else the hub, where the config names a place there."""

    class Config(SourceConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """The keys of every loader."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def samples(self, data_dir: Path | None = None) -> Iterator[Sample]:
        """Yield the samples in the order of the file.

        Raises:
            DataError: A row is not what was declared, or the file is no Parquet file.
            MissingDataError: There is neither a file nor a hub to get it from.
        """
        path = find(self.config, data_dir)
        rows = (
            parquet_rows(path, [name for name, _ in media_columns(self.config)])
            if path
            else hub_rows(self.config, data_dir)
        )
        return samples_of_rows(rows, self.config)

    def count(self, data_dir: Path | None = None) -> int | None:
        """Return how many rows there are, as the file's footer says; ``None`` where only the hub knows."""
        path = find(self.config, data_dir)
        if path is None:
            return None
        import pyarrow as pa
        from pyarrow import parquet

        try:
            count: int = parquet.ParquetFile(path).metadata.num_rows
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(path, error) from error
        return count if self.config.limit is None else min(count, self.config.limit)

    @staticmethod
    def columns(path: Path) -> list[str]:
        """Return the columns of a file, by its first row.

        Raises:
            DataError: It is no Parquet file that can be read, or has no rows.
        """
        return list(next(parquet_rows(path)).values)


def parquet_rows(path: Path, images: Collection[str] = ()) -> Iterator[Row]:
    """Yield the rows of a file, a few at a time.

    Args:
        path: The file.
        images: Columns whose bytes are kept as they are; elsewhere bytes become hexadecimal text.

    Raises:
        DataError: It is no Parquet file that can be read, or has no rows.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            names = [name for name in file.schema_arrow.names if not name.startswith(_INDEX)]
            number = 0
            for batch in file.iter_batches(_PICTURES if images else _BATCH, columns=names):
                for values in batch.to_pylist():
                    number += 1
                    plain = {name: value if name in images else _plain(value) for name, value in values.items()}
                    yield Row(plain, path, number)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from error
    if number == 0:
        raise DataError(f"{path} has no rows.")


def _unreadable(path: Path, error: Exception) -> DataError:
    why = " ".join(str(error).split())[:200].rstrip(".")
    return DataError(
        f"{path} is no Parquet file that can be read: {why}.",
        hint="Get it again, or give the rows as .jsonl, .csv or .tsv.",
    )


def _plain(value: Any) -> Any:
    """Return a value of a Parquet file as JSON has it; a number that is none is a missing one."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.hex() if isinstance(value, bytes) else str(value)  # times and decimals
