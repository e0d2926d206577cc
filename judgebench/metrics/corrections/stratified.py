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

from judgebench.metrics.statistics.intervals import t_quantile
from judgebench.metrics.statistics.prediction_powered import PSEUDO, PoweredMean, powered_mean

LEAST = 5
"""Labels below which a stratum is merged with the next smaller one."""


class StratumValues(NamedTuple):
    """What is known of one stratum.

    Attributes:
        true: Labels. ``said``: the judge about the labelled items. ``unlabelled``: the judge about the others.
    """

    true: Sequence[float]
    said: Sequence[float]
    unlabelled: Sequence[float]


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
    total = sum(len(values.true) + len(values.unlabelled) for _, values in groups)
    value = variance = spread = 0.0
    found: dict[tuple[Hashable, ...], PoweredMean] = {}
    for names, values in groups:
        one = powered_mean(values.true, values.said, values.unlabelled, weight=weight, level=level, small=small)
        if one is None:
            return None
        share = (len(values.true) + len(values.unlabelled)) / total
        found[names] = one
        error = one.stderr**2
        if scale:
            error *= (one.n - 1) / (one.n - 2) if weight is None else 1.0
            error += 2 * PSEUDO * scale**2 / (one.n + 2 * PSEUDO) ** 2
        value += share * one.value
        variance += share**2 * error
        spread += share**4 * error**2 / (one.n - 1)
    quantile = NormalDist().inv_cdf(0.5 + level / 2)
    if any(one.small for one in found.values()) and spread > 0:
        quantile = t_quantile(0.5 + level / 2, max(1, math.floor(variance**2 / spread)))
    reach = math.sqrt(variance) * quantile
    return StratifiedMean(value, math.sqrt(variance), value - reach, value + reach, found, merged)


def _labels(group: tuple[tuple[Hashable, ...], StratumValues]) -> int:
    return len(group[1].true)
