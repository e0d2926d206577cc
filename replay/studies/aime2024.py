"""AIME 2024: the rows, their answers, and a made model that gives every answer as it stands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replay.study import Check, Ours, Path_, Plan, Results, Study, answered_by_the_key, rows, shipped, stated

_FILE = "aime2024.jsonl"


def _expected(path: Path) -> dict[str, Any]:
    return {
        "rows": int(stated(r"Expected: (\d+) rows", path)),
        "keys": stated(r"Keys \[(.*?)\]", path),
        "answers": stated(r"answers ([\d, ]+)\.", path).split(", "),
    }


def plan(folder: Path) -> Plan:
    """Run the made model through the shipped config and its rule."""
    (dataset,) = shipped("aime2024_gen")
    return answered_by_the_key({**dataset, "path": str(folder / _FILE)}, rows(folder / _FILE), "answer")


def figures(folder: Path, results: Results) -> Mapping[Path_, Ours]:
    """Return the counts, the answers, and how many of them the rule does not take."""
    found = rows(folder / _FILE)
    result = results.get("key", "aime2024")
    return {
        ("rows",): result.counts.planned,
        ("keys",): ", ".join(map(repr, found[0])),
        ("answers",): [row["answer"] for row in found],
        ("answers that the rule calls wrong",): Check(results.wrong("key", "aime2024")),
    }


STUDY = Study("aime2024", plan, figures, expected="README.md", read=_expected)
