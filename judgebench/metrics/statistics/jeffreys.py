"""The Jeffreys interval of a share: short, and close to its level where few trials or few errors were seen.

Source: L. D. Brown, T. T. Cai and A. DasGupta (2001), Interval estimation for a binomial proportion, Statistical
Science 16, 101-133.
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

from judgebench.metrics.statistics.intervals import Interval, regularized_beta, wilson


@lru_cache(maxsize=65536)
def jeffreys(hits: float, n: float, level: float = 0.95) -> Interval:
    """Return the interval between the quantiles of Beta(hits + 1/2, misses + 1/2); it starts at 0 without a hit.

    Args:
        hits: How many trials count, a fraction too where they are effective ones.
        n: Trials.
        level: Of the interval.

    Raises:
        ValueError: There are fewer than 0 hits, or more than ``n``.
    """
    if n <= 0 or not 0 <= hits <= n:
        raise ValueError(f"jeffreys needs n > 0 and 0 <= hits <= n, got hits={hits} and n={n}")
    tail = (1 - level) / 2
    low = 0.0 if hits <= 0 else beta_quantile(tail, hits + 0.5, n - hits + 0.5)
    high = 1.0 if hits >= n else beta_quantile(1 - tail, hits + 0.5, n - hits + 0.5)
    return Interval(min(low, hits / n), max(high, hits / n))


def beta_quantile(probability: float, a: float, b: float) -> float:
    """Return the quantile of the Beta(a, b) distribution, by Halley's method inside of a bracket.

    Args:
        probability: Between 0 and 1, both excluded.
        a: First shape.
        b: Second shape.

    Raises:
        ValueError: Arguments outside of these ranges.
    """
    if not 0 < probability < 1 or a <= 0 or b <= 0:
        raise ValueError(f"beta_quantile needs a probability in 0..1 and shapes above 0, got {probability}, {a}, {b}")
    constant = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    low, high = 0.0, 1.0
    at = wilson(a / (a + b), a + b, z=abs(NormalDist().inv_cdf(probability)))[int(probability > 0.5)]
    at = min(max(at, 1e-12), 1 - 1e-12)
    for _ in range(200):
        missing = regularized_beta(at, a, b) - probability
        low, high = (at, high) if missing < 0 else (low, at)
        density = math.exp(constant + (a - 1) * math.log(at) + (b - 1) * math.log1p(-at))
        step = missing / density if density > 0 else math.inf
        bend = ((a - 1) / at - (b - 1) / (1 - at)) * step / 2  # Halley's method: the density is not level
        after = at - step / max(0.5, 1 - bend)
        if not low <= after <= high or after in (0.0, 1.0):
            after = (low + high) / 2
        moved, at = abs(after - at), after
        if moved <= 1e-9 * min(at, 1 - at):  # the error left is its cube
            break
    return at
