"""A verdict in a field of a JSON object."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges.grammars.numbers import as_written, number_of, outside
from judgebench.judges.grammars.reading import ConfiguredGrammar, Reading, answer_part, silent, unparsed
from judgebench.records import Reply

_ATTEMPTS = 48
"""Most places at which an object may be tried to begin; bounds the time on hostile text."""


class JsonField(ConfiguredGrammar):
    """Reads one field of the last JSON object that has it, with or without a code fence and text around it.

    A truth value and its name are different things: ``{"match": "false"}`` is read by the label of the text
    ``"false"``, never as true. ``null``, a list, a value that is no label, and a key given twice with different values
    leave the reply unparsed. A dotted field (``result.verdict``) names a nested one.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``grammar=dict(type="json_field", ...)``.

        Attributes:
            field: Name of the field, dotted where nested.
            labels: Label by the field's text, compared without regard to case; ``true`` and ``false`` also stand for
                JSON's truth values. Empty reads a number.
            low: Least number. ``high``: greatest; ``"80%"`` is 80.
            confidence: Further field with the judge's confidence, kept in ``values`` as a share of 1; empty for none.
        """

        field: str = "verdict"
        labels: dict[str, str] = {}
        low: float | None = None
        high: float | None = None
        confidence: str = ""

    config: Config

    def __init__(self, config: Config) -> None:
        if not config.field.strip("."):
            raise ConfigError("Grammar json_field: field must name a field.")
        super().__init__(config)
        self._label = {text.strip().lower(): label for text, label in config.labels.items()}
        self._key = re.compile(rf'"{re.escape(config.field.rpartition(".")[2])}"\s{{0,20}}:')

    def labels(self) -> list[str]:
        """Return the labels in the order of the config."""
        return list(dict.fromkeys(self.config.labels.values()))

    def read(self, reply: Reply) -> Reading:
        """Read the field in the last object that has it; see the class."""
        text, offset = answer_part(reply.text)
        if text is None or not text.strip():
            return silent(reply)
        found = next(self._objects(text), None)
        if found is None:
            cut = " (it was cut off)" if reply.finish_reason == "length" else ""
            return unparsed(f"no JSON object with the field {self.config.field!r}{cut}")
        if found.twice:
            return unparsed(f"the field {self.config.field!r} is given twice with different values")
        span = (offset + found.start, offset + found.end)
        return self._value(found, span)

    def _value(self, found: _Found, span: tuple[int, int]) -> Reading:
        value = found.value
        values = self._confidence(found.whole)
        if self._label:
            written = value if isinstance(value, str) else json.dumps(value) if isinstance(value, bool) else None
            label = self._label.get(written.strip().lower()) if written is not None else None
            if label is None:
                return unparsed(f"the field {self.config.field!r} holds {json.dumps(value)[:60]}, which is no verdict")
            return Reading(status="ok", label=label, span=span, values=values)
        score = _as_number(value)
        if score is None:
            return unparsed(f"the field {self.config.field!r} holds {json.dumps(value)[:60]}, which is no number")
        if outside(score, self.config.low, self.config.high):
            return unparsed(f"the number {as_written(score)} is outside the scale")
        return Reading(status="ok", score=score, span=span, values=values)

    def _confidence(self, whole: dict[str, Any]) -> dict[str, Any]:
        if not self.config.confidence or self.config.confidence not in whole:
            return {}
        value = whole[self.config.confidence]
        number = _as_number(value)
        if number is None:
            return {}
        percent = (isinstance(value, str) and value.strip().endswith("%")) or number > 1
        share = number / 100 if percent else number
        return {"confidence": share} if 0 <= share <= 1 else {}

    def _objects(self, text: str) -> Iterator[_Found]:
        """Yield the objects that hold the field, the last one first."""
        path = self.config.field.split(".")
        left = _ATTEMPTS
        keys = [match.start() for match in self._key.finditer(text)]
        for key in reversed(keys):
            brace = text.rfind("{", 0, key)
            if brace < 0 or not left:
                return  # nor is there one before an earlier key
            while brace >= 0 and left:
                left -= 1
                found = _decode(text, brace, path)
                if found is not None and found.end > key:
                    yield found
                    return
                brace = text.rfind("{", 0, brace)


class _Found(NamedTuple):
    value: Any
    whole: dict[str, Any]
    twice: bool
    start: int
    end: int


class _Pairs(dict[str, Any]):
    """An object that remembers which of its keys were given twice with different values."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.twice = {key for key, value in pairs if self[key] != value} if len(self) < len(pairs) else set()


_DECODER = json.JSONDecoder(object_pairs_hook=_Pairs, strict=False)


def _decode(text: str, brace: int, path: list[str]) -> _Found | None:
    try:
        whole, end = _DECODER.raw_decode(text, brace)
    except (ValueError, RecursionError):
        return None
    inner: Any = whole
    for name in path[:-1]:
        inner = inner.get(name) if isinstance(inner, dict) else None
    if not isinstance(inner, _Pairs) or path[-1] not in inner:
        return None
    return _Found(inner[path[-1]], whole, path[-1] in inner.twice, brace, end)


def _as_number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return number_of(str(value))
    if isinstance(value, str):
        return number_of(value.strip().removesuffix("%").strip())
    return None
