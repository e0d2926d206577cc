"""Pairs of answers of which a file holds a row for each order (the position-bias study, Shi et al. 2024)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import msgspec

from judgebench.datasets.columns import Row
from judgebench.datasets.judge_samples import JudgeSamples, JudgeSamplesConfig
from judgebench.errors import DataError


class OrderedPairsConfig(JudgeSamplesConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``type=OrderedPairs``.

    Attributes:
        name_column: Column with the row's name: ``QUESTION;FIRST;SECOND``, where the other order is
            ``QUESTION;SECOND;FIRST``.
        conversation: Columns of the turns of the question, in turn with those of the answers; empty for one turn.
        first_turns: Columns of the first model's turns. ``second_turns``: of the second model's.
    """

    key: str = "{name}"
    name_column: str = "cmp_index"
    conversation: list[str] = msgspec.field(default_factory=list)
    first_turns: list[str] = msgspec.field(default_factory=list)
    second_turns: list[str] = msgspec.field(default_factory=list)


class OrderedPairs(JudgeSamples):
    """Of the two rows about a pair the first is the item, whose first answer is A; a judge is asked in both orders.

    Rows get the columns ``name``, ``turns`` (the question's turns), ``first_text`` and ``second_text``.
    """

    Config: ClassVar[type[JudgeSamplesConfig]] = OrderedPairsConfig
    config: OrderedPairsConfig

    def rows(self, data_dir: Path | None) -> Iterator[Row]:
        """Yield a row for each pair.

        Raises:
            DataError: A row has no such name, repeats an earlier one, or lacks a turn.
        """
        seen: set[str] = set()
        for row in super().rows(data_dir):
            name = row.values.get(self.config.name_column)
            parts = name.split(";") if isinstance(name, str) else []
            if len(parts) < 3 or not all(parts):
                wanted = "'QUESTION;FIRST;SECOND' was expected"
                raise DataError(f"{row.place}: the column {self.config.name_column!r} holds {name!r:.60}; {wanted}.")
            if name in seen:
                raise DataError(f"{row.place}: a previous row has the {self.config.name_column!r} {name!r:.60} too.")
            seen.add(str(name))
            *question, first, second = parts
            if ";".join([*question, second, first]) in seen:
                continue
            texts = {
                "name": name,
                "turns": self._turns(row, self.config.conversation),
                "first_text": self._turns(row, self.config.first_turns),
                "second_text": self._turns(row, self.config.second_turns),
            }
            yield row._replace(values={**row.values, **texts})

    @staticmethod
    def _turns(row: Row, columns: list[str]) -> str:
        texts = [row.values.get(column) for column in columns]
        lacking = next((column for column, text in zip(columns, texts, strict=True) if not isinstance(text, str)), None)
        if lacking is not None:
            raise DataError(f"{row.place}: the column {lacking!r} is missing or holds no text.")
        if len(texts) == 1:
            return str(texts[0])
        return "\n\n".join(f"[turn {number}]\n{text}" for number, text in enumerate(texts, 1))
