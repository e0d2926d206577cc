"""The little that the command line prints itself: errors and plain tables.

Colour is used on a terminal only, never with ``NO_COLOR``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TextIO

from judgebench.errors import JudgebenchError, one_line, visible

_RED = "\x1b[1;31m"
_RESET = "\x1b[0m"


def print_error(error: JudgebenchError, stream: TextIO | None = None) -> None:
    """Print an error as ``jb: <code>: <sentence>`` with the hint below it."""
    out = sys.stderr if stream is None else stream
    head = f"jb: {error.code}:"
    if coloured(out):
        head = f"{_RED}{head}{_RESET}"
    print(f"{head} {visible(error.message)}", file=out)
    for line in visible(error.hint).splitlines():
        print(f"  {line}", file=out)


def print_bug(error: BaseException, stream: TextIO | None = None) -> None:
    """Print an error that is ours, and how to get its traceback."""
    out = sys.stderr if stream is None else stream
    said = one_line(f"{type(error).__name__}: {error}".rstrip(": "), limit=500)
    print(f"jb: bug: {said}. This is a bug in judgebench, not in what you typed.", file=out)
    print("  Run the same command with --debug for the traceback, and report both.", file=out)


def coloured(stream: TextIO) -> bool:
    """Whether control codes may be written: a terminal, and the user did not ask for none."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()


def columns(rows: Sequence[Sequence[str]], *, gap: int = 2) -> str:
    """Return rows as aligned columns without a frame; the last column is not padded."""
    if not rows:
        return ""
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]) - 1)]
    space = " " * gap
    return "\n".join(
        space.join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in rows
    )
