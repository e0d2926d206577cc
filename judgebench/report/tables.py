"""The tables of a summary as rows of text: scores, how sure they are, what was scored, and the judges' health.

Every cell is filled: where there is nothing to show it holds ``-`` with the number of a footnote that says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from judgebench.metrics.ranked import RATINGS
from judgebench.records import Metric
from judgebench.report.schema import Cell, ResultFacts, Summary, SummaryRow


class TextTable(NamedTuple):
    """A table of plain text.

    Attributes:
        title: What it shows.
        headers: Column heads; a line break in one is a place to wrap.
        rows: Cells.
        numeric: Columns to align right.
    """

    title: str
    headers: list[str]
    rows: list[list[str]]
    numeric: set[int]


class Notes:
    """The footnotes of a summary, and those which only the printed tables need."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = list(texts)

    def mark(self, text: str) -> str:
        """Return a dash with the number of a note of this text."""
        if text not in self.texts:
            self.texts.append(text)
        return f"- [{self.texts.index(text) + 1}]"


def number(value: float) -> str:
    """Return a value with two decimals, as in AISBench's tables."""
    return f"{value:.2f}"


def marks(notes: Iterable[int]) -> str:
    """Return the marks of footnotes, with a leading blank."""
    return "".join(f" [{note}]" for note in notes)


def value_cell(cell: Cell) -> str:
    """Return a model's number, or a dash, with the marks of its footnotes."""
    metric = cell.metric
    shown = number(metric.value) if metric is not None and metric.value is not None else "-"
    return shown + marks(cell.notes)


def score_table(summary: Summary) -> TextTable:
    """Return the compact table: dataset, version, metric, mode and one column per model."""
    rows = []
    for row in summary.rows:
        if row.kind == "heading":
            rows.append([row.dataset] + ["-"] * (3 + len(summary.models)))
            continue
        cells = [value_cell(row.cells.get(model, Cell())) for model in summary.models]
        rows.append([row.dataset, row.version + marks(row.notes), row.metric, row.mode, *cells])
    headers = ["dataset", "version", "metric", "mode", *summary.models]
    return TextTable("Scores", headers, rows, set(range(4, len(headers))))


def certainty_table(summary: Summary, notes: Notes) -> TextTable:
    """Return how sure each number is: interval, standard error, n, and what the unscored items could make of it."""
    whole = {(one.model, one.dataset) for one in summary.results if 0 < one.counts.planned == one.counts.ok}
    rows = [
        _certainty_row(row, model, cell, notes, whole=(model, row.dataset) in whole)
        for row in summary.rows
        if row.metric not in RATINGS  # the rankings say how sure these are
        for model, cell in row.cells.items()
        if cell.metric is not None
    ]
    headers = ["dataset", "metric", "model", "value", "95% interval", "std.\nerror", "n", "unscored items\nworst..best"]
    return TextTable("How sure the numbers are", headers, rows, set(range(3, 8)))


def coverage_table(summary: Summary, notes: Notes) -> TextTable:
    """Return what share of the planned items was scored, and what became of the others."""
    rows = []
    extraction = any("extracted" in one.health for one in summary.results)
    for one in summary.results:
        counts = one.counts
        share = number(100 * counts.ok / counts.planned) if counts.planned else notes.mark("no item was planned")
        states = (counts.unparsed, counts.judge_failed, counts.prediction_failed, counts.not_judged, counts.truncated)
        extracted = [_extracted(one, notes)] if extraction else []
        rows.append([one.dataset, one.model, str(counts.planned), share, *map(str, states), *extracted])
    headers = [
        "dataset", "model", "planned", "scored\n%", "unparsed", "failed:\njudge", "failed:\nmodel", "not\njudged",
        "truncated\nanswers", *(["extracted\nanswers %"] if extraction else []),
    ]  # fmt: skip
    return TextTable("What was scored", headers, rows, set(range(2, len(headers))))


def health_table(summary: Summary, notes: Notes) -> TextTable:
    """Return the judges' unread share and tokens and, where a rule decided the same answers, how far they agree."""
    judged = [one for one in summary.results if one.judge is not None and one.kind == "result"]
    compared = any("agreement" in one.health for one in judged)
    rows = []
    for one in judged:
        share = 100 * one.counts.unparsed / one.counts.planned if one.counts.planned else 0.0
        measured = []
        if compared:  # else no column shows what was measured, nor the footnotes of it
            measured = [str(_metric(one, "agreement").n), *(_health_cell(one, name, notes) for name in _HEALTH)]
        rows.append([one.dataset, one.model, *measured, number(share), _tokens(one, notes)])
    headers = [
        "compared\nwith rule", "agreement\n%", "kappa", "calls wrong\nright %", "calls right\nwrong %", "score\nshift",
    ] if compared else []  # fmt: skip
    headers = ["dataset", "model", *headers, "unparsed\n%", "judge tokens\nin + out"]
    title = "The judges, against the rule on the same answers" if compared else "The judges"
    return TextTable(title, headers, rows, set(range(2, len(headers))))


