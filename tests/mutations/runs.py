"""A simulated judge on made items, through the items' loader, the benchmark's method and its score."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from judgebench.judges.core.contract import NotRecordedError, method_of
from judgebench.metrics.scores.score import score_of
from judgebench.records.flow import Metric, Prompt, Reply, Sample, Verdict
from judgebench.records.run import DatasetConfig
from judgebench.stages.asks import benchmark_case
from tests.mutations.items import kind_of, parts_of
from tests.mutations.judge import SimulatedJudge
from tests.mutations.writing import Writer

Answer = Callable[[Sample, str, Prompt, int], Reply | None]
"""Gives the reply to a presentation of an item, by its prompt and its number; ``None`` is a presentation that was not
recorded."""


def writer_of(data: DatasetConfig) -> Writer:
    """Return what writes in the parser of a dataset."""
    assert data.method is not None
    return Writer(data.method.options["parser"], sides=kind_of(data) == "pair")


def questions_of(data: DatasetConfig) -> list[str]:
    """Return the order in which each question about an item shows its answers, empty where there is none."""
    assert data.method is not None
    options = data.method.options
    return [
        presentation.get("order", "")
        for presentation in options["presentations"]
        for _ in range(options.get("repeats", 1))
    ]


def levels_of(data: DatasetConfig) -> int:
    """Return how many equally likely draws a question about made items has; few where there would be many items."""
    return 4 if len(questions_of(data)) <= 2 and len(parts_of(data)) <= 5 else 2


def result_of(data: DatasetConfig, items: Iterable[Sample], answer: Answer) -> dict[str, Metric]:
    """Judge every item by the dataset's own method and return its score."""
    assert data.method is not None
    assert data.score is not None
    method, score = method_of(data.method), score_of(data.score)

    async def main() -> None:
        for item in items:
            score.add(item, 0, await _verdict(method, item, answer))

    asyncio.run(main())
    return score.result()


async def _verdict(method: Any, item: Sample, answer: Answer) -> Verdict:
    """Questions are numbered by presentation and repeat; one that is put again in other words has the number of the
    first."""
    seen: Counter[str] = Counter()
    repeats = getattr(method.config, "repeats", 1)
    names = [presentation.name for presentation in getattr(method.config, "presentations", [])] or [""]

    async def ask(prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:
        question = f"{presentation}\0{prompt}"
        number = names.index(presentation.partition("-again")[0]) * repeats + seen[question]
        seen[question] += 1
        reply = answer(item, presentation, prompt, number)
        if reply is None:
            raise NotRecordedError
        return reply

    try:
        verdict: Verdict = await method.judge(benchmark_case(item, 0), ask)
    except NotRecordedError:
        return Verdict(status="not_judged")
    return verdict


def judged(data: DatasetConfig, items: Iterable[Sample], judge: SimulatedJudge) -> dict[str, Metric]:
    """Return the figures of a simulated judge."""
    return result_of(data, items, lambda item, presentation, prompt, number: judge.reply(prompt, number))


def values(found: Mapping[str, Metric]) -> dict[str, float | None]:
    """Return the metrics' values."""
    return {name: metric.value for name, metric in found.items()}


def headline(found: Mapping[str, Metric]) -> Metric:
    """Return the figure that stands for the result: the first."""
    return next(iter(found.values()))
