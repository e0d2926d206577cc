"""The tables of a summary's rankings: who stands where, how sure that is, and how alike two judges rank."""

from __future__ import annotations

from collections.abc import Sequence

from judgebench.metrics.comparisons.ranked import RankedModel, Ranking, Rated
from judgebench.records.flow import Metric
from judgebench.report.schema import Summary
from judgebench.report.tables import MOST_PAIRS, Notes, TextTable, number, span

_OF_RATINGS = (("bradley_terry", (6, 7)), ("elo", (8, 9)), ("style_controlled", (10,)))
"""Columns of the ranking by comparisons that each kind of rating has."""


def _is_known(rankings: Sequence[Ranking], rating: str) -> bool:
    """Say whether any model has a rating of a kind; a column of dashes shows nothing."""
    found: list[Rated | None] = [getattr(entry, rating) for ranking in rankings for entry in ranking.models]
    return any(one is not None and one.value is not None for one in found)


GRADES = ("mean_score",)
"""Metrics whose rankings are printed beside those of comparisons; others are one look at the scores away."""


def comparisons_table(summary: Summary, notes: Notes) -> TextTable:
    """Return the models in the order of their ratings, for every judge that compares."""
    rows = [
        [
            ranking.dataset,
            _place(entry),
            entry.model + (" (baseline)" if entry.baseline else ""),
            f"{entry.wins}/{entry.ties}/{entry.losses}",
            _value(entry.win_rate, notes),
            number(entry.win_rate.stderr) if entry.win_rate and entry.win_rate.stderr is not None else "-",
            _rating(entry.bradley_terry, notes),
            _rated_interval(entry.bradley_terry),
            _rating(entry.elo, notes),
            _rated_interval(entry.elo),
            "-" if ranking.kind == "scores" else _rating(entry.style_controlled, notes),
        ]
        for ranking in summary.rankings
        if ranking.kind == "comparisons" or ranking.pairs
        for entry in ranking.models
    ]
    headers = [
        "dataset", "rank", "model", "won/tied/\nlost", "win rate\n%", "std.\nerror", "Bradley-\nTerry",
        "95% interval", "Elo", "95% interval", "style\ncontrolled",
    ]  # fmt: skip
    table = TextTable("Ranking by comparisons", headers, rows, set(range(3, len(headers))))
    shown = [ranking for ranking in summary.rankings if ranking.kind == "comparisons" or ranking.pairs]
    return table.without([at for name, columns in _OF_RATINGS for at in columns if not _is_known(shown, name)])


def grades_table(summary: Summary, notes: Notes) -> TextTable:
    """Return the models in the order of their mean grades, for every judge that grades."""
    rows = [
        [ranking.dataset, _place(entry), entry.model, ranking.by, _value(entry.score, notes), span(_reach(entry))]
        for ranking in summary.rankings
        if ranking.kind == "scores" and ranking.by in GRADES
        for entry in ranking.models
    ]
    headers = ["dataset", "rank", "model", "metric", "value", "95% interval"]
    return TextTable("Ranking by grades", headers, [[cell or "-" for cell in row] for row in rows], {4, 5})


def rankings_compared_table(summary: Summary, notes: Notes) -> TextTable:
    """Return how alike two judges of one dataset rank the models; two models tell little, so three are asked for."""
    rows = [
        [
            one.data_abbr,
            " + ".join(one.judges),
            str(one.models),
            notes.mark(one.note) if one.kendall is None else number(one.kendall),
            notes.mark(one.note) if one.spearman is None else number(one.spearman),
        ]
        for one in summary.rankings_compared
        if one.models > 2
    ]
    headers = ["dataset", "rankings", "models", "Kendall\ntau-b", "Spearman"]
    return TextTable("The judges' rankings, against each other", headers, rows, {2, 3, 4})


def forecasts_table(summary: Summary, notes: Notes) -> TextTable:
    """Return how well each ranking foretells each other one of its dataset, where there are three models or more."""
    found = [one for compared in summary.rankings_compared if compared.models > 2 for one in compared.forecasts]
    rows = [
        [
            one.ranking,
            one.reference,
            str(one.sure_pairs),
            notes.mark(one.note) if one.agreement is None else number(one.agreement),
            str(one.foretold_pairs),
            *(notes.mark(one.note) if value is None else f"{value:.3f}" for value in (one.brier, one.log_loss)),
        ]
        for one in found
    ]
    headers = [
        "ranking", "predicts", "pairs that\none separates", "agreement with\nconfidence %", "pairs\npredicted",
        "Brier\nscore", "log-loss",
    ]  # fmt: skip
    title = "Each ranking as a forecast of another"
    if len(rows) > MOST_PAIRS:
        title += f" (the first {MOST_PAIRS} of {len(rows)}; all are in the .json, rankings_compared)"
    return TextTable(title, headers, rows[:MOST_PAIRS], set(range(2, len(headers))))


def ranking_remarks(summary: Summary) -> list[str]:
    """Return a sentence about each printed ranking: how well it separates the models, and what is left out."""
    remarks = []
    for ranking in summary.rankings:
        if ranking.kind == "comparisons" or ranking.pairs or ranking.by in GRADES:
            remarks.append(_separability(ranking))
            remarks += [f"{ranking.dataset}: {note}." for note in ranking.notes]
            effects = [f"{name} {_effect(rated)}" for name, rated in ranking.style.items()]
            if effects:
                remarks.append(
                    f"{ranking.dataset}: effect of style on winning, in log-odds per typical difference: "
                    f"{', '.join(effects)}."
                )
    return remarks


def _separability(ranking: Ranking) -> str:
    if ranking.separability is None:
        return f"{ranking.dataset}: separability is undefined without intervals."
    pairs = len(ranking.models) * (len(ranking.models) - 1) // 2
    return (
        f"{ranking.dataset}: the intervals of {number(ranking.separability)}% of the {pairs} pairs of models do not "
        "overlap (separability)."
    )


def _place(entry: RankedModel) -> str:
    if entry.rank is None:
        return "-"
    if entry.ranks is None or entry.ranks[0] == entry.ranks[1]:
        return str(entry.rank)
    return f"{entry.rank} ({entry.ranks[0]}..{entry.ranks[1]})"


def _value(metric: Metric | None, notes: Notes) -> str:
    if metric is None or metric.value is None:
        return notes.mark(metric.note or "undefined" if metric is not None else "undefined")
    return number(metric.value)


def _rating(rated: Rated | None, notes: Notes) -> str:
    if rated is None or rated.value is None:
        return notes.mark(rated.note or "undefined" if rated is not None else "undefined")
    return number(rated.value)


def _rated_interval(rated: Rated | None) -> str:
    if rated is None or rated.ci95 is None:
        return "-"
    low, high = rated.ci95
    return f"{'?' if low is None else number(low)}..{'?' if high is None else number(high)}"


def _effect(rated: Rated) -> str:
    interval = _rated_interval(rated)
    return f"{number(rated.value or 0.0)}{f' ({interval})' if interval != '-' else ''}"


def _reach(entry: RankedModel) -> tuple[float, float] | None:
    return entry.score.ci95 if entry.score is not None else None
