"""PPI++ within strata: one weight of the judge for each verdict, row or tested model.

A judge that is good about one model and poor about another gets a weight of its own for each, so the interval is
shorter than that of one weight for all.

Source: A. Fisch et al. (2024), Stratified prediction-powered inference for hybrid language model evaluation,
arXiv:2406.04291; degrees of freedom: F. E. Satterthwaite (1946), Biometrics Bulletin 2, 110-114.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from judgebench.metrics.statistics.intervals import t_quantile
from judgebench.metrics.statistics.numbering import Numbers, numbered
from judgebench.metrics.statistics.prediction_powered import PSEUDO, Column, PoweredMean, column, powered_mean

LEAST = 5
"""Labels below which a stratum is merged with the next smaller one."""


class StratumValues(NamedTuple):
    """What is known of one stratum.

    Attributes:
        true: Labels. ``said``: the judge about the labelled items. ``unlabelled``: the judge about the others.
        clusters: Question of each labelled item, where questions have several; empty where each has one.
        unlabelled_clusters: Question of each other item, likewise.
    """

    true: Sequence[float] | Column
    said: Sequence[float] | Column
    unlabelled: Sequence[float] | Column
    clusters: Sequence[int] | Numbers = ()
    unlabelled_clusters: Sequence[int] | Numbers = ()


class StratifiedMean(NamedTuple):
    """A corrected mean over strata.

    Attributes:
        value: The mean. ``stderr``: its standard error.
        low: Lower end of the interval. ``high``: upper end.
        strata: What each stratum gives; merged ones stand under all their names.
        merged: The strata that were merged for want of labels.
    """

    value: float
    stderr: float
    low: float
    high: float
    strata: dict[tuple[Hashable, ...], PoweredMean]
    merged: list[Hashable]


def stratified_mean(
    strata: Mapping[Hashable, StratumValues],
    *,
    weight: float | None = None,
    level: float = 0.95,
    small: bool | None = None,
    least: int = LEAST,
    scale: float = 0.0,
) -> StratifiedMean | None:
    """Return the corrected mean of all items, each stratum weighed by its size.

    Where the strata name questions, the error is that over questions: what the answers to one question have in common
    is counted across strata, and so is that another sample would have strata of other sizes.

    Args:
        strata: The strata by name.
        weight: Of the judge, in every stratum; ``None`` takes the best one of each.
        level: Of the interval.
        small: As of ``powered_mean``; with Student's t it has Satterthwaite's degrees of freedom.
        least: Strata with fewer labels are merged, the smallest first.
        scale: How far apart the ends of the scale are. A few labels may show no error of a judge that errs; so each
            stratum's variance gets ``2 k scale^2 / (n + 2 k)^2``, as that of ``drawn_mean``, and a degree of freedom
            less for a weight of its own. 0 leaves each stratum as ``powered_mean`` has it.

    Returns:
        ``None`` where all strata together have fewer labels, or fewer than two unlabelled items.
    """
    groups: list[tuple[tuple[Hashable, ...], StratumValues]] = [((name,), values) for name, values in strata.items()]
    merged: list[Hashable] = []
    while thin := [one for one in groups if len(one[1].true) < least or len(one[1].unlabelled) < 2]:
        if len(groups) == 1:
            return None
        few = min(thin, key=_labels)
        other = min((one for one in groups if one is not few), key=_labels)
        merged += [name for name in (*few[0], *other[0]) if name not in merged]
        both = StratumValues(*([*first, *second] for first, second in zip(few[1], other[1], strict=True)))
        groups = [*(one for one in groups if one is not few and one is not other), ((*few[0], *other[0]), both)]
    total = sum(_size(values) for _, values in groups)
    value = variance = spread = doubt = 0.0
    found: dict[tuple[Hashable, ...], PoweredMean] = {}
    for names, values in groups:
        one = powered_mean(values.true, values.said, values.unlabelled, weight=weight, level=level, small=small)
        if one is None:
            return None
        share = _size(values) / total
        found[names] = one
        error = one.stderr**2
        if scale:
            error *= (one.n - 1) / (one.n - 2) if weight is None else 1.0
            unseen = 2 * PSEUDO * scale**2 / (one.n + 2 * PSEUDO) ** 2
            error, doubt = error + unseen, doubt + share**2 * unseen
        value += share * one.value
        variance += share**2 * error
        spread += share**4 * error**2 / (one.n - 1)
    freedom = max(1, math.floor(variance**2 / spread)) if spread > 0 else math.inf
    if any(len(values.clusters) for _, values in groups):
        variance = doubt + _variance(groups, found, value, lost=2 if scale and weight is None else 1)
    quantile = NormalDist().inv_cdf(0.5 + level / 2)
    if any(one.small for one in found.values()) and math.isfinite(freedom):
        quantile = t_quantile(0.5 + level / 2, int(freedom))
    reach = math.sqrt(variance) * quantile
    return StratifiedMean(value, math.sqrt(variance), value - reach, value + reach, found, merged)


def _variance(
    groups: Sequence[tuple[tuple[Hashable, ...], StratumValues]],
    found: Mapping[tuple[Hashable, ...], PoweredMean],
    value: float,
    *,
    lost: int,
) -> float:
    """Return the variance of the mean over questions, which may have answers in several strata."""
    total = sum(_size(values) for _, values in groups)
    influences, questions = [], []
    for names, values in groups:
        one, n, size = found[names], len(values.true), _size(values)
        residual = column(values.true) - one.weight * column(values.said)
        predicted = one.weight * column(values.unlabelled)
        known = math.sqrt(n / max(1, n - lost))
        between = np.full(size, (one.value - value) / total)
        between[:n] += size / total * known * (residual - residual.mean()) / n
        between[n:] += size / total * (predicted - predicted.mean()) / len(predicted)
        influences.append(between)
        questions.append(np.concatenate([values.clusters, values.unlabelled_clusters]))
    count, place, _ = numbered(np.concatenate(questions).astype(np.int64))
    sums = np.bincount(place, np.concatenate(influences), count)
    return float(sums @ sums)


def _size(values: StratumValues) -> int:
    return len(values.true) + len(values.unlabelled)


def _labels(group: tuple[tuple[Hashable, ...], StratumValues]) -> int:
    return len(group[1].true)
