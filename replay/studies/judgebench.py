"""JudgeBench: judges that write labels, and reward models that give two scores; counter rule."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replay.study import Ours, Path_, Plan, Results, Study, presentations_of, recordings, rows, shipped, stem

_METRICS = {
    "overall": "accuracy",
    "knowledge": "accuracy/knowledge",
    "reasoning": "accuracy/reasoning",
    "math": "accuracy/math",
    "coding": "accuracy/coding",
    "correct": "correct",
    "incorrect": "incorrect",
    "tie_or_inconsistent": "tie_or_inconsistent",
    "null_decisions": "unread_presentations",
    "first_order_acc": "first_order",
    "second_order_acc": "second_order",
    "strict_both": "both_orders",
    "consistency": "consistency",
}
_SCORES = {"type": "first_line_two_numbers", "names": ["A>B", "B>A", "B>A"]}
"""Equal scores are B>A in either order, the rule of the benchmark's reward models."""


def _datasets(folder: Path) -> dict[str, tuple[dict[str, Any], set[str]]]:
    """Return by answering model: the dataset's config, and the names of its pairs."""
    found = {}
    for config in shipped("judgebench_pairs"):
        file = folder.parent / config["path"]
        if file.is_file():
            found[file.stem.partition("_")[2]] = (config, {row["pair_id"] for row in rows(file)})
    return found


def _pairs_of(recorded: list[dict[str, Any]], folder: Path) -> str:
    name = recorded[0]["pair_id"]
    return next(pairs for pairs, (_, names) in _datasets(folder).items() if name in names)


def _model(path: Path, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    recorded = rows(path)
    dataset = dict(_datasets(folder)[_pairs_of(recorded, folder)][0])
    # the recordings hold pairs of equal answers too, and what was said after a judge was asked to go on
    dataset["method"] = {**dataset["method"], "skip_equal": "", "tries": 1}
    column = "scores" if "scores" in recorded[0] else "raw"
    if column == "scores":
        dataset["abbr"] += "_scores"
        dataset["method"] = {**dataset["method"], "parser": _SCORES}
    keys = {"item": "{pair_id}", "presentation": "{order}", "text": column, "null_text": "empty"}
    return {"abbr": f"judgebench--{stem(path)}", "path": str(path), **keys}, dataset


def plan(folder: Path) -> Plan:
    """Replay every file of judgments on the pairs that it is about."""
    made = Plan()
    for path in recordings(folder):
        made.add(*_model(path, folder))
    return made


def figures(folder: Path, results: Results) -> Mapping[Path_, Ours]:
    """Return our figures."""
    found: dict[Path_, Ours] = {}
    for path in recordings(folder):
        recorded = rows(path)
        model, dataset = _model(path, folder)
        result = results.get(model["abbr"], dataset["abbr"])
        name = stem(path)
        found[name, "pairs"] = _pairs_of(recorded, folder)
        found[name, "n_pairs"] = result.counts.planned
        read = {
            (key, presentation.get("presentation", "")): presentation.get("decision")
            for key, presentation in presentations_of(result)
        }
        found[name, "n_judgments"] = len(read)
        found[name, "reparse_mismatches"] = sum(
            read.get((row["pair_id"], row["order"])) != row["decision"] for row in recorded
        )
        for key, metric in _METRICS.items():
            found[name, key] = result.metrics[metric].value
    return found


STUDY = Study("judgebench", plan, figures, decimals=2)
