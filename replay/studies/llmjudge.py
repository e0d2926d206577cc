"""LLMJudge: the labels of six submissions as recorded judges, read as the published tables read them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replay.study import Ours, Path_, Plan, Results, Skip, Study, read_json, recordings, shipped

_CUTS = ("0|123", "01|23", "012|3")
_NO_RUNS = "rankings of systems need the runs of TREC, which are not public"


def _dataset(folder: Path) -> dict[str, Any]:
    """Return the shipped config for judges that saw queries and passages elsewhere."""
    (dataset,) = shipped("llmjudge")
    method = {
        **dataset["method"],
        "question": "{query}",
        "presentations": [{"prompt": "{query} {passage}"}],
        "parser": {"type": "score_line", "low": 0, "high": 100, "whole": True},
    }
    columns = {"joins": [], "input_columns": ["query", "passage"], "answer_columns": []}
    score = {**dataset["score"], "beyond": "nearest"}
    return {**dataset, **columns, "path": str(folder / "llmjudge_test_qrel_idx.txt"), "method": method, "score": score}


def _submissions(folder: Path) -> list[Path]:
    return recordings(folder, "submissions/scores/*.txt")


def plan(folder: Path) -> Plan:
    """Replay every submission."""
    made = Plan()
    for path in _submissions(folder):
        lines = [line.split() for line in path.read_text("utf-8").splitlines() if line.strip()]
        made.files[f"{path.stem}.jsonl"] = [
            {"item": f"{query}-{passage}", "label": label} for query, _, passage, label in lines
        ]
        model = {"abbr": path.stem, "path": f"{path.stem}.jsonl", "item": "{item}", "text": "label"}
        made.add(model, _dataset(folder))
    return made


def figures(folder: Path, results: Results) -> Mapping[Path_, Ours]:
    """Return our figures."""
    found: dict[Path_, Ours] = {}
    expected = read_json(folder / STUDY.expected)
    for path in _submissions(folder):
        name = path.stem
        metrics = results.get(name, "llmjudge").metrics
        agreement = metrics["agreement"].value
        values: dict[str, Ours] = {
            "kappa": metrics["kappa"].value,
            "exact": None if agreement is None else agreement / 100,
            **{f"alpha_{level}": metrics[f"alpha_{level}"].value for level in ("nominal", "ordinal", "interval")},
            **{f"kappa_{cut}": metrics[f"kappa_at/{cut}"].value for cut in _CUTS},
        }
        found |= {(name, key): value for key, value in values.items()}
        found[name, "n"] = metrics["kappa"].n
        found[name, "beyond_scale"] = metrics["beyond_scale"].value
        for label in expected.get(name, {}).get("labels", {}):
            found[name, "labels", label] = metrics[f"label/{label}"].value
        printed = {"kappa": values["kappa"], "alpha": values["alpha_ordinal"]}
        printed |= {f"kappa_{cut}": values[f"kappa_{cut}"] for cut in _CUTS}
        found |= {(name, "published", key): value for key, value in printed.items()}
        found |= {(name, "published", key): Skip(_NO_RUNS) for key in ("tau", "rho")}
    return found


STUDY = Study("llmjudge", plan, figures, rounded={"published": 4})
"""Printed figures have four digits; ours are compared to 1e-9."""
