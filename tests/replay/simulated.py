"""Simulated judges that write real text, and benchmark rows whose gold is known."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from judgebench.config.resolve import load_run
from judgebench.datasets.samples import samples_of
from judgebench.judges.core.contract import NotRecordedError, method_of
from judgebench.metrics.scores.score import score_of
from judgebench.records.flow import Metric, Reply, Sample, TokenLogprob, Verdict
from judgebench.records.request import Selection
from judgebench.records.run import DatasetConfig, Options
from judgebench.stages.asks import benchmark_case

Judge = Callable[[Sample, bool], str | None]
"""What the judge prefers of an item as it is shown (``swapped``: second answer first), or nothing."""

MIRROR = {"first": "second", "second": "first", "tie": "tie"}
SIDE = {"A": "first", "B": "second", "tie": "tie"}


def perfect(sample: Sample, swapped: bool) -> str:
    """Says what gold says."""
    said = SIDE[sample.gold]
    return MIRROR[said] if swapped else said


def letters(said: str | None) -> Reply:
    """Write a verdict line."""
    if said is None:
        return Reply(status="ok", text="Both have something to them; who is to say? A or B, it depends.")
    letter = {"first": "A", "second": "B", "tie": "C"}[said]
    return Reply(status="ok", text=f"Answer A is longer, answer B is clearer.\n\nVERDICT: {letter}")


def brackets(said: str | None) -> Reply:
    """Write a five-level label."""
    if said is None:
        return Reply(status="ok", text="[[A>B]] or rather [B>A]] or, on reflection, [[B>>A]]")
    decision = {"first": "A>>B", "second": "B>A", "tie": "A=B"}[said]
    return Reply(status="ok", text=f"My own answer is 4, so:\n[[{decision}]]")


def scored_at_the_end(said: str | None) -> Reply:
    """Write reasons, then two scores on the last two lines."""
    first, second = {"first": ("9", "4"), "second": ("4", "9.5"), "tie": ("7", "7"), None: ("high", "low")}[said]
    return Reply(status="ok", text=f"Both: 8 of 10.\nScore of answer 1: {first}\nScore of answer 2: {second}\n")


def tokens(said: str | None) -> Reply:
    """Give the log-probabilities of one token."""
    shares = {"first": {"m": -0.001, "M": -9.0}, "second": {"m": -9.0, "M": -0.001}, "tie": {"m": -1.0, "M": -1.0}}
    top = shares[said] if said else {"The": -0.1}
    likeliest = max(top, key=lambda token: top[token])
    return Reply(status="ok", text=likeliest, logprobs=[TokenLogprob(token=likeliest, logprob=top[likeliest], top=top)])


def dataset(name: str, folder: Path, rows: Mapping[str, Sequence[dict[str, Any] | str]], **keys: Any) -> DatasetConfig:
    """Return a shipped dataset whose files hold these rows."""
    for path, lines in rows.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    overrides = [f"datasets.*.{key}={value}" for key, value in keys.items()]
    found = load_run(Selection(models=["vllm_api_general_chat"], datasets=[name], overrides=overrides), {})
    return next(iter(found.datasets.values()))


def samples(data: DatasetConfig, folder: Path) -> list[Sample]:
    """Return the items of a dataset."""
    return list(samples_of(data, Options(data_dir=str(folder))))


def scored(
    data: DatasetConfig, items: Sequence[Sample], reply: Callable[[Sample, str], Reply | None]
) -> dict[str, Metric]:
    """Judge every item by the dataset's method and return its score; ``None`` is a presentation that was not
    recorded."""
    assert data.method is not None
    assert data.score is not None
    method, score = method_of(data.method), score_of(data.score)

    async def main() -> None:
        for sample in items:

            async def ask(prompt: Any, *, presentation: str = "", sample: Sample = sample, **params: Any) -> Reply:
                said = reply(sample, presentation)
                if said is None:
                    raise NotRecordedError
                return said

            try:
                verdict = await method.judge(benchmark_case(sample, 0), ask)
            except NotRecordedError:
                verdict = Verdict(status="not_judged")
            score.add(sample, 0, verdict)

    asyncio.run(main())
    return score.result()


def values(found: dict[str, Metric]) -> dict[str, float | None]:
    """Return the metrics' values."""
    return {name: metric.value for name, metric in found.items()}
