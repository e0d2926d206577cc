"""PandaLM: two recorded judges, and the three annotators as judges of each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

from replay.study import Check, Ours, Path_, Plan, Results, Study, recordings, rows, shipped, stem

_PARSER = {
    "type": "first_match",
    "patterns": ["^(0|1|2|Tie)$"],
    "decisions": {"0": "tie", "Tie": "tie", "1": "A", "2": "B"},
}
_METRICS = {
    "accuracy": "accuracy",
    "macro_precision": "macro_precision",
    "macro_recall": "macro_recall",
    "macro_f1": "macro_f1",
}
_COUNTS_UNREAD = "gpt-3.5-turbo"
"""The judge of which the source counts the replies that say nothing; the other one said something each time."""


def _dataset() -> dict[str, Any]:
    (dataset,) = shipped("pandalm")
    # the recordings hold pairs of equal responses too
    return {**dataset, "method": {**dataset["method"], "parser": _PARSER, "skip_equal": ""}}


def _judges(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in recordings(folder, "judgments_*.jsonl*"):
        yield stem(path).partition("_")[2], path


def _annotators(folder: Path) -> list[tuple[str, str]]:
    columns = [name for name in rows(folder / "pairs.jsonl")[0] if name.startswith("annotator")]
    return list(combinations(columns, 2))


def _number(column: str) -> str:
    return column.removeprefix("annotator")


def plan(folder: Path) -> Plan:
    """Replay both judges against the majority, and each annotator against each later one."""
    made = Plan()
    for name, path in _judges(folder):
        made.add({"abbr": f"pandalm--{name}", "path": str(path), "item": "{idx}", "text": "result"}, _dataset())
    for one, other in _annotators(folder):
        model = {"abbr": f"pandalm--{one}", "path": str(folder / "pairs.jsonl"), "item": "{idx}", "text": one}
        gold = {**_dataset(), "abbr": f"pandalm_{other}", "gold_majority": [], "gold_column": other}
        made.add(model, gold)
    return made


def figures(folder: Path, results: Results) -> Mapping[Path_, Ours]:
    """Return our figures."""
    found: dict[Path_, Ours] = {}
    for one, other in _annotators(folder):
        kappa = results.value(f"pandalm--{one}", f"pandalm_{other}", "kappa")
        found["annotator_kappa", f"{_number(one)}-{_number(other)}"] = kappa
    for name, _ in _judges(folder):
        result = results.get(f"pandalm--{name}", "pandalm")
        found[name, "n"] = result.metrics["accuracy"].n
        for key, metric in _METRICS.items():
            found[name, key] = result.metrics[metric].value
        unread = result.metrics["unread"].value
        found[name, "garbage"] = unread if name == _COUNTS_UNREAD else Check(unread)
        for key, decision in {"0": "tie", "1": "A", "2": "B"}.items():
            found["majority_label_counts", key] = result.metrics[f"gold/{decision}"].value
    return found


STUDY = Study("pandalm", plan, figures)
