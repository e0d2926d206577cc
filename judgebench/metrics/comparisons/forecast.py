"""How well one ranking foretells another: agreement with confidence, and the Brier score of its pairs.

A judge's ranking is cheap, a reference (of people, of a rule, of a better judge) is dear. What counts is whether the
cheap one says the same of the pairs of models that the dear one tells apart, and how much its certainty is worth.

Source: T. Li et al. (2024), From Crowdsourced Data to High-Quality Benchmarks, arXiv:2406.11939.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from statistics import NormalDist
from typing import NamedTuple

from judgebench.metrics.comparisons.ranked import Forecast, RankedModel, Ranking
from judgebench.metrics.statistics.intervals import Z95

SAME, OPEN, OTHER = 1.0, 0.5, 0.0
"""What a pair counts that the reference separates: ordered alike, not separated, ordered the other way round."""


class Placed(NamedTuple):
    """A model's value in a ranking.

    Attributes:
        rank: Its place.
        value: ``None`` where there is no finite one.
        low: Lower end of the 95% interval, infinite where it is open; ``None`` without an interval. ``high``: likewise.
        sd: Standard error of the value; ``None`` where not known.
    """

    rank: int
    value: float | None
    low: float | None
    high: float | None
    sd: float | None


def forecast(ranking: Ranking, reference: Ranking) -> Forecast:
    """Return how well a ranking foretells a reference, over the models that both rank.

    ``agreement``: of the pairs whose intervals in the reference do not overlap, those which the ranking orders alike
    count 1, those whose intervals overlap in the ranking one half, the others 0; the mean in percent. ``brier``: the
    ranking foretells ``P(b better than a) = Phi((m_b - m_a) / sqrt(v_a + v_b))`` with its values m and their squared
    standard errors v; the mean of ``(P - o)^2``, where o is 1 if the reference puts b first, else 0; pairs on one place
    in the reference are left out. 0 is perfect, 0.25 what a coin gets. ``log_loss`` likewise is the mean negative
    logarithm of the probability given to what the reference says.
    """
    own, other = (
        {one.model: placed for one in side.models if (placed := _placed(one, side.by)) is not None}
        for side in (ranking, reference)
    )
    shared = [model for model in other if model in own]
    pairs = list(combinations(shared, 2))
    sure = [_as_sure(own[a], own[b], other[a], other[b]) for a, b in pairs if _apart(other[a], other[b])]
    foretold = [
        chance if other[b].rank < other[a].rank else 1 - chance
        for a, b in pairs
        if other[a].rank != other[b].rank and (chance := _chance(own[a], own[b])) is not None
    ]
    return Forecast(
        ranking=ranking.dataset,
        reference=reference.dataset,
        sure_pairs=len(sure),
        agreement=100 * math.fsum(sure) / len(sure) if sure else None,
        foretold_pairs=len(foretold),
        brier=math.fsum((1 - chance) ** 2 for chance in foretold) / len(foretold) if foretold else None,
        log_loss=_log_loss(foretold),
        note=_why(sure, foretold, pairs),
    )


def _placed(entry: RankedModel, by: str) -> Placed | None:
    if entry.rank is None:
        return None
    if by != "bradley_terry":
        metric = entry.win_rate if by == "win_rate" else entry.score
        if metric is None or metric.value is None:
            return Placed(entry.rank, None, None, None, None)
        ends = metric.ci95 or (None, None)
        return Placed(entry.rank, metric.value, ends[0], ends[1], metric.stderr)
    rated = entry.bradley_terry
    if rated is None or rated.value is None or rated.ci95 is None:
        return Placed(entry.rank, rated.value if rated is not None else None, None, None, None)
    low, high = rated.ci95
    # ratings come with percentiles of resamples alone: the error is the one that a normal interval of that width has
    sd = (high - low) / (2 * Z95) if low is not None and high is not None else None
    return Placed(entry.rank, rated.value, -math.inf if low is None else low, math.inf if high is None else high, sd)


def _apart(one: Placed, other: Placed) -> bool:
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return False
    return one.high < other.low or other.high < one.low


def _as_sure(a: Placed, b: Placed, sure_a: Placed, sure_b: Placed) -> float:
    """Return what a pair counts that the reference separates; without intervals nothing is separated."""
    if not _apart(a, b):
        return OPEN
    return SAME if (a.rank < b.rank) == (sure_a.rank < sure_b.rank) else OTHER


def _chance(a: Placed, b: Placed) -> float | None:
    """Return the foretold probability that b is better than a."""
    if a.value is None or b.value is None or a.sd is None or b.sd is None:
        return None
    spread = math.hypot(a.sd, b.sd)
    if not spread:
        return 0.5 if a.value == b.value else float(b.value > a.value)
    return NormalDist().cdf((b.value - a.value) / spread)


def _log_loss(foretold: Sequence[float]) -> float | None:
    """Return the mean of -log; ``None`` where what was foretold as impossible came true, or nothing was foretold."""
    if not foretold or min(foretold) <= 0:
        return None
    return -math.fsum(map(math.log, foretold)) / len(foretold)


def _why(sure: Sequence[float], foretold: Sequence[float], pairs: Sequence[tuple[str, str]]) -> str:
    if not pairs:
        return "fewer than two models"
    remarks = []
    if not sure:
        remarks.append("the reference separates no two models")
    if not foretold:
        remarks.append("no pair has errors in the ranking and an order in the reference")
    elif min(foretold) <= 0:
        remarks.append("log-loss is infinite: the ranking gave probability 0 to an order that the reference has")
    return "; ".join(remarks)
