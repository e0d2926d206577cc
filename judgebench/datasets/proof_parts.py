"""Problems in parts, which are to be solved one after the other, each with an official solution."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from judgebench.datasets.columns import Row, SourceConfig
from judgebench.datasets.judge_samples import JudgeSamples, JudgeSamplesConfig
from judgebench.errors import DataError

PARTS = "parts"
"""Field of the parts, numbered from 1."""
LISTED = "proof_parts"
"""Meta column of ``problem`` and ``solution`` of each part."""


class ProofPartsConfig(JudgeSamplesConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``type=ProofParts``, beside those of ``JudgeSamples``.

    Attributes:
        count_column: Column that says how many parts a row has.
        part_column: Name of the columns of the parts; ``{part}`` stands for their numbers from 1.
        solution_column: Likewise for their official solutions, which may be empty.
    """

    count_column: str = "number_of_parts"
    part_column: str = "sub-problem{part}"
    solution_column: str = "sub-solution{part}"

    def further_columns(self) -> dict[str, Any]:
        """Return the columns of the first part."""
        columns = {column.replace("{part}", "1"): "..." for column in (self.part_column, self.solution_column)}
        return {**super().further_columns(), self.count_column: 1, **columns}


class ProofParts(JudgeSamples):
    """Gives each item the field ``parts``, and the parts with their solutions for ``PartsInOrder`` (RIMO-P)."""

    Config: ClassVar[type[JudgeSamplesConfig]] = ProofPartsConfig
    config: ProofPartsConfig

    def rows(self, data_dir: Path | None) -> Iterator[Row]:
        """Yield the rows with their parts.

        Raises:
            DataError: A row does not say how many parts it has, or lacks one of them.
        """
        for row in super().rows(data_dir):
            listed = [self._part(row, number) for number in range(1, self._count(row) + 1)]
            shown = "\n\n".join(f"Part {number}:\n{one['problem']}" for number, one in enumerate(listed, 1))
            yield row._replace(values={**row.values, PARTS: shown, LISTED: listed})

    def _columns(self) -> SourceConfig:
        own = super()._columns()
        return msgspec.structs.replace(
            own, input_columns=[*own.input_columns, PARTS], meta_columns=[*own.meta_columns, LISTED]
        )

    def _count(self, row: Row) -> int:
        count = row.values.get(self.config.count_column)
        count = int(count) if isinstance(count, str) and count.isdigit() else count
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise DataError(f"{row.place}: the column {self.config.count_column!r} must hold 1 or more, not {count!r}.")
        return count

    def _part(self, row: Row, number: int) -> dict[str, str]:
        names = [one.replace("{part}", str(number)) for one in (self.config.part_column, self.config.solution_column)]
        problem, solution = (row.values.get(name) for name in names)
        if not isinstance(problem, str) or not problem.strip():
            raise DataError(f"{row.place}: the column {names[0]!r} must hold a text, not {problem!r:.60}.")
        return {"problem": problem, "solution": solution if isinstance(solution, str) else ""}
