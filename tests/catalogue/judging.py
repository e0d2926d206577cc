"""A simulated judge on the files of a benchmark, through its loader, its method and its score."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from judgebench.config.resolve import load_run
from judgebench.datasets.samples import samples_of
from judgebench.records.flow import Metric, Prompt, Reply, Sample
from judgebench.records.request import Selection
from judgebench.records.run import DatasetConfig, Options
from tests.mutations.judge import Shares, SimulatedJudge
from tests.mutations.runs import questions_of, result_of
from tests.mutations.writing import Writer

EXTREMES: dict[str, Shares] = {
    "right": {"right": 1.0},
    "wrong": {"wrong": 1.0},
    "coin": {"right": 0.5, "wrong": 0.5},
    "first": {"first": 1.0},
    "tie": {"tie": 1.0},
    "unread": {"unread": 1.0},
}
SIDES = ("PairScore", "TogetherScore", "PositionScore")


def datasets(config: str) -> dict[str, DatasetConfig]:
    """Return the datasets of a config file by abbr."""
    return load_run(Selection(models=["vllm_api_general_chat"], datasets=[config]), {}).datasets


def items(data: DatasetConfig, folder: Path) -> list[Sample]:
    """Return the items of a dataset, read from its files."""
    return list(samples_of(data, Options(data_dir=str(folder))))


def writer_of(data: DatasetConfig) -> Writer:
    """Return what writes in the parser of a dataset."""
    assert data.method is not None
    assert data.score is not None
    parser = dict(data.method.options["parser"])
    if not parser.get("decisions") and parser.get("words"):
        parser["decisions"] = parser["words"]
    return Writer(parser, sides=data.score.type.rpartition(".")[2] in SIDES)


def figures(data: DatasetConfig, samples: list[Sample], extreme: str) -> dict[str, Metric]:
    """Return the figures of a judge that always does the same.

    A coin is thrown on a lattice on which every outcome of an item's questions comes equally often, if they are two at
    most.
    """
    levels = 2 if len(questions_of(data)) <= 2 else 0
    kinds = 1 if data.loader.options.get("gold") else 2
    judge = SimulatedJudge(writer_of(data), EXTREMES[extreme], kinds=kinds, levels=levels)

    def answer(_item: Sample, _presentation: str, prompt: Prompt, number: int) -> Reply:
        return judge.reply(prompt, number)

    return result_of(data, samples, answer)


def value_of(data: DatasetConfig, samples: list[Sample], extreme: str) -> tuple[str, Any]:
    """Return name and value of the headline."""
    name, metric = next(iter(figures(data, samples, extreme).items()))
    return name, metric.value
