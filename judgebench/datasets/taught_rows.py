"""Rows whose gold is what another judge, the teacher, replied: its verdict is read out of its text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

from judgebench.datasets.columns import Row
from judgebench.datasets.judge_samples import JudgeSamples, JudgeSamplesConfig, value_at
from judgebench.errors import ConfigError, DataError

TAUGHT = "taught"
"""Column of what was read out of the teacher's text; empty (null) where nothing was."""


class TaughtRowsConfig(JudgeSamplesConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``type=TaughtRows``, beside those of ``JudgeSamples``.

    Attributes:
        teacher_column: Column of the teacher's reply.
        teacher_pattern: Regular expression; the verdict is the first group of its first match. A reply without a match
            gives no gold.
    """

    teacher_column: str
    teacher_pattern: str
    gold_column: str = TAUGHT
    gold_missing: Literal["refuse", "drop"] = "drop"


class TaughtRows(JudgeSamples):
    """Gives each row the teacher's verdict in the column ``taught`` (JudgerBench B)."""

    Config: ClassVar[type[JudgeSamplesConfig]] = TaughtRowsConfig
    config: TaughtRowsConfig

    def __init__(self, config: TaughtRowsConfig) -> None:
        super().__init__(config)
        try:
            self._pattern = re.compile(config.teacher_pattern)
        except re.error as error:
            raise ConfigError(f"teacher_pattern: {error.pattern!r} is no regular expression ({error}).") from None
        if not self._pattern.groups:
            raise ConfigError("teacher_pattern: the expression needs a group, which holds the verdict.")

    def rows(self, data_dir: Path | None) -> Iterator[Row]:
        """Yield the rows with the teacher's verdict.

        Raises:
            DataError: A row has no reply of the teacher.
        """
        for row in super().rows(data_dir):
            said = value_at(row, self.config.teacher_column)
            if not isinstance(said, str):
                raise DataError(
                    f"{row.place}: the column {self.config.teacher_column!r} must hold the teacher's reply."
                )
            found = self._pattern.search(said)
            yield row._replace(values={**row.values, TAUGHT: found and found[1]})
