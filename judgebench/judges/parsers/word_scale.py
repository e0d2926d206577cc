"""A scale of words, each with its number: ``Poor``, ``Average``, ``Good``."""

from __future__ import annotations

import re
from typing import ClassVar

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges.parsers.meaning import not_meant
from judgebench.judges.parsers.quotation import without_quotations
from judgebench.judges.parsers.reading import ConfiguredParser, Reading, answer_part, silent, unparsed
from judgebench.records.flow import Reply

_DENYING = re.compile(r"\b(?:not?|never|hardly|neither|nor|cannot)\b|n't\b", re.IGNORECASE)
"""In a label: ``I would not say: Good``."""


class WordScale(ConfiguredParser):
    """Reads the word of a scale that stands alone on a line, behind a label (``Rating: Good``) or not, in any case.

    Different words in one reply, and one that is negated or under a condition, leave it unparsed. ``published=True``
    reads as MJ-Bench does (Chen et al. 2024): the first of the words, in the order of the config, that occurs anywhere,
    part of another word or not.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``parser=dict(type="word_scale", ...)``.

        Attributes:
            words: Number by word.
            published: Take the first word that occurs.
        """

        words: dict[str, float]
        published: bool = False

    version: ClassVar[int] = 2
    reads_text_only: ClassVar[bool] = True
    config: Config

    def __init__(self, config: Config) -> None:
        if len(config.words) < 2:
            raise ConfigError("parser word_scale: words must hold two words or more, each with its number.")
        super().__init__(config)
        self._numbers = {word.lower(): number for word, number in config.words.items()}
        longest = sorted(self._numbers, key=len, reverse=True)
        words = "|".join(map(re.escape, longest))
        self._pattern = re.compile(
            rf"^[^\w\n]{{0,9}}(?:(?P<label>[A-Za-z' ]{{1,30}}):[^\w\n]{{0,9}})?(?P<word>{words})[^\w\n]{{0,9}}$",
            re.IGNORECASE | re.MULTILINE,
        )

    def read(self, reply: Reply) -> Reading:
        """Read the word; see the class."""
        if self.config.published:
            return self._first(reply.text)
        text, offset = answer_part(reply.text)
        if text is None or not text.strip():
            return silent(reply)
        text = without_quotations(text, prose=False).rstrip()
        found = list(self._pattern.finditer(text))
        if not found:
            return unparsed("no word of the scale stands alone on a line")
        number = self._numbers.get(found[-1]["word"].lower())
        if number is None or len({one["word"].lower() for one in found}) > 1:
            return unparsed("the reply states different words of the scale")
        start, end = found[-1].span("word")
        if not_meant(text, start, end, line=True) or any(_DENYING.search(one["label"] or "") for one in found):
            return unparsed("the word of the scale is under a condition, or negated")
        return Reading(status="ok", score=float(number), span=(offset + start, offset + end))

    def _first(self, text: str) -> Reading:
        for word, number in self._numbers.items():
            if match := re.search(re.escape(word), text, re.IGNORECASE):
                return Reading(status="ok", score=float(number), span=match.span())
        return unparsed("no word of the scale occurs")
