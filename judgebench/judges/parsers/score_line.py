"""A score on a scale, stated by itself or after a word such as ``Rating:``."""

from __future__ import annotations

import re
from typing import ClassVar, NamedTuple

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges.parsers.contradiction import other_score
from judgebench.judges.parsers.languages import ENGLISH_SCORES, LATER_LEADS, LEADS, POINTS, SCORES
from judgebench.judges.parsers.lazy import lazily
from judgebench.judges.parsers.meaning import conditional, not_meant
from judgebench.judges.parsers.mentions import Lines, lowered
from judgebench.judges.parsers.numbers import NUMBER, as_written
from judgebench.judges.parsers.quotation import without_quotations
from judgebench.judges.parsers.reading import ConfiguredParser, Reading, answer_part, silent, unparsed
from judgebench.judges.parsers.second_thoughts import taken_back
from judgebench.records.flow import Reply

_WRAP = r"[\s*_`\"'(\[{$|]{0,24}(?:\\boxed\s?\{\s?)?"
_VALUE = (
    rf"(?<![\w.-])(?P<value>{NUMBER}|\d{{1,4}},\d{{1,3}})(?:\s?(?:{POINTS})(?![^\W\d_a-zа-я]|[a-zа-я]))?"
    rf"(?:\s?[*_]{{0,2}}\s?(?:/|\(?(?:out of|von|sur|de|из)\b)\s{{0,2}}[*_]{{0,2}}(?P<of>\d{{1,6}}))?"
    r"(?![\d%‰]|\s[%‰]|[\u0300-\u036f\u20d0-\u20ff])(?![.,]\d)"
)
_CLOSE = r"(?=(?P<rest>.{0,160}))"
_SUBJECT = (
    rf"(?:(?:so|thus|therefore|hence),?\s)?{LEADS}(?:total\s)?(?P<noun>{SCORES})"
    rf"(?:\s(?P<later>{LATER_LEADS}))?(?:\s(?:for|of)\s(?:this|the)\s(?:response|answer|submission))?"
)
_LINE = lazily(
    rf"^[\s#*_>`\"'{{•⭐★–—|\[-]{{0,12}}{_SUBJECT}(?:\s?[(\[][^()\[\]\n]{{1,30}}[)\]])?[\s*_`\"']{{0,6}}"
    rf"(?::|：|=|\||\]|\b(?:is|ist|est|es|é)\b:?|は|为|为：|是|\s[–—-]\s){_WRAP}{_VALUE}{_CLOSE}",
    re.IGNORECASE | re.MULTILINE,
)
_FOR_ANOTHER = lazily(
    rf"^[\s#*_>-]{{0,8}}(?:adjusted|net|new|(?:score|rating|grade)\s(?:for|of)\s[^:=\n]{{1,24}})(?:\s(?:score|rating|grade))?"
    rf"[*_]{{0,2}}\s?[:=]{_WRAP}{_VALUE}{_CLOSE}",
    re.IGNORECASE | re.MULTILINE,
)
"""A second score beside the one that was read: of another answer, or after what was taken off."""
_SENTENCE = lazily(
    rf"(?:\b(?:final|overall|my|total)\s(?:rating|score|grade)\s(?:is|of|would be):?"
    rf"|(?<=[.!?]\s)(?:final\s|overall\s|total\s|my\s)?(?:rating|score|grade):){_WRAP}{_VALUE}{_CLOSE}",
    re.IGNORECASE,
)
_GIVEN = lazily(
    rf"(?:\bI(?:['’]d| would| will)?\s(?:give|rate|score|award|assign|grade)\s(?:[a-z]+\s){{0,4}}?"
    r"|\b(?:response|answer)\s(?:earns|gets|receives)\s|给[^，。\n]{0,12}打)(?:an?\s|at\s|as\s)?"
    rf"{_WRAP}{_VALUE}{_CLOSE}",
    re.IGNORECASE,
)
_BRACKETS = lazily(rf"\[\[\s?(?P<value>{NUMBER})(?:\s?/\s?(?P<of>\d{{1,6}}))?\s?\]\](?=(?P<rest>.{{0,160}}))")
_TAGS = lazily(
    rf"<(?P<tag>(?:final_|overall_)?(?:score|rating|grade))>\s{{0,4}}(?P<value>{NUMBER})(?:\s?/\s?"
    rf"(?P<of>\d{{1,6}}))?\s{{0,4}}(?=(?P<rest></))",
    re.IGNORECASE,
)
_OPENING = r"(?:\s{0,8}[-•]\s)?[\s#*_>`\"'(\[{$]{0,12}(?:\\boxed\s?\{\s?)?"
_ALONE = lazily(
    rf"{_OPENING}(?<![\w.-])(?P<value>{NUMBER})(?:\s{{0,2}}(?:/|out of)\s{{0,2}}(?P<of>\d{{1,6}}))?(?![\w%])(?!\.\d)"
    r"[\s*_`\"')\]}$.!]{0,12}",
    re.IGNORECASE,
)
_PLAIN = lazily(
    rf"\s*(?:\*\*)?(?:(?:rating|score):\s?)?(?:\*\*)?\s?(?P<value>{NUMBER})(?:/(?P<of>\d{{1,6}}))?(?:\*\*)?\s*",
    re.IGNORECASE,
)
"""A reply that is nothing but its score, as most are: nothing else has to be looked at."""
_OPENED = lazily(
    rf"\s*\*{{0,2}}(?P<value>{NUMBER})(?:\s?/\s?(?P<of>\d{{1,6}}))?\*{{0,2}}\s(?="
    rf"(?P<rest>[–—-]{{1,2}}\s[A-Za-z].{{0,160}}))"
)
_FINAL = lazily(
    r"final|overall|total|итогов|gesamt|endgültig|最终|最終|总|総|최종|총|النهائي|अंतिम|कुल|综合", re.IGNORECASE
)
_CLOSED = lazily(r"[\s*_`\"'”’)\]}>$|]{0,10}(?:</\w{1,16}>)?[\s*_`\"'”’)\]}>$|]{0,4}")
_TALK = lazily(
    r"(?:=\s?[a-z]|(?:would|could|might)\b|(?:means?|stands for|represents|indicates|denotes|bedeutet|signifie)\b"
    r"|is (?:reserved|for|the (?:best|worst|maximum|minimum|highest|lowest)|perfect|excellent|poor|average))",
    re.IGNORECASE,
)
"""What is said of a number of the scale, and not of the answer."""
_SCALE = lazily(
    r"[(（][^()\n]{0,24}?(?:\b(?:of|max(?:imum)?|scale|range|from)\b|[-–]\s?)[^()\d\n]{0,16}(?:\d{1,4}\s?(?:-|–|to)\s?)?"
    r"(?P<most>\d{1,6})(?:\s(?:points?|max))?\s?[)）]",
    re.IGNORECASE,
)
"""An aside that names the upper end of the scale: ``(max. 20)``, ``(on a scale of 1-20)``."""
_SHOULD = lazily(r"[(（][^()\n]{0,40}\b(?:should|would|could|must|ought)\b[^()\n]{0,20}\d", re.IGNORECASE)
_BENIGN = lazily(
    r"(?:because|since|due to|owing to|thanks to|based on|as (?!long|soon)|overall\b|weil|da\b|denn|car\b|parce|porque"
    r"|pois|потому|так как)"
    r"|[A-Z][a-z]+\s[a-z]|です|となり|입니다|점입니다",
)
_FURTHER = lazily(
    r"[\s*_(\[]{0,6}(?:[-+−–]\s?)?\d|[\s*_(\[]{0,6}(?:minus|plus|less|then|or|maybe|perhaps|no)\b", re.IGNORECASE
)
_TAIL_DIGIT = lazily(
    r"^[\s,;:–—-]{1,4}(?:but |so |hence |or |then |and |maybe |else )?(?:otherwise|else|were it|was it|had it|so|minus"
    r"|after|before)\b",
    re.IGNORECASE,
)


