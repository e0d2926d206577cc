"""Averages over rows: naive (all alike), by given weights, or by scored items."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from judgebench.records import Counts, Metric


class Part(NamedTuple):
    """One row's part of an average.

    Attributes:
        metric: Its number; the value is not ``None``.
        weight: What it counts; 0 or more.
        open_weight: What it counts in the bounds: the same, but planned instead of scored items where items weigh.
    """

    metric: Metric
    weight: float
    open_weight: float


def average(parts: Sequence[Part]) -> Metric:
    """Return the weighted mean of metrics of independent rows.

    The standard error is ``sqrt(sum w^2 se^2)`` with weights that sum to 1. The interval recovers each part's own,
    asymmetric one: ``mean - sqrt(sum w^2 (value - low)^2)``, and likewise above. A part without an error or an interval
    leaves the average without one.

    Source of the interval: G. Y. Zou and A. Donner (2008), Statistics in Medicine 27, 1693-1702 (MOVER).
    """
    total = math.fsum(part.weight for part in parts)
    if total <= 0:
        return Metric(value=None, note="the weights of the subsets sum to 0")
    shares = [part.weight / total for part in parts]
    values = [part.metric.value or 0.0 for part in parts]
    mean = math.fsum(share * value for share, value in zip(shares, values, strict=True))
    errors = [part.metric.stderr for part in parts if part.metric.stderr is not None]
    stderr = None
    if len(errors) == len(parts):
        stderr = math.sqrt(math.fsum((share * error) ** 2 for share, error in zip(shares, errors, strict=True)))
    intervals = [part.metric.ci95 for part in parts if part.metric.ci95 is not None]
    ci95 = None
    if len(intervals) == len(parts):
        reach = list(zip(shares, values, intervals, strict=True))
        below = math.sqrt(math.fsum((share * (value - ends[0])) ** 2 for share, value, ends in reach))
        above = math.sqrt(math.fsum((share * (ends[1] - value)) ** 2 for share, value, ends in reach))
        ci95 = (mean - below, mean + above)
    return Metric(value=mean, n=sum(part.metric.n for part in parts), stderr=stderr, ci95=ci95, bounds=_bounds(parts))


def sum_counts(counts: Sequence[Counts]) -> Counts:
    """Return the counts of several results together."""
    return Counts(**{name: sum(getattr(one, name) for one in counts) for name in Counts.__struct_fields__})


def _bounds(parts: Sequence[Part]) -> tuple[float, float] | None:
    total = math.fsum(part.open_weight for part in parts)
    known = [part.metric.bounds for part in parts if part.metric.bounds is not None]
    if total <= 0 or len(known) < len(parts):
        return None
    weights = [part.open_weight / total for part in parts]
    return (
        math.fsum(weight * ends[0] for weight, ends in zip(weights, known, strict=True)),
        math.fsum(weight * ends[1] for weight, ends in zip(weights, known, strict=True)),
    )
