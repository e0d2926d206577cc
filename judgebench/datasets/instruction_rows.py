"""Prompts with instructions that a program can check (IFEval, IFBench and what has their layout)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from judgebench.datasets.columns import Row, SourceConfig
from judgebench.datasets.judge_samples import JudgeSamples, JudgeSamplesConfig
from judgebench.errors import DataError

INSTRUCTIONS = "instructions"
"""Meta column of the instructions: ``[id, arguments]`` each."""


class InstructionRowsConfig(JudgeSamplesConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``type=InstructionRows``: those of ``JudgeSamples``."""

    def further_columns(self) -> dict[str, Any]:
        """Return the columns of the instructions."""
        return super().further_columns() | {"instruction_id_list": ["..."], "kwargs": [{}]}


class InstructionRows(JudgeSamples):
    """Reads ``instruction_id_list`` and ``kwargs``; arguments without a value are left out, as the authors do."""

    Config: ClassVar[type[JudgeSamplesConfig]] = InstructionRowsConfig

    def rows(self, data_dir: Path | None) -> Iterator[Row]:
        """Yield the rows with their instructions.

        Raises:
            DataError: A row has none, or not as many arguments as instructions.
        """
        for row in super().rows(data_dir):
            yield row._replace(values={**row.values, INSTRUCTIONS: _instructions(row)})

    def _columns(self) -> SourceConfig:
        own = super()._columns()
        return msgspec.structs.replace(own, meta_columns=[*own.meta_columns, INSTRUCTIONS])


def _instructions(row: Row) -> list[list[Any]]:
    names, given = row.values.get("instruction_id_list"), row.values.get("kwargs")
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise DataError(
            f"{row.place}: the column 'instruction_id_list' must hold a list of the instructions' names, "
            f"not {names!r:.60}."
        )
    if not isinstance(given, list) or len(given) != len(names) or not all(isinstance(one, dict) for one in given):
        raise DataError(
            f"{row.place}: the column 'kwargs' must hold an object for each of {len(names)} instructions, "
            f"not {given!r:.60}."
        )
    return [[name, {key: value for key, value in one.items() if value}] for name, one in zip(names, given, strict=True)]
