"""What differs between two sides beside the score: lengths, tokens, times, and what has no verdict."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from judgebench.metrics.statistics.paired import paired_mean
from judgebench.metrics.statistics.prediction_powered import column
from judgebench.viewer import figures
from judgebench.viewer.aligned import Aligned, SideItem
from judgebench.viewer.sides import with_ends


class OtherFigure(NamedTuple):
    """The mean of a measure on both sides over the same questions, and the difference with its interval, in words."""

    name: str
    first: str
    second: str
    difference: str
    interval: str


_MEASURES: tuple[tuple[str, str, float, Callable[[SideItem], float | None]], ...] = (
    ("without a verdict, in percent", "percent", 100.0, lambda one: float(one.status != "ok")),
    ("tokens of an answer", "count", 1.0, lambda one: one.tokens),
    ("characters of an answer", "count", 1.0, lambda one: one.length),
    ("seconds of an answer", "seconds", 1.0, lambda one: one.latency),
)
"""Name, unit, factor, and the value of an item, if it has one."""


def other_figures(aligned: Aligned) -> list[OtherFigure]:
    """Return them; a measure that is the same in every pair is left out."""
    found = []
    for name, unit, factor, measure in _MEASURES:
        values = [
            (number, one, other)
            for number, pair in enumerate(aligned.pairs)
            if (one := measure(pair.first)) is not None and (other := measure(pair.second)) is not None
        ]
        if not any(one != other for _, one, other in values):
            continue
        ids = {pair.first.key.id: None for pair in aligned.pairs}  # repeats of a question are no questions of their own
        numbers = dict(zip(ids, range(len(ids)), strict=True))
        questions = column([numbers[aligned.pairs[number].first.key.id] for number, _, _ in values])
        mean = paired_mean(column([other - one for _, one, other in values]), questions)
        if mean is None:
            continue
        first, second = (
            figures.number(factor * sum(value[side] for value in values) / len(values), unit) for side in (1, 2)
        )
        found.append(OtherFigure(name, first, second, *with_ends(mean, factor, unit)))
    return found
