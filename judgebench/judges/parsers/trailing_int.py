"""A whole number at the very end of the reply."""

from __future__ import annotations

import re
from typing import ClassVar

import msgspec

from judgebench.judges.parsers.lazy import lazily
from judgebench.judges.parsers.reading import ConfiguredParser, Reading, answer_part, silent, unparsed
from judgebench.records.flow import Reply

_TAIL = lazily(r"(?P<before>[^\s\w]?)(?P<value>-?\b\d{1,9})[\s*_`\"')\]}.!]{0,12}\Z")
_NO_SCORE = lazily(
    r"(?:\d\s?[-–—−~:/×·^*]{1,2}|[/−‑<>≤≥^]|\b(?:of|to|or|max(?:imum)?\.?:?|not|than|least|most)|\bbetween \S{1,6} and)"
    r"[\s*_`\"'(\[]{0,6}\Z",
    re.IGNORECASE,
)
"""What stands before a number that is the end of a scale or a range, a bound, or a part of a larger expression."""


class TrailingInt(ConfiguredParser):
    """Reads the whole number that ends the reply, as RewardBench's rating judges are read (Lambert et al. 2024).

    A fraction, a decimal or a longer number is none: ``8/10``, ``8 out of 10`` and ``7.5`` leave the reply unparsed, as
    do a range and a bound. A reply that ends inside its reasoning is unparsed as well, whatever number it has come to.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``parser=dict(type="trailing_int", ...)``.

        Attributes:
            low: Least number. ``high``: greatest.
        """

        low: int = 1
        high: int = 10

    version: ClassVar[int] = 4
    reads_text_only: ClassVar[bool] = True
    config: Config

    def read(self, reply: Reply) -> Reading:
        """Read the number that ends the reply."""
        if answer_part(reply.text).text is None:
            return silent(reply)
        text = reply.text.rstrip()
        start = max(0, len(text) - 40)
        match = _TAIL.search(text[start:])
        if match is None or match["before"] in set("/.,-–+%") or (match["value"][0] == "-" and self.config.low >= 0):
            return unparsed("the reply does not end in a whole number")
        if _NO_SCORE.search(text, max(0, start + match.start("value") - 40), start + match.start("value")):
            return unparsed("the number that ends the reply is the end of a scale or a range, or part of a sum")
        value = int(match["value"])
        if not self.config.low <= value <= self.config.high:
            return unparsed(f"the number {value} is outside the scale {self.config.low} to {self.config.high}")
        return Reading(status="ok", score=float(value), span=(start + match.start("value"), start + match.end("value")))
