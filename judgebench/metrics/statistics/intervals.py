"""Quantiles and confidence intervals, in plain Python.

Resampling, which needs numpy, is in ``resampling``. Shares are in 0..1 here; the metrics turn them into percent.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from statistics import NormalDist
from typing import NamedTuple

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
        d = 1 / _off_zero(1 + term * d)
        c = _off_zero(1 + term / c)
        fraction *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return front / (a * fraction)


def _off_zero(value: float) -> float:
    return value if abs(value) > 1e-300 else 1e-300


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
