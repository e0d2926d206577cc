"""The share of right answers by labels within each verdict: what ``jb`` prints as *corrected*.

Within the answers that the judge calls right, the labels say how many are; within those that it calls wrong, likewise.
Both shares, weighed by how many verdicts of each kind there are, make the share of all. For right and wrong the value
is that of PPI++ with its best weight. The interval is made of one of Jeffreys for each verdict, so it holds where few
labels, or none, show an error of the judge; the normal interval of PPI++ holds the truth in 80% of cases there.

Sources: post-stratification: D. Holt and T. M. F. Smith (1979), Journal of the Royal Statistical Society A 142, 33-46;
how intervals of parts make one of the whole (MOVER): G. Y. Zou and A. Donner (2008), Statistics in Medicine 27,
1693-1702; unequal probabilities: J. Hajek (1964), Annals of Mathematical Statistics 35, 1491-1523; answers to one
question are worth fewer labels: E. L. Korn and B. I. Graubard (1998), Survey Methodology 24, 193-201.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from judgebench.metrics.statistics.jeffreys import jeffreys
from judgebench.metrics.statistics.numbering import Numbers, distinct, numbered
from judgebench.metrics.statistics.prediction_powered import SMALL, Column, PoweredMean, column


class _QuestionNumbers(NamedTuple):
    """How many questions there are, and the number of that of each answer, and of each labelled one."""

    size: int
    every: Numbers
    labelled: Numbers

    @property
    def alone(self) -> bool:
        """Whether each question has one answer."""
        return self.size == len(self.every)


class _Class(NamedTuple):
    """The answers with one verdict.

    Attributes:
        weight: Their share of all answers.
        share: Mean of their labels.
        size: How many independent labels these are worth; endless where every answer has one.
    """

    weight: float
    share: float
    size: float


def corrected_share(
    true: Sequence[float] | Column,
    said: Sequence[float] | Column,
    every: Sequence[float] | Column,
    chances: Sequence[float] | Column,
    clusters: Sequence[int] | npt.NDArray[np.int64],
    every_clusters: Sequence[int] | npt.NDArray[np.int64],
    *,
    blind: bool = False,
    level: float = 0.95,
    these: bool = False,
) -> PoweredMean | None:
    """Return the corrected share of answers that were drawn with known probabilities.

    Args:
        true: Labels, 0..1.
        said: The judge about the labelled answers.
        every: The judge about all answers, labelled or not.
        chances: With which each labelled answer was drawn.
        clusters: Question of each labelled answer.
        every_clusters: Question of each answer.
        blind: Whether the judge does not count: the labels alone.
        level: Of the interval.
        these: Whether the interval is about these very answers: what labels on all of them would say. Else it is about
            questions like these, of which these are a sample.

    Returns:
        ``None`` for fewer than three labelled questions.

    Raises:
        ValueError: A label lies outside of 0..1.
    """
    y, f, u = column(true), column(said), column(every)
    if len(y) and (y.min() < 0 or y.max() > 1):
        raise ValueError(f"corrected_share needs labels in 0..1, got {y.min():g}..{y.max():g}")
    if len(y) < 3:
        return None
    of = _QuestionNumbers(*numbered(every_clusters, clusters))
    questions = distinct(of.labelled, of.size)
    if questions < 3:
        return None
    chance = column(chances)
    of_label, of_answer = _classes(np.zeros_like(f) if blind else f, np.zeros_like(u) if blind else u)
    count = int(of_answer.max()) + 1
    weights = np.bincount(of_answer, minlength=count) / len(u)
    inverse = 1 / chance
    inverse = inverse / np.bincount(of_label, inverse, count)[of_label]
    shares: Column = np.bincount(of_label, inverse * y, count).astype(np.float64)
    value = float(weights @ shares)
    residual = weights[of_label] * inverse * (y - shares[of_label])
    between = (shares[of_answer] - value) / len(u)
    drawn = 1 - chance if these else np.ones_like(chance)
    kish = np.bincount(of_label, inverse**2 * drawn, count)
    spread = np.bincount(of_label, inverse * (y - shares[of_label]) ** 2, count)
    worth = 1.0 if these else _worth(residual, between, of, inverse * weights[of_label])
    parts = [
        _Class(float(weight), float(share), _size(float(share), float(squares), float(kishes)) * worth)
        for weight, share, squares, kishes in zip(weights, shares, spread, kish, strict=True)
    ]
    z = NormalDist().inv_cdf(0.5 + level / 2)
    rest = 0.0 if these else z * z * float(between @ between) / worth
    below, above = rest, rest
    for one in parts:
        if math.isfinite(one.size):
            low, high = jeffreys(round(one.share * one.size, 9), round(one.size, 9), level)
            below += (one.weight * (one.share - low)) ** 2
            above += (one.weight * (high - one.share)) ** 2
    error = _stderr(residual * np.sqrt(drawn), between, of, questions, these=these)
    low, high = max(0.0, value - math.sqrt(below)), min(1.0, value + math.sqrt(above))
    few = questions < SMALL
    return PoweredMean(value, error, low, high, _slope(u, shares, of_answer), len(y), len(u) - len(y), few)


def _classes(f: Column, u: Column) -> tuple[Numbers, Numbers]:
    """Return the verdict class of each labelled answer and of each answer; those without a label join the nearest."""
    known = np.unique(f)
    return np.searchsorted(known, f), np.abs(u[:, None] - known[None, :]).argmin(axis=1)


def _size(share: float, spread: float, kish: float) -> float:
    """Return how many labels of 0 and 1 would tell as much; labels between 0 and 1 (ties) tell more."""
    if kish < 1e-15:
        return math.inf
    binary = share * (1 - share)
    return (1.0 if spread < 1e-12 or binary < 1e-12 else max(1.0, binary / spread)) / kish


def _worth(residual: Column, between: Column, of: _QuestionNumbers, worth_each: Column) -> float:
    """Return how much one label is worth where several answers belong to one question, 0..1."""
    if of.alone:
        return 1.0
    alone = float(residual @ residual + between @ between)
    if alone <= 0:  # no error was seen; labels of one question count as one
        sums = np.bincount(of.labelled, worth_each, of.size)
        return float(worth_each @ worth_each / (sums @ sums))
    return min(1.0, alone / _variance(residual, between, of))


def _variance(residual: Column, between: Column, of: _QuestionNumbers) -> float:
    """Return the variance of both parts of the error over questions."""
    if of.alone:
        return float(residual @ residual + between @ between)
    sums = np.bincount(of.every, between, of.size) + np.bincount(of.labelled, residual, of.size)
    return float(sums @ sums)


def _stderr(residual: Column, between: Column, of: _QuestionNumbers, questions: int, *, these: bool) -> float:
    n = len(residual) if these else questions
    variance = float(residual @ residual) if these else _variance(residual, between, of)
    return math.sqrt(variance * n / (n - 1))


def _slope(u: Column, shares: Column, of_answer: Numbers) -> float:
    """Return the weight of the judge in PPI++ that the shares amount to."""
    centred = u - u.mean()
    spread = float(centred @ centred)
    return float(centred @ shares[of_answer]) / spread if spread > 0 else 0.0
