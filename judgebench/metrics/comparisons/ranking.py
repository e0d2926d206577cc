"""Rankings of the models of a run, by one judge on one dataset.

Comparisons rank by Bradley-Terry ratings, with win rates, Elo and ratings controlled for style beside them; grades and
right-or-wrong verdicts rank by their mean. What is undefined is ``None`` with the reason in ``note``, never a number:
a single model, models that no chain of comparisons connects, comparisons that are all ties, a model that won or lost
 all its comparisons.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import msgspec

from judgebench.metrics.comparisons.bradley_terry import Rating, bradley_terry, style_controlled, unconnected
from judgebench.metrics.comparisons.columns import ROUNDS, Columns, Comparison, dominates, scale_members
from judgebench.metrics.comparisons.elo import SCALE, START, K, shuffled_elo
from judgebench.metrics.comparisons.forecast import forecast
from judgebench.metrics.comparisons.ranked import PairRecord, RankedModel, Ranking, RankingsCompared, Rated
from judgebench.metrics.comparisons.style import FEATURES
from judgebench.metrics.statistics.correlation import kendall, spearman
from judgebench.metrics.statistics.intervals import share_of
from judgebench.records.flow import Metric

SampleKey = tuple[int, int]
"""``Sample.id`` and repeat."""

BASELINE = Metric(value=None, note="the others are compared with it")
PAIRWISE_K = 32.0
ELO_ROUNDS = 300
STYLE_ROUNDS = 200
SEED = 0
"""Of all resamples and shuffles, so that a ranking made again is the same."""


def rank_by_comparisons(
    observed: Sequence[Comparison],
    *,
    models: Sequence[str],
    dataset: str,
    data_abbr: str,
    judge: str | None,
    baseline: str = "",
    rounds: int = ROUNDS,
    seed: int = SEED,
    k: float = K,
    notes: Sequence[str] = (),
) -> Ranking:
    """Return the ranking of models that were compared with each other.

    Args:
        observed: The scored comparisons.
        models: All models of the ranking, those without a comparison too.
        dataset: Row name.
        data_abbr: Abbr of the dataset.
        judge: Abbr of the judge.
        baseline: The one model that all others are compared with, if there is one; its rating is 1000.
        rounds: Resamples of items.
        seed: Of resamples and shuffles.
        k: Points at stake in a comparison of Elo.
        notes: Go into ``Ranking.notes``.
    """
    names = list(dict.fromkeys([*models, *(name for one in observed for name in (one.first, one.second))]))
    columns = Columns(observed)
    undefined = _undefined(columns, names, baseline)
    fits = _fitted(columns, baseline, rounds, seed, k) if not undefined else _Fits(None, None, None, {}, {}, undefined)
    comparisons = _by_model(observed)
    entries = [
        msgspec.structs.replace(
            _record(name, comparisons.get(name, [])),
            baseline=name == baseline,
            win_rate=BASELINE if name == baseline else _win_rate(comparisons.get(name, [])),
            bradley_terry=_rated(name, fits.ratings, undefined),
            elo=_rated(name, fits.elo, undefined),
            style_controlled=_rated(name, fits.styled, fits.unstyled),
        )
        for name in names
    ]
    values = {one.model: _order_value(one, fits.ratings) for one in entries}
    intervals = {one.model: _order_interval(one, fits.ratings) for one in entries}
    return Ranking(
        dataset=dataset,
        data_abbr=data_abbr,
        judge=judge,
        kind="comparisons",
        by="win_rate" if undefined else "bradley_terry",
        models=_in_order(entries, values, intervals, _above(columns) if fits.ratings is not None else frozenset()),
        separability=_share_apart(list(intervals.values())),
        style={name: _as_rated(rating) for name, rating in fits.effects.items()},
        pairs=_pairs(observed, names),
        settings={"seed": seed, "ties": "half a win for each", "interval": "95%, percentiles", **fits.settings},
        notes=[*notes, *([f"no ratings: {undefined}"] if undefined else [])],
    )


def rank_by_scores(
    metrics: Mapping[str, Metric], *, by: str, dataset: str, data_abbr: str, judge: str | None
) -> Ranking:
    """Return the ranking of models by one metric with its interval, higher being better.

    Args:
        metrics: By model.
        by: Name of the metric.
        dataset: Row name.
        data_abbr: Abbr of the dataset.
        judge: Abbr of the judge; ``None`` for a rule.
    """
    entries = [RankedModel(model=model, score=metric) for model, metric in metrics.items()]
    values = {model: metric.value for model, metric in metrics.items()}
    intervals = {model: metric.ci95 if metric.value is not None else None for model, metric in metrics.items()}
    return Ranking(
        dataset=dataset,
        data_abbr=data_abbr,
        judge=judge,
        kind="scores",
        by=by,
        models=_in_order(entries, values, intervals),
        separability=_share_apart(list(intervals.values())),
    )


def with_pairwise(ranking: Ranking, right: Mapping[str, Mapping[SampleKey, bool]]) -> Ranking:
    """Return a ranking of judges by their scores, with ratings from comparing them item by item.

    Of two judges of one item the one that is right beats the one that is wrong; alike they tie. The order stays that of
    the scores.

    Args:
        ranking: By scores.
        right: By model and item (id and repeat), whether it was right; what it did not decide is left out.

    Source: Z. Bi et al. (2025), JudgeBoard, arXiv:2511.15958, whose K is not known; 32 here.
    """
    observed = [
        Comparison(first, second, (1 + own - right[second][sample]) / 2, sample=sample[0])
        for first, second in combinations(right, 2)
        for sample, own in right[first].items()
        if sample in right[second]
    ]
    pairwise = rank_by_comparisons(
        observed,
        models=[one.model for one in ranking.models],
        dataset=ranking.dataset,
        data_abbr=ranking.data_abbr,
        judge=ranking.judge,
        k=PAIRWISE_K,
    )
    rated = {one.model: one for one in pairwise.models}
    models = [
        msgspec.structs.replace(
            rated[one.model], rank=one.rank, ranks=one.ranks, score=one.score, style_controlled=None
        )
        for one in ranking.models
    ]
    remark = "judges are compared item by item: right wins against wrong, else they tie"
    return msgspec.structs.replace(
        ranking,
        models=models,
        pairs=pairwise.pairs,
        settings=pairwise.settings,
        notes=[*ranking.notes, remark, *pairwise.notes],
    )


def compare_rankings(first: Ranking, second: Ranking) -> RankingsCompared:
    """Return how alike two rankings order the models that both rank."""
    ranks = [{one.model: one.rank for one in ranking.models if one.rank is not None} for ranking in (first, second)]
    shared = [model for model in ranks[0] if model in ranks[1]]
    sides = [[-float(one[model]) for model in shared] for one in ranks]
    tau, rho = kendall(*sides), spearman(*sides)
    note = ""
    if tau is None or rho is None:
        note = "fewer than two models" if len(shared) < 2 else "undefined: one ranking puts all models on one place"
    return RankingsCompared(
        data_abbr=first.data_abbr,
        judges=(first.dataset, second.dataset),
        models=len(shared),
        kendall=tau,
        spearman=rho,
        note=note,
        forecasts=[forecast(second, first), forecast(first, second)],
    )


def separability(ratings: Mapping[str, Rating]) -> float | None:
    """Return the percentage of pairs of models whose intervals do not overlap; ``None`` without intervals or pairs.

    A model without an interval is not separated from any other.

    Source: T. Li et al. (2024), From Crowdsourced Data to High-Quality Benchmarks, arXiv:2406.11939.
    """
    return _share_apart([rating.interval for rating in ratings.values()])


def allowed_ranks(intervals: Mapping[str, tuple[float, float] | None]) -> dict[str, tuple[int, int]]:
    """Return each model's best and worst rank: 1 + those entirely above it, and all but those entirely below it."""
    found = {}
    for name, own in intervals.items():
        others = [other for one, other in intervals.items() if one != name]
        above = sum(own is not None and other is not None and other[0] > own[1] for other in others)
        below = sum(own is not None and other is not None and other[1] < own[0] for other in others)
        found[name] = (1 + above, len(intervals) - below)
    return found


