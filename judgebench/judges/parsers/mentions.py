"""Finds the lines of a reply in which certain words stand, in time linear in its length, whatever it holds.

Replies can have hundreds of thousands of lines, and a pattern tried on each of them takes seconds. Looking for plain
words first leaves the few lines that a pattern has to read. Lines that are blank are no lines here, and a carriage
return ends one as a line feed does.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from judgebench.judges.parsers.lazy import lazily

_INK = lazily(r"\S")
# What a pattern that disregards case takes for a plain letter and ``str.lower`` does not, or not in one character.
_ODD_CASES = {0x130: "i", 0x131: "i", 0x17F: "s", 0x1C80: "в", 0x1C81: "д", 0x1C82: "о", 0x1C84: "т", 0x1C85: "т"}


class TextLine(NamedTuple):
    """A line that is not blank, and where it starts in the text."""

    text: str
    start: int


class Lines:
    """The lines of a text, each looked for when it is asked for.

    Args:
        text: At least one character of it is no space.
    """

    def __init__(self, text: str) -> None:
        self._text = text.replace("\r", "\n")
        self.first = self._at(len(text) - len(text.lstrip()))
        self.last = self._at(len(text.rstrip()) - 1)

    def after(self, line: TextLine) -> TextLine | None:
        """Return the line after one."""
        found = _INK.search(self._text, line.start + len(line.text))
        return self._at(found.start()) if found else None

    def before_last(self) -> TextLine | None:
        """Return the line before the last one."""
        end = len(self._text[: self.last.start].rstrip())
        return self._at(end - 1) if end else None

    def positions(self, words: Iterable[str]) -> dict[int, tuple[TextLine, list[int]]]:
        """Return the lines in which one of the words stands, by their start, with the words' places in them."""
        low = lowered(self._text)
        found: dict[int, tuple[TextLine, list[int]]] = {}
        for word in words:
            place, line = low.find(word), TextLine("", -1)
            while place >= 0:
                if not line.start <= place < line.start + len(line.text):
                    line = self._at(place)
                found.setdefault(line.start, (line, []))[1].append(place - line.start)
                place = low.find(word, place + len(word))
        return found

    def _at(self, place: int) -> TextLine:
        start = self._text.rfind("\n", 0, place) + 1
        end = self._text.find("\n", place)
        return TextLine(self._text[start : end if end >= 0 else len(self._text)], start)


def lowered(text: str) -> str:
    """Return the text in lower case, character by character, so that places in it are those of the text."""
    return text.lower() if text.isascii() else text.translate(_ODD_CASES).lower()
