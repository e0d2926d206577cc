"""Quantiles, standard errors and confidence intervals, in plain Python: a task that scores needs no numpy.

``share_of``, ``mean_of`` and ``clustered_share`` are the one door to the error of a share or a mean. Repeats of one
item are no independent trials, nor are items that share a question, so each of them asks whose each trial is, and none
has a default that takes all trials for independent: a caller whose trials are independent says so by giving each a
cluster of its own. Eight equal repeats of every item give the error and the interval of one.

Shares are in 0..1 here; the metrics are in percent.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import repeat
from statistics import NormalDist
from typing import NamedTuple

from judgebench.records.flow import Metric

Z95 = NormalDist().inv_cdf(0.975)
"""The 97.5% quantile of the standard normal distribution."""


class Interval(NamedTuple):
    """A closed interval."""

    low: float
    high: float


def wilson(share: float, n: float, *, z: float = Z95) -> Interval:
    """Return the score interval of a share.

    Args:
        share: Observed share, 0..1.
        n: Number of independent trials; may be an effective, fractional number.
        z: Quantile; 1.96 for 95%.

    Raises:
        ValueError: ``n`` is not positive or the share is outside 0..1.

    Source: E. B. Wilson (1927), Journal of the American Statistical Association 22, 209-212.
    """
    if n <= 0 or not 0 <= share <= 1:
        raise ValueError(f"wilson needs n > 0 and a share in 0..1, got n={n} and share={share}")
    squared = z * z
    centre = (share + squared / (2 * n)) / (1 + squared / n)
    half = z / (1 + squared / n) * math.sqrt(share * (1 - share) / n + squared / (4 * n * n))
    # rounding must never push the estimate out of its own interval
    return Interval(min(max(0.0, centre - half), share), max(min(1.0, centre + half), share))


def effective_size(share: float, stderr: float | None, *, clusters: int, n: int, least: float | None = None) -> float:
    """Return how many independent trials a clustered sample of a share is worth.

    The design effect is the variance of the estimate over that of a simple random sample of the same size,
    ``deff = stderr^2 / (p (1 - p) / (n - 1))``; the size is ``n / deff * (t[n-1] / t[clusters-1])^2``, never above
    ``n`` and never below ``least``, which it also is where the sample shows no variance (a share of 0 or 1). For one
    trial per cluster it is ``n`` exactly.

    Args:
        share: Estimate, 0..1.
        stderr: Its cluster-robust standard error; ``None`` where one cluster gives none.
        clusters: Number of clusters (questions), at least 1.
        n: Number of trials in all clusters.
        least: Size if the trials of a cluster were copies of each other; the number of clusters if not given.

    Source: E. L. Korn and B. I. Graubard (1998), Survey Methodology 24, 193-201, with its degrees-of-freedom factor.
    """
    least = float(clusters) if least is None else least
    if clusters <= 1 or n <= 1 or stderr is None or share in (0.0, 1.0):
        return least
    design = stderr * stderr / (share * (1 - share) / (n - 1))
    if design < 1e-12:
        return float(n)
    size = n / design * (t_quantile(0.975, n - 1) / t_quantile(0.975, clusters - 1)) ** 2
    return max(least, min(float(n), size))


def clustered_wilson(
    share: float, stderr: float | None, *, clusters: int, n: int, least: float | None = None
) -> Interval:
    """Return the 95% Wilson interval of a share, with the effective size of a clustered sample; see there."""
    return wilson(share, effective_size(share, stderr, clusters=clusters, n=n, least=least))


def student(mean: float, stderr: float, df: int) -> Interval:
    """Return the 95% t interval of a mean.

    Args:
        mean: Estimate.
        stderr: Its standard error.
        df: Degrees of freedom: clusters minus 1.
    """
    half = t_quantile(0.975, df) * stderr
    return Interval(mean - half, mean + half)


@lru_cache(maxsize=4096)
def t_quantile(probability: float, df: int) -> float:
    """Return the quantile of Student's t distribution, by bisection of its distribution function.

    Args:
        probability: Between 0 and 1, both excluded.
        df: Degrees of freedom, at least 1.

    Raises:
        ValueError: Arguments outside of these ranges.
    """
    if df < 1 or not 0 < probability < 1:
        raise ValueError(f"t_quantile needs df >= 1 and a probability in 0..1, got df={df}, probability={probability}")
    if probability < 0.5:
        return -t_quantile(1 - probability, df)
    if df > 100_000:  # Cornish-Fisher expansion; the remainder is below 1e-14 here
        z = NormalDist().inv_cdf(probability)
        return z + (z**3 + z) / (4 * df) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * df**2)
    low, high = 0.0, 2.0
    while t_cdf(high, df) < probability:
        low, high = high, high * 2
    while high - low > 1e-13 * max(1.0, high):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if t_cdf(middle, df) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def t_cdf(t: float, df: float) -> float:
    """Return the distribution function of Student's t distribution at ``t``."""
    tail = 0.5 * regularized_beta(df / (df + t * t), df / 2, 0.5)
    return 1 - tail if t > 0 else tail


def regularized_beta(x: float, a: float, b: float) -> float:
    """Return the regularized incomplete beta function I_x(a, b).

    By the continued fraction DLMF 8.17.22, evaluated with Lentz's method (W. J. Lentz 1976, Applied Optics 15, 668).
    """
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - regularized_beta(1 - x, b, a)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    fraction = c = 1.0
    d = 0.0
    for step in range(1, 5000):
        m = step // 2
        if step % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / ((1 + term * d) or 1e-300)
        c = (1 + term / c) or 1e-300
        fraction *= c * d
        if -1e-15 < c * d - 1 < 1e-15:
            break
    return front / (a * fraction)


def mcnemar_exact(only_first: int, only_second: int) -> float:
    """Return the two-sided exact p-value that two raters of the same items are right equally often.

    Args:
        only_first: Items which only the first got right.
        only_second: Items which only the second got right.

    Source: Q. McNemar (1947), Psychometrika 12, 153-157; in its exact binomial form. Items that both got
    right, or both wrong, say nothing.
    """
    discordant = only_first + only_second
    if discordant == 0:
        return 1.0
    tail = sum(math.comb(discordant, i) for i in range(min(only_first, only_second) + 1))
    return min(1.0, float(Fraction(2 * tail, 1 << discordant)))


Cluster = Hashable
"""What trials that are not independent of each other share: ``Sample.id``, or the question that items ask."""


class ClusterGroup(NamedTuple):
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


def clustered_share(
    groups: Collection[ClusterGroup], *, bounds: tuple[float, float] | None = None, note: str = ""
) -> Metric:
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
