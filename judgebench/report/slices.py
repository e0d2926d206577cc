"""The table of slices: each row's headline by the fields of its samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from judgebench.records.flow import Metric
from judgebench.report.schema import Summary
from judgebench.report.tables import TextTable, number, span

MOST_SLICES = 60
"""Lines that the table shows."""


def slices_table(summary: Summary) -> TextTable:
    """Return each row's headline by the fields of its samples, with the interval of every slice."""
    rows = []
    for one in summary.results:
        for part in one.slices:
            metric = part.metrics.get(one.headline) or Metric(value=None)
            share = number(100 * part.counts.ok / part.counts.planned) if part.counts.planned else "-"
            value = number(metric.value) if metric.value is not None else "-"
            said = "(none)" if part.value is None else part.value
            place = [one.dataset, one.headline, part.by, said, one.model]
            rows.append([*place, value, span(metric.ci95) or "-", str(metric.n), share])
    rows.sort(key=_slices_together(rows))
    headers = ["dataset", "metric", "by", "slice", "model", "value", "95% interval", "n", "scored\n%"]
    title = "Slices"
    if len(rows) > MOST_SLICES:
        title += f" (the first {MOST_SLICES} of {len(rows)}; all are in results/, slices)"
    table = TextTable(title, headers, rows[:MOST_SLICES], set(range(5, len(headers))))
    dropped = {}
    if name := table.same(1):
        dropped[1] = f"The metric is {name}."
    if table.same(8) == number(100):
        dropped[8] = ""
    return table.without(dropped, " ".join(said for said in dropped.values() if said))


def _slices_together(rows: Sequence[Sequence[str]]) -> Callable[[Sequence[str]], int]:
    """Return what puts the models of one slice below each other, in the order in which slices first appear."""
    order = {key: at for at, key in enumerate(dict.fromkeys(tuple(row[:4]) for row in rows))}
    return lambda row: order[tuple(row[:4])]
