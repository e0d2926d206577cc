"""Style of an answer in numbers: length and Markdown, which judges (and people) reward whatever the answer says.

Sources of the features: W.-L. Chiang et al. (2024), Chatbot Arena, and T. Li et al. (2024), Arena-Hard, which count
tokens; here characters stand for them, as no tokenizer is shared by all models.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

FEATURES = ("length", "headers", "lists", "bold")
"""Characters; Markdown headings; list entries, numbered or not; bold passages."""

_FENCED = re.compile(r"^(```|~~~).*?^\1[^\n]*$|^(?:```|~~~).*\Z", re.MULTILINE | re.DOTALL)
_HEADER = re.compile(r"^ {0,3}#{1,6}[ \t]+\S", re.MULTILINE)
_LIST = re.compile(r"^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+\S", re.MULTILINE)
_BOLD = re.compile(r"(\*\*|__)(?=\S)(?:(?!\n\n).){1,1000}?(?<=\S)\1", re.DOTALL)


def style_of(text: str) -> tuple[int, ...]:
    """Return the features of a text, in the order of ``FEATURES``; what stands in fenced code is no Markdown."""
    prose = _FENCED.sub("", text) if "```" in text or "~~~" in text else text
    headers = len(_HEADER.findall(prose)) if "#" in prose else 0
    bold = len(_BOLD.findall(prose)) if "**" in prose or "__" in prose else 0
    return len(text), headers, len(_LIST.findall(prose)), bold


def differences(first: Sequence[float], second: Sequence[float]) -> tuple[float, ...]:
    """Return the features of one answer against those of another, -1..1: ``(a - b) / (a + b)``.

    Counts that may be small have a 1 in the denominator, as in Arena-Hard, so that 1 heading against none is not all.
    """
    return tuple(
        (a - b) / (a + b + (0 if feature == "length" else 1)) if a + b else 0.0
        for feature, a, b in zip(FEATURES, first, second, strict=True)
    )
