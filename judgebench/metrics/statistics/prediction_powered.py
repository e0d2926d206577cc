"""The mean of what is true, from a judge's verdicts on all items and a person's labels on some.

Prediction-powered inference takes the judge's mean on the unlabelled items and adds the mean of (label - judge) on the
labelled ones. It is unbiased whatever the judge, if the labelled items are a random part; a good judge makes the
interval narrow, and a useless one is weighed by nearly 0.

Sources: A. N. Angelopoulos et al. (2023), Science 382, 669-674; the weight: A. N. Angelopoulos, J. C. Duchi and
T. Zrnic (2023), PPI++, arXiv:2311.01453. The package ``ppi_py`` is what the tests compare with, to 1e-9.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from judgebench.metrics.statistics.intervals import t_quantile
from judgebench.metrics.statistics.numbering import distinct, numbered

Column = npt.NDArray[np.float64]
"""One number for each item."""

SMALL = 50
"""Fewer labelled clusters than this get Student's t and n - 1, which cover better then."""
PSEUDO = 0.25
"""How many labels, each way, the interval adds in which the judge is wrong by the whole scale."""


class PoweredMean(NamedTuple):
    """A corrected mean.

    Attributes:
        value: The mean, in the labels' unit. ``stderr``: its standard error.
        low: Lower end of the interval. ``high``: upper end.
        weight: How much the judge counts: 1 is plain prediction-powered inference, 0 the labels alone.
        n: Labelled items. ``judged``: unlabelled ones.
        small: Whether the interval is the one for few labels.
    """

    value: float
    stderr: float
    low: float
    high: float
    weight: float
    n: int
    judged: int
    small: bool = False


def column(values: Sequence[float] | Column) -> Column:
    """Return numbers as an array."""
    return np.asarray(values, dtype=np.float64)


def power_weight(true: Column, said: Column, unlabelled: Column) -> float:
    """Return the weight of the judge that gives the least variance, clipped to 0..1; 0 for a judge that says one thing.

    ``cov(y, f) / ((1 + n / N) var(f))``, the covariance over the labelled items (divided by n), the variance over all
    of them (divided by n + N - 1), as ``ppi_py`` has it.

    Args:
        true: Labels.
        said: The judge about the same items.
        unlabelled: The judge about the items without a label.
    """
    covariance = float(np.mean((true - true.mean()) * (said - said.mean())))
    variance = float(np.var(np.concatenate([said, unlabelled]), ddof=1))
    if variance <= 0:
        return 0.0
    return min(1.0, max(0.0, covariance / ((1 + len(true) / len(unlabelled)) * variance)))


def powered_mean(
    true: Sequence[float] | Column,
    said: Sequence[float] | Column,
    unlabelled: Sequence[float] | Column,
    *,
    weight: float | None = None,
    clusters: Sequence[int] | npt.NDArray[np.int64] | None = None,
    level: float = 0.95,
    small: bool | None = None,
) -> PoweredMean | None:
    """Return the corrected mean, of independent items as ``ppi_py`` does; jb itself takes ``drawn_mean``.

    Args:
        true: Labels.
        said: The judge about the labelled items, in the same order.
        unlabelled: The judge about the others.
        weight: Of the judge; 1 is PPI, ``None`` takes the one with the least variance (PPI++).
        clusters: Question of each labelled item, then of each other one, where several items share one: the error is
            that over questions, and ``small`` counts them. Each item's own if not given.
        level: Of the interval.
        small: Whether the interval is for few labels: n - 1 in the variances, and Student's t with n - 1 degrees of
            freedom; ``None`` takes it below ``SMALL`` labels. ``ppi_py`` has n and the normal distribution.

    Returns:
        ``None`` for fewer than two items on either side.
    """
    y, f, u = column(true), column(said), column(unlabelled)
    n, rest = len(y), len(u)
    if n < 2 or rest < 2:
        return None
    lam = power_weight(y, f, u) if weight is None else weight
    residual, predicted = y - lam * f, lam * u
    value = float(predicted.mean() + residual.mean())
    error, reach, few = reach_of(residual, predicted, clusters, level=level, small=small)
    return PoweredMean(value, error, value - reach, value + reach, lam, n, rest, few)


