"""RewardBench 2's subset of prompts with many right answers: every answer is an item that is graded by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from judgebench.datasets.columns import Row
from judgebench.datasets.duplicates import DuplicateRows
from judgebench.datasets.judge_samples import JudgeSamples, JudgeSamplesConfig
from judgebench.errors import DataError

_NAME = re.compile(r"(ref|tied):(.+)", re.DOTALL)


class RewardTiesConfig(JudgeSamplesConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``type=RewardTies``.

    Attributes:
        subset: Value of the column ``subset`` whose rows are taken.
    """

    input_columns: list[str] = msgspec.field(default_factory=lambda: ["prompt"])
    answer_columns: list[str] = msgspec.field(default_factory=lambda: ["answer"])
    gold_column: str = "right"
    gold_labels: dict[str, str] = msgspec.field(default_factory=lambda: {"true": "correct", "false": "incorrect"})
    meta_columns: list[str] = msgspec.field(default_factory=lambda: ["kind", "pair", "answers"])
    key: str = "{kind}:{pair}-{place}"
    subset: str = "Ties"


class RewardTies(JudgeSamples):
    """Answers of prompts that come in pairs.

    ``meta`` tells which prompt an answer belongs to: its ``kind`` (``ref`` has one right answer, ``tied`` many), the
    ``pair`` of both kinds, and how many ``answers`` the prompt has.
    """

    Config: ClassVar[type[JudgeSamplesConfig]] = RewardTiesConfig
    config: RewardTiesConfig

    def rows(self, data_dir: Path | None) -> Iterator[Row]:
        """Yield one row per answer, the right ones of a prompt first."""
        prompts = DuplicateRows()
        for row in super().rows(data_dir):
            if row.values.get("subset") != self.config.subset:
                continue
            name = row.values.get("id")
            found = _NAME.fullmatch(name) if isinstance(name, str) else None
            if found is None:
                raise DataError(f"{row.place}: the id {name!r} must be ref:<name> or tied:<name>.")
            prompts.times(name, row, f"the prompt {name!r}")
            right, wrong = (_answers(row, column) for column in ("chosen", "rejected"))
            expected = row.values.get("num_correct", len(right))
            if expected != len(right):
                raise DataError(f"{row.place}: num_correct is {expected!r}, and chosen holds {len(right)} answers.")
            about = {"kind": found[1], "pair": found[2], "answers": len(right) + len(wrong)}
            for place, answer in enumerate([*right, *wrong]):
                graded = {"answer": answer, "right": place < len(right), "place": place}
                yield row._replace(values={**row.values, **about, **graded})


def _answers(row: Row, column: str) -> list[Any]:
    found = row.values.get(column)
    if not isinstance(found, list) or not found or not all(isinstance(one, str) for one in found):
        raise DataError(f"{row.place}: the column {column!r} must hold a list of texts, not {found!r:.60}.")
    return found
