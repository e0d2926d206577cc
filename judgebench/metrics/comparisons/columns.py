"""Comparisons of models as columns of numbers: the form in which ratings are fitted and resampled.

A model's strength is finite only where, by some chain of comparisons, it took points from the others and they from it
(L. R. Ford 1957, American Mathematical Monthly 64, 28-33). ``ScaleMembers`` finds the models for which that holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[Any, np.dtype[np.float64]]
    Ints = np.ndarray[Any, np.dtype[np.int64]]
    Bools = np.ndarray[Any, np.dtype[np.bool_]]

ROUNDS = 1000
"""Resamples of the bootstrap."""
_CELLS = 4_000_000
_DENSE = 20_000_000


class Comparison(NamedTuple):
    """One comparison of two models.

    Attributes:
        first: Name of a model. ``second``: likewise.
        outcome: 1 the first won, 0.5 a tie, 0 the second won; shares in between for graded preferences.
        weight: How many times it counts.
        sample: What they were compared on; the bootstrap resamples items.
        style: Style features of the first answer against the second; see ``style.differences``.
    """

    first: str
    second: str
    outcome: float
    weight: float = 1.0
    sample: int = 0
    style: tuple[float, ...] = ()


class Columns:
    """Comparisons as arrays.

    Attributes:
        names: The models, sorted, so that nothing depends on the order of the comparisons.
        first: Index of the first model of each comparison. ``second``: likewise.
        sample: Index of the item, 0 to ``items - 1``.
    """

    def __init__(self, comparisons: Sequence[Comparison]) -> None:
        import numpy as np

        self.names = sorted({name for comparison in comparisons for name in (comparison.first, comparison.second)})
        index = {name: at for at, name in enumerate(self.names)}
        # the sums of a fit must not depend on the order either, down to the last digit
        ordered = sorted(
            comparisons, key=lambda one: (one.sample, one.first, one.second, one.outcome, one.weight, one.style)
        )
        size = len(ordered)
        self.first: Ints = np.fromiter((index[one.first] for one in ordered), np.int64, size)
        self.second: Ints = np.fromiter((index[one.second] for one in ordered), np.int64, size)
        self.outcome: Floats = np.fromiter((one.outcome for one in ordered), np.float64, size)
        self.weight: Floats = np.fromiter((one.weight for one in ordered), np.float64, size)
        known, self.sample = np.unique(
            np.fromiter((one.sample for one in ordered), np.int64, size), return_inverse=True
        )
        self.samples = len(known)
        self.features = len(ordered[0].style) if ordered else 0
        self.style: Floats = np.array([one.style for one in ordered], dtype=np.float64).reshape(size, self.features)

    def __len__(self) -> int:
        return len(self.first)

    def wins(self, weight: Floats | None = None) -> Floats:
        """Return the points that each model (row) took from each other one (column), a tie half a point for both."""
        import numpy as np

        size = len(self.names)
        weight = self.weight if weight is None else weight
        found = np.bincount(self.first * size + self.second, weight * self.outcome, size * size)
        found = found + np.bincount(self.second * size + self.first, weight * (1 - self.outcome), size * size)
        wins: Floats = found.reshape(size, size).astype(np.float64)
        return wins

    def resampled_wins(self, rounds: int, seed: int) -> Iterator[Floats]:
        """Yield blocks of matrices of wins, ``rounds`` in all, each of items drawn with replacement."""
        import numpy as np

        size = len(self.names)
        cells = np.concatenate([self.first * size + self.second, self.second * size + self.first])
        filled, column = np.unique(cells, return_inverse=True)
        points = np.concatenate([self.weight * self.outcome, self.weight * (1 - self.outcome)])
        rng = np.random.default_rng(seed)
        if self.samples * len(filled) > _DENSE:
            for _ in range(rounds):
                drawn = rng.multinomial(self.samples, np.full(self.samples, 1 / self.samples))
                yield self.wins(self.weight * drawn[self.sample])[None]
            return
        of_sample = np.bincount(np.tile(self.sample, 2) * len(filled) + column, points, self.samples * len(filled))
        # items with the same comparisons are drawn alike, so only how often their kind is drawn matters
        kinds, counts = np.unique(of_sample.reshape(self.samples, len(filled)), axis=0, return_counts=True)
        block = max(1, min(_CELLS // len(kinds), _CELLS // (size * size)))
        for start in range(0, rounds, block):
            many = min(block, rounds - start)
            drawn = rng.multinomial(self.samples, counts / self.samples, size=many)
            wins = np.zeros((many, size * size))
            wins[:, filled] = drawn @ kinds
            yield wins.reshape(many, size, size)


class ScaleMembers(NamedTuple):
    """Which models have finite ratings on one scale, and which lie above or below it; arrays of rounds × models.

    Attributes:
        rated: The models of the scale: each took points from the others and lost points to them, by some chain.
        above: Models that took points from these and never lost any to them: without an upper bound.
        below: Models without a lower bound, likewise. What is neither of the three has no chain of comparisons to the
            scale.
    """

    rated: Bools
    above: Bools
    below: Bools


def scale_members(wins: Floats, anchor: int | None = None) -> ScaleMembers:
    """Return which models have finite ratings.

    Args:
        wins: Points taken, rounds × models × models.
        anchor: The model that the scale must hold; by default it is the one with the most models.
    """
    import numpy as np

    reach = _reach(wins)
    mutual = reach & reach.transpose(0, 2, 1)
    centre = mutual.sum(axis=2).argmax(axis=1) if anchor is None else np.full(len(wins), anchor)
    rounds = np.arange(len(wins))
    rated = mutual[rounds, centre]
    down = reach[rounds, centre]  # the scale took points from them
    up = reach[rounds, :, centre]
    return ScaleMembers(rated, up & ~down, down & ~up)


def dominates(wins: Floats) -> Bools:
    """Return which model (row) took points from which other one (column), by some chain, and never lost any to it."""
    reach = _reach(wins[None])[0]
    above: Bools = reach & ~reach.T
    return above


def _reach(wins: Floats) -> Bools:
    """Return from which others each model took points, by some chain of comparisons; from itself always."""
    import numpy as np

    size = wins.shape[-1]
    reach: Bools = (wins > 0) | np.eye(size, dtype=bool)
    length = 1
    while length < size:
        reach = (reach.astype(np.float32) @ reach.astype(np.float32)) > 0
        length *= 2
    return reach
