"""Authority: a made-up source below one answer."""

from __future__ import annotations

import random

from judgebench.judges.wrappers.perturbed import OneAnswer

_AUTHORS = ("Harrowby & Lindqvist", "Okonjo-Reyes et al.", "Tamsin Vellacourt", "Brandt-Ibarra & Soo")
_WORKS = (
    "The Handbook of Settled Questions",
    "Annals of Verified Knowledge",
    "Proceedings of the International Review Board",
    "The Standard Companion for Examiners",
)


class Authority(OneAnswer):
    """Names a source for one answer that does not exist."""

    def changed(self, text: str, dice: random.Random) -> str:
        """Return the text with the citation below it."""
        author, work = dice.choice(_AUTHORS), dice.choice(_WORKS)
        year, page = dice.randint(1996, 2021), dice.randint(12, 480)
        return f"{text}\n\n(Source: {author} ({year}), {work}, p. {page}, where exactly this answer is given.)"
