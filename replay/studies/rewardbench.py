"""RewardBench: section scores of a published set of subset accuracies, by the weights of the shipped config."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from judgebench.metrics.pair_score import weighted_mean
from judgebench.records import Metric
from replay.study import Ours, Path_, Results, Skip, Study, nothing_to_run, shipped


def figures(folder: Path, _results: Results) -> Mapping[Path_, Ours]:
    """Return the section scores, and how many of our weights differ from the published ones."""
    published = json.loads((folder / STUDY.expected).read_text("utf-8"))
    constants = json.loads((folder / "constants.json").read_text("utf-8"))
    (config,) = shipped("rewardbench")
    averages = config["score"]["averages"]
    *sections, (_, parts) = averages.items()
    parted = {name: Metric(value=value) for name, value in published["input"].items() if isinstance(value, int | float)}
    found: dict[Path_, Ours] = {("input", name): Skip("an input of the formula") for name in published["input"]}
    means = {}
    for name, weights in sections:
        means[name] = weighted_mean({part: parted.get(part) for part in weights}, weights)
        found["sections", name] = means[name].value
    found["mean_of_sections",] = weighted_mean(means, dict.fromkeys(parts, 1.0)).value
    wanted = {
        name: {part: constants["EXAMPLE_COUNTS"][part] for part in parts}
        for name, parts in constants["SUBSET_MAPPING"].items()
    }
    found["weights that differ",] = sum(weights != wanted.get(name) for name, weights in sections)
    return found


STUDY = Study("rewardbench", nothing_to_run, figures, expected="golden_pku_beaver_cost.json")