class _Fits(NamedTuple):
    """What was fitted; ``unstyled`` says why there is no style control."""

    ratings: dict[str, Rating] | None
    elo: dict[str, Rating] | None
    styled: dict[str, Rating] | None
    effects: dict[str, Rating]
    settings: dict[str, Any]
    unstyled: str


def _fitted(columns: Columns, baseline: str, rounds: int, seed: int, k: float) -> _Fits:
    anchor = baseline if baseline in columns.names else ""
    ratings = bradley_terry(columns, anchor=anchor, rounds=rounds, seed=seed)
    shuffled = shuffled_elo(columns, k=k, rounds=min(rounds, ELO_ROUNDS), seed=seed)
    settings: dict[str, Any] = {
        "bradley_terry": {"rounds": rounds, "resampled": "items", "zero": anchor or "mean", "zero_at": START},
        "elo": {"k": k, "start": START, "scale": SCALE, "shuffles": shuffled.shuffles, "rounds": shuffled.rounds},
    }
    if not columns.features:
        return _Fits(ratings, shuffled.ratings, None, {}, settings, "the answers' style is not known")
    styled = style_controlled(columns, FEATURES, anchor=anchor, rounds=min(rounds, STYLE_ROUNDS), seed=seed)
    if styled is None:
        return _Fits(ratings, shuffled.ratings, None, {}, settings, "the answers do not differ in style")
    settings["style_controlled"] = {"features": list(styled.effects), "rounds": styled.rounds}
    return _Fits(ratings, shuffled.ratings, styled.ratings, styled.effects, settings, "")


