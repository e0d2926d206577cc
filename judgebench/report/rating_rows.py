"""Ratings as lines of the summary table, beside the metrics of the results."""

from __future__ import annotations

from collections.abc import Sequence

from judgebench.metrics.ranked import Ranking, rating_metrics
from judgebench.records import Metric
from judgebench.report.rows import NOT_PLANNED, Footnotes, Told
from judgebench.report.schema import Cell, SummaryRow


def with_ratings(
    rows: Sequence[SummaryRow], ranking: Ranking, models: Sequence[str], notes: Footnotes
) -> list[SummaryRow]:
    """Return the lines of a row with one for each kind of rating that they lack.

    The results of a league hold its ratings themselves; a judge that compares with one baseline rates that too, which
    has no result.
    """
    if ranking.kind != "comparisons" or not rows:
        return list(rows)
    known = {row.metric for row in rows}
    ranked = {one.model: one for one in ranking.models}
    names = dict.fromkeys(name for one in ranking.models for name in rating_metrics(one))
    first = rows[0]
    added = []
    for name in names:
        if name in known:
            continue
        metrics = {model: rating_metrics(ranked[model]).get(name) if model in ranked else None for model in models}
        told = notes.numbered({model: _told(first.dataset, name, metric) for model, metric in metrics.items()})
        added.append(
            SummaryRow(
                kind="result",
                dataset=first.dataset,
                version=first.version,
                metric=name,
                mode=first.mode,
                cells={model: Cell(metric=metrics[model], notes=told[model]) for model in models},
                notes=first.notes,
            )
        )
    return [*rows, *added]


def _told(row: str, name: str, metric: Metric | None) -> list[Told]:
    if metric is None:
        return [NOT_PLANNED]
    return [Told(f"{row}, {name}", metric.note)] if metric.note else []
