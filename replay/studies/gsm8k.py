"""GSM8K: recorded solutions as tested models, graded by the rule through infer, extract and summarize."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replay.study import Ours, Path_, Plan, Results, Study, rows, shipped

_FILE = "model_solutions.jsonl.gz"
_MARKERS = ["####", "A:"]


def _runs(folder: Path) -> list[str]:
    """Return the columns that hold a solution with its label."""
    row = rows(folder / _FILE)[0]
    return [name for name, value in row.items() if isinstance(value, dict) and "solution" in value]


def _dataset(folder: Path) -> dict[str, Any]:
    (dataset,) = shipped("gsm8k_gen")
    rule = {**dataset["evaluator"], "markers": _MARKERS, "require_marker": True}
    return {**dataset, "abbr": "gsm8k_recorded", "path": str(folder / "test.jsonl"), "evaluator": rule}


def plan(folder: Path) -> Plan:
    """Replay every column of solutions."""
    made = Plan()
    for run in _runs(folder):
        keys = {"path": str(folder / _FILE), "item": "{idx}", "text": f"{run}.solution"}
        made.add({"abbr": f"gsm8k--{run}", **keys}, _dataset(folder))
    return made


def figures(folder: Path, results: Results) -> Mapping[Path_, Ours]:
    """Return our figures; a solution without an answer is wrong, as in the source."""
    recorded = rows(folder / _FILE)
    found: dict[Path_, Ours] = {("test_n",): len(rows(folder / "test.jsonl")), ("solutions_n",): len(recorded)}
    mismatches = without = 0
    for run in _runs(folder):
        result = results.get(f"gsm8k--{run}", _dataset(folder)["abbr"])
        details = {detail["id"]: detail["verdict"] for detail in result.details or []}
        right = {number: verdict.get("decision") == "correct" for number, verdict in details.items()}
        found[run, "correct"] = sum(right.values())
        bounds = result.metrics["accuracy"].bounds
        found[run, "accuracy"] = bounds[0] if bounds else None  # over all items, the unread ones as wrong
        mismatches += sum(right.get(row["idx"]) != row[run]["is_correct"] for row in recorded)
        without += sum(verdict["status"] == "unparsed" for verdict in details.values())
    found["rule_mismatches",] = mismatches
    found["no_answer",] = without
    return found


STUDY = Study("gsm8k", plan, figures, decimals=2)
