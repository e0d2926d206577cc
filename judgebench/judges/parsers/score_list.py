"""Scores of one answer in several respects, as a list in a JSON object: ``{"score": [6, 8], "reasoning": "..."}``."""

from __future__ import annotations

import json
from statistics import fmean
from typing import Any, ClassVar, Literal

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges.parsers.json_field import FoundField, JsonField, scale_schema
from judgebench.judges.parsers.numbers import as_written, number_of, outside
from judgebench.judges.parsers.reading import ConfiguredParser, Reading, unparsed
from judgebench.records.flow import Reply


class ScoreList(ConfiguredParser):
    """Reads a list of scores in a field of a JSON object, or in a list that is the whole reply.

    The reading's score is the least of them, as in VIEScore (Ku et al. 2024), or their mean; ``scores`` holds all. A
    list of another length, a part that is no number and one outside the scale leave the reply unparsed, and so does
    whatever leaves one unparsed under ``json_field``. Where one score is expected, a number is a list of one.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``parser=dict(type="score_list", ...)``.

        Attributes:
            field: Name of the field, dotted where nested.
            count: How many scores there must be.
            low: Least score. ``high``: greatest.
            take: What of them is the score of the answer.
        """

        field: str = "score"
        count: int = 2
        low: float = 0
        high: float = 10
        take: Literal["min", "mean"] = "min"

    reads_text_only: ClassVar[bool] = True
    config: Config

    def __init__(self, config: Config) -> None:
        if config.count < 1 or config.low >= config.high:
            raise ConfigError("parser score_list: count must be 1 or more, and high must be above low.")
        super().__init__(config)
        self._field = _ListField(config)

    def schema(self) -> dict[str, Any]:
        """Return an object with a reason and the list, whose length no service can be held to."""
        return self._field.schema()

    def read(self, reply: Reply) -> Reading:
        """Read the list; see the class."""
        text = reply.text.strip()
        if text.startswith("[") and text.endswith("]"):
            try:
                listed = json.loads(text)
            except (ValueError, RecursionError):
                listed = None
            if isinstance(listed, list):
                start = reply.text.index("[")
                return _scores(listed, self.config, (start, start + len(text)))
        return self._field.read(reply)


class _ListField(JsonField):
    """Finds the field as ``json_field`` does, and reads a list in it."""

    def __init__(self, keys: ScoreList.Config) -> None:
        super().__init__(JsonField.Config(field=keys.field))
        self._keys = keys

    def _field_schema(self) -> dict[str, Any]:
        return {"type": "array", "items": scale_schema(self._keys.low, self._keys.high)}

    def _value(self, found: FoundField, span: tuple[int, int]) -> Reading:
        return _scores(found.value, self._keys, span)


def _scores(value: Any, keys: ScoreList.Config, span: tuple[int, int]) -> Reading:
    listed = value if isinstance(value, list) else [value] if keys.count == 1 else None
    if listed is None or len(listed) != keys.count:
        wanted = "a number" if keys.count == 1 else f"a list of {keys.count} numbers"
        return unparsed(f"the field {keys.field!r} holds {json.dumps(value)[:60]}, and {wanted} was expected")
    numbers = [None if isinstance(one, bool | list | dict) else number_of(str(one)) for one in listed]
    known = [one for one in numbers if one is not None]
    if len(known) < len(numbers):
        return unparsed(f"the field {keys.field!r} holds {json.dumps(value)[:60]}, which is not all numbers")
    strange = next((one for one in known if outside(one, keys.low, keys.high)), None)
    if strange is not None:
        return unparsed(f"the number {as_written(strange)} is outside the scale")
    score = min(known) if keys.take == "min" else fmean(known)
    return Reading(status="ok", score=score, span=span, scores=known)
