"""Ratings of models from battles: Bradley-Terry with a seeded bootstrap over items, sequential Elo, separability."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

from judgebench.errors import DataError
from judgebench.metrics.intervals import Interval

if TYPE_CHECKING:
    import numpy as np

    Matrix = np.ndarray[Any, np.dtype[np.float64]]

ELO_SCALE = 400 / math.log(10)
"""Points per natural-log unit of strength."""
RIDGE = 1e-6
"""Keeps ratings finite where a model wins, or loses, every battle; without effect on the digits shown otherwise."""


class Battle(NamedTuple):
    """One comparison of two models.

    Attributes:
        first: Name of a model. ``second``: likewise.
        outcome: 1 the first won, 0.5 a tie, 0 the second won.
        weight: How many times it counts.
        item: What they were compared on; the bootstrap resamples items.
    """

    first: str
    second: str
    outcome: float
    weight: float = 1.0
    item: int = 0


class Rating(NamedTuple):
    """A model's strength on the Elo scale, with a percentile interval where it was resampled."""

    value: float
    interval: Interval | None = None


def bradley_terry(
    battles: Sequence[Battle],
    *,
    anchor: str = "",
    anchored_at: float = 1000.0,
    rounds: int = 0,
    seed: int = 0,
    coverage: float = 0.95,
) -> dict[str, Rating]:
    """Return the maximum-likelihood ratings, best first: ``P(i beats j) = 1 / (1 + 10^((r_j - r_i) / 400))``.

    A tie counts half a win for each.

    Args:
        battles: At least one.
        anchor: The model whose rating is ``anchored_at``; the mean of all where empty.
        anchored_at: See there.
        rounds: Bootstrap resamples of items; 0 gives no intervals.
        seed: Of the bootstrap.
        coverage: Of the intervals.

    Raises:
        DataError: No battles, an unknown anchor, or models that no chain of battles connects.

    Source: R. A. Bradley and M. E. Terry (1952), Biometrika 39, 324-345; fitted by Newton's method.
    """
    import numpy as np

    names = list(dict.fromkeys(name for battle in battles for name in (battle.first, battle.second)))
    if anchor and anchor not in names:
        raise DataError(f"The anchor model {anchor!r} has no battle.", hint=f"Models with battles: {', '.join(names)}.")
    _check_connected(battles, names)
    index = {name: at for at, name in enumerate(names)}
    first = np.array([index[battle.first] for battle in battles])
    second = np.array([index[battle.second] for battle in battles])
    outcome = np.array([battle.outcome for battle in battles])
    weight = np.array([battle.weight for battle in battles])
    size = len(names)

    def fitted(weights: Matrix) -> Matrix:
        wins: Matrix = np.bincount(first * size + second, weights * outcome, size * size).astype(np.float64)
        wins += np.bincount(second * size + first, weights * (1 - outcome), size * size)
        strengths = _fit(wins.reshape(size, size))
        strengths -= strengths[index[anchor]] if anchor else strengths.mean()
        return strengths * ELO_SCALE + anchored_at

    values = fitted(weight)
    intervals: list[Interval | None] = [None] * size
    if rounds:
        items, item = np.unique([battle.item for battle in battles], return_inverse=True)
        rng = np.random.default_rng(seed)
        drawn = rng.multinomial(len(items), np.full(len(items), 1 / len(items)), size=rounds)
        resampled = np.array([fitted(weight * counts[item]) for counts in drawn])
        tail = (1 - coverage) / 2
        low, high = np.quantile(resampled, [tail, 1 - tail], axis=0)
        intervals = [Interval(float(a), float(b)) for a, b in zip(low, high, strict=True)]
    rated = {name: Rating(float(values[at]), intervals[at]) for name, at in index.items()}
    return dict(sorted(rated.items(), key=lambda entry: -entry[1].value))


def elo(battles: Sequence[Battle], *, k: float = 4.0, start: float = 1000.0, scale: float = 400.0) -> dict[str, Rating]:
    """Return sequential Elo ratings, best first; they depend on the order of the battles, unlike Bradley-Terry.

    Args:
        battles: In the order in which they were fought; a weight counts as so many points at once.
        k: Points at stake.
        start: Rating of a newcomer.
        scale: Difference at which the better one is expected to win 10 of 11.

    Source: A. E. Elo (1978), The Rating of Chessplayers; K, start and scale as in FastChat's arena.
    """
    ratings: dict[str, float] = {}
    for battle in battles:
        first = ratings.setdefault(battle.first, start)
        second = ratings.setdefault(battle.second, start)
        expected = 1 / (1 + 10 ** ((second - first) / scale))
        gain = k * battle.weight * (battle.outcome - expected)
        ratings[battle.first] += gain
        ratings[battle.second] -= gain
    return {name: Rating(value) for name, value in sorted(ratings.items(), key=lambda entry: -entry[1])}


def expected_win_rate(rating: float, baseline: float) -> float:
    """Return the chance (0..1) that a model of this rating beats the baseline."""
    return 1 / (1 + 10 ** ((baseline - rating) / 400))


def separability(ratings: Mapping[str, Rating]) -> float | None:
    """Return the percentage of pairs of models whose intervals do not overlap; ``None`` without intervals or pairs.

    Source: T. Li et al. (2024), From Crowdsourced Data to High-Quality Benchmarks, arXiv:2406.11939.
    """
    intervals = [rating.interval for rating in ratings.values() if rating.interval is not None]
    pairs = list(combinations(intervals, 2))
    if not pairs:
        return None
    apart = sum(a.high < b.low or b.high < a.low for a, b in pairs)
    return 100 * apart / len(pairs)


def _fit(wins: Matrix) -> Matrix:
    """Return the strengths (natural-log units, mean 0) that maximise the ridged likelihood of a matrix of wins."""
    import numpy as np

    size = len(wins)
    games = wins + wins.T
    strengths = np.zeros(size)
    for _ in range(200):
        chance = 1 / (1 + np.exp(np.clip(strengths[None, :] - strengths[:, None], -700, 700)))
        gradient = (wins - games * chance).sum(axis=1) - RIDGE * strengths
        curvature = games * chance * (1 - chance)
        hessian = np.diag(curvature.sum(axis=1) + RIDGE) - curvature
        step = np.linalg.solve(hessian, gradient)
        step -= step.mean()  # a shift of all strengths changes nothing, and rounding must not move it
        # far from the top the quadratic model overshoots
        largest = float(np.abs(step).max())
        strengths = strengths + step * min(1.0, 2.0 / largest) if largest else strengths
        if largest < 1e-11:
            break
    return strengths


def _check_connected(battles: Sequence[Battle], names: Sequence[str]) -> None:
    if not battles:
        raise DataError(
            "There are no battles to rate models by.", hint="At least one comparison of two models is needed."
        )
    group = {name: name for name in names}

    def root(name: str) -> str:
        while group[name] != name:
            group[name] = group[group[name]]
            name = group[name]
        return name

    for battle in battles:
        group[root(battle.first)] = root(battle.second)
    apart = next((name for name in names if root(name) != root(names[0])), None)
    if apart is not None:
        raise DataError(
            f"The models {names[0]!r} and {apart!r} cannot be rated together: no chain of battles connects them.",
            hint="Rate them apart, or add comparisons with a common opponent.",
        )
