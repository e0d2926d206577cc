"""A simulated judge on the files of a benchmark, through its loader, its method and its score."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from judgebench.config.resolve import load_run
from judgebench.datasets.samples import samples_of
from judgebench.records.flow import Metric, Prompt, Reply, Sample
from judgebench.records.request import Selection
from judgebench.records.run import DatasetConfig, Options
from tests.catalogue.files import PICTURES, N
from tests.mutations.judge import Shares, SimulatedJudge, answers_in
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
    graded = parser["type"] in ("score_line", "word_scale")
    if not graded and not parser.get("decisions") and parser.get("words"):
        parser["decisions"] = parser["words"]
    return Writer(parser, sides=not graded and data.score.type.rpartition(".")[2] in SIDES)


def judge_of(data: DatasetConfig, extreme: str, *, lattice: bool = False) -> Callable[[Prompt, int], Reply]:
    """Return what a judge that always does the same replies to a prompt, and to its number among an item's questions.

    A coin is thrown on a lattice on which every outcome of an item's questions comes equally often, if they are two at
    most.
    """
    assert data.method is not None
    if "parser" not in data.method.options:
        return lambda prompt, _number: own_scale_reply(prompt, extreme)
    if data.method.options["parser"]["type"] == "score_list":
        return lambda prompt, _number: score_list_reply(looked_at(prompt), extreme)
    levels = 2 if lattice and len(questions_of(data)) <= 2 else 0
    kinds = 1 if data.loader.options.get("gold") else 2
    judge = SimulatedJudge(writer_of(data), EXTREMES[extreme], kinds=kinds, levels=levels)
    return lambda prompt, number: judge.reply(looked_at(prompt), number)


def looked_at(prompt: Prompt) -> Prompt:
    """Return a prompt with what its pictures show as text."""
    if isinstance(prompt, str):
        return prompt
    return [
        {**message, "content": [_shown(part) for part in message["content"]]}
        if isinstance(message["content"], list)
        else message
        for message in prompt
    ]


def _shown(part: dict[str, Any]) -> dict[str, Any]:
    return {"type": "text", "text": PICTURES[part["sha256"]]} if part.get("sha256") in PICTURES else part


def own_scale_reply(prompt: Prompt, extreme: str) -> Reply:
    """Return what a judge says on the scale that its prompt names."""
    (seen,) = answers_in(prompt)
    asked = str(prompt if isinstance(prompt, str) else prompt[-1]["content"])
    scale = re.search(r"number from (\d+) \(worst\) to (\d+)", asked)
    if extreme == "unread":
        return Reply(status="ok", text="I cannot tell.")
    if scale is None:
        right = "Yes" if seen.quality == "good" else "No"
        said = {"right": right, "wrong": "No" if right == "Yes" else "Yes"}.get(extreme, "Yes")
        return Reply(status="ok", text=f"It depends. So:\nVERDICT: {said}")
    low, high, true = int(scale[1]), int(scale[2]), int(seen.quality.removeprefix("worth-"))
    grade = {"right": true, "wrong": low + high - true}.get(extreme, low)
    return Reply(status="ok", text=f"Of 9 readers 7 like it.\nSCORE: {grade}")


def score_list_reply(prompt: Prompt, extreme: str) -> Reply:
    """Return what a judge says of a picture, from 0 to 10 in each of the aspects that its prompt numbers.

    A coin is right about half of the pictures, of whatever worth.
    """
    seen = answers_in(prompt)[-1]
    true = int(seen.quality.removeprefix("worth-"))
    wrong = extreme == "wrong" or (extreme == "coin" and seen.number % N < N // 2)
    if extreme == "unread":
        return Reply(status="ok", text="It looks like an 8 to me.")
    grade = 5 if extreme == "tie" else 10 - true if wrong else true
    asked = "\n".join(part["text"] for part in prompt[-1]["content"] if part["type"] == "text")  # type: ignore[index]
    count = len(re.findall(r"^\d+\. ", asked, re.MULTILINE))
    return Reply(status="ok", text=json.dumps({"reasoning": "2 of 3 would say so.", "score": [grade] * count}))


def figures(data: DatasetConfig, samples: list[Sample], extreme: str) -> dict[str, Metric]:
    """Return the figures of a judge that always does the same."""
    judge = judge_of(data, extreme, lattice=True)
    return result_of(data, samples, lambda _item, _presentation, prompt, number: judge(prompt, number))


def value_of(data: DatasetConfig, samples: list[Sample], extreme: str) -> tuple[str, Any]:
    """Return name and value of the headline."""
    name, metric = next(iter(figures(data, samples, extreme).items()))
    return name, metric.value
