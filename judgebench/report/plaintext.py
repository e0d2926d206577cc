"""Makes names and values from configs, data sets and services safe to print, and to put into a table cell.

Whatever comes from outside may hold control codes, line breaks, Markdown, HTML or spreadsheet formulas. Nothing of that
reaches a terminal or a summary file raw.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import msgspec

_LIMIT = 200
_UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_MARKDOWN = str.maketrans(
    {"\\": "\\\\", "|": "\\|", "`": "\\`", "*": "\\*", "[": "\\[", "]": "\\]", "<": "&lt;", ">": "&gt;", "&": "&amp;"}
)
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_OBEYED = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?%?", re.IGNORECASE)


def printable(text: str, limit: int = _LIMIT) -> str:
    r"""Return one line of text without control codes.

    White space becomes a space; control, format and direction characters and lone surrogates become visible escapes
    such as ``\x1b``; text beyond ``limit`` characters is cut, with an ellipsis.
    """
    shown = "".join(_visible(character) for character in text[: limit + 1])
    return shown if len(text) <= limit and len(shown) <= 4 * limit else shown[:limit] + "…"


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


def _visible(character: str) -> str:
    if character in " \t\n\r\v\f\u00a0":
        return " "
    code = ord(character)
    if unicodedata.category(character) not in _UNSAFE and code & 0xFFFE != 0xFFFE:  # no character at all ends in FFFE
        return character
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
