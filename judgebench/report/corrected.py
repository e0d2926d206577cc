"""Corrected scores as a table of the summary, and in words for a terminal."""

from __future__ import annotations

from judgebench.errors import how_many
from judgebench.records.corrected import CorrectedScore
from judgebench.records.figures import Metric
from judgebench.report.schema import Summary
from judgebench.report.tables import Notes, TextTable, number, span


def corrected_table(summary: Summary, notes: Notes) -> TextTable:
    """Return every labelled score by the judge alone, by people alone, and corrected."""
    rows = []
    for one in summary.corrected:
        why = notes.mark(one.note or "the labels do not say")
        errors = [why if rate is None else number(rate) for rate in (one.sensitivity, one.specificity)]
        if one.metric != "accuracy":
            errors = [notes.mark("only right and wrong have error rates")] * 2
        corrected = _with_span(one.corrected, why)
        if one.note and one.corrected is not None:
            corrected += why.removeprefix("-")
        rows.append(
            [
                one.row,
                one.model,
                one.metric,
                str(one.labels),
                number(one.judge.value) if one.judge.value is not None else why,
                _with_span(one.people, why),
                corrected,
                _with_span(one.solved, why if one.note else notes.mark("for accuracies by uniform draws alone")),
                *errors,
            ]
        )
    headers = [
        "dataset", "model", "metric", "labels", "judge\nalone", "labels alone", "corrected", "Rogan-Gladen",
        "right answers\naccepted %", "wrong answers\nrejected %",
    ]  # fmt: skip
    return TextTable("Corrected by people's labels", headers, rows, set(range(3, len(headers))))


def in_words(one: CorrectedScore) -> list[str]:
    """Return a corrected score as lines of text."""
    judge = "-" if one.judge.value is None else number(one.judge.value)
    lines = [f"{one.row}, {one.model}: {one.metric} {judge} by the judge alone"]
    if one.corrected is not None:
        lines.append(
            f"  corrected by {how_many(one.corrected.n or 0, 'label')}: {_with_span(one.corrected, '-')} ({one.method})"
        )
        if one.these is not None:
            lines.append(f"  labels on all of these answers would say {span(one.these)}, in 95 cases of 100")
        lines.append(f"  by the labels alone: {_with_span(one.people, '-')}")
    if one.solved is not None:
        lines.append(f"  by Rogan-Gladen: {_with_span(one.solved, '-')}")
    if one.note:
        lines.append(f"  {one.note[:1].upper()}{one.note[1:]}.")
    return lines


def _with_span(metric: Metric | None, why: str) -> str:
    if metric is None or metric.value is None:
        return why
    return f"{number(metric.value)} ({span(metric.ci95)})" if metric.ci95 is not None else number(metric.value)
