"""The one door to standard errors and intervals: shares and means over trials that come in clusters.

Repeats of one item are no independent trials, nor are items that share a question. Every function here therefore asks
whose each trial is, and none of them has a default that takes all trials for independent: a caller whose trials are
independent says so by giving each a cluster of its own. Eight equal repeats of every item give the error and the
interval of one.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Iterable, Sequence
from itertools import repeat
from typing import NamedTuple

from judgebench.metrics.statistics.intervals import clustered_wilson, student
from judgebench.records.flow import Metric

Cluster = Hashable
"""What trials that are not independent of each other share: ``Sample.id``, or the question that items ask."""


class Group(NamedTuple):
    """Equal clusters (questions) of a share.

    Attributes:
        trials: Trials of one cluster. ``hits``: how many of them count, fractions too.
        times: How many such clusters there are.
    """

    trials: int
    hits: float
    times: int = 1


def share_of(
    worths: Sequence[float],
    clusters: Sequence[Cluster],
    *,
    weights: Sequence[float] | None = None,
    missing: float = 0,
    bounds: tuple[float, float] | None = None,
    lacking: str = "nothing was judged",
) -> Metric:
    """Return the mean of points (0..1) in percent, with interval, and bounds if trials are missing.

    The standard error is that of a mean over clusters (n - 1); the interval is Wilson's, with the effective number of
    trials.

    Args:
        worths: The points.
        clusters: Whose each point is.
        weights: How much each point counts; all alike if not given.
        missing: How much more weight (trials, where all weigh alike) there should be.
        bounds: Worst and best case (0..1) where they are not what ``missing`` trials of no point, or of one, make.
        lacking: The note where there is no trial.
    """
    sums = _sums(worths, clusters, weights)
    size = math.fsum(trials for trials, _ in sums)
    if not worths or size <= 0:
        note = lacking if not worths else "the trials have no weight"
        return Metric(value=None, bounds=(0.0, 100.0) if missing else None, note=note)
    total = math.fsum(hits for _, hits in sums)
    share = min(1.0, total / size)
    if bounds is None and missing:
        bounds = (total / (size + missing), (total + missing) / (size + missing))
    return share_metric(
        share,
        cluster_stderr(math.fsum((hits - share * trials) ** 2 for trials, hits in sums), len(sums), size),
        clusters=len(sums),
        n=len(worths),
        bounds=bounds,
        least=size**2 / math.fsum(trials**2 for trials, _ in sums),
    )


def mean_of(
    values: Sequence[float | None],
    clusters: Sequence[Cluster],
    *,
    weights: Sequence[float] | None = None,
    missing: float = 0,
    scale: tuple[float, float] | None = None,
    lacking: str = "no grade was read",
) -> Metric:
    """Return the mean of what is known, with its standard error and Student's t interval over clusters.

    Args:
        values: ``None`` is left out.
        clusters: Whose each value is.
        weights: How much each value counts; all alike if not given.
        missing: How much more weight there should be; it bounds the mean together with what is left out.
        scale: Ends of the scale of values. Without it what is missing could be anything, as with a value outside of it
            (then it is not the values' scale), and there are no bounds.
        lacking: The note where nothing is known.
    """
    every = list(zip(values, clusters, weights if weights is not None else [1.0] * len(values), strict=True))
    known = [(value, cluster, weight) for value, cluster, weight in every if value is not None]
    missing += math.fsum(weight for value, _, weight in every if value is None)
    sums = _sums([value for value, _, _ in known], [own for _, own, _ in known], [weight for *_, weight in known])
    size = math.fsum(trials for trials, _ in sums)
    if size <= 0:
        return Metric(value=None, bounds=scale if missing else None, note=lacking)
    total = math.fsum(summed for _, summed in sums)
    mean = total / size
    deviations = math.fsum((summed - mean * trials) ** 2 for trials, summed in sums)
    stderr = cluster_stderr(deviations, len(sums), size)
    ends = None
    if scale is not None and all(scale[0] <= value <= scale[1] for value, *_ in known):
        ends = tuple((total + missing * end) / (size + missing) for end in scale) if missing else (mean, mean)
    return Metric(
        value=mean,
        n=len(known),
        stderr=stderr,
        ci95=student(mean, stderr, len(sums) - 1) if stderr is not None else None,
        bounds=ends,  # type: ignore[arg-type]  # two ends give two bounds
    )


def cluster_stderr(deviations: float, clusters: int, size: float) -> float | None:
    """Return the cluster-robust standard error of a ratio, ``None`` for fewer than two clusters.

    ``sqrt(C / (C - 1) * sum (y_i - p x_i)^2) / sum x_i``, the linearised error of a ratio estimate (W. G. Cochran 1977,
    Sampling Techniques, 3rd ed.); for one trial per cluster it is the sample standard deviation over the root of n.

    Args:
        deviations: Sum over clusters of the squared deviation of the cluster's numerator from its expectation.
        clusters: Number of clusters C.
        size: Sum of the denominators.
    """
    if clusters < 2:
        return None
    return math.sqrt(clusters / (clusters - 1) * max(deviations, 0.0)) / size


def influence_stderr(influences: Iterable[float], clusters: Iterable[Cluster]) -> float | None:
    """Return the standard error of an estimate whose error is a sum over trials, ``None`` for fewer than two clusters.

    ``sqrt(sum over clusters of the squared sum of their trials' influences)``: the delta method. A factor such as
    ``n / (n - 1)`` is the caller's business, as an estimate may be made of parts of different sizes.
    """
    sums: dict[Cluster, float] = {}
    for influence, cluster in zip(influences, clusters, strict=True):
        sums[cluster] = sums.get(cluster, 0.0) + influence
    return math.sqrt(math.fsum(one * one for one in sums.values())) if len(sums) > 1 else None


def share_metric(
    share: float,
    stderr: float | None,
    *,
    clusters: int,
    n: int,
    bounds: tuple[float, float] | None = None,
    items: int | None = None,
    least: float | None = None,
    note: str = "",
) -> Metric:
    """Return a share as a metric in percent, with its clustered Wilson interval.

    Args:
        share: Estimate, 0..1.
        stderr: Cluster-robust standard error of the share, 0..1.
        clusters: Questions it rests on.
        n: Trials it rests on.
        bounds: Worst and best case, 0..1.
        items: What ``Metric.n`` says; ``n`` if not given.
        least: See ``intervals.effective_size``.
        note: What a reader must know.
    """
    low, high = clustered_wilson(min(1.0, max(0.0, share)), stderr, clusters=clusters, n=n, least=least)
    return Metric(
        value=100 * share,
        n=n if items is None else items,
        stderr=None if stderr is None else 100 * stderr,
        ci95=(100 * low, 100 * high),
        bounds=None if bounds is None else (100 * bounds[0], 100 * bounds[1]),
        note=note,
    )


def clustered_share(groups: Collection[Group], *, bounds: tuple[float, float] | None = None, note: str = "") -> Metric:
    """Return hits over trials in percent, with error and interval clustered; at least one trial.

    Args:
        groups: The clusters; those without a trial are passed over.
        bounds: Worst and best case, 0..1.
        note: What a reader must know.
    """
    n = sum(one.trials * one.times for one in groups)
    share = math.fsum(one.hits * one.times for one in groups) / n
    clusters = sum(one.times for one in groups if one.trials)
    deviations = math.fsum(one.times * (one.hits - share * one.trials) ** 2 for one in groups)
    return share_metric(
        share,
        cluster_stderr(deviations, clusters, n),
        clusters=clusters,
        n=n,
        bounds=bounds,
        least=n**2 / sum(one.trials**2 * one.times for one in groups),
        note=note,
    )


def share_of_worths(worths: Iterable[tuple[Cluster, float | None]]) -> Metric:
    """Return the mean worth (0..1) of the outcomes that have one in percent, clustered by id; at least one has.

    The outcomes without a worth bound it, as 0 or 1.
    """
    planned = 0
    known: list[tuple[Cluster, float]] = []
    for cluster, worth in worths:
        planned += 1
        if worth is not None:
            known.append((cluster, worth))
    hits, missing = math.fsum(worth for _, worth in known), planned - len(known)
    bounds = (hits / planned, (hits + missing) / planned)
    return share_of([worth for _, worth in known], [cluster for cluster, _ in known], missing=missing, bounds=bounds)


def _sums(
    values: Sequence[float], clusters: Sequence[Cluster], weights: Sequence[float] | None
) -> list[tuple[float, float]]:
    """Return the weight of every cluster, and its weighted sum."""
    sums: dict[Cluster, list[float]] = {}
    weighing = repeat(1.0, len(values)) if weights is None else weights
    for value, cluster, weight in zip(values, clusters, weighing, strict=True):
        own = sums.setdefault(cluster, [0.0, 0.0])
        own[0] += weight
        own[1] += weight * value
    return [(trials, hits) for trials, hits in sums.values() if trials > 0]
