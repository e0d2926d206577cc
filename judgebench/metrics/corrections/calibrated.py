"""Judge scores mapped to labels by a curve that never falls, and the mean of all of them by it.

Where the labels do not reach as far as the scores do, nobody knows how the curve goes on: if 5% of the scores or more
lie outside of the labelled ones, the mean is refused.

Sources: the curve: R. E. Barlow et al. (1972), Statistical inference under order restrictions; the mean, the refusal
and the parts: E. Landesberg and M. Narayan (2025), Causal judge evaluation, arXiv:2512.11150, and the package
``cje-eval``, with whose point estimate the tests compare.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from judgebench.metrics.corrections.cross_fitted import parts_of
from judgebench.metrics.statistics.intervals import t_quantile
from judgebench.metrics.statistics.prediction_powered import Column, column

MOST_OUTSIDE = 0.05
"""Share of scores outside of the labelled ones from which on the mean is refused."""
LEAST_CLUSTERS = 4


class ScoreMap(NamedTuple):
    """A curve that never falls, straight between its points and level beyond them.

    Attributes:
        scores: Judge scores, rising. ``labels``: what each is mapped to.
    """

    scores: Column
    labels: Column

    def __call__(self, values: Column) -> Column:
        """Return the mapped scores."""
        return np.interp(values, self.scores, self.labels)


class CalibratedMean(NamedTuple):
    """The mean of mapped scores.

    Attributes:
        value: The mean; ``None`` where it is refused. ``stderr``: its standard error.
        low: Lower end of the interval. ``high``: upper end.
        outside: Share of scores outside of the labelled ones.
        n: Labels. ``judged``: scores without one.
        map: The curve.
    """

    value: float | None
    stderr: float | None
    low: float | None
    high: float | None
    outside: float
    n: int
    judged: int
    map: ScoreMap


def isotonic(scores: Sequence[float] | Column, labels: Sequence[float] | Column) -> ScoreMap:
    """Return the rising curve with the least squared error, by pooling adjacent violators.

    Raises:
        ValueError: There is no score.
    """
    s, y = column(scores), column(labels)
    if not len(s):
        raise ValueError("isotonic needs at least one labelled score")
    known, place = np.unique(s, return_inverse=True)
    counts = np.bincount(place)
    blocks: list[list[float]] = []  # mean, weight, points
    for mean, count in zip(np.bincount(place, y) / counts, counts, strict=True):
        blocks.append([float(mean), float(count), 1.0])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            last, before = blocks.pop(), blocks[-1]
            weight = before[1] + last[1]
            before[0] = (before[0] * before[1] + last[0] * last[1]) / weight
            before[1], before[2] = weight, before[2] + last[2]
    fitted = np.concatenate([np.full(int(points), mean) for mean, _, points in blocks])
    return ScoreMap(known, fitted)


def calibrated_mean(
    labelled_scores: Sequence[float] | Column,
    labels: Sequence[float] | Column,
    scores: Sequence[float] | Column,
    *,
    clusters: Sequence[int] | npt.NDArray[np.int64] | None = None,
    parts: int | npt.NDArray[np.int64] = 5,
    level: float = 0.95,
    seed: int = 0,
) -> CalibratedMean | None:
    """Return the mean label of all items by their scores, for labels that are a random part of them.

    ``mean of the curve over all scores + mean of (label - the curve without the label's part)``. The variance is that
    of both over clusters, the labelled part with n - 1. What is wrong with the curve is wrong with both terms and
    cancels, so the curve's own error adds nothing that counts; ``cje-eval`` adds a jackknife over the parts for it.

    Args:
        labelled_scores: The judge's scores of the labelled items.
        labels: Their labels.
        scores: The judge's scores of the items without a label.
        clusters: Question of each labelled item, then of each other item; each item's own if not given.
        parts: How many, or the part of each label.
        level: Of the interval.
        seed: Of the parts.

    Returns:
        ``None`` for fewer than ``LEAST_CLUSTERS`` labelled questions.
    """
    s, y, u = column(labelled_scores), column(labels), column(scores)
    own = np.arange(len(s) + len(u)) if clusters is None else np.asarray(clusters)
    questions = len(np.unique(own[: len(s)]))
    if questions < LEAST_CLUSTERS:
        return None
    every = np.concatenate([s, u])
    outside = float(((every < s.min()) | (every > s.max())).mean())
    curve = isotonic(s, y)
    if outside >= MOST_OUTSIDE:
        return CalibratedMean(None, None, None, None, outside, len(s), len(u), curve)
    if isinstance(parts, int):
        count = parts if questions >= 2 * parts else max(2, questions // 2)
        part = parts_of(own[: len(s)], count, seed)
    else:
        part = parts
    mapped, residual = curve(every), np.empty(len(s))
    for one in np.unique(part):
        inside = part == one
        residual[inside] = y[inside] - isotonic(s[~inside], y[~inside])(s[inside])
    value = float(mapped.mean() + residual.mean())
    influence = (mapped - mapped.mean()) / len(every)
    influence[: len(s)] += math.sqrt(questions / (questions - 1)) * (residual - residual.mean()) / len(s)
    sums = np.bincount(np.unique(own, return_inverse=True)[1], influence)
    error = math.sqrt(float(sums @ sums))
    reach = error * t_quantile(0.5 + level / 2, questions - 1)
    return CalibratedMean(value, error, value - reach, value + reach, outside, len(s), len(u), curve)
