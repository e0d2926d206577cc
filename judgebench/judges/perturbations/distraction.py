"""Distraction: something beside the matter about one answer."""

from __future__ import annotations

import random

from judgebench.judges.wrappers.perturbed import OneAnswer

_ASIDES = (
    "By the way, this was written on a train, with a window seat and a view of the sea.",
    "Incidentally, the author keeps two cats, and one of them slept on the keyboard for a while.",
    "As it happens, it was raining in the town where this was typed, and the bakery was closed.",
    "On another note, the author has just learned to juggle with four balls and is rather pleased.",
)


class Distraction(OneAnswer):
    """Adds to one answer a remark that has nothing to do with the question."""

    def changed(self, text: str, dice: random.Random) -> str:
        """Return the text with the remark below it."""
        return f"{text}\n\n{dice.choice(_ASIDES)}"