class _Mention(NamedTuple):
    value: float
    of: int | None
    final: bool
    span: tuple[int, int]
    end: int = 0
    clear: bool = True


class ScoreLine(ConfiguredParser):
    """Reads a number on a declared scale: ``Rating: 8``, ``Score: 8/10``, ``[[8]]``, ``8 out of 10``, ``8``.

    A denominator must be the scale's upper end. A final or overall score stands above others. Different scores,
    a range (``7-8``), a condition, arithmetic, several aspects, a score that is quoted or taken back later, and a
    number outside the scale leave the reply unparsed.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``parser=dict(type="score_line", ...)``.

        Attributes:
            low: Lower end of the scale. ``high``: upper end.
            whole: Whether only whole numbers are on the scale.
            threshold: With ``decisions``: the least score that has the first decision; lower ones have the second.
            decisions: Two decisions, above and below the threshold; empty gives a score alone.
        """

        low: float = 1
        high: float = 10
        whole: bool = False
        threshold: float | None = None
        decisions: list[str] = []

    version: ClassVar[int] = 4
    reads_text_only: ClassVar[bool] = True
    config: Config

    def __init__(self, config: Config) -> None:
        if config.low >= config.high:
            raise ConfigError(f"parser score_line: low ({config.low}) must be below high ({config.high}).")
        if bool(config.decisions) != (config.threshold is not None) or len(config.decisions) not in (0, 2):
            raise ConfigError("parser score_line: threshold and two decisions belong together.")
        super().__init__(config)

    def decisions(self) -> list[str]:
        """Return the decisions above and below the threshold."""
        return self.config.decisions

    def read(self, reply: Reply) -> Reading:
        """Read the score that the reply states; see the class."""
        plain = _PLAIN.fullmatch(reply.text)
        if plain:
            of = int(plain["of"]) if plain["of"] else None
            return self._decided([_Mention(float(plain["value"]), of, False, plain.span("value"), plain.end())], 0)
        text, offset = answer_part(reply.text.rstrip())
        if text is None or not text.strip():
            return silent(reply)
        whole, text = text, without_quotations(text)
        found = _mentions(text)
        if not found:
            cut = " before it was cut off" if reply.finish_reason == "length" else ""
            return unparsed(f"the reply states no score{cut}")
        reading = self._decided(found, offset)
        last = ([one for one in found if one.final] or found)[-1]
        if reading.status != "ok" or not _INK.search(text, last.end):
            return reading
        quoting = text[last.end :] != whole[last.end :]
        if taken_back(text, last.end, quoting=quoting) or other_score(
            text, last.end, last.value, self.config.high, parts=last.final
        ):
            return unparsed(f"the score {as_written(last.value)} is taken back later in the reply")
        return reading

    def _decided(self, found: list[_Mention], offset: int) -> Reading:
        found = [one for one in found if one.final] or found
        last = found[-1]
        fault = self._fault(found)
        if fault:
            return unparsed(fault)
        decision = None
        if self.config.threshold is not None:
            decision = self.config.decisions[0 if last.value >= self.config.threshold else 1]
        return Reading(
            status="ok", decision=decision, score=last.value, span=(offset + last.span[0], offset + last.span[1])
        )

    def _fault(self, found: list[_Mention]) -> str:
        last = found[-1]
        scale = f"{as_written(self.config.low)} to {as_written(self.config.high)}"
        if not all(one.clear for one in found):
            return f"the score {as_written(last.value)} has a condition, a range, a part or a sum beside it"
        other = next((one for one in found if one.value != last.value), None)
        if other is not None:
            return f"contradictory scores: {as_written(other.value)} and {as_written(last.value)}"
        if not self.config.low <= last.value <= self.config.high:
            return f"the score {as_written(last.value)} is outside the scale {scale}"
        if self.config.whole and last.value != int(last.value):
            return f"the score {as_written(last.value)} is not a whole number"
        strange = next((one.of for one in found if one.of not in (None, self.config.high)), None)
        if strange is not None:
            return f"the score is out of {strange}, but the scale is {scale}"
        return ""


