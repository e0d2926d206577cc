"""Elo ratings over many random orders of the battles, so that no order decides.

Sequential Elo depends on which battle came last; answers to a data set have no order. The rating here is the mean over
seeded shuffles, and the interval that of resampled items, each played in an order of its own.

Source: A. E. Elo (1978), The Rating of Chessplayers; K, start and scale as in FastChat's arena.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from judgebench.metrics.battles import Battle, Columns
from judgebench.metrics.bradley_terry import Rating
from judgebench.metrics.intervals import Interval

if TYPE_CHECKING:
    from judgebench.metrics.battles import Floats, Ints

K = 4.0
"""Points at stake in a battle."""
START = 1000.0
"""Rating of a newcomer."""
SCALE = 400.0
"""Difference at which the better one is expected to win 10 of 11."""
SHUFFLES = 100
"""Random orders over which the rating is averaged."""
LONGEST = 50_000
"""Battles of one order; of more, each order plays as many drawn at random, as older ones have no weight left."""
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


def elo(battles: Sequence[Battle], *, k: float = K, start: float = START, scale: float = SCALE) -> dict[str, Rating]:
    """Return sequential Elo ratings of battles in the given order, best first.

    Args:
        battles: In the order in which they were fought; a weight counts as so many points at once.
        k: Points at stake.
        start: Rating of a newcomer.
        scale: Difference at which the better one is expected to win 10 of 11.
    """
    ratings: dict[str, float] = {}
    for battle in battles:
        first = ratings.setdefault(battle.first, start)
        second = ratings.setdefault(battle.second, start)
        gain = k * battle.weight * (battle.outcome - 1 / (1 + 10 ** ((second - first) / scale)))
        ratings[battle.first] += gain
        ratings[battle.second] -= gain
    return {name: Rating(value) for name, value in sorted(ratings.items(), key=lambda entry: -entry[1])}


def shuffled_elo(
    battles: Sequence[Battle] | Columns,
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
        battles: In any order; models never meet themselves.
        k: Points at stake.
        start: Rating of a newcomer.
        scale: As for ``elo``.
        shuffles: Orders to average over.
        rounds: Resamples of items, each in one random order; 0 gives no intervals. Fewer, but at least 100, where there
            are more than 26 000 battles.
        seed: Of orders and resamples.
        coverage: Of the intervals.
    """
    import numpy as np

    columns = battles if isinstance(battles, Columns) else Columns(battles)
    size = max(1, min(len(columns), LONGEST))
    shuffles = max(1, min(shuffles, _WORK // size))
    rounds = min(rounds, max(100, _WORK // size)) if rounds else 0
    rng = np.random.default_rng(seed)
    orders = np.array([rng.permutation(len(columns))[:LONGEST] for _ in range(shuffles)])
    values = _played(columns, orders, k, start, scale).mean(axis=0)
    intervals: list[Interval | None] = [None] * len(values)
    if rounds and len(columns):
        drawn = _resampled_orders(columns, rounds, rng)
        found = np.sort(_played(columns, drawn, k, start, scale), axis=0)
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
    """Return battles of items drawn with replacement, in random order; -1 fills rows up to the longest."""
    import numpy as np

    assert isinstance(rng, np.random.Generator)
    order = np.argsort(columns.item, kind="stable")
    counts = np.bincount(columns.item, minlength=columns.items)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    rows = []
    for _ in range(rounds):
        items = rng.integers(0, columns.items, columns.items)
        sizes = counts[items]
        within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        rows.append(rng.permutation(order[np.repeat(starts[items], sizes) + within])[:LONGEST])
    longest = max(len(row) for row in rows)
    drawn = np.full((rounds, longest), -1, dtype=np.int64)
    for at, row in enumerate(rows):
        drawn[at, : len(row)] = row
    return drawn


def _played(columns: Columns, orders: Ints, k: float, start: float, scale: float) -> Floats:
    """Return the final ratings of every order, orders × models; all orders are played at the same time."""
    import numpy as np

    ratings = np.full((len(orders), len(columns.names)), start)
    row = np.arange(len(orders))
    stake = k * columns.weight
    for battle in np.ascontiguousarray(orders.T):
        first, second = columns.first[battle], columns.second[battle]
        gap = ratings[row, second] - ratings[row, first]
        gain = stake[battle] * (columns.outcome[battle] - 1 / (1 + 10 ** (gap / scale)))
        gain[battle < 0] = 0.0
        ratings[row, first] += gain
        ratings[row, second] -= gain
    return ratings
