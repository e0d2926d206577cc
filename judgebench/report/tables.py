"""The tables of a summary as rows of text: scores, how sure they are, what was scored, how good the judges are.

Bias tests have a table with one line for each perturbation of a judge under test. ``rankings`` makes the tables of
rankings.

Every cell is filled: where there is nothing to show it holds ``-`` with the number of a footnote that says why.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import msgspec

from judgebench.metrics.comparisons.ranked import RATINGS
from judgebench.records.diagnostics import HELD_TO_SCHEMA
from judgebench.records.flow import Metric
from judgebench.report.schema import Cell, ResultFacts, Summary, SummaryRow
from judgebench.report.wording import listed, many


class TextTable(NamedTuple):
    """A table of plain text.

    Attributes:
        title: What it shows.
        headers: Column heads; a line break in one is a place to wrap.
        rows: Cells.
        numeric: Columns to align right.
        said: What holds for every row, in words, instead of a column.
    """

    title: str
    headers: list[str]
    rows: list[list[str]]
    numeric: set[int]
    said: str = ""

    def without(self, columns: Collection[int], said: str = "") -> TextTable:
        """Return the table without some columns, and with what is said instead of them."""
        kept = [at for at in range(len(self.headers)) if at not in columns]
        return TextTable(
            self.title,
            [self.headers[at] for at in kept],
            [[row[at] for at in kept] for row in self.rows],
            {to for to, at in enumerate(kept) if at in self.numeric},
            " ".join(one for one in (self.said, said) if one),
        )

    def same(self, column: int) -> str:
        """Return what every row has in a column; empty where they differ, or there is none."""
        cells = {row[column] for row in self.rows}
        return cells.pop() if len(cells) == 1 else ""


class Notes:
    """The footnotes of a summary, and those which only the printed tables need."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = list(texts)

    def mark(self, text: str) -> str:
        """Return a dash with the number of a note of this text."""
        return f"- {self.reference(text)}"

    def reference(self, text: str) -> str:
        """Return the number of a note of this text, in brackets."""
        if text not in self.texts:
            self.texts.append(text)
        return f"[{self.texts.index(text) + 1}]"


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
    """Return the compact table: dataset, version, metric, mode and one column per model.

    Counts that are 0 everywhere are told once.
    """
    rows = []
    counts = {row.metric: True for row in summary.rows}
    for row in summary.rows:
        counts[row.metric] &= _counts_nothing(row)
    none = [name for name, nothing in counts.items() if nothing]
    for row in summary.rows:
        if row.metric in none:
            continue
        if row.kind == "heading":
            rows.append([row.dataset] + ["-"] * (3 + len(summary.models)))
            continue
        cells = [value_cell(row.cells.get(model, Cell())) for model in summary.models]
        rows.append([row.dataset, row.version + marks(row.notes), row.metric, row.mode, *cells])
    headers = ["dataset", "version", "metric", "mode", *summary.models]
    said = f"0 for every model: {', '.join(none)}." if none else ""
    return TextTable("Scores", headers, rows, set(range(4, len(headers))), said)


def _counts_nothing(row: SummaryRow) -> bool:
    """Say whether a line that is not the row's headline counts what never happened."""
    metrics = [cell.metric for cell in row.cells.values()]
    return (
        not row.headline
        and bool(metrics)
        and all(one is not None and one.unit == "count" and one.value == 0 for one in metrics)
        and not any(cell.notes for cell in row.cells.values())
    )


