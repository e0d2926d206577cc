"""Dissecting preferences: fitted weights of 29 properties; how alike judges weigh them, and what each weighs most."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from statistics import fmean

from judgebench.metrics.statistics.correlation import pearson
from replay.study import Ours, Path_, Results, Skip, Study, nothing_to_run, read_json, rows

_QUERIES = {"express_feeling", "intent_unclear", "w_constraints", "w_mistakes", "w_stances"}
"""Groups by a trait of the query; the others are scenarios."""
_ON_THE_HUB = "sizes of groups of annotated pairs, which are on the hub alone"


def _weights(folder: Path) -> dict[str, dict[str, list[float]]]:
    """Return the weights by group and judge."""
    found = {}
    for path in sorted((folder / "fitted_paras_comparison").glob("model_*_fitted_paras.jsonl")):
        group = path.name.removeprefix("model_").removesuffix("_fitted_paras.jsonl")
        found[group] = {row["model_name"]: row["parameters"] for row in rows(path)}
    return found


def figures(folder: Path, _results: Results) -> Mapping[Path_, Ours]:
    """Return our figures."""
    found: dict[Path_, Ours] = {}
    weights, properties = _weights(folder), read_json(folder / "properties.json")
    judges = sorted({judge for by_judge in weights.values() for judge in by_judge})
    scenarios = [group for group in weights if group not in _QUERIES]
    for one, other in combinations(judges, 2):
        alike = [pearson(weights[group][one], weights[group][other]) for group in scenarios]
        known = [value for value in alike if value is not None]
        found["similarity", f"{one} | {other}"] = fmean(known) if len(known) == len(alike) else None
    for judge in judges:
        means = [fmean(weights[group][judge][at] for group in weights) for at in range(len(properties))]
        ranked = sorted(range(len(properties)), key=lambda at: means[at], reverse=True)
        found["top_three", judge] = [properties[at] for at in ranked[:3]]
        found["bottom_three", judge] = [properties[at] for at in ranked[::-1][:3]]
        for name, weight in zip(properties, weights["Advice"][judge], strict=True):
            found["percent_Advice", judge, name] = 100 / (1 + math.exp(-weight))
    for group in read_json(folder / STUDY.expected)["items_per_group"]:
        found["items_per_group", group] = Skip(_ON_THE_HUB)
    return found


STUDY = Study("preference_dissection", nothing_to_run, figures)