def _undefined(columns: Columns, names: Sequence[str], baseline: str) -> str:
    """Return why models cannot be rated; empty where they can."""
    if len(names) < 2:
        return "there is one model"
    if not len(columns):
        return "no comparison was scored"
    if (columns.outcome == 0.5).all():
        return "every comparison is a tie, so nothing tells the models apart"
    apart = unconnected(columns)
    if apart:
        return f"no chain of comparisons connects {apart[0]} and {apart[1]}"
    base = columns.names.index(baseline) if baseline in columns.names else None
    if scale_members(columns.wins()[None], base).rated.sum() < 2:
        return "no finite ratings fit, as no two models took points from each other"
    return ""


class ModelOutcome(NamedTuple):
    """One comparison as one of its two models sees it."""

    sample: int
    points: float
    weight: float


def _by_model(observed: Sequence[Comparison]) -> dict[str, list[ModelOutcome]]:
    found: dict[str, list[ModelOutcome]] = {}
    for one in observed:
        found.setdefault(one.first, []).append(ModelOutcome(one.sample, one.outcome, one.weight))
        found.setdefault(one.second, []).append(ModelOutcome(one.sample, 1 - one.outcome, one.weight))
    return found


def _record(name: str, comparisons: Sequence[ModelOutcome]) -> RankedModel:
    wins, losses = sum(one.points > 0.5 for one in comparisons), sum(one.points < 0.5 for one in comparisons)
    return RankedModel(
        model=name, comparisons=len(comparisons), wins=wins, ties=len(comparisons) - wins - losses, losses=losses
    )


def _win_rate(comparisons: Sequence[ModelOutcome]) -> Metric:
    return share_of(
        [one.points for one in comparisons],
        [one.sample for one in comparisons],
        weights=[one.weight for one in comparisons],
        lacking="no comparison was scored",
    )


def _rated(name: str, ratings: Mapping[str, Rating] | None, why: str) -> Rated:
    if ratings is None:
        return Rated(value=None, note=why)
    if name not in ratings:
        return Rated(value=None, note="no comparison was scored")
    return _as_rated(ratings[name])


