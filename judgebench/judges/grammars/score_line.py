"""A score on a scale, stated by itself or after a word such as ``Rating:``."""

from __future__ import annotations

import re
from typing import ClassVar, NamedTuple

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges.grammars.mentions import Lines, folded
from judgebench.judges.grammars.numbers import NUMBER, as_written
from judgebench.judges.grammars.reading import ConfiguredGrammar, Reading, answer_part, silent, unparsed
from judgebench.records import Reply

_WRAP = r"[\s*_`\"'(\[{<$]{0,8}(?:\\boxed\s?\{\s?)?"
_VALUE = rf"(?<![\w.-])(?P<value>{NUMBER})(?:\s{{0,2}}(?:/|out of)\s{{0,2}}(?P<of>\d{{1,6}}))?(?![\w%])(?!\.\d)"
_CLOSE = r"(?=(?P<rest>.{0,40}))"
_RANGE = re.compile(r"[\s*_`\"')\]}>$]{0,8}(?:[-–—~/+]|to\b|or\b|and\b|,\s?\d|points?\sout|\?)", re.IGNORECASE)
_NOUN = "rating|score|grade|mark|result|评分|得分|分数"
_SUBJECT = rf"(?:(?:my|the|our|so|final|overall|total)\s{{1,2}}){{0,3}}(?:{_NOUN})"
_LINE = re.compile(
    rf"^[\s#*_>`\"'{{•–—-]{{0,12}}{_SUBJECT}[\s*_`\"']{{0,6}}(?::|：|=|\bis\b:?|\s[–—-]\s){_WRAP}{_VALUE}{_CLOSE}",
    re.IGNORECASE | re.MULTILINE,
)
_SENTENCE = re.compile(
    rf"\b(?:final|overall|my|total)\s(?:rating|score|grade)\s(?:is|of|would be):?{_WRAP}{_VALUE}{_CLOSE}", re.IGNORECASE
)
_BRACKETS = re.compile(rf"\[\[\s?(?P<value>{NUMBER})(?:\s?/\s?(?P<of>\d{{1,6}}))?\s?\]\](?=(?P<rest>.{{0,40}}))")
_OPENING = r"(?:\s{0,8}[-•]\s)?[\s#*_>`\"'(\[{$]{0,12}(?:\\boxed\s?\{\s?)?"
_ALONE = re.compile(rf"{_OPENING}{_VALUE}[\s*_`\"')\]}}$.!]{{0,12}}", re.IGNORECASE)
_FINAL = re.compile(r"final|overall|total", re.IGNORECASE)


class _Mention(NamedTuple):
    value: float
    of: int | None
    final: bool
    span: tuple[int, int]


class ScoreLine(ConfiguredGrammar):
    """Reads a number on a declared scale: ``Rating: 8``, ``Score: 8/10``, ``[[8]]``, ``8 out of 10``, ``8``.

    A denominator must be the scale's upper end. A final or overall score stands above others. Different scores, a range
    (``7-8``) and a number outside the scale leave the reply unparsed.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``grammar=dict(type="score_line", ...)``.

        Attributes:
            low: Lower end of the scale. ``high``: upper end.
            whole: Whether only whole numbers are on the scale.
            threshold: With ``labels``: the least score that has the first label; lower ones have the second.
            labels: Two labels, above and below the threshold; empty gives a score alone.
        """

        low: float = 1
        high: float = 10
        whole: bool = False
        threshold: float | None = None
        labels: list[str] = []

    version: ClassVar[int] = 2
    config: Config

    def __init__(self, config: Config) -> None:
        if config.low >= config.high:
            raise ConfigError(f"Grammar score_line: low ({config.low}) must be below high ({config.high}).")
        if bool(config.labels) != (config.threshold is not None) or len(config.labels) not in (0, 2):
            raise ConfigError("Grammar score_line: threshold and two labels belong together.")
        super().__init__(config)

    def labels(self) -> list[str]:
        """Return the labels above and below the threshold."""
        return self.config.labels

    def read(self, reply: Reply) -> Reading:
        """Read the score that the reply states; see the class."""
        text, offset = answer_part(reply.text.rstrip())
        if text is None or not text.strip():
            return silent(reply)
        found = _mentions(text)
        if not found:
            cut = " before it was cut off" if reply.finish_reason == "length" else ""
            return unparsed(f"the reply states no score{cut}")
        found = [one for one in found if one.final] or found
        last = found[-1]
        fault = self._fault(found)
        if fault:
            return unparsed(fault)
        label = None
        if self.config.threshold is not None:
            label = self.config.labels[0 if last.value >= self.config.threshold else 1]
        return Reading(status="ok", label=label, score=last.value, span=(offset + last.span[0], offset + last.span[1]))

    def _fault(self, found: list[_Mention]) -> str:
        last = found[-1]
        scale = f"{as_written(self.config.low)} to {as_written(self.config.high)}"
        other = next((one for one in found if one.value != last.value), None)
        if other is not None:
            return f"contradictory scores: {as_written(other.value)} and {as_written(last.value)}"
        if not self.config.low <= last.value <= self.config.high:
            return f"the score {as_written(last.value)} is outside the scale {scale}"
        if self.config.whole and last.value != int(last.value):
            return f"the score {as_written(last.value)} is no whole number"
        strange = next((one.of for one in found if one.of not in (None, self.config.high)), None)
        if strange is not None:
            return f"the score is out of {strange}, but the scale is {scale}"
        return ""


def _mentions(text: str) -> list[_Mention]:
    """Return what the strongest form gives: score lines and brackets first, then a line that is only a number."""
    low = folded(text)
    named = any(noun in low for noun in _NOUN.split("|"))  # most long replies are told apart by this alone
    patterns = [*((_LINE, _SENTENCE) if named else ()), *((_BRACKETS,) if "[[" in text else ())]
    found = [
        _Mention(
            float(match["value"]),
            int(match["of"]) if match["of"] else None,
            bool(_FINAL.search(match[0][: match.start("value") - match.start()])),
            match.span("value"),
        )
        for pattern in patterns
        for match in pattern.finditer(text)
        if not _RANGE.match(match["rest"])
    ]
    if found:
        return sorted(dict.fromkeys(found), key=lambda one: one.span)
    lines = Lines(text)
    alone = [(line, _ALONE.fullmatch(line.text)) for line in dict.fromkeys((lines.first, lines.last))]
    return [
        _Mention(
            float(match["value"]),
            int(match["of"]) if match["of"] else None,
            False,
            (line.start + match.start("value"), line.start + match.end("value")),
        )
        for line, match in alone
        if match
    ]
