"""A tested model that always does the same on a dataset of the catalogue, and what results say of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from judgebench.content.parts import Image
from judgebench.datasets.samples import samples_of
from judgebench.judges.core.contract import Ask, Case, JudgeMethod, method_of
from judgebench.metrics.contract import Measure
from judgebench.metrics.rates.named import NamedMetrics
from judgebench.metrics.scores.score import score_of
from judgebench.records.flow import Metric, Prompt, Reply, Sample
from judgebench.records.run import DatasetConfig, Options

Answering = Callable[[Sample, str], str | bytes]
"""What a model answers, text or a picture, that is always ``right``, ``wrong``, ``constant`` or ``unread``."""
Replying = Callable[[Prompt, Mapping[str, Any]], str]
"""What a judge replies to a prompt."""


def items(data: DatasetConfig, folder: Path) -> list[Sample]:
    """Return the items of a dataset, read from its files."""
    return list(samples_of(data, Options(data_dir=str(folder))))


def way_of(extreme: str, number: int) -> str:
    """Return what a model does with item ``number``: a coin is right and wrong by turns."""
    return ("right", "wrong")[number % 2] if extreme == "coin" else extreme


def result(
    data: DatasetConfig,
    judge: str,
    samples: Sequence[Sample],
    answers: Sequence[str | bytes],
    reply: Replying | None = None,
) -> dict[str, Metric]:
    """Return the figures of one row of a result, ``judge`` being the judge's name or empty for the rule's row."""
    method, measure = method_for(data, judge), measure_for(data)

    async def ask(prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:
        assert reply is not None, "a rule has asked"
        return Reply(status="ok", text=reply(prompt, params | {"presentation": presentation}), finish_reason="stop")

    async def main() -> None:
        for sample, answer in zip(samples, answers, strict=True):
            measure.add(sample, 0, await method.judge(case_of(sample, answer), ask))
        await method.aclose()

    asyncio.run(main())
    return measure.result()


def method_for(data: DatasetConfig, judge: str) -> JudgeMethod:
    """Return what decides about the answers in one row."""
    typed = data.judge_of(judge, {}).method if judge else data.evaluator
    assert typed is not None
    return method_of(typed)


def measure_for(data: DatasetConfig) -> Measure:
    """Return what computes the figures of a dataset."""
    return score_of(data.score) if data.score is not None else NamedMetrics(data.metrics, data.k)


def case_of(sample: Sample, answer: str | bytes) -> Case:
    """Return an answer to a sample, as a method is shown it."""
    pictures = [answer] if isinstance(answer, bytes) else []
    return Case(
        id=sample.id,
        uid=sample.uid,
        repeat=0,
        fields=sample.fields,
        reference=sample.reference,
        answer=answer if isinstance(answer, str) else "",
        images=[Image(sha256=sha256(one).hexdigest(), media_type="image/png") for one in pictures],
        meta=sample.meta,
    )


async def asks_nobody(prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:
    """Stand for a judge that must not be asked."""
    raise AssertionError("a rule has asked")


NOBODY: Ask = asks_nobody
