"""Ratings by the Bradley-Terry model, with a seeded bootstrap over items, plain and controlled for style.

``P(i beats j) = 1 / (1 + 10^((r_j - r_i) / 400))``, fitted by maximum likelihood; a tie is half a win for each. Where
no finite rating fits, because a model won (or lost) all its comparisons, its rating is infinite and the others are
those of the comparisons among them, which is the limit of the likelihood. Where no two models took points from each
other (each pair ended one way only, and nobody lost to somebody below) there is no scale, and no finite rating. Nothing
is shrunk to make it finite.

Sources: R. A. Bradley and M. E. Terry (1952), Biometrika 39, 324-345; style control: W.-L. Chiang et al. (2024),
Chatbot Arena, arXiv:2403.04132, and T. Li et al. (2024), arXiv:2406.11939.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from judgebench.errors import DataError
from judgebench.metrics.comparisons.columns import Columns, Comparison, ScaleMembers, scale_members
from judgebench.metrics.statistics.intervals import Interval

if TYPE_CHECKING:
    from judgebench.metrics.comparisons.columns import Bools, Floats, Ints

ELO_SCALE = 400 / math.log(10)
"""Points per natural-log unit of strength."""
STYLE_PENALTY = 1.0
"""Weight of half the squared style coefficients, as in Arena-Hard's fit (C = 1); strengths are not penalised."""
_STEPS = 200
_STYLE_WORK = 10_000_000


class Rating(NamedTuple):
    """A model's strength on the Elo scale.

    Attributes:
        value: Infinite where the model won, or lost, all its comparisons; nan where no chain of comparisons leads to
            the others.
        interval: Percentile interval where it was resampled; its ends may be infinite.
    """

    value: float
    interval: Interval | None = None


class Controlled(NamedTuple):
    """Ratings with the effect of style taken out.

    Attributes:
        ratings: By model, best first.
        effects: By style feature that differs at all: log-odds of winning per root mean square of the difference.
        rounds: Resamples that the intervals rest on.
    """

    ratings: dict[str, Rating]
    effects: dict[str, Rating]
    rounds: int


def bradley_terry(
    comparisons: Sequence[Comparison] | Columns,
    *,
    anchor: str = "",
    anchored_at: float = 1000.0,
    rounds: int = 0,
    seed: int = 0,
    coverage: float = 0.95,
) -> dict[str, Rating]:
    """Return the maximum-likelihood ratings, best first.

    Args:
        comparisons: At least one.
        anchor: The model whose rating is ``anchored_at``; the mean of all finite ones where empty.
        anchored_at: See there.
        rounds: Bootstrap resamples of items; 0 gives no intervals. A resample's scale is laid over the estimate's by
            the mean of the models that are finite in both, or by the anchor.
        seed: Of the bootstrap.
        coverage: Of the intervals.

    Raises:
        DataError: No comparisons, an unknown anchor, or models that no chain of comparisons connects.
    """
    import numpy as np

    columns = _checked(comparisons, anchor)
    base = columns.names.index(anchor) if anchor else None
    wins = columns.wins()[None]
    where = scale_members(wins, base)
    values = _placed(_fit(wins, where.rated), where, base, anchored_at)[0]
    if base is None and where.rated.sum() < 2:
        values = _without_scale(wins[0])
    intervals: list[Interval | None] = [None] * len(values)
    if rounds:
        found = []
        for block in columns.resampled_wins(rounds, seed):
            there = scale_members(block, base)
            found.append(_aligned(_fit(block, there.rated), there, values, base, anchored_at))
        intervals = _intervals(np.concatenate(found), values, coverage)
    return _sorted(columns.names, values, intervals)


