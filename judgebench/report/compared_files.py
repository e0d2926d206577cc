"""A comparison as files: Markdown, CSV, JSON, and one HTML page."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from html import escape
from typing import Any, NamedTuple

import msgspec

from judgebench.report.compared import as_record, compared_table, flip_lines, in_sentences
from judgebench.report.results import printable
from judgebench.report.style import STYLE
from judgebench.report.tables import TextTable
from judgebench.report.writers import table_in_markdown
from judgebench.trust.comparing import Adjustment, RowComparison


class ShownComparison(NamedTuple):
    """What is compared, and how it is to be shown.

    Attributes:
        title: Which runs.
        rows: The rows.
        margin: The difference that does not matter; ``None`` where nobody asked.
        flips: Items with another verdict that are named, at most.
        adjust: How p-values are adjusted.
    """

    title: str
    rows: Sequence[RowComparison]
    margin: float | None = None
    flips: int = 0
    adjust: Adjustment = "holm"

    def table(self) -> TextTable:
        """Return the table of all rows."""
        return compared_table(self.rows, self.adjust)

    def lines(self) -> list[list[str]]:
        """Return what there is to say of each row."""
        return [[*in_sentences(one, self.margin), *flip_lines(one, self.flips)] for one in self.rows]


def in_json(shown: ShownComparison) -> bytes:
    """Return everything, for programs; all flips are in it."""
    records = [as_record(one, margin=shown.margin, adjust=shown.adjust) for one in shown.rows]
    return msgspec.json.format(msgspec.json.encode(records), indent=1)


def in_csv(shown: ShownComparison) -> bytes:
    """Return a line for each row; what is a list in JSON is left out or spread over columns."""
    lines = [_flat(as_record(one, margin=shown.margin, adjust=shown.adjust)) for one in shown.rows]
    names = list(dict.fromkeys(name for line in lines for name in line))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue().encode()


def _flat(record: dict[str, Any], path: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in record.items():
        name = f"{path}{key}"
        if isinstance(value, dict):
            found |= _flat(value, f"{name}.")
        elif key == "flips":
            found[name] = len(value)
        elif key == "changed":
            found[name] = "; ".join(value)
        elif isinstance(value, list):
            found |= {f"{name}.{end}": each for end, each in zip(("first", "second"), value, strict=True)}
        else:
            found[name] = value
    return found


def in_markdown(shown: ShownComparison) -> bytes:
    """Return headings, the table, and the sentences as lists."""
    parts = [f"## {shown.title}", table_in_markdown(shown.table())]
    parts += [
        "\n".join([f"**{lines[0]}**", "", *(f"- {line.strip()}" for line in lines[1:])]) for lines in shown.lines()
    ]
    return ("\n\n".join(parts) + "\n").encode("utf-8", "replace")


def in_html(shown: ShownComparison) -> bytes:
    """Return one page without scripts, of which nothing is fetched."""
    table = shown.table()
    heads = "".join(
        f'<th class="{"n" if at in table.numeric else ""}">{_text(head)}</th>' for at, head in enumerate(table.headers)
    )
    body = "".join(
        "<tr>"
        + "".join(f'<td class="{"n" if at in table.numeric else ""}">{_text(cell)}</td>' for at, cell in enumerate(row))
        + "</tr>"
        for row in table.rows
    )
    said = "".join(_section(lines[0].rstrip(":"), lines[1:]) for lines in shown.lines())
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{_text(shown.title)}</title><style>{STYLE}</style></head><body><main>"
        f"<header><h1>{_text(shown.title)}</h1></header>{said}"
        f'<section><h2>{_text(table.title)}</h2><div class="wide"><table><thead><tr>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table></div></section></main></body></html>\n"
    )
    return page.encode("utf-8", "replace")


def _section(heading: str, lines: Sequence[str]) -> str:
    return f"<section><h2>{_text(heading)}</h2>{''.join(f'<p>{_text(line)}</p>' for line in lines)}</section>"


def _text(text: str) -> str:
    return escape(printable(text.strip(), 1000))
