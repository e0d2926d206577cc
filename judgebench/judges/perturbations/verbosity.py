"""Verbosity: filler below one answer, many words that say nothing."""

from __future__ import annotations

import random

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges.wrappers.perturbed import OneAnswer

_FILLER = (
    "There is, of course, always a little more that one could add to a matter of this kind.",
    "Put in slightly other words, what was said above remains what was meant to be said.",
    "It may help to keep the whole of the above in view while reading each of its parts.",
    "Every point has its place, and each of them has been given the room that it was given.",
    "Seen from a general point of view, the general view of the question stays the same.",
    "Needless to say, what goes without saying has not been said here at any length.",
    "With all of this in mind, one may read the lines above once more from the beginning.",
    "In this sense, and in this sense only, the answer is to be taken as it was given.",
    "Many further words could be found for this, and some of them have been used here.",
    "All in all, taking one thing with another, that is how the whole may be summed up.",
)
"""Sentences without content; whatever the answer says, they neither support nor weaken it."""


class Verbosity(OneAnswer):
    """Makes one answer longer by sentences that say nothing."""

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``dict(type="verbosity", ...)``.

        Attributes:
            words: How many words of filler there are at least.
        """

        words: int = 80

    def __init__(self, config: Config) -> None:
        if config.words < 1:
            raise ConfigError(f"perturbations: verbosity.words must be 1 or more, not {config.words}.")
        super().__init__(config)
        self.config = config

    def changed(self, text: str, dice: random.Random) -> str:
        """Return the text with filler below it."""
        taken: list[str] = []
        words = 0
        while words < self.config.words:
            for sentence in dice.sample(_FILLER, len(_FILLER)):
                if words < self.config.words:
                    taken.append(sentence)
                    words += len(sentence.split())
        return f"{text}\n\n{' '.join(taken)}"