def style_controlled(
    comparisons: Sequence[Comparison] | Columns,
    features: Sequence[str],
    *,
    anchor: str = "",
    anchored_at: float = 1000.0,
    rounds: int = 200,
    seed: int = 0,
    coverage: float = 0.95,
) -> Controlled | None:
    """Return the ratings of models whose answers had the same style: ``logit P = s_i - s_j + z . b``.

    z are the comparisons' style features over their root mean squares, so that turning a comparison round turns z
    round; the coefficients b have a penalty (``STYLE_PENALTY``), so that they are finite also where the longer answer
    always wins, and 0 where a difference in style is the same in all comparisons of a model and so cannot be told from
    its strength.

    Args:
        comparisons: With ``style``, one number per feature each.
        features: Their names.
        anchor: As for ``bradley_terry``; ``anchored_at``, ``seed``, ``coverage`` likewise.
        anchored_at: See there.
        rounds: Resamples; fewer are taken for more than 50 000 comparisons.
        seed: Of the bootstrap.
        coverage: Of the intervals.

    Returns:
        ``None`` where the answers do not differ in style.
    """
    import numpy as np

    columns = _checked(comparisons, anchor)
    spread = np.sqrt((columns.style**2).mean(axis=0)) if columns.features else np.zeros(0)
    differing = [at for at, one in enumerate(spread) if one > 1e-12]
    if not differing:
        return None
    style = columns.style[:, differing] / spread[differing]
    base = columns.names.index(anchor) if anchor else None
    size = len(columns.names)

    def fitted(weight: Floats, start: Floats) -> tuple[Floats, ScaleMembers]:
        where = scale_members(columns.wins(weight)[None], base)
        return _fit_styled(columns, style, weight, where.rated[0], start), where

    strengths, where = fitted(columns.weight, np.zeros(size + len(differing)))
    values = _placed(strengths[None, :size], where, base, anchored_at)[0]
    rounds = max(50, min(rounds, _STYLE_WORK // len(columns))) if rounds else 0
    rng = np.random.default_rng(seed)
    found, effects = [], []
    start = np.where(np.isfinite(strengths), strengths, 0.0)
    for _ in range(rounds):
        drawn = rng.multinomial(columns.samples, np.full(columns.samples, 1 / columns.samples))
        again, there = fitted(columns.weight * drawn[columns.sample], start)
        found.append(_aligned(again[None, :size], there, values, base, anchored_at)[0])
        effects.append(again[size:])
    intervals: list[Interval | None] = [None] * size
    of_effects: list[Interval | None] = [None] * len(differing)
    if rounds:
        intervals = _intervals(np.array(found), values, coverage)
        of_effects = _intervals(np.array(effects), strengths[size:], coverage)
    named = {
        features[at]: Rating(float(effect), interval)
        for at, effect, interval in zip(differing, strengths[size:], of_effects, strict=True)
    }
    return Controlled(_sorted(columns.names, values, intervals), named, rounds)


def _checked(comparisons: Sequence[Comparison] | Columns, anchor: str) -> Columns:
    if not len(comparisons):
        raise DataError(
            "There are no comparisons to rate models by.", hint="At least one comparison of two models is needed."
        )
    columns = comparisons if isinstance(comparisons, Columns) else Columns(comparisons)
    if anchor and anchor not in columns.names:
        names = ", ".join(columns.names)
        raise DataError(f"The anchor model {anchor!r} has no comparison.", hint=f"Models with comparisons: {names}.")
    apart = unconnected(columns)
    if apart is not None:
        raise DataError(
            f"The models {apart[0]!r} and {apart[1]!r} cannot be rated together: no comparisons connect them.",
            hint="Rate them apart, or add comparisons with a common compared model.",
        )
    return columns


def unconnected(columns: Columns) -> tuple[str, str] | None:
    """Return two models that no chain of comparisons connects; ``None`` where all are connected."""
    import numpy as np

    met = columns.wins()
    size = len(columns.names)
    reach = (met + met.T > 0) | np.eye(size, dtype=bool)
    for _ in range(size.bit_length()):
        reach = (reach.astype(np.float32) @ reach.astype(np.float32)) > 0
    apart = np.flatnonzero(~reach[0])
    return (columns.names[0], columns.names[int(apart[0])]) if len(apart) else None


def _fit(wins: Floats, rated: Bools) -> Floats:
    """Return the strengths (natural-log units, mean 0) of the rated models of every round, by Newton's method."""
    import numpy as np

    wins = wins * (rated[:, :, None] & rated[:, None, :])
    comparisons = wins + wins.transpose(0, 2, 1)
    size = wins.shape[-1]
    strengths = np.zeros(wins.shape[:2])
    free = ~rated[:, :, None] * np.eye(size)
    open_ = np.ones(len(wins), dtype=bool)
    for _ in range(_STEPS):
        now = strengths[open_]
        chance = 1 / (1 + np.exp(now[:, None, :] - now[:, :, None]))
        gradient = (wins[open_] - comparisons[open_] * chance).sum(axis=2)
        curvature = comparisons[open_] * chance * (1 - chance)
        hessian = curvature.sum(axis=2)[:, :, None] * np.eye(size) - curvature
        # a shift of all strengths changes nothing: the rank that it leaves open is filled, and so are unrated models
        scale = np.maximum(curvature.sum(axis=(1, 2)), 1e-300)[:, None, None]
        hessian += scale * (np.ones((size, size)) / size + free[open_])
        step = np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0]
        largest = np.abs(step).max(axis=1)
        # far from the top the quadratic model overshoots
        strengths[open_] = now + step * np.minimum(1.0, 2.0 / np.maximum(largest, 1e-300))[:, None]
        open_[np.flatnonzero(open_)[largest < 1e-11]] = False
        if not open_.any():
            break
    return strengths


def _fit_styled(columns: Columns, style: Floats, weight: Floats, rated: Bools, start: Floats) -> Floats:
    """Return strengths of the rated models and style coefficients, by Newton's method with step halving."""
    import numpy as np

    size, extra = len(columns.names), style.shape[1]
    kept = rated[columns.first] & rated[columns.second] & (weight > 0)
    first, second, z = columns.first[kept], columns.second[kept], style[kept]
    outcome, weight = columns.outcome[kept], weight[kept]

    def likelihood(at: Floats) -> float:
        score = at[first] - at[second] + z @ at[size:]
        fit = weight @ (outcome * score - np.logaddexp(0, score))
        return float(fit - STYLE_PENALTY * (at[size:] @ at[size:]) / 2)

    found = start.copy()
    found[:size][~rated] = 0.0
    best = likelihood(found)
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(found[first] - found[second] + z @ found[size:], -700, 700)))
        gradient, hessian = _derivatives(
            (first, second, z), size, weight * (outcome - chance), weight * chance * (1 - chance)
        )
        gradient[size:] -= STYLE_PENALTY * found[size:]
        hessian[size:, size:] += STYLE_PENALTY * np.eye(extra)
        hessian[:size, :size] += np.trace(hessian[:size, :size]) / size**2 + np.diag((~rated).astype(float))
        step = np.linalg.solve(hessian + 1e-12 * np.eye(size + extra), gradient)
        if np.abs(step).max() < 1e-9:
            break
        for _ in range(40):
            fit = likelihood(found + step)
            if fit >= best - 1e-12 * abs(best):
                break
            step /= 2
        found, best = found + step, fit
    found[:size] -= found[:size][rated].mean() if rated.any() else 0.0
    return found


