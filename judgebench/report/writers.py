"""Writes a summary as text, Markdown, HTML, CSV and JSON.

The HTML page is one file: no script, nothing fetched, every text escaped.
"""

from __future__ import annotations

import csv
import io
import re
import textwrap
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import NamedTuple

from judgebench.records.diagnostics import DoubtfulVerdict
from judgebench.report.corrected import corrected_table
from judgebench.report.costs import COST_FIGURES, cost_figures, cost_remarks, cost_table
from judgebench.report.rankings import (
    comparisons_table,
    forecasts_table,
    grades_table,
    ranking_remarks,
    rankings_compared_table,
)
from judgebench.report.results import csv_cell, json_bytes, markdown_cell, printable
from judgebench.report.schema import ResultFacts, Summary
from judgebench.report.slices import slices_table
from judgebench.report.tables import (
    Notes,
    TextTable,
    between_judges_table,
    certainty_table,
    coverage_table,
    diagnostics_table,
    figure_tables,
    how_all_were_read,
    number,
    reading_table,
    score_table,
    without_tabled_rows,
)

_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto; }
th, td { border-bottom: 1px solid #8884; padding: .3rem .7rem; text-align: left; white-space: nowrap; }
th { vertical-align: bottom; }
td { vertical-align: top; }
td.long { white-space: normal; min-width: 16rem; overflow-wrap: anywhere; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
ol { padding-left: 1.5rem; }
"""


def page(summary: Summary, tables: list[TextTable], notes: Notes, remarks: list[str]) -> str:
    """Return the page.

    Args:
        summary: What was found.
        tables: The tables after the scores.
        notes: Footnotes, those of the tables included.
        remarks: Sentences about the summary as a whole.
    """
    title = _text(f"judgebench summary {summary.run}")
    scores = score_table(summary)
    parts = [
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>{title}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{title}</h1>",
        *(f"<p><b>{_text(one.strong, SENTENCE)}</b>{_text(one.rest, SENTENCE)}</p>" for one in summary.sentences),
        *(_table(table) for table in [scores, *tables]),
    ]
    if notes.texts:
        parts.append("<h2>Notes</h2><ol>")
        parts += [f"<li>{_text(text, 1000)}</li>" for text in notes.texts]
        parts.append("</ol>")
    parts += [f"<p>{_text(remark, 1000)}</p>" for remark in remarks]
    return "\n".join([*parts, "</body></html>", ""])


def _table(table: TextTable) -> str:
    heads = ["<br>".join(_text(line) for line in head.split("\n")) for head in table.headers]
    lines = [f"<h2>{_text(table.title)}</h2>", "<table><thead>", _row(heads, "th", table.numeric), "</thead><tbody>"]
    lines += [_row(map(_text, row), "td", table.numeric) for row in table.rows]
    return "\n".join([*lines, "</tbody></table>"])


def _row(cells: Iterable[str], tag: str, numeric: set[int]) -> str:
    shown = []
    for at, cell in enumerate(cells):
        kind = "n" if at in numeric else "long" if tag == "td" and len(cell) > LONG else ""
        shown.append(f'<{tag} class="{kind}">{cell}</{tag}>' if kind else f"<{tag}>{cell}</{tag}>")
    return f"<tr>{''.join(shown)}</tr>"


def _text(text: str, limit: int = 200) -> str:
    return escape(printable(text, limit))


LOOK_FIRST = 5
"""How many doubtful verdicts the text names."""
SENTENCE = 600
"""Characters of a sentence that are shown."""
WIDEST = 120
"""Characters of a line of sentences."""
LONG = 40
"""Characters from which on a cell of the page may break its line."""
_LOOK_FIRST_TITLE = "Verdicts to look at first"
_TAIL = 100
"""Characters of an answer or reply that the text shows."""
_EMPTY = "(empty)"
_COUNTS = ("planned", "unparsed", "judge_failed", "prediction_failed", "not_judged", "truncated")


def as_text(summary: Summary, width: int = 0) -> str:
    """Return the tables for a terminal or a text file.

    Args:
        summary: What was found.
        width: Characters of the window; a wider table is shown in pieces below each other. 0 for no limit.
    """
    notes = Notes(summary.footnotes)
    scores = score_table(without_tabled_rows(summary))
    parts = ["\n".join(_lines(one.text, width) for one in summary.sentences)] if summary.sentences else []
    parts += [_rendered(piece, "github", printable) for piece in _fitted(scores, "github", width)]
    for table in _further(summary, notes):
        pieces = [_rendered(piece, "simple", printable, wrap=True) for piece in _fitted(table, "simple", width)]
        parts.append("\n\n".join([f"{table.title}:", *([_lines(table.said, width)] if table.said else []), *pieces]))
    if doubts := _doubts(summary):
        parts.append("\n".join([f"{_LOOK_FIRST_TITLE}:", "", *_look_first(doubts)]))
    shown = [f"[{at}] {printable(text, 500)}" for at, text in enumerate(notes.texts, start=1)]
    shown += [printable(remark, 500) for remark in _remarks(summary)]
    if width:
        shown = [_lines(one, width) for one in shown]
    if shown:
        parts.append("\n".join(shown))
    return "\n\n".join(parts) + "\n"


def _lines(text: str, width: int) -> str:
    """Return a sentence in lines that fit the window, and that can be read in a wide one."""
    widest = min(width or WIDEST, WIDEST)
    return textwrap.fill(printable(text, SENTENCE), widest, break_long_words=False, break_on_hyphens=False)


def _strong(text: str) -> str:
    return f"**{markdown_cell(text.strip(), SENTENCE)}**" if text else ""


def as_markdown(summary: Summary) -> str:
    """Return the summary as Markdown, with the doubtful verdicts."""
    notes = Notes(summary.footnotes)
    parts = [
        f"# Summary of {markdown_cell(summary.run)}, {markdown_cell(summary.timestamp)}",
        *(f"{_strong(one.strong)}{markdown_cell(one.rest, SENTENCE)}" for one in summary.sentences),
        _rendered(score_table(without_tabled_rows(summary)), "github", markdown_cell),
    ]
    for table in _further(summary, notes):
        said = f"\n\n{markdown_cell(table.said)}" if table.said else ""
        parts.append(f"## {table.title}{said}\n\n{_rendered(table, 'github', markdown_cell)}")
    if doubtful := _doubtful(summary):
        parts.append(f"## {doubtful.title}\n\n{_rendered(doubtful, 'github', markdown_cell)}")
    shown = [f"\\[{at}\\] {markdown_cell(text)}" for at, text in enumerate(notes.texts, start=1)]
    shown += [markdown_cell(remark) for remark in _remarks(summary)]
    if shown:
        parts.append("## Notes\n\n" + "\n\n".join(shown))
    return "\n\n".join(parts) + "\n"


def as_html(summary: Summary) -> str:
    """Return the summary as one HTML page, with the doubtful verdicts."""
    notes = Notes(summary.footnotes)
    tables = _further(summary, notes)
    doubtful = _doubtful(summary)
    return page(
        without_tabled_rows(summary),
        [*tables, *([doubtful] if doubtful is not None else [])],
        notes,
        _remarks(summary),
    )


def as_csv(summary: Summary) -> str:
    """Return the summary as CSV (RFC 4180): the compact table's columns, then each model's figures, then the notes."""
    facts = {(one.model, one.dataset): one for one in summary.results}
    figures = [
        "n",
        "stderr",
        "ci95_low",
        "ci95_high",
        "worst_case",
        "best_case",
        "scored_percent",
        *_COUNTS,
        *COST_FIGURES,
    ]
    headers = ["dataset", "version", "metric", "mode", *summary.models]
    headers += [f"{model} {figure}" for model in summary.models for figure in figures] + ["notes"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([csv_cell(header) for header in headers])
    for row in summary.rows:
        line = [row.dataset, row.version, row.metric, row.mode]
        cells = [row.cells.get(model) for model in summary.models]
        metrics = [cell.metric if cell is not None else None for cell in cells]
        line += [_plain(metric.value if metric is not None else None) for metric in metrics]
        for model, metric in zip(summary.models, metrics, strict=True):
            interval = metric.ci95 if metric is not None and metric.ci95 is not None else (None, None)
            open_ends = (metric.worst_and_best() if metric is not None else None) or (None, None)
            line += ["-"] * 2 if metric is None else [str(metric.n), _plain(metric.stderr)]
            line += [_plain(end) for end in (*interval, *open_ends)]
            behind = facts.get((model, row.dataset)) if row.kind != "heading" else None
            line += _counts(behind)
            line += cost_figures(behind)
        shown = dict.fromkeys([*row.notes, *(note for cell in cells if cell is not None for note in cell.notes)])
        line.append(" / ".join(summary.footnotes[note - 1] for note in shown) or "-")
        writer.writerow([csv_cell(cell) for cell in line])
    return out.getvalue()


def as_json(summary: Summary) -> bytes:
    """Return the summary as JSON with full precision; see ``schema`` for the layout."""
    return json_bytes(summary)


def table_in_text(table: TextTable) -> str:
    """Return one table for a terminal."""
    return _rendered(table, "simple", printable, wrap=True)


def table_in_markdown(table: TextTable) -> str:
    """Return one table in Markdown."""
    return _rendered(table, "github", markdown_cell)


def _further(summary: Summary, notes: Notes) -> list[TextTable]:
    tables = (
        comparisons_table(summary, notes),
        grades_table(summary, notes),
        rankings_compared_table(summary, notes),
        forecasts_table(summary, notes),
        *figure_tables(summary),
        corrected_table(summary, notes),
        certainty_table(without_tabled_rows(summary), notes),
        slices_table(summary),
        coverage_table(summary, notes),
        diagnostics_table(summary, notes),
        between_judges_table(summary, notes),
        reading_table(summary),
        cost_table(summary, notes),
    )
    return [table for table in tables if table.rows]


def _rendered(table: TextTable, style: str, safe: Callable[[str], str], *, wrap: bool = False) -> str:
    from tabulate import tabulate

    headers = [
        "\n".join(safe(line) for line in head.split("\n")) if wrap else _unwrapped(head, safe) for head in table.headers
    ]
    aligned = ["right" if at in table.numeric else "left" for at in range(len(headers))]
    rows = [[safe(cell) for cell in row] for row in table.rows]
    return tabulate(rows, headers, tablefmt=style, disable_numparse=True, colalign=aligned if rows else None)


def _fitted(table: TextTable, style: str, width: int) -> list[TextTable]:
    """Return the table in pieces that fit the width; each begins with the columns that say what a row is about."""

    def piece(columns: Sequence[int]) -> TextTable:
        numeric = {at for at, column in enumerate(columns) if column in table.numeric}
        rows = [[row[column] for column in columns] for row in table.rows]
        return TextTable(table.title, [table.headers[column] for column in columns], rows, numeric, table.said)

    def fits(columns: Sequence[int]) -> bool:
        return max(map(len, _rendered(piece(columns), style, printable, wrap=style == "simple").splitlines())) <= width

    count = len(table.headers)
    if not width or fits(range(count)):
        return [table]
    leading = list(range(min(table.numeric, default=1)))
    pieces: list[list[int]] = [[*leading]]
    for column in range(len(leading), count):
        if len(pieces[-1]) > len(leading) and not fits([*pieces[-1], column]):
            pieces.append([*leading])
        pieces[-1].append(column)
    return [piece(columns) for columns in pieces]


def _unwrapped(head: str, safe: Callable[[str], str]) -> str:
    return safe(re.sub(r"(?<=[-/])\n", "", head).replace("\n", " "))


def _plain(value: float | None) -> str:
    return "-" if value is None else number(value)


def _counts(facts: ResultFacts | None) -> list[str]:
    if facts is None or not facts.counts.planned:
        return ["-"] * (1 + len(_COUNTS))
    counts = facts.counts
    return [number(100 * counts.ok / counts.planned), *(str(getattr(counts, name)) for name in _COUNTS)]


def _remarks(summary: Summary) -> list[str]:
    """Return what there is to say about the summary as a whole besides its tables."""
    return [
        *summary.remarks,
        *how_all_were_read(summary),
        *ranking_remarks(summary),
        *cost_remarks(summary),
        *_unscored(summary),
    ]


def _unscored(summary: Summary) -> list[str]:
    """Say why items stayed unscored, per result."""
    shown = []
    for one in summary.results:
        reasons = one.diagnostics.unscored_reasons
        if reasons:
            listed = ", ".join(f"{count} x {reason}" for reason, count in list(reasons.items())[:5])
            shown.append(f"Unscored in {one.dataset}, {one.model}: {listed}.")
    return shown


class Doubt(NamedTuple):
    """A verdict that a person should look at first, and whose it is."""

    dataset: str
    model: str
    verdict: DoubtfulVerdict

    @property
    def item(self) -> str:
        """Which item it is about."""
        return f"{self.verdict.id}" + (f", repeat {self.verdict.repeat}" if self.verdict.repeat else "")


def _doubts(summary: Summary) -> list[Doubt]:
    """Return the doubtful verdicts as the results name them."""
    return [Doubt(one.dataset, one.model, doubt) for one in summary.results for doubt in one.diagnostics.doubtful]


def _doubtful(summary: Summary) -> TextTable | None:
    """Return the doubtful verdicts as a table."""
    rows = [
        [
            one.dataset,
            one.model,
            one.item,
            one.verdict.why or _EMPTY,
            one.verdict.question,
            one.verdict.reference,
            _together(one.verdict.answers),
            _together(one.verdict.judge_replies),
        ]
        for one in _doubts(summary)
    ]
    headers = [
        "dataset",
        "model",
        "item",
        "why",
        "question",
        "reference",
        "end of the answer",
        "end of the judge's reply",
    ]
    return TextTable(_LOOK_FIRST_TITLE, headers, rows, set()) if rows else None


def _together(said: dict[str, str]) -> str:
    if len(said) == 1:
        (name,) = said
        return (said[name] or _EMPTY) if name in ("answer", "judge") else f"{name}: {said[name] or _EMPTY}"
    return " / ".join(f"{name}: {text or _EMPTY}" for name, text in said.items()) or _EMPTY


def _look_first(doubts: Sequence[Doubt]) -> list[str]:
    """Return the doubtful verdicts as a few lines for a terminal; the other formats show all of them."""
    lines = []
    for one in doubts[:LOOK_FIRST]:
        lines.append(
            f"- {printable(one.dataset)}, {printable(one.model)}, item {printable(one.item)}: "
            f"{printable(one.verdict.why or _EMPTY)}"
        )
        given = {"question": one.verdict.question, "reference": one.verdict.reference}
        lines += [f"    {name}: {_tail(text)}" for name, text in given.items() if text]
        lines += [
            f"    {printable(name)}: {_tail(text or _EMPTY)}"
            for said in (one.verdict.answers, one.verdict.judge_replies)
            for name, text in said.items()
        ]
    if len(doubts) > LOOK_FIRST:
        lines.append(f"- and {len(doubts) - LOOK_FIRST} more in the .md and .html beside this file")
    return lines


def _tail(text: str) -> str:
    return printable(text if len(text) <= _TAIL else f"…{text[-_TAIL:].lstrip('…')}")
