"""MATH-500: the rows by level and subject, and a made model that gives every answer in a box."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replay.study import Check, Ours, Path_, Plan, Results, Study, answered_by_the_key, rows, shipped, stated

_FILE = "test.jsonl"


def _expected(path: Path) -> dict[str, Any]:
    levels = stated(r"level \(1-5: \{(.*?)\}\)", path)
    return {
        "rows": int(stated(r"Expected: (\d+) rows", path)),
        "subjects": int(stated(r"subject \((\d+)\)", path)),
        "levels": {level.strip(): int(count) for level, count in (one.split(":") for one in levels.split(","))},
    }


def plan(folder: Path) -> Plan:
    """Run the made model through the shipped config and its rule."""
    (dataset,) = shipped("math500_gen")
    return answered_by_the_key({**dataset, "path": str(folder / _FILE)}, rows(folder / _FILE), "answer")


def figures(folder: Path, results: Results) -> Mapping[Path_, Ours]:
    """Return the counts, and how many answers the rule does not take."""
    found = rows(folder / _FILE)
    levels = Counter(str(row["level"]) for row in found)
    return {
        ("rows",): results.get("key", "math500").counts.planned,
        ("subjects",): len({row["subject"] for row in found}),
        **{("levels", level): count for level, count in levels.items()},
        ("answers that the rule calls wrong",): Check(results.wrong("key", "math500")),
    }


STUDY = Study("math500", plan, figures, expected="README.md", read=_expected)
