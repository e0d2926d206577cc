"""AlpacaEval 2: one recorded annotator about the answers of many models; log-probabilities where they were recorded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replay.study import Ours, Path_, Plan, Results, Skip, Study, recordings, rows, shipped, stem

_METRICS = {
    "n": "n_total",
    "n_null": "n_missing",
    "n_with_logprobs": "n_with_logprobs",
    "win_rate": "win_rate",
    "standard_error": "standard_error",
    "discrete_win_rate": "discrete_win_rate",
    "avg_length": "avg_length",
}
_TABLE = ("win_rate", "standard_error", "discrete_win_rate")
_NO_CALIBRATION = (
    "length-controlled: its regression is held in place by lc_weights.csv and by the answers of baselines made to win, "
    "which the README names and this folder lacks; fitted without them it is off by a point (README), so never equal"
)
_SAME = 1e-9
"""Largest difference of a replayed preference: recordings round it to ten decimals."""


def _pair(path: Path, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    (dataset,) = shipped("alpaca_eval2")
    stated = {"type": "first_match", "patterns": [r"^\s*(\d+(?:\.\d+)?(?:e-?\d+)?)\s*$"], "low": 0, "high": 2}
    method = dataset["method"]
    parser = {"type": "first_readable", "parsers": [method["parser"], stated]}
    dataset |= {
        "abbr": f"alpaca_eval2-{stem(path)}",
        "path": str(path),
        "baseline": "",
        "instructions": str(folder / "instructions.jsonl"),
        "method": {**method, "parser": parser},
    }
    keys = {"item": "{idx}", "text": "preference", "logprobs": "top_logprobs"}
    return {"abbr": f"alpaca_eval2--{stem(path)}", "path": str(path), **keys}, dataset


def plan(folder: Path) -> Plan:
    """Replay every file of annotations."""
    made = Plan()
    for path in recordings(folder):
        made.add(*_pair(path, folder))
    return made


def figures(folder: Path, results: Results) -> Mapping[Path_, Ours]:
    """Return our figures, beside those of the published table."""
    published = json.loads((folder / STUDY.expected).read_text("utf-8"))
    instructions = len(rows(folder / "instructions.jsonl"))
    found: dict[Path_, Ours] = {}
    for path in recordings(folder):
        name = stem(path)
        model, dataset = _pair(path, folder)
        result = results.get(model["abbr"], dataset["abbr"])
        for key, metric in _METRICS.items():
            found[name, key] = result.metrics[metric].value
        table = published.get(name, {})
        recorded = rows(path)
        found |= {(name, f"lb_{key}"): found[name, key] for key in _TABLE}
        # the table averages over all instructions: an empty answer has a length of 0, and nobody was asked about it
        found[name, "lb_avg_length"] = int(sum(row["len_2"] for row in recorded) / instructions)
        found[name, "lb_length_controlled_winrate"] = Skip(_NO_CALIBRATION)
        apart = [abs(float(table[f"lb_{key}"]) - (result.metrics[key].value or 0.0)) for key in _TABLE]
        found[name, "max_abs_diff"] = max(apart)
        found[name, "replay_mismatch"] = _mismatches(recorded, result)
    return found


def _mismatches(recorded: list[dict[str, Any]], result: Any) -> int:
    """Return how many preferences that we read from log-probabilities differ from the recorded ones."""
    stated = {str(row["idx"]): row["preference"] for row in recorded}
    wrong = 0
    for detail in result.details:
        verdict = detail["verdict"]
        presentations = verdict.get("presentations", [{}])
        shares = presentations[0].get("probabilities")
        if shares is None:
            continue
        both = (1 + shares["A"], 1 + shares["B"])  # which of the two it is, the order decides
        preference = stated[detail["key"]]
        wrong += min(abs(one - preference) for one in both) > _SAME
    return wrong


STUDY = Study("alpaca_eval2", plan, figures)
