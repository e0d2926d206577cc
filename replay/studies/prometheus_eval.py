"""Prometheus: GPT-4's three grades as three runs of a recorded judge, and the counts of the other sets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

from judgebench.datasets.judge_samples import JudgeSamples
from replay.study import Ours, Path_, Plan, Results, Skip, Study, recordings, rows, shipped, stem

_GRADE = {"type": "first_match", "patterns": ["^([1-5])$"]}


def _datasets() -> dict[str, dict[str, Any]]:
    """Return the shipped config of each set by its file's name."""
    return {stem(Path(config["path"])): config for config in shipped("prometheus_eval")}


def _graded(folder: Path) -> dict[str, tuple[Path, dict[str, Any]]]:
    """Return the sets that bring recorded grades along."""
    files = {stem(path): path for path in recordings(folder, "*.jsonl*")}
    configs = _datasets()
    return {name: (files[name], configs[name]) for name in files if configs[name].get("gold_column")}


def _all_runs(path: Path, dataset: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the judge that is asked once per recorded grade, whose mean is its grade."""
    column = dataset["gold_column"]
    runs = len(rows(path)[0][column])
    aggregate = {"type": "mean_score", "unread": "unparsed"}
    method = {**dataset["method"], "parser": _GRADE, "aggregate": aggregate, "repeats": runs}
    model = {"abbr": f"{dataset['abbr']}--all", "path": str(path), "item": dataset["key"], "text": f"{column}.*"}
    return model, {**dataset, "abbr": f"{dataset['abbr']}-all", "method": method}


def _one_run(path: Path, dataset: dict[str, Any], run: int, other: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return one run as the judge, and the set with another run as gold."""
    column = dataset["gold_column"]
    model = {"path": str(path), "item": dataset["key"], "text": f"{column}.{run}"}
    gold = {
        **dataset,
        "abbr": f"{dataset['abbr']}-run{other}",
        "gold_column": f"{column}.{other}",
        "method": {**dataset["method"], "parser": _GRADE},
    }
    return {"abbr": f"{dataset['abbr']}--run{run}", **model}, gold


def _pairs(path: Path, dataset: dict[str, Any]) -> list[tuple[int, int]]:
    return list(combinations(range(len(rows(path)[0][dataset["gold_column"]])), 2))


def plan(folder: Path) -> Plan:
    """Replay all runs together, and each run against each later one."""
    made = Plan()
    for path, dataset in _graded(folder).values():
        made.add(*_all_runs(path, dataset))
        for one, other in _pairs(path, dataset):
            made.add(*_one_run(path, dataset, one, other))
    return made


def figures(folder: Path, results: Results) -> Mapping[Path_, Ours]:
    """Return our figures; sets that are not here are skipped."""
    found: dict[Path_, Ours] = {}
    for name, (path, dataset) in _graded(folder).items():
        model, asked = _all_runs(path, dataset)
        result = results.get(model["abbr"], asked["abbr"])
        found[name, "n"] = result.counts.planned
        found[name, "keys"] = list(rows(path)[0])
        found[name, "gpt4_mean"] = result.metrics["mean_score"].value
        for metric, value in result.metrics.items():
            kind, _, source = metric.partition("/")
            if kind == "mean_score" and source:
                found[name, "by_source", source] = value.value
        runs = [_one_run(path, dataset, *pair) for pair in _pairs(path, dataset)]
        correlations = [results.value(model["abbr"], asked["abbr"], "pearson") for model, asked in runs]
        found[name, "pairwise_pearson_of_three_gpt4_runs"] = list(correlations)
    for name, dataset in _datasets().items():
        path = folder / Path(dataset["path"]).name
        if not dataset.get("gold_column") and path.is_file():
            found |= _counts(name, path, dataset)
    published = json.loads((folder / STUDY.expected).read_text("utf-8"))
    for name in published.keys() - {stem(path) for path in recordings(folder, "*.jsonl*")}:
        found |= {
            (name, key): Skip(f"counts of the rows of the set {name}, a file that is not in this folder")
            for key in published[name]
        }
    return found


def _counts(name: str, path: Path, dataset: dict[str, Any]) -> dict[Path_, Ours]:
    """Return how many items a set without recorded judges holds, read by its loader."""
    keys = ("input_columns", "gold", "meta_columns")
    loader = JudgeSamples(JudgeSamples.Config(path=str(path), **{key: dataset[key] for key in keys}))
    parts: dict[Path_, Ours] = {}
    samples = list(loader.samples())
    for source in dict.fromkeys(sample.meta["source"] for sample in samples):
        parts[name, "by_source", source] = sum(sample.meta["source"] == source for sample in samples)
    return {(name, "n"): len(samples), (name, "keys"): list(rows(path)[0]), **parts}


STUDY = Study("prometheus_eval", plan, figures, decimals=4)
