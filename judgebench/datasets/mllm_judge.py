"""MLLM-as-a-Judge: answers about pictures, graded, compared or put in order by people (Chen et al. 2024)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import ascii_uppercase
from typing import Any, ClassVar, Literal

import msgspec

from judgebench.datasets.columns import Row
from judgebench.datasets.judge_samples import JudgeSamples, JudgeSamplesConfig
from judgebench.errors import DataError

_HUMAN = ("human", "human_answer")


class MllmJudgeConfig(JudgeSamplesConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``type=MllmJudge``, which reads the three layouts of the publication.

    Attributes:
        task: What people did: a grade 1 to 5 of one answer (``score``), the better of two (``pair``), or an order of
            several (``batch``). Rows of ``batch`` get a column ``listed`` with the answers under letters.
    """

    task: Literal["score", "pair", "batch"]
    input_columns: list[str] = msgspec.field(default_factory=lambda: ["instruction"])
    image_columns: list[str] = msgspec.field(default_factory=lambda: ["image_path"])
    rename: dict[str, str] = msgspec.field(default_factory=lambda: {"image_path": "picture"})
    meta_columns: list[str] = msgspec.field(default_factory=lambda: ["original_dataset"])
    gold_column: str = "gold"
    key: str = "{row}"


class MllmJudge(JudgeSamples):
    """People's label stands in ``human`` or ``human_answer``, as text, its letters in brackets or not."""

    Config: ClassVar[type[JudgeSamplesConfig]] = MllmJudgeConfig
    config: MllmJudgeConfig

    def rows(self, data_dir: Path | None) -> Iterator[Row]:
        """Yield the rows with a column ``gold``: a number, ``A`` / ``B`` / ``tie``, or letters from the best on."""
        for row in super().rows(data_dir):
            column = next((name for name in _HUMAN if row.values.get(name) is not None), _HUMAN[0])
            written = str(row.values.get(column, "")).strip()
            if self.config.task == "batch":
                answers = _answers(row)
                letters = _gold_letters(written)
                if sorted(letters) != list(ascii_uppercase[: len(answers)]):
                    raise self._strange(row, column, written, f"an order of {len(answers)} letters, such as CAB,")
                listed = "\n\n".join(f"Answer {ascii_uppercase[at]}:\n{text}" for at, text in enumerate(answers))
                yield row._replace(values={**row.values, "gold": letters, "listed": listed})
            elif self.config.task == "pair":
                gold = {"A": "A", "B": "B", "C": "tie"}.get(_gold_letters(written))
                if gold is None:
                    raise self._strange(row, column, written, "A, B or C (a tie)")
                yield row._replace(values={**row.values, "gold": gold})
            else:
                if written not in {"1", "2", "3", "4", "5"}:
                    raise self._strange(row, column, written, "a grade from 1 to 5")
                yield row._replace(values={**row.values, "gold": int(written)})

    @staticmethod
    def _strange(row: Row, column: str, written: str, wanted: str) -> DataError:
        return DataError(f"{row.place}: the column {column!r} holds {written!r:.60}; {wanted} was expected.")


def _gold_letters(written: str) -> str:
    return re.sub(r"[\s,\[\]]", "", written)


def _answers(row: Row) -> list[str]:
    listed = row.values.get("answers")
    texts = [one.get("answer") for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    wanted: Any = listed if isinstance(listed, list) else []
    if not 2 <= len(texts) <= len(ascii_uppercase) or len(texts) != len(wanted) or None in texts:
        raise DataError(f'{row.place}: answers must hold a list of {{"name": ..., "answer": ...}}, two or more.')
    return [str(text) for text in texts]
