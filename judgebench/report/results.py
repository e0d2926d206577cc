"""Result files: ``results/<model>/<dataset>[-<judge>].json``, and the comparisons behind a result.

A result file holds a ``TaskResult`` and, for users' scripts, each metric's value once more as a top-level number under
the metric's name (``{"accuracy": 66.66666666666667, ...}``), as AISBench writes it.

``<dataset>-<judge>.comparisons.jsonl`` says on its first line whose comparisons it holds and which version of the
result they belong to; every other line is one comparison: ``{"id": 3, "repeat": 0, "outcome": 0.5, "weight": 1.0,
"style": [...], "other_style": [...]}``.

Names and values from configs, datasets and services may hold control codes, line breaks, Markdown, HTML or spreadsheet
formulas. What makes them safe to print, and to put into a cell, stands first.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec

from judgebench.errors import DataError, one_line
from judgebench.metrics.comparisons.comparisons import ComparisonColumns, ScoredComparison
from judgebench.records.flow import TaskResult
from judgebench.store.journal import DamagedError, Decoder, open_file, read_file, reason_of, write_atomically
from judgebench.store.run_folder import FORMAT

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


def markdown_cell(text: str, limit: int = _LIMIT) -> str:
    """Return text for a cell of a Markdown table: pipes, HTML and emphasis are escaped."""
    return printable(text, limit).translate(_MARKDOWN)


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


class _WithoutDetails(TaskResult, frozen=True, kw_only=True):
    """A result whose details stay undecoded."""

    details: msgspec.Raw = msgspec.Raw()  # type: ignore[assignment]


_DECODE = Decoder(TaskResult)
_DECODE_BRIEF = Decoder(_WithoutDetails)


def write_result(path: Path, result: TaskResult) -> None:
    """Write a result file; it is either the old or the new one, never a part.

    Raises:
        DiskError: It cannot be written.
    """
    fields = msgspec.to_builtins(result)
    numbers = {name: metric.value for name, metric in result.metrics.items() if name not in fields}
    write_atomically(path, json_bytes({**numbers, **fields}))


def read_result(path: Path, *, details: bool = True) -> TaskResult:
    """Return what a result file says.

    Args:
        path: The file.
        details: Whether to decode the per-item details, if it has any; they may be most of the file.

    Raises:
        DataError: It is missing, unreadable or not a result; names the file and the field.
    """
    try:
        data = read_file(path)
        if details:
            return _DECODE(data)
        brief = _DECODE_BRIEF(data)
        return TaskResult(**{name: getattr(brief, name) for name in brief.__struct_fields__ if name != "details"})
    except OSError as error:
        reason = reason_of(error)
    except DamagedError as error:
        reason = str(error)
    raise DataError(
        f"The result file {path} cannot be read: {reason}.",
        hint="Make it again from the recorded replies, at no cost: jb --mode eval --reuse",
    )


class ComparisonsHead(msgspec.Struct, frozen=True, kw_only=True):
    """Whose comparisons a file holds.

    Attributes:
        model: The tested model: outcomes are its.
        compared_model: Whom it was compared with.
        version: Of the result that the comparisons belong to.
        comparisons: Lines that follow.
    """

    format: int = FORMAT
    model: str
    compared_model: str
    dataset: str
    version: str
    comparisons: int


class _ComparisonLine(msgspec.Struct, frozen=True, gc=False):
    id: int
    outcome: float
    repeat: int = 0
    weight: float = 1.0
    style: tuple[int, ...] = ()
    other_style: tuple[int, ...] = ()


def write_comparisons(path: Path, result: TaskResult, compared_model: str, compared_columns: ComparisonColumns) -> None:
    """Write the comparisons of a result; the file is either the old or the new one, never a part.

    Raises:
        DiskError: It cannot be written.
    """
    head = ComparisonsHead(
        model=result.model,
        compared_model=compared_model,
        dataset=result.dataset,
        version=result.version,
        comparisons=len(compared_columns),
    )
    encode = msgspec.json.Encoder().encode
    lines = [encode(head)]
    lines += [
        encode(
            _ComparisonLine(
                comparison.id,
                comparison.outcome,
                comparison.repeat,
                comparison.weight,
                comparison.style,
                comparison.other_style,
            )
        )
        for comparison in compared_columns
    ]
    write_atomically(path, b"\n".join(lines) + b"\n")


def read_comparisons(path: Path, *, version: str) -> tuple[ComparisonsHead, list[ScoredComparison]]:
    """Return the comparisons of a result.

    Args:
        path: The file.
        version: Of the result that the comparisons must belong to.

    Raises:
        DataError: It is missing, unreadable or of another version of the result.
    """
    try:
        with open_file(path, "rb") as file:
            head = Decoder(ComparisonsHead)(file.readline())
            decode = Decoder(_ComparisonLine)
            comparisons = [
                ScoredComparison(line.id, line.repeat, line.outcome, line.weight, line.style, line.other_style)
                for line in map(decode, file)
            ]
        reason = (
            "" if (head.version, head.comparisons) == (version, len(comparisons)) else "it belongs to another attempt"
        )
    except OSError as error:
        reason = reason_of(error)
    except DamagedError as error:
        reason = str(error)
    if reason:
        raise DataError(
            f"The file of comparisons {path} cannot be used: {reason}.",
            hint="Make it again from the recorded replies, at no cost: jb --mode eval --reuse",
        )
    return head, comparisons
