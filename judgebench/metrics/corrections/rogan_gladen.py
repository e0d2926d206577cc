"""The share of Rogan and Gladen with the interval of the delta method, and with that of the bootstrap.

``misclassification.solved_share`` has the smoothed interval of Lee et al., which takes the labels to be about other
answers than the judged ones. These two know that the labelled answers are judged too, and take several answers to one
question; the first is short and symmetric, the second follows the shape of the estimate.

Sources: W. J. Rogan and B. Gladen (1978), American Journal of Epidemiology 107, 71-76; the bootstrap over questions:
B. Efron and R. Tibshirani (1993), An introduction to the bootstrap.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from judgebench.metrics.statistics.misclassification import LEAST_YOUDEN, SolvedShare
from judgebench.metrics.statistics.numbering import distinct, numbered
from judgebench.metrics.statistics.prediction_powered import Column, column

ROUNDS = 1000


def solved_by_delta(
    true: Sequence[float] | Column,
    said: Sequence[float] | Column,
    every: Sequence[float] | Column,
    clusters: Sequence[int] | npt.NDArray[np.int64],
    every_clusters: Sequence[int] | npt.NDArray[np.int64],
    *,
    level: float = 0.95,
) -> SolvedShare | None:
    """Return the share with the normal interval of the delta method, over questions.

    Args:
        true: Labels, 1 and 0.
        said: The judge about the labelled answers.
        every: The judge about all answers, the labelled ones among them.
        clusters: Question of each labelled answer.
        every_clusters: Question of each answer.
        level: Of the interval.

    Returns:
        ``None`` where a class has no label, or the judge hardly tells them apart (``LEAST_YOUDEN``).
    """
    y, f, u = column(true), column(said), column(every)
    right, wrong = float(y.sum()), float((1 - y).sum())
    if not right or not wrong:
        return None
    sensitivity, accepted_wrong = float(y @ f) / right, float((1 - y) @ f) / wrong
    youden = sensitivity - accepted_wrong
    if youden < LEAST_YOUDEN:
        return None
    rate = float(u.mean())
    value = (rate - accepted_wrong) / youden
    share = min(1.0, max(0.0, value))
    count, place, own = numbered(every_clusters, clusters)
    of_rate = np.bincount(place, (u - rate) / len(u), count)
    of_label = y * share * (f - sensitivity) / right + (1 - y) * (1 - share) * (f - accepted_wrong) / wrong
    sums = of_rate - np.bincount(own, of_label, count)
    few = distinct(own, count)
    error = math.sqrt(float(sums @ sums) * few / max(1, few - 1)) / youden
    reach = NormalDist().inv_cdf(0.5 + level / 2) * error
    return SolvedShare(
        share, min(share, max(0.0, value - reach)), max(share, min(1.0, value + reach)), sensitivity, 1 - accepted_wrong
    )


def solved_by_bootstrap(
    true: Sequence[float] | Column,
    said: Sequence[float] | Column,
    every: Sequence[float] | Column,
    clusters: Sequence[int] | npt.NDArray[np.int64],
    every_clusters: Sequence[int] | npt.NDArray[np.int64],
    *,
    level: float = 0.95,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> SolvedShare | None:
    """Return the share with the percentile interval of resampled questions.

    Args:
        true: As of ``solved_by_delta``; likewise ``said``, ``every``, ``clusters``, ``every_clusters`` and ``level``.
        said: The judge about the labelled answers.
        every: The judge about all answers.
        clusters: Question of each labelled answer.
        every_clusters: Question of each answer.
        level: Of the interval.
        rounds: Resamples. Those in which a class has no label, or the judge hardly tells them apart, are left out.
        seed: Of the resamples.

    Returns:
        ``None`` as ``solved_by_delta``, and where more than half of the resamples are left out.
    """
    y, f, u = column(true), column(said), column(every)
    count, place, own = numbered(every_clusters, clusters)
    parts = (y * f, y, (1 - y) * f, 1 - y)
    sums = np.column_stack(
        [np.bincount(own, part, count) for part in parts]
        + [np.bincount(place, u, count), np.bincount(place, minlength=count)]
    )
    point = _solved(sums.sum(axis=0)[None, :])[0]
    if not math.isfinite(point):
        return None
    kinds, alike = np.unique(sums, axis=0, return_counts=True)  # equal questions are drawn together
    times = np.random.default_rng(seed).multinomial(count, alike / count, rounds)
    drawn = _solved(times.astype(np.float64) @ kinds)
    drawn = drawn[np.isfinite(drawn)]
    if 2 * len(drawn) < rounds:
        return None
    low, high = np.quantile(np.clip(drawn, 0, 1), [(1 - level) / 2, (1 + level) / 2])
    share = min(1.0, max(0.0, float(point)))
    right, wrong = float(y.sum()), float((1 - y).sum())
    return SolvedShare(
        share, min(share, float(low)), max(share, float(high)), float(y @ f) / right, float((1 - y) @ (1 - f)) / wrong
    )


def _solved(sums: npt.NDArray[np.float64]) -> Column:
    """Return the share of each row of sums, not a number where it is refused."""
    accepted_right, right, accepted_wrong, wrong, accepted, judged = sums.T
    with np.errstate(divide="ignore", invalid="ignore"):
        leaky = accepted_wrong / wrong
        youden = accepted_right / right - leaky
        found = (accepted / judged - leaky) / youden
    return np.where(youden >= LEAST_YOUDEN, found, np.nan).astype(np.float64)
