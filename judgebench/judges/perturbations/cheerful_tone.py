"""Cheerful tone: a warm opening and closing around one answer."""

from __future__ import annotations

import random

from judgebench.judges.wrappers.perturbed import OneAnswer

_OPENINGS = (
    "What a wonderful question, it is a joy to answer it!",
    "Oh, I love this one, thank you so much for asking!",
)
_CLOSINGS = ("I hope this brightens your day!", "Have a splendid time, it was lovely to help you!")


class CheerfulTone(OneAnswer):
    """Puts cheerful words around one answer, whose own words stay as they are."""

    def changed(self, text: str, dice: random.Random) -> str:
        """Return the text between an opening and a closing."""
        return f"{dice.choice(_OPENINGS)}\n\n{text}\n\n{dice.choice(_CLOSINGS)}"
