"""AIME 2025: the rows and their answers, the same in two other copies, and a made model that gives every answer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replay.study import Check, Ours, Path_, Plan, Results, Study, answered_by_the_key, rows, shipped, stated

_FILE = "aime2025.jsonl"
_COPIES = ("variant_areal.jsonl", "variant_eval_reasoning.jsonl")


def _expected(path: Path) -> dict[str, Any]:
    return {
        "rows": int(stated(rf"{_FILE}: (\d+) rows", path)),
        "answers": stated(r"Expected answers in order: ([\d, ]+)\.", path).split(", "),
    }


def plan(folder: Path) -> Plan:
    """Run the made model through the shipped config and its rule."""
    (dataset,) = shipped("aime2025_gen")
    return answered_by_the_key({**dataset, "path": str(folder / _FILE)}, rows(folder / _FILE), "answer")


def figures(folder: Path, results: Results) -> Mapping[Path_, Ours]:
    """Return the counts, the answers, and how many answers differ in a copy, or are not taken by the rule."""
    answers = [row["answer"] for row in rows(folder / _FILE)]
    copies = {name: [str(int(float(row["answer"]))) for row in rows(folder / name)] for name in _COPIES}
    return {
        ("rows",): results.get("key", "aime2025").counts.planned,
        ("answers",): answers,
        ("answers that the rule calls wrong",): Check(results.wrong("key", "aime2025")),
        **{
            (f"answers that differ in {name}",): Check(sum(a != b for a, b in zip(answers, other, strict=True)))
            for name, other in copies.items()
        },
    }


STUDY = Study("aime2025", plan, figures, expected="README.md", read=_expected)