def certainty_table(summary: Summary, notes: Notes) -> TextTable:
    """Return how sure each number is: interval, standard error, n, and what the unscored items could make of it.

    Where every item was scored nothing could change a number; items that are as many in every row are told once.
    Further figures without error and interval are named in words, as there is nothing to say of how sure they are.
    """
    whole = {(one.model, one.dataset) for one in summary.results if 0 < one.counts.planned == one.counts.ok}
    unknown = _without_interval(summary)
    rows = [
        _certainty_row(row, model, cell, notes, whole=(model, row.dataset) in whole)
        for row in summary.rows
        if row.metric not in RATINGS  # the rankings say how sure these are
        if row.headline or row.metric not in unknown
        for model, cell in row.cells.items()
        if cell.metric is not None
    ]
    headers = ["dataset", "metric", "model", "value", "95% interval", "std.\nerror", "n", "unscored items\nworst..best"]
    table = TextTable("How sure the numbers are", headers, rows, set(range(3, 8)))
    table = table._replace(said=f"No interval is known for {', '.join(unknown)}." if unknown else "")
    dropped = {}
    if all((row[2], row[0]) in whole for row in rows):
        dropped[7] = ""
    if len(rows) > 1 and (items := table.same(6)):
        dropped[6] = f"Each rests on {many(int(items), 'item')}."
    return table.without(dropped, " ".join(said for said in dropped.values() if said))


def _without_interval(summary: Summary) -> list[str]:
    """Return the names of further figures that have no error and no interval for any model."""
    known: dict[str, bool] = {}
    for row in summary.rows:
        for cell in row.cells.values():
            metric = cell.metric
            has_error = metric is not None and (metric.ci95 is not None or metric.stderr is not None)
            open_ = row.headline or metric is None or metric.value is None or has_error
            known[row.metric] = known.get(row.metric, False) or open_
    return [name for name, one in known.items() if not one and name not in RATINGS]


def coverage_table(summary: Summary, notes: Notes) -> TextTable:
    """Return what share of the planned items was scored, and what became of the others; empty where all were scored."""
    rows = []
    extraction = any(one.diagnostics.extracted is not None for one in summary.results)
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
    table = TextTable("What was scored", headers, rows, set(range(2, len(headers))))
    none = {at: said for at, said in _NONE.items() if table.same(at) == "0"}
    if len(none) == len(_NONE) and not extraction and table.same(3) == number(100):
        return table._replace(rows=[])
    return table.without(none, f"In every row {listed(list(none.values()), most=len(_NONE))}." if none else "")


def diagnostics_table(summary: Summary, notes: Notes) -> TextTable:
    """Return the judges' unread share and tokens and, where a rule decided the same answers, how far they agree."""
    judged = [one for one in summary.results if one.judge is not None and one.kind == "result"]
    compared = any(one.diagnostics.agreement is not None for one in judged)
    title = "The judges, against the rule on the same answers" if compared else "The judges"
    if not compared and all(one.counts.ok and not one.counts.unparsed for one in judged):
        return TextTable(title, [], [], set())  # tokens alone stand in the table of costs
    rows = []
    for one in judged:
        share = 100 * one.counts.unparsed / one.counts.planned if one.counts.planned else 0.0
        measured = []
        if compared:  # else no column shows what was measured, nor the footnotes of it
            measured = [
                str(_metric(one, "agreement").n),
                *(_diagnostics_cell(one, name, notes) for name in _DIAGNOSTICS),
            ]
        unread = number(share)
        if one.diagnostics.read is not None and one.diagnostics.read.constrained not in {"", "no"}:
            known = next((text for text in notes.texts if text.endswith(HELD_TO_SCHEMA)), HELD_TO_SCHEMA)
            unread = f"{unread} {notes.reference(known)}"
        rows.append([one.dataset, one.model, *measured, unread, _tokens(one, notes)])
    headers = [
        "compared\nwith rule", "agreement\n%", "kappa",
        "wrong answers\naccepted %", "right answers\nrejected %", "score\nshift",
    ] if compared else []  # fmt: skip
    headers = ["dataset", "model", *headers, "unparsed\n%", "judge tokens\nin + out"]
    table = TextTable(title, headers, rows, set(range(2, len(headers))))
    last = len(headers) - 2
    return table.without([last]) if table.same(last) == number(0) else table


