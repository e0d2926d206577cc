"""A verdict in a field of a JSON object."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar, NamedTuple

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges.parsers.contradiction import Undoing, other_score
from judgebench.judges.parsers.lazy import lazily
from judgebench.judges.parsers.meaning import not_meant
from judgebench.judges.parsers.mentions import lowered
from judgebench.judges.parsers.numbers import as_written, number_of, outside
from judgebench.judges.parsers.quotation import without_quotations
from judgebench.judges.parsers.reading import ConfiguredParser, Reading, answer_part, silent, unparsed
from judgebench.judges.parsers.second_thoughts import taken_back
from judgebench.records.flow import Reply

_TRIES = 48
"""Most places at which an object may be tried to begin; bounds the time on hostile text."""
_STEPS = 100
"""Longest scale that a schema spells out; from 0 to 1 it is taken for one of fractions."""
_BRACE = lazily(r"\{(?=\s{0,80}[\"'}])")
_WHOLE = lazily(r"\s{0,20}(?:```(?:json)?\s{0,20})?\{")
_OUT_OF = lazily(r"[ \t]{0,3}(?:/|out of|of)\s?(\d{1,6})\b", re.IGNORECASE)
_CLOSING_FENCE = lazily(r"[\s\]]{0,8}```\n?")
_REMARK = lazily(r"[^\W_]")


class JsonField(ConfiguredParser):
    """Reads one field of the JSON objects of the reply, with or without a code fence and text around them.

    What counts is the field of the outermost object, or, where that has none, the one value that the objects inside it
    agree on. Objects that differ, one that is quoted, and a verdict that the text after
    it takes back leave the reply unparsed. Without any object the field may stand by itself (``"verdict": "correct"``).

    A truth value and its name are different things: ``{"match": "false"}`` is read by the decision of the text
    ``"false"``, never as true. ``null``, a list, a value that is no decision, and a key given twice with different
    values leave the reply unparsed. A dotted field (``result.verdict``) names a nested one. Keys disregard case.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``parser=dict(type="json_field", ...)``.

        Attributes:
            field: Name of the field, dotted where nested.
            decisions: Decision by the field's text, compared without regard to case; ``true`` and ``false`` also stand
                for JSON's truth values. Empty reads a number.
            low: Least number. ``high``: greatest; ``"80%"`` is 80.
            confidence: Further field with the judge's confidence, kept in ``values`` as a share of 1; empty for none.
        """

        field: str = "verdict"
        decisions: dict[str, str] = {}
        low: float | None = None
        high: float | None = None
        confidence: str = ""

    version: ClassVar[int] = 3
    reads_text_only: ClassVar[bool] = True
    config: Config

    def __init__(self, config: Config) -> None:
        if not config.field.strip("."):
            raise ConfigError("parser json_field: field must name a field.")
        super().__init__(config)
        self._decision = {text.strip().lower(): decision for text, decision in config.decisions.items()}
        self._undoing = Undoing(self._decision)
        self._path = config.field.lower().split(".")
        key = re.escape(self._path[-1])
        self._pair = lazily(
            rf"(?P<key>[\"']{key}[\"'])\s{{0,20}}:\s{{0,20}}(?P<value>\"[^\"\n]{{0,80}}\"|'[^'\n]{{0,80}}'"
            rf"|-?\d[\d.]{{0,12}}|true|false)"
            r"(?=\s{0,20}(?:[,}\n]|$))",
            re.IGNORECASE,
        )

        self._line = lazily(
            rf"^[\W_]{{0,8}}(?:(?:final|overall|my)\s)?(?:verdict|score|rating|grade|{key})[*_`]{{0,2}}\s?[:=]"
            r"[\s*_`]{0,4}(?P<value>[\w.-]+(?: [\w-]+)?)[*_`.!]{0,4}\s?(?=[{]|$)",
            re.IGNORECASE | re.MULTILINE,
        )

    def decisions(self) -> list[str]:
        """Return the decisions in the order of the config."""
        return list(dict.fromkeys(self.config.decisions.values()))

    def schema(self) -> dict[str, Any]:
        """Return an object with a reason first, so that the verdict follows from it, and the field.

        The decisions are those of the config. A scale of whole numbers is an ``enum`` of them, as services take no
        bounds; a number on any other scale is free.
        """
        *outer, field = self.config.field.split(".")
        properties: dict[str, Any] = {field: self._field_schema()}
        for name in reversed(outer):
            properties = {name: _object(properties)}
        if "reason" not in properties:
            properties = {"reason": {"type": "string"}, **properties}
        if self.config.confidence:
            properties.setdefault(self.config.confidence, {"type": "number"})
        return _object(properties)

    def _field_schema(self) -> dict[str, Any]:
        if self.config.decisions:
            return {"type": "string", "enum": list(self.config.decisions)}
        return scale_schema(self.config.low, self.config.high)

    def read(self, reply: Reply) -> Reading:
        """Read the field; see the class."""
        whole = _WHOLE.match(reply.text)
        if whole and (only := self._only(reply.text, whole.end() - 1)):
            return self._value(only, (only.start, only.end))
        text, offset = answer_part(reply.text)
        if text is None or not text.strip():
            return silent(reply)
        if text.lstrip()[0] != "{" or text.rstrip()[-1] != "}":
            text = without_quotations(text, prose=False)
        return self._stated(text, offset, cut=reply.finish_reason == "length")

    def _stated(self, text: str, offset: int, *, cut: bool) -> Reading:
        objects = self.objects(text)
        if objects is None:
            return unparsed("the reply holds too many places at which an object may begin")
        meant = [(one, self._meant_as(text, one)) for one in objects]
        if meant and meant[-1][1] == "conditional":
            return unparsed(f"the field {self.config.field!r} is given under a condition")
        found = [one for one, how in meant if not how]
        if not found and not objects and not cut:
            found = self._pairs(text)
        if not found:
            why = " (it was cut off)" if cut else ""
            return unparsed(f"no JSON object with the field {self.config.field!r}{why}")
        last = found[-1]
        differ = len(found) > 1 and any(self._meaning(one.value) != self._meaning(last.value) for one in found)
        if differ or any(one.twice for one in found):
            return unparsed(f"the field {self.config.field!r} is given twice with different values")
        reading = self._value(last, (offset + last.start, offset + last.end))
        end = max(one.end for one in (objects or found))
        return self._as_remarked(reading, text, end, last) if reading.status == "ok" else reading

    def _other_line(self, text: str, last: FoundField) -> str | None:
        """Return a line beside the objects that states another verdict: ``Verdict: incorrect``, ``out of 100``."""
        beside = f"{text[: last.start]}\n{text[last.end :]}"
        if not self._decision and (of := _OUT_OF.match(text, last.end)) and float(of[1]) != self.config.high:
            return of[0].strip()
        for match in self._line.finditer(beside):
            written = match["value"].strip()
            stated: Any = self._decision.get(written.lower()) if self._decision else number_of(written)
            meant = self._decision.get(str(last.value).lower()) if self._decision else _as_number(last.value)
            if stated is not None and stated != meant:
                return match[0].strip(" \n*")
        return None

    def _only(self, text: str, start: int) -> FoundField | None:
        """Return the field of an object that is the whole reply, as most are, but for a fence."""
        try:
            whole, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            return None
        if text[end:].strip(" \n\t`"):
            return None
        found = _held(whole, self._path, start, end)
        return found[0] if len(found) == 1 and not found[0].twice else None

    def _as_remarked(self, reading: Reading, text: str, end: int, last: FoundField) -> Reading:
        if (line := self._other_line(text, last)) is not None:
            return unparsed(f"contradictory verdicts: {json.dumps(last.value)[:40]} and {line!r}")
        if not _REMARK.search(text, last.end):
            return reading
        undone = (
            self._undoing.found(text, last.end, reading.decision)
            if reading.decision is not None
            else taken_back(text, last.end) or other_score(text, end, reading.score)
        )
        return unparsed(f"the field {self.config.field!r} is taken back later in the reply") if undone else reading

    @staticmethod
    def _meant_as(text: str, found: FoundField) -> str:
        start = text.rfind("```", 0, found.start)
        fenced = start >= 0 and not text[start + 3 : found.start].strip("jsonJSON \n\t[")
        closed = _CLOSING_FENCE.match(text, found.end) if fenced else None
        end = closed.end() if closed else found.end
        return not_meant(text, start if fenced else found.start, end, line=fenced)

    @staticmethod
    def _meaning(value: Any) -> Any:
        number = _as_number(value)
        return json.dumps(value).lower() if number is None else number

    def _value(self, found: FoundField, span: tuple[int, int]) -> Reading:
        value = found.value
        values = self._confidence(found.whole)
        if self._decision:
            written = value if isinstance(value, str) else json.dumps(value) if isinstance(value, bool) else None
            decision = self._decision.get(written.strip().lower()) if written is not None else None
            if decision is None:
                return unparsed(
                    f"the field {self.config.field!r} holds {json.dumps(value)[:60]}, which is not a verdict"
                )
            return Reading(status="ok", decision=decision, span=span, values=values)
        score = _as_number(value, self.config.high)
        if score is None:
            return unparsed(f"the field {self.config.field!r} holds {json.dumps(value)[:60]}, which is not a number")
        if outside(score, self.config.low, self.config.high):
            return unparsed(f"the number {as_written(score)} is outside the scale")
        return Reading(status="ok", score=score, span=span, values=values)

    def _confidence(self, whole: dict[str, Any]) -> dict[str, Any]:
        if not self.config.confidence or self.config.confidence.lower() not in whole:
            return {}
        value = whole[self.config.confidence.lower()]
        number = _as_number(value)
        if number is None:
            return {}
        percent = (isinstance(value, str) and value.strip().endswith("%")) or number > 1
        share = number / 100 if percent else number
        return {"confidence": share} if 0 <= share <= 1 else {}

    def objects(self, text: str) -> list[FoundField] | None:
        """Return the outermost objects that hold the field, in order; ``None`` where there are too many attempts."""
        if self._path[-1] not in lowered(text):
            return []
        found, at, tried = [], 0, 0
        while (brace := _BRACE.search(text, at)) is not None:
            tried += 1
            if tried > _TRIES:
                return None
            try:
                whole, end = _DECODER.raw_decode(text, brace.start())
            except (ValueError, RecursionError):
                at = brace.end()
                continue
            found += _held(whole, self._path, brace.start(), end)
            at = end
        return found

    def _pairs(self, text: str) -> list[FoundField]:
        """Return what pairs of the field and a value say where no object can be read; none where one is not closed."""
        if text.count("{") != text.count("}") or len(self._path) > 1:
            return []
        found = []
        for match in self._pair.finditer(text):
            before = text[: match.start()].rpartition("\n")[2]
            if before.strip(" \t{,") and not before.rstrip().endswith((",", "{")):
                return []
            written = match["value"]
            value: Any = written[1:-1] if written[0] in "\"'" else _bare(written.lower())
            found.append(FoundField(value, {}, False, match.start(), match.end()))
        return found


class FoundField(NamedTuple):
    """A field that an object of the reply holds: its value, the object, and where in the text the object stands."""

    value: Any
    whole: dict[str, Any]
    twice: bool
    start: int
    end: int


class _Pairs(dict[str, Any]):
    """An object by its keys in lower case, that remembers which of them were given twice with different values."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__((key.lower(), value) for key, value in pairs)
        self.twice = {key for key, value in pairs if self[key.lower()] != value} if len(self) < len(pairs) else set()


