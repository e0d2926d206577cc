"""RewardBench: a published set of subset accuracies, made again as verdicts on as many pairs and scored by the config.

The pairs themselves are not in the folder. A subset's accuracy and its number of pairs say how many verdicts were
right; so many made pairs are judged right in both orders, by the method and the score of the shipped config.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from judgebench.config.resolve import load_run
from judgebench.judges.core.contract import method_of
from judgebench.metrics.scores.score import score_of
from judgebench.records.flow import Metric, Prompt, Reply, Sample
from judgebench.records.request import Selection
from judgebench.stages.asks import benchmark_case
from replay.study import Check, Ours, Path_, Results, Skip, Study, nothing_to_run

_RIGHT, _WRONG = "the right answer", "the wrong answer"
_COUNTED_TWICE = {"math-prm": 447}
"""Pairs of subsets whose published count is a weight; accuracies are of the pairs."""


def figures(folder: Path, _results: Results) -> Mapping[Path_, Ours]:
    """Return accuracies, section scores and their mean, and how many of our weights differ from the published ones."""
    published = json.loads((folder / STUDY.expected).read_text("utf-8"))
    constants = json.loads((folder / "constants.json").read_text("utf-8"))
    config = load_run(Selection(models=["vllm_api_general_chat"], datasets=["rewardbench"]), {}).datasets["rewardbench"]
    assert config.method is not None
    assert config.score is not None
    counts: dict[str, int] = {**constants["EXAMPLE_COUNTS"], **_COUNTED_TWICE}
    metrics = asyncio.run(_scored(config, {name: (published["input"][name], n) for name, n in counts.items()}))
    found: dict[Path_, Ours] = {
        ("input", name): _share(metrics[f"accuracy/{name}"])
        if name in counts
        else Skip("names of the model, its kind and its template; no figures")
        for name in published["input"]
    }
    averages: dict[str, Any] = config.score.options["averages"]
    *sections, (mean, _) = averages.items()
    found |= {("sections", name): _share(metrics[f"accuracy/{name}"]) for name, _ in sections}
    found["mean_of_sections",] = _share(metrics[f"accuracy/{mean}"])
    wanted = {
        name: {part: constants["EXAMPLE_COUNTS"][part] for part in parts}
        for name, parts in constants["SUBSET_MAPPING"].items()
    }
    found["weights that differ",] = Check(sum(weights != wanted.get(name) for name, weights in sections))
    return found


def _items(accuracies: Mapping[str, tuple[float, int]]) -> Iterator[tuple[Sample, bool]]:
    """Yield made pairs, and whether each is judged right."""
    number = 0
    for subset, (accuracy, n) in accuracies.items():
        right = round(accuracy * n)
        for place in range(n):
            fields, meta = {"prompt": f"question {place}"}, {"subset": subset}
            answers = [_RIGHT, _WRONG]
            yield Sample(id=number, uid=str(number), fields=fields, answers=answers, gold="A", meta=meta), place < right
            number += 1


async def _scored(config: Any, accuracies: Mapping[str, tuple[float, int]]) -> dict[str, Metric]:
    method, score = method_of(config.method), score_of(config.score)
    for sample, right in _items(accuracies):

        async def ask(prompt: Prompt, *, right: bool = right, **_about: Any) -> Reply:
            text = prompt if isinstance(prompt, str) else str(prompt[-1]["content"])
            first = text.index(_RIGHT) < text.index(_WRONG)
            return Reply(status="ok", text=f"VERDICT: {'A' if first is right else 'B'}")

        score.add(sample, 0, await method.judge(benchmark_case(sample, 0), ask))
    return score.result()


def _share(metric: Metric) -> float | None:
    return None if metric.value is None else metric.value / 100


STUDY = Study("rewardbench", nothing_to_run, figures, expected="golden_pku_beaver_cost.json")
