"""Elo ratings over many random orders of the comparisons, so that no order decides.

Sequential Elo depends on which comparison came last; answers to a dataset have no order. The rating here is the mean
over seeded shuffles, and the interval that of resampled items, each in an order of its own.

Source: A. E. Elo (1978), The Rating of Chessplayers; K, start and scale as in FastChat's arena.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from judgebench.metrics.comparisons.bradley_terry import Rating
from judgebench.metrics.comparisons.columns import Columns, Comparison
from judgebench.metrics.statistics.intervals import Interval

if TYPE_CHECKING:
    from judgebench.metrics.comparisons.columns import Floats, Ints

K = 4.0
"""Points at stake in a comparison."""
START = 1000.0
"""Rating of a newcomer."""
SCALE = 400.0
"""Difference at which the better one is expected to win 10 of 11."""
SHUFFLES = 100
"""Random orders over which the rating is averaged."""
LONGEST = 50_000
"""Comparisons of one order; if there are more, each order takes this many at random, as older ones have no weight
left.
"""
_WORK = 8_000_000


class Shuffled(NamedTuple):
    """Elo ratings and how they were made.

    Attributes:
        ratings: By model, best first.
        shuffles: Orders that the values are means over.
        rounds: Resamples that the intervals rest on.
    """

    ratings: dict[str, Rating]
    shuffles: int
    rounds: int


def elo(
    comparisons: Sequence[Comparison], *, k: float = K, start: float = START, scale: float = SCALE
) -> dict[str, Rating]:
    """Return sequential Elo ratings of comparisons in the given order, best first.

    Args:
        comparisons: In order; a weight counts as so many points at once.
        k: Points at stake.
        start: Rating of a newcomer.
        scale: Difference at which the better one is expected to win 10 of 11.
    """
    ratings: dict[str, float] = {}
    for comparison in comparisons:
        first = ratings.setdefault(comparison.first, start)
        second = ratings.setdefault(comparison.second, start)
        gain = k * comparison.weight * (comparison.outcome - 1 / (1 + 10 ** ((second - first) / scale)))
        ratings[comparison.first] += gain
        ratings[comparison.second] -= gain
    return {name: Rating(value) for name, value in sorted(ratings.items(), key=lambda entry: -entry[1])}


def shuffled_elo(
    comparisons: Sequence[Comparison] | Columns,
    *,
    k: float = K,
    start: float = START,
    scale: float = SCALE,
    shuffles: int = SHUFFLES,
    rounds: int = 0,
    seed: int = 0,
    coverage: float = 0.95,
) -> Shuffled:
    """Return the mean Elo ratings over random orders, best first.

    Args:
        comparisons: In any order; no model is compared with itself.
        k: Points at stake.
        start: Rating of a newcomer.
        scale: As for ``elo``.
        shuffles: Orders to average over.
        rounds: Resamples of items, each in one random order; 0 gives no intervals. Fewer, but at least 100, where there
            are more than 26 000 comparisons.
        seed: Of orders and resamples.
        coverage: Of the intervals.
    """
    import numpy as np

    columns = comparisons if isinstance(comparisons, Columns) else Columns(comparisons)
    size = max(1, min(len(columns), LONGEST))
    shuffles = max(1, min(shuffles, _WORK // size))
    rounds = min(rounds, max(100, _WORK // size)) if rounds else 0
    rng = np.random.default_rng(seed)
    orders = np.array([rng.permutation(len(columns))[:LONGEST] for _ in range(shuffles)])
    values = _rated(columns, orders, k, start, scale).mean(axis=0)
    intervals: list[Interval | None] = [None] * len(values)
    if rounds and len(columns):
        drawn = _resampled_orders(columns, rounds, rng)
        found = np.sort(_rated(columns, drawn, k, start, scale), axis=0)
        tail = (1 - coverage) / 2
        low, high = np.quantile(found, [tail, 1 - tail], axis=0)
        ends = zip(low, high, values, strict=True)
        intervals = [Interval(min(float(a), float(v)), max(float(b), float(v))) for a, b, v in ends]
    rated = {
        name: Rating(float(value), interval)
        for name, value, interval in zip(columns.names, values, intervals, strict=True)
    }
    return Shuffled(dict(sorted(rated.items(), key=lambda entry: -entry[1].value)), shuffles, rounds)


def _resampled_orders(columns: Columns, rounds: int, rng: object) -> Ints:
    """Return comparisons of items drawn with replacement, in random order; -1 fills rows up to the longest."""
    import numpy as np

    assert isinstance(rng, np.random.Generator)
    order = np.argsort(columns.sample, kind="stable")
    counts = np.bincount(columns.sample, minlength=columns.samples)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    rows = []
    for _ in range(rounds):
        samples = rng.integers(0, columns.samples, columns.samples)
        sizes = counts[samples]
        within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        rows.append(rng.permutation(order[np.repeat(starts[samples], sizes) + within])[:LONGEST])
    longest = max(len(row) for row in rows)
    drawn = np.full((rounds, longest), -1, dtype=np.int64)
    for at, row in enumerate(rows):
        drawn[at, : len(row)] = row
    return drawn


def _rated(columns: Columns, orders: Ints, k: float, start: float, scale: float) -> Floats:
    """Return the final ratings of every order, orders × models; all orders are computed at the same time."""
    import numpy as np

    ratings = np.full((len(orders), len(columns.names)), start)
    row = np.arange(len(orders))
    stake = k * columns.weight
    for comparison in np.ascontiguousarray(orders.T):
        first, second = columns.first[comparison], columns.second[comparison]
        gap = ratings[row, second] - ratings[row, first]
        gain = stake[comparison] * (columns.outcome[comparison] - 1 / (1 + 10 ** (gap / scale)))
        gain[comparison < 0] = 0.0
        ratings[row, first] += gain
        ratings[row, second] -= gain
    return ratings