def _as_rated(rating: Rating) -> Rated:
    if math.isnan(rating.value):
        return Rated(value=None, note="no chain of wins and losses leads to the others")
    if math.isinf(rating.value):
        did = "lost nothing to" if rating.value > 0 else "won nothing from"
        return Rated(value=None, note=f"no finite rating: it {did} the others")
    if rating.interval is None:
        return Rated(value=rating.value)
    low, high = (end if math.isfinite(end) else None for end in rating.interval)
    note = "" if low is not None and high is not None else "too few comparisons to bound the interval"
    return Rated(value=rating.value, ci95=(low, high), note=note)


def _order_value(entry: RankedModel, ratings: Mapping[str, Rating] | None) -> float | None:
    """Return what orders a model: its rating, infinite ones too; without ratings its win rate."""
    if ratings is not None:
        value = ratings[entry.model].value if entry.model in ratings else math.nan
        return None if math.isnan(value) else value
    return entry.win_rate.value if entry.win_rate is not None else None


def _order_interval(entry: RankedModel, ratings: Mapping[str, Rating] | None) -> tuple[float, float] | None:
    if ratings is not None:
        return ratings[entry.model].interval if entry.model in ratings else None
    return entry.win_rate.ci95 if entry.win_rate is not None else None


def _in_order(
    entries: Sequence[RankedModel],
    values: Mapping[str, float | None],
    intervals: Mapping[str, tuple[float, float] | None],
    above: Collection[tuple[str, str]] = (),
) -> list[RankedModel]:
    known = {name: value for name, value in values.items() if value is not None}
    reach = allowed_ranks({name: interval for name, interval in intervals.items() if values[name] is not None})
    placed = []
    for entry in entries:
        value = values[entry.model]
        if value is None:
            placed.append(entry)
            continue
        # values that differ by rounding alone are one place
        better = {
            name for name, other in known.items() if other > value and not math.isclose(other, value, rel_tol=1e-9)
        }
        # of models without a finite rating one may have beaten the other
        better |= {name for name, other in known.items() if other == value and (name, entry.model) in above}
        rank = 1 + len(better)
        low, high = reach[entry.model]
        placed.append(msgspec.structs.replace(entry, rank=rank, ranks=(min(low, rank), max(high, rank))))
    return sorted(placed, key=lambda one: (one.rank is None, one.rank or 0))


def _above(columns: Columns) -> frozenset[tuple[str, str]]:
    """Return the pairs of models of which the first took points from the second, by some chain, and lost it none."""
    names = columns.names
    over = dominates(columns.wins())
    return frozenset((names[i], names[j]) for i, j in zip(*over.nonzero(), strict=True))


def _share_apart(intervals: Sequence[tuple[float, float] | None]) -> float | None:
    pairs = list(combinations(intervals, 2))
    if not pairs or all(interval is None for interval in intervals):
        return None
    apart = sum(a is not None and b is not None and (a[1] < b[0] or b[1] < a[0]) for a, b in pairs)
    return 100 * apart / len(pairs)


def _pairs(observed: Sequence[Comparison], names: Sequence[str]) -> list[PairRecord]:
    place = {name: at for at, name in enumerate(names)}
    found: dict[tuple[str, str], list[int]] = {}
    for one in observed:
        turned = place[one.first] > place[one.second]
        key = (one.second, one.first) if turned else (one.first, one.second)
        outcome = 1 - one.outcome if turned else one.outcome
        counts = found.setdefault(key, [0, 0, 0])
        counts[0 if outcome > 0.5 else 2 if outcome < 0.5 else 1] += 1
    return [
        PairRecord(first=a, second=b, comparisons=sum(counts), wins=counts[0], ties=counts[1], losses=counts[2])
        for (a, b), counts in sorted(found.items(), key=lambda one: (place[one[0][0]], place[one[0][1]]))
    ]
