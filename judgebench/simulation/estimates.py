"""What every estimator makes of a judge's verdicts and some labels, and how often its interval holds the truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from judgebench.metrics.statistics.intervals import wilson
from judgebench.metrics.statistics.misclassification import solved_share
from judgebench.metrics.statistics.prediction_powered import drawn_mean, powered_mean
from judgebench.simulation.verdicts import judge_answers
from judgebench.simulation.worlds import (
    Flags,
    Numbers,
    SimulatedJudge,
    SimulatedModel,
    draw_answers,
    draw_items,
    uniforms,
)

Estimate = tuple[float, float, float]
"""Value, and both ends of its 95% interval."""
ESTIMATORS = ("judge alone", "labels alone", "PPI++", "corrected", "Rogan-Gladen")


def estimates(true: Numbers, said: Numbers, labelled: Flags) -> dict[str, Estimate]:
    """Return value and interval by estimator; those that refuse are not in it.

    Args:
        true: 1 and 0, of all answers about which the judge could be read.
        said: The judge's verdicts on them.
        labelled: Which answers have a label: the others' truth is not looked at.
    """
    y, f, n = true[labelled], said[labelled], len(said)
    if not n:
        return {}
    rate = float(said.mean())
    ends = wilson(rate, n)
    found: dict[str, Estimate] = {"judge alone": (rate, ends[0], ends[1])}
    parts = (y, f, said, np.full(len(y), len(y) / n), np.flatnonzero(labelled), np.arange(n))
    for name, mean in (
        ("labels alone", drawn_mean(*parts, weight=0.0, scale=1.0)),
        ("PPI++", powered_mean(y, f, said[~labelled])),
        ("corrected", drawn_mean(*parts, scale=1.0)),
    ):
        if mean is not None:
            found[name] = (mean.value, mean.low, mean.high)
    share = solved_share(
        rate,
        n,
        rejected_wrong=int(((y == 0) & (f == 0)).sum()),
        wrong=int((y == 0).sum()),
        accepted_right=int(((y == 1) & (f == 1)).sum()),
        right=int((y == 1).sum()),
    )
    if share is not None:
        found["Rogan-Gladen"] = (share.value, share.low, share.high)
    return found


class Covered(NamedTuple):
    """How an estimator fares with a number of labels.

    Attributes:
        estimator: Which. ``labels``: how many.
        held: Share of draws whose 95% interval holds the quality of the tested model.
        error: Chance error of that share, one standard error.
        width: Mean width of the interval. ``off``: mean distance of the value from the quality.
        refused: Share of draws in which it gives no number.
    """

    estimator: str
    labels: int
    held: float
    error: float
    width: float
    off: float
    refused: float


def coverage(
    model: SimulatedModel,
    judge: SimulatedJudge,
    *,
    n: int,
    labels: Sequence[int],
    draws: int = 1000,
    seed: int = 0,
    spread: float = 1.0,
) -> list[Covered]:
    """Return how often intervals hold the tested model's quality, over worlds that are drawn anew.

    Args:
        model: The tested model.
        judge: The judge.
        n: Items of each world.
        labels: Numbers of labels.
        draws: Worlds.
        seed: Of the first world; the others follow.
        spread: Of the items' difficulty.
    """
    found: dict[tuple[str, int], list[Estimate]] = {(name, count): [] for count in labels for name in ESTIMATORS}
    for world in range(seed, seed + draws):
        answers = draw_answers(draw_items(n, seed=world, spread=spread), model, seed=world)
        said = judge_answers(answers, judge, seed=world)
        read = ~np.isnan(said)
        order = np.argsort(uniforms(n, world, "labelled")[read])
        for count in labels:
            labelled = np.zeros(int(read.sum()), dtype=bool)
            labelled[order[:count]] = True
            true = answers.right[read].astype(np.float64)
            for name, estimate in estimates(true, said[read], labelled).items():
                found[name, count].append(estimate)
    return [
        _covered(name, count, np.array(found[name, count]).reshape(-1, 3), model.quality, draws)
        for count in labels
        for name in ESTIMATORS
    ]


def _covered(name: str, labels: int, seen: Numbers, truth: float, draws: int) -> Covered:
    if not len(seen):
        return Covered(name, labels, math.nan, math.nan, math.nan, math.nan, 1.0)
    values, low, high = seen.T
    held = float(((low <= truth) & (truth <= high)).mean())
    width = float((np.minimum(1, high) - np.maximum(0, low)).mean())
    error = math.sqrt(held * (1 - held) / len(seen))
    return Covered(name, labels, held, error, width, float(np.abs(values - truth).mean()), 1 - len(seen) / draws)
