"""Rows that come and go: each says when it was released and when it was removed, and a release is what was there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from judgebench.datasets.columns import Row
from judgebench.datasets.judge_samples import JudgeSamples, JudgeSamplesConfig, value_at
from judgebench.errors import ConfigError, DataError

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class ReleasedRowsConfig(JudgeSamplesConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``type=ReleasedRows``, beside those of ``JudgeSamples``.

    Attributes:
        released_column: Column of the day (``2024-11-25``) on which a row was released.
        removed_column: Column of the day on which it was removed; empty in rows that are still there.
        release: Day of the release: rows that were released by then and not removed by then. Empty takes the rows that
            were never removed.
        only: Values that a column may hold, by column; all other rows are left out.
    """

    released_column: str
    removed_column: str
    release: str = ""
    only: dict[str, list[str]] = msgspec.field(default_factory=dict)


class ReleasedRows(JudgeSamples):
    """Gives the rows of one release (LiveBench, White et al. 2024)."""

    Config: ClassVar[type[JudgeSamplesConfig]] = ReleasedRowsConfig
    config: ReleasedRowsConfig

    def __init__(self, config: ReleasedRowsConfig) -> None:
        if config.release and not _DAY.fullmatch(config.release):
            raise ConfigError(f"release: {config.release!r} is no day; write it as 2024-11-25.")
        super().__init__(config)

    def rows(self, data_dir: Path | None) -> Iterator[Row]:
        """Yield the rows of the release.

        Raises:
            DataError: A row does not say when it was released, or says it in another form.
        """
        for row in super().rows(data_dir):
            if all(value_at(row, column) in values for column, values in self.config.only.items()) and self._there(row):
                yield row

    def _there(self, row: Row) -> bool:
        released = self._day(row, self.config.released_column, row.values.get(self.config.released_column))
        removed: Any = row.values.get(self.config.removed_column) or ""
        if not self.config.release:
            return not removed
        gone = bool(removed) and self._day(row, self.config.removed_column, removed) <= self.config.release
        return released <= self.config.release and not gone

    def _day(self, row: Row, column: str, value: Any) -> str:
        day = str(value)[:10]  # the hub gives a time of day too
        if not _DAY.fullmatch(day):
            raise DataError(
                f"{row.place}: the column {column!r} must hold a day such as 2024-11-25, not {value!r:.60}."
            )
        return day