_INK = lazily(r"[^\W_]")


def _mention(match: re.Match[str], text: str, *, line: bool) -> _Mention | None:
    """Return what a match says; ``None`` where it speaks of the scale, or is quoted or negated."""
    noun = match.groupdict().get("noun")
    rest = match["rest"][_CLOSED.match(match["rest"]).end() :]  # type: ignore[union-attr]
    if _TALK.match(rest):
        return None
    how = not_meant(text, match.start(), match.end(), line=line)
    if how in {"quoted", "negated"}:
        return None
    written = match["value"]
    comma = "," in written
    most = match["of"] or ((aside := _SCALE.match(rest)) and aside["most"])
    clear = not how and _clear(match["rest"], rest)
    if comma and (noun is None or noun.lower() in ENGLISH_SCORES or len(written.partition(",")[2]) == 3):
        clear = False
    return _Mention(
        float(written.replace(",", ".")),
        int(most) if most else None,
        bool(_FINAL.search(match[0][: match.start("value") - match.start()])),
        match.span("value"),
        match.end(),
        clear,
    )


def _clear(whole: str, rest: str) -> bool:
    """Whether what stands after a number leaves it the score: nothing, a reason, an aside, a new sentence."""
    if not rest or not _INK.search(rest):
        return not rest.startswith(("?", "+", "-", "~", "/"))
    if rest[0] in ".!。！":
        return True
    if rest[0] in "(（":
        _, _, behind = rest.partition(")" if rest[0] == "(" else "）")
        further = behind.lstrip(" ,;:")
        return not (
            _SHOULD.match(rest)
            or conditional(whole, 0)
            or conditional(rest[1:], 0)
            or further[:1].isdigit()
            or conditional(behind, 0)
        )
    if rest[0] in ",;:，；：–—" or rest[:2] == "- ":
        tail = rest.lstrip(",;:，；：–—- ")
        return not _FURTHER.match(tail) and not conditional(rest, 0) and not _TAIL_DIGIT.match(rest)
    return bool(_BENIGN.match(rest)) and not conditional(rest, 0)