def reading_table(summary: Summary) -> TextTable:
    """Return by which parser, aggregation and choice for unread presentations each judge's replies became verdicts.

    What is the same for all of them is no table: ``how_all_were_read`` says it.
    """
    rows: dict[str, list[str]] = {}
    for one in summary.results:
        read = one.diagnostics.read
        if one.kind == "result" and read is not None:
            said = (read.parser, read.aggregate, read.unread, read.constrained)
            rows.setdefault(one.dataset, [one.dataset, *(each or "-" for each in said)])
    constrained = any(row[-1] != "-" for row in rows.values())
    if not constrained:
        rows = {dataset: row[:-1] for dataset, row in rows.items()}
    headers = ["dataset", "parser", "aggregate", "an unread presentation\ncounts as"]
    headers += ["held to a\nschema by"] if constrained else []
    return TextTable("How the judges' replies were read", headers, _if_different(list(rows.values())), set())


def how_all_were_read(summary: Summary) -> list[str]:
    """Return how the judges' replies were read as a sentence, where that is the same for all of them."""
    read = [one.diagnostics.read for one in summary.results if one.kind == "result" and one.diagnostics.read]
    if not read or any(one != read[0] for one in read):
        return []
    one = read[0]
    parts = [f"parser {one.parser or '-'}", f"aggregate {one.aggregate or '-'}"]
    if one.unread:
        parts.append(f"an unread presentation counts as {one.unread}")
    if one.constrained:
        parts.append(f"held to a schema by {one.constrained}")
    return [f"How the judges' replies were read: {', '.join(parts)}."]


def _if_different(rows: list[list[str]]) -> list[list[str]]:
    return rows if any(row[1:] != rows[0][1:] for row in rows) else []


_NONE = {
    4: "nothing stayed unread",
    5: "no judge call failed",
    6: "no answer failed",
    7: "nothing was left unjudged",
    8: "no answer was cut off",
}
"""What a column of the coverage table says where it is 0 in every row."""
_ONE_ITEM = "one item does not show how much items vary"


