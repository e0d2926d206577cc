"""Makes names and values from configs, data sets and services safe to print, and to put into a table cell.

Whatever comes from outside may hold control codes, line breaks, Markdown, HTML or spreadsheet formulas. Nothing of that
reaches a terminal or a summary file raw.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from judgebench.untrusted import one_line

_LIMIT = 200
_MARKDOWN = str.maketrans(
    {"\\": "\\\\", "|": "\\|", "`": "\\`", "*": "\\*", "[": "\\[", "]": "\\]", "<": "&lt;", ">": "&gt;", "&": "&amp;"}
)
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_OBEYED = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?%?", re.IGNORECASE)


def printable(text: str, limit: int = _LIMIT) -> str:
    r"""Return one line of text without control codes.

    Runs of white space become one space; control, format and direction characters and lone surrogates become visible
    escapes such as ``\x1b``; text beyond ``limit`` characters is cut, with an ellipsis.
    """
    return one_line(text[: 4 * limit + 1], limit=limit)


def markdown_cell(text: str) -> str:
    """Return text for a cell of a Markdown table: pipes, HTML and emphasis are escaped."""
    return printable(text).translate(_MARKDOWN)


def csv_cell(text: str) -> str:
    """Return text for a CSV cell: what a spreadsheet would run as a formula gets a leading apostrophe.

    Numbers, and the lone dash that stands for "none", stay as they are.
    """
    shown = printable(text, limit=2000)
    if shown == "-" or _NUMBER.fullmatch(shown) or not shown.lstrip().startswith(_FORMULA):
        return shown
    return f"'{shown}"


def json_bytes(value: Any) -> bytes:
    """Return a value as indented JSON in which control and direction characters are escaped, so that it can be shown.

    JSON itself only escapes the first 32; a terminal obeys more of them.
    """
    text = msgspec.json.format(msgspec.json.encode(value), indent=1).decode("utf-8")
    return (_OBEYED.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n").encode("utf-8")
