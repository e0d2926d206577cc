"""The table of bias tests: one line for each perturbation of a judge under test."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from judgebench.report.schema import Cell, Summary, SummaryRow
from judgebench.report.tables import TextTable, span, value_cell

FLOOR = "noise_floor"
"""The metric by which the rows of a bias test are known."""


def bias_table(summary: Summary) -> TextTable:
    """Return what each perturbation did to each judge's verdicts, the noise floor beside it."""
    rows = []
    for (dataset, model, name), figures in _by_perturbation(summary).items():
        floor = _cell(summary, dataset, FLOOR, model)
        rows.append(
            [
                dataset,
                model,
                name,
                _share(figures.get("flip_rate")),
                _share(floor),
                _share(figures.get("flip_rate_above_noise")),
                _interval(figures.get("flip_rate_above_noise")),
                _p(figures.get("flip_p_holm")),
                _share(figures.get("directed_flip")),
                _share(figures.get("delta_accuracy")),
                _interval(figures.get("delta_accuracy")),
                _share(figures.get("violation_rate")),
                *(_count(figures.get(name)) for name in _COUNTS),
            ]
        )
    headers = [
        "dataset", "judge", "perturbation", "flips\n%", "noise\nfloor %", "above\nnoise", "95% interval", "p, by\nHolm",
        "towards\ntarget %", "accuracy\nchange", "95% interval", "violated\n%", "unread", "failed", "left\nout",
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


def _by_perturbation(summary: Summary) -> Mapping[tuple[str, str, str], dict[str, Cell]]:
    """Return the figures of every data set, judge and perturbation, by name."""
    tested = _tested(summary)
    found: dict[tuple[str, str, str], dict[str, Cell]] = {}
    for row in summary.rows:
        figure, slash, name = row.metric.partition("/")
        if not slash or row.dataset not in tested:
            continue
        for model, cell in row.cells.items():
            if cell.metric is not None:
                found.setdefault((row.dataset, model, name), {})[figure] = cell
    return found


def _cell(summary: Summary, dataset: str, name: str, model: str) -> Cell | None:
    row: SummaryRow | None = next((one for one in summary.rows if (one.dataset, one.metric) == (dataset, name)), None)
    return row.cells.get(model) if row is not None else None


def _share(cell: Cell | None) -> str:
    return "-" if cell is None else value_cell(cell)


def _interval(cell: Cell | None) -> str:
    return "-" if cell is None or cell.metric is None else span(cell.metric.ci95) or "-"


def _count(cell: Cell | None) -> str:
    return "-" if cell is None or cell.metric is None else str(round(cell.metric.value or 0))


def _p(cell: Cell | None) -> str:
    if cell is None or cell.metric is None or cell.metric.value is None:
        return "-"
    return "<0.001" if cell.metric.value < 0.001 else f"{cell.metric.value:.3f}"