def reach_of(
    residual: Column,
    predicted: Column,
    clusters: Sequence[int] | npt.NDArray[np.int64] | None,
    *,
    level: float = 0.95,
    small: bool | None = None,
) -> tuple[float, float, bool]:
    """Return the standard error of the sum of two means, the reach of its interval, and whether it is for few labels.

    Args:
        residual: What the predictions miss, of each labelled item.
        predicted: The prediction of each other item.
        clusters: As of ``powered_mean``; likewise ``level`` and ``small``.
        level: Likewise.
        small: Likewise.

    Raises:
        ValueError: There are more or fewer clusters than items.
    """
    n, rest = len(residual), len(predicted)
    if clusters is None:
        labelled = n
        few = labelled < SMALL if small is None else small
        freedom = 1 if few else 0
        error = math.sqrt(float(predicted.var(ddof=freedom)) / rest + float(residual.var(ddof=freedom)) / n)
    else:
        own = np.asarray(clusters)
        if len(own) != n + rest:
            raise ValueError(f"there are {n} labelled and {rest} other items, and {len(own)} clusters")
        count, place, _ = numbered(own)
        labelled, others = distinct(place[:n], count), distinct(place[n:], count)
        few = labelled < SMALL if small is None else small
        known, also = (math.sqrt(one / max(1, one - 1)) for one in (labelled, others))
        moved = np.concatenate([known * (residual - residual.mean()) / n, also * (predicted - predicted.mean()) / rest])
        sums = np.bincount(place, moved, count)
        error = math.sqrt(float(sums @ sums))
    quantile = t_quantile(0.5 + level / 2, max(1, labelled - 1)) if few else NormalDist().inv_cdf(0.5 + level / 2)
    return error, error * quantile, few


def drawn_mean(
    true: Sequence[float] | Column,
    said: Sequence[float] | Column,
    every: Sequence[float] | Column,
    chances: Sequence[float] | Column,
    clusters: Sequence[int] | npt.NDArray[np.int64],
    every_clusters: Sequence[int] | npt.NDArray[np.int64],
    *,
    weight: float | None = None,
    level: float = 0.95,
    scale: float = 0.0,
    these: bool = False,
) -> PoweredMean | None:
    """Return the corrected mean for labels that were drawn with unequal probabilities, with its error over clusters.

    ``w * mean of f over all items + sum of (y - w f) / p over sum of 1 / p``: the judge's mean, and the mean of what it
    gets wrong, weighed by the inverse probability of each label (J. Hajek 1971; augmented as by J. M. Robins,
    A. Rotnitzky and L. P. Zhao 1994). With equal probabilities and as many clusters as items it is the mean
    of PPI++ whose judge is averaged over all items; the weight is the one that gives the least variance, found exactly.

    Args:
        true: Labels.
        said: The judge about the labelled items.
        every: The judge about all items, labelled or not.
        chances: With which each labelled item was drawn.
        clusters: Question of each labelled item.
        every_clusters: Question of each item.
        weight: Of the judge; ``None`` takes the one with the least variance.
        level: Of the interval.
        scale: How far apart the ends of the scale are. Twenty labels may show no error of a judge that errs; so the
            variance gets ``2 k scale^2 / (n + 2 k)^2``, ``PSEUDO`` labels each way in which it errs. 0 adds nothing.
        these: Whether the interval is about these very items: what labels on all of them would say (J. Hajek 1964).
            Else it is about questions like these, of which these are a sample.

    Returns:
        ``None`` for fewer than three labelled questions.
    """
    y, f, u = column(true), column(said), column(every)
    if len(y) < 3:
        return None
    inverse = 1 / column(chances)
    inverse = inverse / inverse.sum()
    count, every_place, place = numbered(every_clusters, clusters)
    labelled = distinct(place, count)
    if labelled < 3:
        return None
    questions = np.bincount(place, inverse, count)
    worth = 1 / float(questions @ questions)  # questions of equal chance that tell as much (L. Kish 1965)
    known = math.sqrt(labelled / (labelled - (1 if weight is not None else 2)))  # one more for the weight

    def influence(values: Column, mean: float) -> Column:
        """Return what each question adds to the error of the labelled items' mean."""
        sums = np.bincount(place, inverse * (values - mean), count)
        return known * np.asarray(sums, dtype=np.float64)

    of_labels = influence(y, float(inverse @ y))
    of_judge = np.bincount(every_place, (u - u.mean()) / len(u)) - influence(f, float(inverse @ f))
    spread = float(of_judge @ of_judge)
    if weight is None:  # the variance is a parabola in the weight
        weight = min(1.0, max(0.0, -float(of_judge @ of_labels) / spread)) if spread > 0 else 0.0
    residual = y - weight * f
    value = weight * float(u.mean()) + float(inverse @ residual)
    doubt = 2 * PSEUDO * scale**2 / (worth + 2 * PSEUDO) ** 2
    if these:  # nothing but the draw of the labels is left to chance
        left = 1 - column(chances)
        moved = known * inverse * (residual - float(inverse @ residual))
        variance = float(moved**2 @ left) + doubt * float(left.mean())
    else:
        sums = of_labels + weight * of_judge
        variance = float(sums @ sums) + doubt
    error = math.sqrt(variance)
    reach = error * t_quantile(0.5 + level / 2, max(1, math.floor(worth + 1e-9) - 1))
    few = worth < SMALL
    return PoweredMean(value, error, value - reach, value + reach, weight, len(y), len(u) - len(y), few)
