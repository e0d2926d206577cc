"""Bootstrap intervals, vectorised and seeded; the only metrics here, beside rankings, that need numpy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from judgebench.metrics.statistics.intervals import Cluster, Interval

ROUNDS = 2000
_CELLS = 4_000_000


class Difference(NamedTuple):
    """How much better the first of two is, on the same items.

    Attributes:
        value: Mean difference.
        interval: 95% percentile interval of resampled items.
        p_value: Two-sided share of resamples on the other side of 0, doubled; at least ``1 / (rounds + 1)``.
    """

    value: float
    interval: Interval
    p_value: float


def bootstrap_mean(
    values: Sequence[float],
    clusters: Sequence[Cluster],
    *,
    rounds: int = ROUNDS,
    seed: int = 0,
    coverage: float = 0.95,
) -> Interval | None:
    """Return the percentile interval of a mean over clusters that weigh alike; ``None`` for none.

    Args:
        values: One number per trial.
        clusters: Whose each is (``Sample.id``, a question): clusters are resampled, not trials.
        rounds: Resamples.
        seed: Of the generator; equal seeds give equal intervals.
        coverage: 0.95 takes the 2.5% and 97.5% quantiles.

    Source: B. Efron and R. J. Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.
    """
    if not values:
        return None
    import numpy as np

    means = _resampled_means(_means(values, clusters), rounds, seed)
    tail = (1 - coverage) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return Interval(float(low), float(high))


def paired_bootstrap(
    first: Sequence[float],
    second: Sequence[float],
    clusters: Sequence[Cluster],
    *,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> Difference | None:
    """Return the mean difference of two systems on the same items, with its interval; ``None`` for no item.

    Args:
        first: One number per trial of the first system.
        second: Of the second, on the same trials.
        clusters: Whose each trial is (``Sample.id``, a question): clusters are resampled, and weigh alike.
        rounds: Resamples.
        seed: Of the generator.

    Raises:
        ValueError: The lists differ in length.
    """
    if len(first) != len(second):
        raise ValueError(f"a paired comparison needs the same items, got {len(first)} and {len(second)}")
    if not first:
        return None
    import numpy as np

    differences = _means([a - b for a, b in zip(first, second, strict=True)], clusters)
    means = _resampled_means(differences, rounds, seed)
    low, high = np.quantile(means, [0.025, 0.975])
    below, above = int(np.sum(means <= 0)), int(np.sum(means >= 0))
    p_value = min(1.0, 2 * (min(below, above) + 1) / (rounds + 1))
    return Difference(sum(differences) / len(differences), Interval(float(low), float(high)), p_value)


def _means(values: Sequence[float], clusters: Sequence[Cluster]) -> list[float]:
    """Return the mean of every cluster's trials."""
    own: dict[Cluster, list[float]] = {}
    for value, cluster in zip(values, clusters, strict=True):
        own.setdefault(cluster, []).append(value)
    return [math.fsum(some) / len(some) for some in own.values()]


def _resampled_means(values: Sequence[float], rounds: int, seed: int):  # type: ignore[no-untyped-def]  # noqa: ANN202
    """Return the means of ``rounds`` resamples, made in blocks of bounded memory."""
    import numpy as np

    rng = np.random.default_rng(seed)
    data = np.asarray(values, dtype=np.float64)
    distinct, counts = np.unique(data, return_counts=True)
    if len(distinct) <= 64:
        # few distinct values (right or wrong, say): how often each is drawn is multinomial, whatever the item count
        drawn = rng.multinomial(len(data), counts / len(data), size=rounds)
        return drawn @ distinct / len(data)
    block = max(1, _CELLS // len(data))
    means = []
    for start in range(0, rounds, block):
        chosen = rng.integers(0, len(data), size=(min(block, rounds - start), len(data)))
        means.append(data[chosen].mean(axis=1))
    return np.concatenate(means)