def _derivatives(columns: tuple[Ints, Ints, Floats], size: int, slope: Floats, curve: Floats) -> tuple[Floats, Floats]:
    """Return gradient and negative Hessian of the log-likelihood in strengths and style coefficients."""
    import numpy as np

    first, second, z = columns
    extra = z.shape[1]
    met = np.bincount(first * size + second, curve, size * size).reshape(size, size)
    met = met + met.T
    hessian = np.zeros((size + extra, size + extra))
    hessian[:size, :size] = np.diag(met.sum(axis=1)) - met
    gradient = np.zeros(size + extra)
    gradient[:size] = np.bincount(first, slope, size) - np.bincount(second, slope, size)
    gradient[size:] = slope @ z
    for at in range(extra):
        weighted = curve * z[:, at]
        mixed = np.bincount(first, weighted, size) - np.bincount(second, weighted, size)
        hessian[:size, size + at] = hessian[size + at, :size] = mixed
    hessian[size:, size:] = z.T @ (curve[:, None] * z)
    return gradient, hessian


def _placed(strengths: Floats, where: ScaleMembers, base: int | None, anchored_at: float) -> Floats:
    """Return ratings: in points, from the anchor or the mean of the rated, infinite outside of the scale."""
    import numpy as np

    points = strengths * ELO_SCALE
    mean = (points * where.rated).sum(axis=1) / where.rated.sum(axis=1)
    zero = points[:, base] if base is not None else mean
    points = points - zero[:, None] + anchored_at
    points[~where.rated] = np.nan
    points[where.above] = np.inf
    points[where.below] = -np.inf
    return points


def _without_scale(wins: Floats) -> Floats:
    """Return the ratings where no two models took points from each other, so that nothing is finite.

    A model that only won is above all scales, one that only lost below. One in the middle of such a chain has no
    rating: any number is as likely.
    """
    import numpy as np

    took, lost = wins.sum(axis=1) > 0, wins.sum(axis=0) > 0
    ratings: Floats = np.where(took & lost, np.nan, np.where(took, np.inf, -np.inf))
    return ratings


def _aligned(strengths: Floats, where: ScaleMembers, values: Floats, base: int | None, anchored_at: float) -> Floats:
    """Return the ratings of resamples, laid over the estimate's by the models that are finite in both."""
    import numpy as np

    points = _placed(strengths, where, base, anchored_at)
    if base is not None:
        return points
    # a scale that holds no more than half of the models is not theirs: its own models have no bound either
    minor = 2 * where.rated.sum(axis=1) <= np.isfinite(values).sum()
    over, under = where.below.any(axis=1), where.above.any(axis=1)
    unbound = np.where(over & ~under, np.inf, np.where(under & ~over, -np.inf, np.nan))
    points = np.where(minor[:, None] & where.rated, unbound[:, None], points)
    shared = np.isfinite(points) & np.isfinite(values)
    known = np.where(shared, values - np.where(shared, points, 0.0), 0.0)
    counts = shared.sum(axis=1)
    shift = np.divide(known.sum(axis=1), counts, out=np.full(len(points), np.nan), where=counts > 0)
    shifted: Floats = points + shift[:, None]
    return shifted


def _intervals(resampled: Floats, values: Floats, coverage: float) -> list[Interval | None]:
    """Return percentile intervals; a resample without a rating may be anything, and infinite ratings have none."""
    import numpy as np

    tail = (1 - coverage) / 2
    last = len(resampled) - 1
    low = np.sort(np.where(np.isnan(resampled), -np.inf, resampled), axis=0)[math.floor(tail * last)]
    high = np.sort(np.where(np.isnan(resampled), np.inf, resampled), axis=0)[math.ceil((1 - tail) * last)]
    return [
        Interval(min(float(one), float(value)), max(float(other), float(value))) if math.isfinite(value) else None
        for one, other, value in zip(low, high, values, strict=True)
    ]


def _sorted(names: Sequence[str], values: Floats, intervals: Sequence[Interval | None]) -> dict[str, Rating]:
    rated = {
        name: Rating(float(value), interval) for name, value, interval in zip(names, values, intervals, strict=True)
    }
    return dict(sorted(rated.items(), key=lambda one: (math.isnan(one[1].value), -one[1].value)))