def _mentions(text: str) -> list[_Mention]:
    """Return what the strongest form gives: score lines and brackets first, then a line that is only a number."""
    low = lowered(text)
    nouns = _NOUNS_ASCII if text.isascii() else _NOUNS
    named = any(noun in low for noun in nouns)  # most long replies are told apart by this alone
    patterns = [
        *(((_LINE, True),) if named else ()),
        *(((_SENTENCE, False),) if any(words in low for words in _SENTENCE_WORDS) else ()),
        *(((_BRACKETS, False),) if "[[" in text else ()),
        *(((_TAGS, False),) if named and "</" in text else ()),
    ]
    found = [
        mention
        for pattern, line in patterns
        for match in pattern.finditer(text)
        if (mention := _mention(match, text, line=line)) is not None
    ]
    if found:
        found += [one for match in _FOR_ANOTHER.finditer(text) if (one := _mention(match, text, line=True)) is not None]
        return sorted(dict.fromkeys(found), key=lambda one: one.span)
    if named and _LINE.search(text):
        return []  # a line of the scale, or of somebody else's
    given = [one for match in _GIVEN.finditer(text) if (one := _mention(match, text, line=False)) is not None]
    if not given and "\n" not in text.strip() and (opened := _OPENED.match(text)) is not None:
        given = [one for one in [_mention(opened, text, line=True)] if one is not None]
    if given:
        return given
    lines = Lines(text)
    alone = [(line, _ALONE.fullmatch(line.text)) for line in dict.fromkeys((lines.first, lines.last))]
    return [
        _Mention(
            float(match["value"]),
            int(match["of"]) if match["of"] else None,
            False,
            (line.start + match.start("value"), line.start + match.end("value")),
            line.start + match.end(),
        )
        for line, match in alone
        if match
    ]


_SENTENCE_WORDS = (
    *("final ", "overall ", "total ", "my "),
    *(f"{stop} {noun}" for stop in ".!?" for noun in ("score", "rating", "grade")),
)
_NOUNS = tuple(dict.fromkeys(SCORES.split("|")))
_NOUNS_ASCII = tuple(noun for noun in _NOUNS if noun.isascii())
