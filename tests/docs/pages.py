"""Reads the pages of the docs: their files, their commands, their tables."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_FILE = re.compile(r"^`(?P<name>[\w./-]+)`:\n\n```\w+\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMANDS = re.compile(r"^```sh\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def page(name: str) -> str:
    """The text of a page."""
    return (DOCS / name).read_text("utf-8")


def files(text: str) -> dict[str, str]:
    """The files that a page spells out: a line with the name, then a block with the content."""
    return {match["name"]: match["text"] for match in _FILE.finditer(text)}


def commands(text: str) -> list[str]:
    """The shell commands of a page, one a line, continuation lines joined, comments left out."""
    blocks = "".join(match["text"] for match in _COMMANDS.finditer(text)).replace("\\\n", " ")
    return [line for line in blocks.splitlines() if line.strip() and not line.startswith("#")]


def names_in_table(text: str, heading: str) -> list[str]:
    """The names in backticks of the first column of the table below a heading."""
    below = text[text.index(heading) :].split("\n| ", 1)[1]
    rows = [line for line in ("| " + below).split("\n\n", 1)[0].splitlines() if line.startswith("| `")]
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row.split(" | ")[0])]
