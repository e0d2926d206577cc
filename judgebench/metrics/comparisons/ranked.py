"""What a ranking says, as results hold it; ``ranking`` makes them."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from judgebench.records.flow import Metric

RATINGS = ("rank", "bradley_terry", "elo", "style_controlled")
"""Metrics that ``rating_metrics`` gives."""


class Rated(msgspec.Struct, frozen=True, kw_only=True):
    """A rating as results hold it.

    Attributes:
        value: ``None`` where undefined; ``note`` says why.
        ci95: 95% interval; an end that no resample bounds is ``None``.
        note: Why there is no value, or no interval.
    """

    value: float | None
    ci95: tuple[float | None, float | None] | None = None
    note: str = ""


class RankedModel(msgspec.Struct, frozen=True, kw_only=True):
    """One model's place.

    Attributes:
        model: Abbr of the model, or the name of a file of answers.
        rank: 1 + the number of models with a better value; ``None`` where no figure orders it.
        ranks: Best and worst rank that the intervals allow: models whose intervals overlap may stand either way round.
        baseline: Whether it is what the others are compared with.
        comparisons: Scored comparisons; ``wins``, ``ties``, ``losses`` are their parts.
        win_rate: Share of its comparisons won, in percent, a tie counting half; clustered by item.
        bradley_terry: Rating on the Elo scale. ``elo``: over shuffled orders. ``style_controlled``: with length and
            Markdown taken out.
        score: Mean grade, or accuracy, where that is what is ranked.
    """

    model: str
    rank: int | None = None
    ranks: tuple[int, int] | None = None
    baseline: bool = False
    comparisons: int = 0
    wins: int = 0
    ties: int = 0
    losses: int = 0
    win_rate: Metric | None = None
    bradley_terry: Rated | None = None
    elo: Rated | None = None
    style_controlled: Rated | None = None
    score: Metric | None = None


class PairRecord(msgspec.Struct, frozen=True, kw_only=True):
    """How often two models were compared, and how that ended for ``first``."""

    first: str
    second: str
    comparisons: int
    wins: int
    ties: int
    losses: int


class Ranking(msgspec.Struct, frozen=True, kw_only=True):
    """All models of a run in order.

    Attributes:
        dataset: Row name, ``<dataset>`` or ``<dataset>-<judge>``.
        data_abbr: Abbr of the dataset.
        judge: Abbr of the judge; ``None`` for a rule.
        by: What orders the models: ``bradley_terry``, ``win_rate``, or the name of a metric.
        models: Best first.
        separability: Percentage of the pairs of models whose intervals do not overlap; ``None`` without intervals.
        style: Effect of each style feature: log-odds of winning per root mean square of the difference.
        pairs: Which models were compared with each other, and how that ended.
        settings: Seeds, resamples and constants that the figures rest on.
        notes: What a reader must know.
    """

    dataset: str
    data_abbr: str
    judge: str | None
    kind: Literal["comparisons", "scores"]
    by: str
    models: list[RankedModel]
    separability: float | None = None
    style: dict[str, Rated] = {}
    pairs: list[PairRecord] = []
    settings: dict[str, Any] = {}
    notes: list[str] = []


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """How well one ranking foretells another; see ``forecast.forecast`` for the definitions.

    Attributes:
        ranking: Row name of the one that foretells. ``reference``: of the one that is foretold.
        sure_pairs: Pairs of models whose intervals in the reference do not overlap.
        agreement: With confidence, over those pairs, in percent; ``None`` without such a pair.
        foretold_pairs: Pairs that ``brier`` and ``log_loss`` are the means of.
        brier: 0 is perfect, 0.25 what a coin gets. ``log_loss``: in nats, 0 is perfect, 0.69 what a coin gets.
        note: Why one of them is not there.
    """

    ranking: str
    reference: str
    sure_pairs: int
    agreement: float | None
    foretold_pairs: int
    brier: float | None
    log_loss: float | None
    note: str = ""


class RankingsCompared(msgspec.Struct, frozen=True, kw_only=True):
    """How alike two judges rank the same models.

    Attributes:
        judges: Their row names.
        models: Models that both rank.
        kendall: tau-b of the ranks. ``spearman``: likewise. ``None`` where undefined; ``note`` says why.
        forecasts: How well either one foretells the other: the second the first, then the first the second.
    """

    data_abbr: str
    judges: tuple[str, str]
    models: int
    kendall: float | None
    spearman: float | None
    note: str = ""
    forecasts: list[Forecast] = []


def rating_metrics(entry: RankedModel) -> dict[str, Metric]:
    """Return a model's rank and ratings as metrics; an interval with an open end is left out, and noted."""
    rank = Metric(
        value=None if entry.rank is None else float(entry.rank),
        n=entry.comparisons,
        ci95=None if entry.ranks is None else (float(entry.ranks[0]), float(entry.ranks[1])),
        note="" if entry.rank is not None else "no figure orders it",
        unit="place",
        better="low",
    )
    ratings = {"bradley_terry": entry.bradley_terry, "elo": entry.elo, "style_controlled": entry.style_controlled}
    return {"rank": rank} | {
        name: _metric(rated, entry.comparisons) for name, rated in ratings.items() if rated is not None
    }


def _metric(rated: Rated, comparisons: int) -> Metric:
    low, high = rated.ci95 or (None, None)
    return Metric(
        value=rated.value,
        n=comparisons,
        ci95=None if low is None or high is None else (low, high),
        note=rated.note,
        unit="rating",
        better="high",
    )