def between_judges_table(summary: Summary, notes: Notes) -> TextTable:
    """Return how far every two judges of a dataset agree about the answers of a model that both decided."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for one in summary.results:
        if one.kind != "result" or one.judge is None:
            continue
        dataset = one.dataset.removesuffix(f"-{one.judge}")
        for pair in one.diagnostics.between_judges:
            if pair.agreement is not None:
                kappa = notes.mark(_CONSTANT) if pair.kappa is None else number(pair.kappa)
                names = " + ".join(pair.judges)
                cells = [dataset, one.model, names, str(pair.n), number(pair.agreement), kappa]
                rows.setdefault((dataset, one.model, " + ".join(sorted(pair.judges))), cells)
    headers = ["dataset", "model", "judges", "both\ndecided", "agreement\n%", "kappa"]
    shown = list(rows.values())
    title = "The judges, against each other"
    if len(shown) > MOST_PAIRS:
        title += f" (the first {MOST_PAIRS} of {len(shown)} pairs; all are in results/, diagnostics.between_judges)"
    return TextTable(title, headers, shown[:MOST_PAIRS], {3, 4, 5})


MOST_PAIRS = 30
"""Pairs of judges that the table of their agreement shows."""
_CONSTANT = "kappa is undefined if both judges give all answers one and the same decision"

_DIAGNOSTICS = ("agreement", "kappa", "false_positive_rate", "false_negative_rate", "score_shift")


def _certainty_row(row: SummaryRow, model: str, cell: Cell, notes: Notes, *, whole: bool) -> list[str]:
    metric = cell.metric or Metric(value=None)
    why = marks(cell.notes)
    value = interval = error = f"-{why}"
    if metric.value is not None:
        value = number(metric.value)
        alone = metric.n <= 1
        interval = span(metric.ci95) or notes.mark(_ONE_ITEM if alone else "this metric has no interval")
        error = (
            number(metric.stderr)
            if metric.stderr is not None
            else notes.mark(_ONE_ITEM if alone else "this metric has no standard error")
        )
    if metric.bounds is not None:
        reach = span(metric.worst_and_best())
    elif whole and metric.value is not None:
        reach = span((metric.value, metric.value))  # every item was scored: there is nothing that could change it
    elif metric.value is None and why:
        reach = f"-{why}"
    else:
        reach = notes.mark("the effect of unscored items has no known limits")
    return [row.dataset, row.metric, model, value, interval, error, str(metric.n), reach]


def span(ends: tuple[float, float] | None) -> str:
    """Return an interval as text; empty for none."""
    return f"{ends[0]:.2f}..{ends[1]:.2f}" if ends is not None else ""


def _metric(facts: ResultFacts, name: str) -> Metric:
    return getattr(facts.diagnostics, name) or Metric(value=None)


def _diagnostics_cell(facts: ResultFacts, name: str, notes: Notes) -> str:
    metric = _metric(facts, name)
    if metric.value is not None:
        return number(metric.value)
    if not facts.counts.ok:
        return notes.mark("no verdict could be compared with a rule, because none could be read")
    return notes.mark(metric.note or "no rule decided the same answers")


def _extracted(facts: ResultFacts, notes: Notes) -> str:
    share = facts.diagnostics.extracted
    return number(share) if share is not None else notes.mark("there was no answer to extract from")


def _tokens(facts: ResultFacts, notes: Notes) -> str:
    spent = facts.usage.get("judge")
    if not spent:
        scored = "no judge call was needed, or the calls are recorded under the compared models"
        return notes.mark(scored if facts.counts.ok else "the judge has not been asked")
    if spent.get("calls") and not spent.get("prompt_tokens"):
        return notes.mark("the judge's service reported no usage")
    return f"{spent['prompt_tokens']} + {spent.get('completion_tokens', 0)}"


def figure_tables(summary: Summary) -> list[TextTable]:
    """Return the tables that measures declare for their figures in parts, those of one title together."""
    found: dict[str, TextTable] = {}
    for one in summary.results:
        if one.table is None:
            continue
        rows = [row for row in summary.rows if row.dataset == one.dataset and one.model in row.cells]
        cells = {row.metric: row.cells[one.model] for row in rows}
        columns = one.table.columns
        figures = [column.figure for column in columns]
        parted = [name.partition("/") for name in cells if "/" in name]
        whole = {name for name in figures if name in cells} - {figure for figure, _, _ in parted}
        headers = ["dataset", one.table.model, one.table.part, *(column.header for column in columns)]
        table = found.setdefault(one.table.title, TextTable(one.table.title, headers, [], set(range(3, len(headers)))))
        for part in dict.fromkeys(part for figure, _, part in parted if figure in figures):
            names = [own.figure if own.figure in whole else f"{own.figure}/{part}" for own in columns]
            shown = [_SHOWN[own.show](cells.get(name)) for own, name in zip(columns, names, strict=True)]
            table.rows.append([one.dataset, one.model, part, *shown])
    return list(found.values())


def without_tabled_rows(summary: Summary) -> Summary:
    """Return a summary whose rows leave out what has a table of its own: figures in parts, ratings."""
    tabled = {one.dataset for one in summary.results if one.table is not None}
    rated = {one.dataset for one in summary.rankings if one.kind == "comparisons" or one.pairs}
    kept = [
        row
        for row in summary.rows
        if (row.dataset not in tabled or "/" not in row.metric)
        and (row.dataset not in rated or row.metric not in RATINGS)
    ]
    return msgspec.structs.replace(summary, rows=kept)


def _share(cell: Cell | None) -> str:
    return "-" if cell is None or cell.metric is None else value_cell(cell)


def _interval(cell: Cell | None) -> str:
    return "-" if cell is None or cell.metric is None else span(cell.metric.ci95) or "-"


def _count(cell: Cell | None) -> str:
    return "-" if cell is None or cell.metric is None else str(round(cell.metric.value or 0))


def _p(cell: Cell | None) -> str:
    if cell is None or cell.metric is None or cell.metric.value is None:
        return "-"
    return "<0.001" if cell.metric.value < 0.001 else f"{cell.metric.value:.3f}"


_SHOWN = {"value": _share, "interval": _interval, "count": _count, "p": _p}
