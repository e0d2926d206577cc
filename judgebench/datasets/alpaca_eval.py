"""AlpacaEval: a model's answers beside a baseline's, each pair in the order that the instruction itself decides."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from judgebench.datasets.columns import COPY, Row
from judgebench.datasets.duplicates import DuplicateRows
from judgebench.datasets.judge_samples import JudgeSamples, JudgeSamplesConfig
from judgebench.datasets.objects import objects_of
from judgebench.errors import DataError


class AlpacaEvalConfig(JudgeSamplesConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``type=AlpacaEval``; ``path`` is a JSON list or JSONL of answers (``instruction``, ``output``).

    Attributes:
        baseline: File of the baseline's answers in the same layout.
        instructions: For recordings that leave the answers out: file of the instructions by ``idx``. Each answer is
            then shown as a note that says so, equal ones (``identical``) as equal notes.
        seed: Seed of the order in which the two answers are shown.
    """

    input_columns: list[str] = msgspec.field(default_factory=lambda: ["instruction"])
    answer_columns: list[str] = msgspec.field(default_factory=lambda: ["shown_first", "shown_second"])
    meta_columns: list[str] = msgspec.field(
        default_factory=lambda: ["tested_first", "len_1", "len_2", "dataset", "difficulty"]
    )
    key: str = "{idx}"
    baseline: str = ""
    instructions: str = ""
    seed: int = 0


class AlpacaEval(JudgeSamples):
    """Answers are in the order in which they are shown; ``meta["tested_first"]`` says whose comes first."""

    Config: ClassVar[type[JudgeSamplesConfig]] = AlpacaEvalConfig
    config: AlpacaEvalConfig

    def rows(self, data_dir: Path | None) -> Iterator[Row]:
        """Yield one row per instruction."""
        config = self.config
        if bool(config.baseline) == bool(config.instructions):
            raise DataError(
                "AlpacaEval: either baseline (a file of answers) or instructions (for recordings) is needed."
            )
        if config.instructions:
            known: dict[str | int, Mapping[str, Any]] = {}
            given = DuplicateRows()
            for row in self._file(config.instructions, data_dir):
                given.times(_index(row), row, f"the instruction {_index(row)!r}")
                known[_index(row)] = row.values
            for row in self._file(config.path, data_dir):
                about = known.get(_index(row))
                if about is None:
                    raise DataError(f"{row.place}: there is no instruction {_index(row)!r}.")
                yield self._shown({**about, **row.values}, row, *_notes(row.values))
            return
        baselines = self._baselines(data_dir)
        answered = DuplicateRows(config.repeated)
        for number, row in enumerate(self._file(config.path, data_dir)):
            other = baselines.get(_instruction(row, row.values))
            if other is None:
                raise DataError(f"{row.place}: the baseline has no answer to this instruction.")
            tested, baseline = row.values.get("output"), other.values.get("output")
            again = answered.times(_instruction(row, row.values), row, "the answered instruction") > 1
            shared = {name: other.values[name] for name in ("difficulty",) if name in other.values}
            about = {"idx": number, **shared, **({COPY: True} if again else {})}
            yield self._shown({**about, **row.values}, row, baseline, tested)

    def local(self, data_dir: Path | None) -> bool:  # noqa: ARG002 - a file is all there can be
        """Whether the answers are in a file here; there is no place on the hub for a user's own."""
        return True

    def sources(self, data_dir: Path | None) -> list[Path]:
        """Return the files of both sides, as far as they are here."""
        return self.other_files([self.config.path, self.config.baseline, self.config.instructions], data_dir)

    def _baselines(self, data_dir: Path | None) -> dict[str, Row]:
        """Return the baseline's answers by instruction."""
        known: dict[str, Row] = {}
        answered = DuplicateRows()
        for row in self._file(self.config.baseline, data_dir):
            instruction = _instruction(row, row.values)
            answered.times(instruction, row, "the instruction that the baseline answers")
            known[instruction] = row
        return known

    def _shown(self, values: dict[str, Any], row: Row, baseline: Any, tested: Any) -> Row:
        first = tested_shown_first(_instruction(row, values), self.config.seed)
        pair = (tested, baseline) if first else (baseline, tested)
        return row._replace(values={**values, "tested_first": first, "shown_first": pair[0], "shown_second": pair[1]})

    def _file(self, path: str, data_dir: Path | None) -> Iterator[Row]:
        return objects_of(self.other_file(path, data_dir))


def tested_shown_first(instruction: str, seed: int) -> bool:
    """Return whether the tested model's answer is shown first: AlpacaEval's own seeded choice."""
    return random.Random(f"is_switched_outputs{instruction}{seed}").choices([False, True])[0]


def _instruction(row: Row, values: Mapping[str, Any]) -> str:
    instruction = values.get("instruction")
    if not isinstance(instruction, str):
        raise DataError(f"{row.place}: the column 'instruction' is missing or no text.")
    return instruction


def _index(row: Row) -> str | int:
    index = row.values.get("idx")
    if isinstance(index, bool) or not isinstance(index, str | int):
        raise DataError(f"{row.place}: the column 'idx' must hold a text or an integer, not {index!r:.60}.")
    return index


def _notes(values: Mapping[str, Any]) -> tuple[str, str]:
    """Return what stands for the baseline's and the tested answer where a recording leaves them out."""
    baseline = f"(the baseline's answer, {values.get('len_1')} characters, is not in this recording)"
    if values.get("identical"):
        return baseline, baseline
    return baseline, f"(the tested answer, {values.get('len_2')} characters, is not in this recording)"
