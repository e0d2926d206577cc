"""The table of bias tests: one line for each perturbation of a judge under test."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from judgebench.records import Metric
from judgebench.report.schema import Cell, Summary, SummaryRow
from judgebench.report.tables import Notes, TextTable, number, span

FLOOR = "noise_floor"
"""The metric by which the rows of a bias test are known."""


def bias_table(summary: Summary, notes: Notes) -> TextTable:
    """Return what each perturbation did to each judge's verdicts, the noise floor beside it."""
    rows = []
    for (dataset, model, name), figures in _by_perturbation(summary).items():
        floor = _metric(summary, dataset, FLOOR, model)
        rows.append(
            [
                dataset,
                model,
                name,
                _share(figures.get("flip_rate")),
                _share(floor),
                _with_interval(figures.get("flip_rate_above_noise"), notes),
                _p(figures.get("flip_p_holm")),
                _share(figures.get("directed_flip")),
                _with_interval(figures.get("delta_accuracy"), notes),
                _share(figures.get("violation_rate")),
                *(str(round(one.value or 0)) if (one := figures.get(count)) else "-" for count in _COUNTS),
            ]
        )
    headers = [
        "dataset", "judge", "perturbation", "flips\n%", "noise\nfloor %", "above noise\n(95% interval)", "p, by\nHolm",
        "towards\ntarget %", "accuracy\nchange", "violated\n%", "unread", "failed", "left\nout",
    ]  # fmt: skip
    return TextTable("Bias tests of the judges", headers, rows, set(range(3, len(headers))))


def without_bias_rows(summary: Summary) -> Summary:
    """Return a summary whose rows leave out what the table of bias tests shows."""
    tested = _tested(summary)
    kept = [row for row in summary.rows if row.dataset not in tested or "/" not in row.metric]
    return msgspec.structs.replace(summary, rows=kept)


_COUNTS = ("unread", "failed", "skipped")


def _tested(summary: Summary) -> set[str]:
    return {row.dataset for row in summary.rows if row.metric == FLOOR}


def _by_perturbation(summary: Summary) -> Mapping[tuple[str, str, str], dict[str, Metric]]:
    """Return the figures of every data set, judge and perturbation, by name."""
    tested = _tested(summary)
    found: dict[tuple[str, str, str], dict[str, Metric]] = {}
    for row in summary.rows:
        figure, slash, name = row.metric.partition("/")
        if not slash or row.dataset not in tested:
            continue
        for model, cell in row.cells.items():
            if cell.metric is not None:
                found.setdefault((row.dataset, model, name), {})[figure] = cell.metric
    return found


def _metric(summary: Summary, dataset: str, name: str, model: str) -> Metric | None:
    row: SummaryRow | None = next((one for one in summary.rows if (one.dataset, one.metric) == (dataset, name)), None)
    return row.cells.get(model, Cell()).metric if row is not None else None


def _share(metric: Metric | None) -> str:
    return "-" if metric is None or metric.value is None else number(metric.value)


def _with_interval(metric: Metric | None, notes: Notes) -> str:
    if metric is None:
        return "-"
    if metric.value is None:
        return notes.mark(metric.note)
    return f"{number(metric.value)} ({span(metric.ci95)})"


def _p(metric: Metric | None) -> str:
    if metric is None or metric.value is None:
        return "-"
    return "<0.001" if metric.value < 0.001 else f"{metric.value:.3f}"
