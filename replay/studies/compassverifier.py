"""CompassVerifier: the three published samples, and a made judge that says what the labels say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replay.study import Check, Ours, Path_, Plan, Results, Study, rows, shipped, stated

_FILE = "samples.jsonl"


def _expected(path: Path) -> dict[str, Any]:
    return {
        "rows": int(stated(rf"{_FILE}: (\d+) rows", path)),
        "labels": stated(r"expected labels ([A-C, ]+)\.", path).split(", "),
    }


def plan(folder: Path) -> Plan:
    """Run the made judge."""
    made = Plan()
    (dataset,) = shipped("compassverifier")
    made.files["labels.jsonl"] = [
        {"item": str(row["idx"]), "raw": f"VERDICT: {row['gold_judgment']}"} for row in rows(folder / _FILE)
    ]
    made.add({"abbr": "labels", "path": "labels.jsonl", "item": "{item}"}, {**dataset, "path": str(folder / _FILE)})
    return made


def figures(folder: Path, results: Results) -> Mapping[Path_, Ours]:
    """Return the counts, the labels, and how many of them the judge's replies were not read as."""
    accuracy = results.value("labels", "compassverifier", "accuracy")
    return {
        ("rows",): results.get("labels", "compassverifier").counts.planned,
        ("labels",): [row["gold_judgment"] for row in rows(folder / _FILE)],
        ("percent that is read differently",): Check(None if accuracy is None else 100 - accuracy),
    }


STUDY = Study("compassverifier", plan, figures, expected="README.md", read=_expected)
