"""Writes a summary as text, Markdown, CSV and JSON; ``page`` makes the HTML."""

from __future__ import annotations

import csv
import io
import re
import textwrap
from collections.abc import Callable, Sequence

from judgebench.report.corrected import corrected_table
from judgebench.report.costs import COST_FIGURES, cost_figures, cost_remarks, cost_table
from judgebench.report.doubts import TITLE, doubtful_table, doubts_of, look_first
from judgebench.report.page import page
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

SENTENCE = 600
"""Characters of a sentence that are shown."""
WIDEST = 120
"""Characters of a line of sentences."""
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
    parts += [_lines(scores.said, width)] if scores.said else []
    for table in _further(summary, notes):
        pieces = [_rendered(piece, "simple", printable, wrap=True) for piece in _fitted(table, "simple", width)]
        parts.append("\n\n".join([f"{table.title}:", *([_lines(table.said, width)] if table.said else []), *pieces]))
    if doubts := doubts_of(summary):
        parts.append("\n".join([f"{TITLE}:", "", *look_first(doubts)]))
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
    scores = score_table(without_tabled_rows(summary))
    parts = [
        f"# Summary of {markdown_cell(summary.run)}, {markdown_cell(summary.timestamp)}",
        *(f"{_strong(one.strong)}{markdown_cell(one.rest, SENTENCE)}" for one in summary.sentences),
        _rendered(scores, "github", markdown_cell),
        *([markdown_cell(scores.said)] if scores.said else []),
    ]
    for table in _further(summary, notes):
        said = f"\n\n{markdown_cell(table.said)}" if table.said else ""
        parts.append(f"## {table.title}{said}\n\n{_rendered(table, 'github', markdown_cell)}")
    if doubtful := doubtful_table(summary):
        parts.append(f"## {doubtful.title}\n\n{_rendered(doubtful, 'github', markdown_cell)}")
    shown = [f"\\[{at}\\] {markdown_cell(text)}" for at, text in enumerate(notes.texts, start=1)]
    shown += [markdown_cell(remark) for remark in _remarks(summary)]
    if shown:
        parts.append("## Notes\n\n" + "\n\n".join(shown))
    return "\n\n".join(parts) + "\n"


def as_html(summary: Summary) -> str:
    """Return the summary as one HTML page, with the doubtful verdicts."""
    notes = Notes(summary.footnotes)
    shown = without_tabled_rows(summary)
    tables = [score_table(shown), *_further(summary, notes)]
    return page(shown, doubts_of(summary), tables, notes.texts, _remarks(summary))


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


def table_in_text(table: TextTable, width: int = 0) -> str:
    """Return one table for a terminal of so many characters; in pieces where it is wider."""
    return "\n\n".join(_rendered(piece, "simple", printable, wrap=True) for piece in _fitted(table, "simple", width))


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
