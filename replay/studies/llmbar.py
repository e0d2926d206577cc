"""LLMBar: evaluators whose ordered regex tables are in ``parsing.json``, and evaluators that rate each output alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any

from replay.study import Check, Ours, Path_, Plan, Results, Study, presentations_of, recordings, rows, shipped, stem

_METRICS = {
    "correct_False": "first_order",
    "correct_True": "second_order",
    "correct_average": "mean_of_orders",
    "correct_both": "both_orders",
    "equal": "consistency",
}
_ALONE = {"tie": [-1, 1], "unread": [1, -1]}
"""Equal ratings lose in one order and win in the other, unreadable ones likewise: the benchmark's own coin."""


def _evaluator(path: Path) -> str:
    return stem(path).replace("__", "/")


@cache
def _tables(folder: Path) -> dict[str, list[dict[str, str] | None]]:
    parsing = json.loads((folder / "parsing.json").read_text("utf-8"))
    return {name: [stage["parsing"] for stage in stages] for name, stages in parsing.items()}


def _parser(stages: list[dict[str, str] | None]) -> dict[str, Any]:
    """Return the parser of an evaluator: each stage's table, chosen by the stage that a row ended in."""
    by_stage = {
        str(number): {"type": "regex_table", "table": [[decision, pattern] for decision, pattern in table.items()]}
        for number, table in enumerate(stages, 1)
        if table
    }
    return {"type": "chosen_by", "field": "stages", "parsers": by_stage}


def _dataset(folder: Path, stages: list[dict[str, str] | None]) -> dict[str, Any]:
    (dataset,) = shipped("llmbar")
    method = {**dataset["method"], "skip_equal": ""}  # the recordings hold pairs of equal outputs too
    if any(stages):
        parser = _parser(stages)
        method["parser"] = parser
    else:
        parser = {"alone": True}
        prompt = "{question}\n\n{answer}"
        method["presentations"] = [
            {"name": "1", "prompt": prompt},
            {"name": "2", "prompt": prompt.replace("answer", "second")},
        ]
        method["parser"] = {"type": "first_match", "patterns": [r"^\s*(\d+(?:\.\d+)?)\s*$"]}
        method["aggregate"] = {"type": "judgebench.judges.aggregations.higher_score", "unread": "unparsed"}
        dataset["score"] = {**dataset["score"], "alone": _ALONE}
    known = list(dict.fromkeys(json.dumps(_tables(folder)[name]) for name in _tables(folder)))
    number = known.index(json.dumps(stages))
    return {**dataset, "abbr": f"llmbar_grammar{number + 1}", "method": method}


def _model(path: Path) -> dict[str, Any]:
    text = {"1": "score_1.0", "2": "score_2.0"} if "score_1" in rows(path)[0] else {"AB": "raw_AB", "BA": "raw_BA"}
    keys = {"item": "{subset}-{idx}", "text": text, "keep": ["stages"]}
    return {"abbr": f"llmbar--{stem(path)}", "path": str(path), **keys}


def plan(folder: Path) -> Plan:
    """Replay every evaluator with the table that ``parsing.json`` gives for it."""
    made = Plan()
    for path in recordings(folder):
        made.add(_model(path), _dataset(folder, _tables(folder)[_evaluator(path)]))
    return made


def figures(folder: Path, results: Results) -> Mapping[Path_, Ours]:
    """Return our figures, and how many completions we read otherwise than the recording says."""
    found: dict[Path_, Ours] = {}
    for path in recordings(folder):
        name = _evaluator(path)
        result = results.get(f"llmbar--{stem(path)}", _dataset(folder, _tables(folder)[name])["abbr"])
        parts = [metric.partition("/")[2] for metric in result.metrics if metric.startswith("first_order/")]
        for part in parts:
            found[name, part, "n"] = result.metrics[f"first_order/{part}"].n
            for key, metric in _METRICS.items():
                found[name, part, key] = result.metrics[f"{metric}/{part}"].value
        # the published mean is taken of parts that had been rounded
        averages = [result.metrics[f"accuracy/{part}"].value for part in parts[1:]]
        found[name, "Adversarial_macro"] = fmean(round(value or 0.0, STUDY.decimals or 0) for value in averages)
        found[name, "reparse_mismatches"] = Check(_mismatches(rows(path), result))
    return found


def _mismatches(recorded: list[dict[str, Any]], result: Any) -> int:
    mirror = {"1": "2", "2": "1", None: None}
    read = {
        (key, presentation.get("presentation", "")): presentation.get("decision")
        for key, presentation in presentations_of(result)
    }
    if "score_1" in recorded[0]:
        return 0
    return sum(
        read.get((f"{row['subset']}-{row['idx']}", order)) != (winner if order == "AB" else mirror[winner])
        for row in recorded
        for order in ("AB", "BA")
        for winner in [row[f"winner_{order}"]]
    )


STUDY = Study("llmbar", plan, figures, decimals=4)