def reading_table(summary: Summary) -> TextTable:
    """Return by which grammar, fold and choice for unread views each judge's replies became verdicts."""
    rows: dict[str, list[str]] = {}
    for one in summary.results:
        read = one.health.get("read")
        if one.kind == "result" and isinstance(read, dict):
            rows.setdefault(one.dataset, [one.dataset, *(str(read.get(kind, "-")) for kind in _READ)])
    headers = ["dataset", "grammar", "fold", "an unread view\ncounts as"]
    return TextTable("How the judges' replies were read", headers, list(rows.values()), set())


_READ = ("grammar", "fold", "unread")
_ONE_ITEM = "one item tells nothing about how far others would scatter"


def between_judges_table(summary: Summary, notes: Notes) -> TextTable:
    """Return how far every two judges of a data set agree about the answers of a model that both decided."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for one in summary.results:
        if one.kind != "result" or one.judge is None:
            continue
        dataset = one.dataset.removesuffix(f"-{one.judge}")
        for pair in one.health.get("between_judges", []):
            if pair["n"]:
                kappa = notes.mark(_CONSTANT) if pair["kappa"] is None else number(pair["kappa"])
                names = " + ".join(pair["judges"])
                cells = [dataset, one.model, names, str(pair["n"]), number(pair["agreement"]), kappa]
                rows.setdefault((dataset, one.model, " + ".join(sorted(pair["judges"]))), cells)
    headers = ["dataset", "model", "judges", "both\ndecided", "agreement\n%", "kappa"]
    shown = list(rows.values())
    title = "The judges, against each other"
    if len(shown) > MOST_PAIRS:
        title += f" (the first {MOST_PAIRS} of {len(shown)} pairs; all are in results/, health.between_judges)"
    return TextTable(title, headers, shown[:MOST_PAIRS], {3, 4, 5})


MOST_PAIRS = 30
"""Pairs of judges that the table of their agreement shows."""
_CONSTANT = "kappa is undefined where both judges say one and the same of all answers"

_HEALTH = ("agreement", "kappa", "false_positive_rate", "false_negative_rate", "score_shift")


def _certainty_row(row: SummaryRow, model: str, cell: Cell, notes: Notes, *, whole: bool) -> list[str]:
    metric = cell.metric or Metric(value=None)
    why = marks(cell.notes)
    value = interval = error = f"-{why}"
    if metric.value is not None:
        value = number(metric.value)
        alone = metric.n <= 1
        interval = span(metric.ci95) or notes.mark(_ONE_ITEM if alone else "this metric comes without an interval")
        error = (
            number(metric.stderr)
            if metric.stderr is not None
            else notes.mark(_ONE_ITEM if alone else "this metric comes without a standard error")
        )
    if metric.bounds is not None:
        reach = span(metric.bounds)
    elif whole and metric.value is not None:
        reach = span((metric.value, metric.value))  # every item was scored: there is nothing that could change it
    elif metric.value is None and why:
        reach = f"-{why}"
    else:
        reach = notes.mark("what unscored items could change has no known limits")
    return [row.dataset, row.metric, model, value, interval, error, str(metric.n), reach]


def span(ends: tuple[float, float] | None) -> str:
    """Return an interval as text; empty for none."""
    return f"{ends[0]:.2f}..{ends[1]:.2f}" if ends is not None else ""


def _metric(facts: ResultFacts, name: str) -> Metric:
    try:
        return msgspec.convert(facts.health.get(name) or {"value": None}, Metric)
    except msgspec.ValidationError:
        return Metric(value=None)


def _health_cell(facts: ResultFacts, name: str, notes: Notes) -> str:
    metric = _metric(facts, name)
    if metric.value is not None:
        return number(metric.value)
    if not facts.counts.ok:
        return notes.mark("no verdict could be compared with a rule: none was read")
    return notes.mark(metric.note or "no rule-based check of this data set decided the same answers")


def _extracted(facts: ResultFacts, notes: Notes) -> str:
    share = facts.health.get("extracted")
    return number(share) if isinstance(share, int | float) else notes.mark("no answer was there to extract from")


def _tokens(facts: ResultFacts, notes: Notes) -> str:
    spent = facts.usage.get("judge")
    if not spent:
        scored = "no judge call was needed, or they are recorded with the models that it was compared with"
        return notes.mark(scored if facts.counts.ok else "the judge has not been asked")
    if not spent.get("prompt_tokens"):
        return notes.mark("the judge's service reported no usage")
    return f"{spent['prompt_tokens']} + {spent.get('completion_tokens', 0)}"