_DECODER = json.JSONDecoder(object_pairs_hook=_Pairs, strict=False)


def _held(whole: dict[str, Any], path: list[str], start: int, end: int) -> list[FoundField]:
    """Return the field of an object, or of the objects nearest inside it that have it."""
    level: list[Any] = [whole]
    while level:
        found = []
        for one in level:
            inner: Any = one
            for name in path[:-1]:
                inner = inner.get(name) if isinstance(inner, dict) else None
            if isinstance(inner, _Pairs) and path[-1] in inner:
                twice = path[-1] in {name.lower() for name in inner.twice}
                twice = twice or inner.get(f"final_{path[-1]}", inner[path[-1]]) != inner[path[-1]]
                found.append(FoundField(inner[path[-1]], whole, twice, start, end))
        if found:
            return found
        level = [
            inner
            for one in level
            for inner in (one.values() if isinstance(one, dict) else one)
            if isinstance(inner, dict | list)
        ]
    return []


def _bare(written: str) -> Any:
    """Return what a value without quotation marks is; a number that JSON would not write (``00``) is a text."""
    try:
        return json.loads(written)
    except ValueError:
        return written


def scale_schema(low: float | None, high: float | None) -> dict[str, Any]:
    """Return the schema of a number on a scale: an ``enum`` where its steps are whole numbers, else any number."""
    if low is None or high is None or low % 1 or high % 1 or not 1 < high - low <= _STEPS:
        return {"type": "number"}
    return {"type": "integer", "enum": list(range(int(low), int(high) + 1))}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an object with exactly these keys, in the form that the strictest services take."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _as_number(value: Any, high: float | None = None) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return number_of(str(value))
    if isinstance(value, str):
        written, slash, most = value.partition("/")
        if slash and high is not None and number_of(most.strip()) == high:
            return number_of(written.strip())
        return number_of(value.strip().removesuffix("%").strip())
    return None
