"""Judging the Judges: every judge is a column of ones and zeros beside the people's; nulls are left out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replay.study import Ours, Path_, Plan, Results, Study, recordings, rows, shipped, stem

_SHARES = {
    "precision": "precision",
    "recall": "recall",
    "FPR": "false_positive_rate",
    "FNR": "false_negative_rate",
    "human_rate": "gold_rate",
    "judge_rate": "judge_rate",
    "rogan_gladen": "rogan_gladen",
}
_AS_THEY_ARE = {
    "TP": "tp",
    "FP": "fp",
    "FN": "fn",
    "TN": "tn",
    "agreement": "agreement",
    "cohen_kappa": "cohen_kappa",
    "scott_pi": "scott_pi",
    "score_delta": "score_shift",
}
_CALIBRATED = {
    "truth_unlabelled": "unlabelled/gold_rate",
    "naive": "unlabelled/judge_rate",
    "rogan_gladen": "unlabelled/rogan_gladen",
    "ppi": "unlabelled/ppi",
    "labelled_only": "labelled/gold_rate",
}
_PARSER = {"type": "first_match", "patterns": ["^([01])$"], "decisions": {"1": "correct", "0": "incorrect"}}


def _dataset(path: Path) -> dict[str, Any]:
    (dataset,) = shipped("judging_the_judges")
    presentations = [{"prompt": "{question}\n\n{reference}\n\n(The answer is not in this recording.)"}]
    method = {**dataset["method"], "presentations": presentations, "parser": _PARSER}
    return {
        **dataset,
        "abbr": f"judging_the_judges_{stem(path)}",
        "path": str(path),
        "answer_columns": [],
        "method": method,
    }


def _judges(path: Path, dataset: dict[str, Any]) -> list[str]:
    """Return the columns that hold ones, zeros and nulls alone, but for the gold column."""
    recorded = rows(path)
    names = [name for name in recorded[0] if name != dataset["gold_column"]]
    return [name for name in names if all(row[name] is None or row[name] in (0, 1) for row in recorded)]


def _abbr(path: Path, judge: str) -> str:
    return f"judging_the_judges--{stem(path)}-{judge}"


def plan(folder: Path) -> Plan:
    """Replay every judge's column."""
    made = Plan()
    for path in recordings(folder, "v*.jsonl*"):
        dataset = _dataset(path)
        for judge in _judges(path, dataset):
            made.add({"abbr": _abbr(path, judge), "path": str(path), "item": "{model}-{idx}", "text": judge}, dataset)
    return made


def figures(folder: Path, results: Results) -> Mapping[Path_, Ours]:
    """Return our figures."""
    found: dict[Path_, Ours] = {}
    for path in recordings(folder, "v*.jsonl*"):
        dataset = _dataset(path)
        version = stem(path).upper()
        for judge in _judges(path, dataset):
            metrics = results.get(_abbr(path, judge), dataset["abbr"]).metrics
            value = {name: metric.value for name, metric in metrics.items()}
            found[version, judge, "n"] = metrics["agreement"].n
            found |= {(version, judge, key): value[name] for key, name in _AS_THEY_ARE.items()}
            found |= {(version, judge, key): _share(value[name]) for key, name in _SHARES.items()}
            for name, metric in metrics.items():
                kind, _, taker = name.partition("/")
                if kind == "judge_rate" and taker:
                    found[f"{version}_exam_taker_scores", taker, judge] = metric.value
                elif kind == "gold_rate" and taker:
                    found[f"{version}_exam_taker_scores", taker, "human"] = metric.value
                    found[f"{version}_exam_taker_scores", taker, "n"] = metric.n
            place = ("calibration_split_idx_mod_10", f"{version}/{judge}")
            found |= {(*place, key): _share(value[name]) for key, name in _CALIBRATED.items()}
            found[(*place, "n_labelled")] = value["labelled"]
            found[(*place, "n_unlabelled")] = value["unlabelled"]
            found[(*place, "rg_se")] = _share(metrics["unlabelled/rogan_gladen"].stderr)
            found[(*place, "ppi_se")] = _share(metrics["unlabelled/ppi"].stderr)
    return found


def _share(percent: float | None) -> float | None:
    return None if percent is None else percent / 100


STUDY = Study("judging_the_judges", plan, figures)
