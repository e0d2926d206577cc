"""Markdown: one answer set as a list under a heading, word for word."""

from __future__ import annotations

import random
import re

from judgebench.judges.wrappers.perturbed import OneAnswer

_MARKED = re.compile(r"```|^\s*(?:#+ |[-*+] |\d+[.)] |\|)|\*\*|\$\$|\\\[|\\begin", re.MULTILINE)
"""Text that has a layout already, or one (formulas, code) that a list would break."""
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9])")


class Markdown(OneAnswer):
    """Sets one answer as a list under a heading, word for word; text that has a layout already is left alone."""

    def changed(self, text: str, dice: random.Random) -> str | None:  # noqa: ARG002 - one layout for all
        """Return the text as a list under a heading."""
        if _MARKED.search(text):
            return None
        points = [point for line in text.split("\n") if line.strip() for point in _SENTENCE.split(line.strip())]
        return "\n".join(["## **Answer**", "", *(f"- {point}" for point in points)])
