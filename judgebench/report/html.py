"""A summary as one HTML file: no script, nothing fetched, every text escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from judgebench.report.plaintext import printable
from judgebench.report.schema import Summary
from judgebench.report.tables import Notes, TextTable, score_table

_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto; }
th, td { border-bottom: 1px solid #8884; padding: .3rem .7rem; text-align: left; white-space: nowrap; }
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
        *(_table(table) for table in [scores, *tables]),
    ]
    if notes.texts:
        parts.append("<h2>Notes</h2><ol>")
        parts += [f"<li>{_text(text, 1000)}</li>" for text in notes.texts]
        parts.append("</ol>")
    parts += [f"<p>{_text(remark, 1000)}</p>" for remark in remarks]
    return "\n".join([*parts, "</body></html>", ""])


def _table(table: TextTable) -> str:
    heads = (head.replace("-\n", "").replace("\n", " ") for head in table.headers)
    lines = [f"<h2>{_text(table.title)}</h2>", "<table><thead>", _row(heads, "th", table.numeric), "</thead><tbody>"]
    lines += [_row(row, "td", table.numeric) for row in table.rows]
    return "\n".join([*lines, "</tbody></table>"])


def _row(cells: Iterable[str], tag: str, numeric: set[int]) -> str:
    shown = (
        f'<{tag} class="n">{_text(cell)}</{tag}>' if at in numeric else f"<{tag}>{_text(cell)}</{tag}>"
        for at, cell in enumerate(cells)
    )
    return f"<tr>{''.join(shown)}</tr>"


def _text(text: str, limit: int = 200) -> str:
    return escape(printable(text, limit))
