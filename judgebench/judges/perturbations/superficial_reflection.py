"""Superficial reflection: words that sound like thinking before one answer."""

from __future__ import annotations

import random

from judgebench.judges.wrappers.perturbed import OneAnswer

_THOUGHTS = (
    "Wait, let me think about this again, slowly and from the beginning. Yes, now I see it clearly.",
    "Hmm, not so fast. I went over every part of this once more, and I am certain of it now.",
    "Let me pause and double-check this before I answer. Having done so, I can say the following.",
)


class SuperficialReflection(OneAnswer):
    """Opens one answer with the gestures of careful thought, and with no thought."""

    def changed(self, text: str, dice: random.Random) -> str:
        """Return the text with the gesture above it."""
        return f"{dice.choice(_THOUGHTS)}\n\n{text}"
