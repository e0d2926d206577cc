"""Grades of two answers by several criteria in one JSON object, added up: ``{"layout": {"A": 4, "B": 3}, ...}``."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges.parsers.numbers import as_written, number_of, outside
from judgebench.judges.parsers.reading import ConfiguredParser, Reading, answer_part, silent, unparsed
from judgebench.records.flow import Reply


class CriteriaSums(ConfiguredParser):
    """Reads one object that holds ``{"A": grade, "B": grade}`` for each criterion, and compares the two sums.

    The answer whose sum is greater by more than ``margin`` is better, else they tie (WebDevJudge, 2025). An object that
    lacks a criterion, has one that was not asked for, or a grade that is not on the scale leaves the reply unparsed. So
    does text with two objects. ``values`` holds the grades by criterion.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``parser=dict(type="criteria_sums", ...)``.

        Attributes:
            criteria: Names of the criteria, all of which the object must have; case does not matter.
            low: Least grade. ``high``: greatest.
            margin: Sums that differ by no more than this are a tie.
        """

        criteria: list[str]
        low: float = 1
        high: float = 5
        margin: float = 0

    reads_text_only: ClassVar[bool] = True
    config: Config

    def __init__(self, config: Config) -> None:
        if not config.criteria or len({name.lower() for name in config.criteria}) < len(config.criteria):
            raise ConfigError("parser criteria_sums: criteria must name one or more, and none twice.")
        super().__init__(config)

    def decisions(self) -> list[str]:
        """Return which answer is better, or neither."""
        return ["A", "B", "tie"]

    def schema(self) -> dict[str, Any]:
        """Return an object with both grades for each criterion."""
        both = {"A": {"type": "number"}, "B": {"type": "number"}}
        grades = {"type": "object", "properties": both, "required": ["A", "B"], "additionalProperties": False}
        return {
            "type": "object",
            "properties": dict.fromkeys(self.config.criteria, grades),
            "required": list(self.config.criteria),
            "additionalProperties": False,
        }

    def read(self, reply: Reply) -> Reading:
        """Read the object; see the class."""
        text, offset = answer_part(reply.text)
        if text is None or not text.strip():
            return silent(reply)
        start, end = text.find("{"), text.rfind("}")
        try:
            found = json.loads(text[start : end + 1]) if start >= 0 else None
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            return unparsed("the reply holds no JSON object of grades, or more than one")
        fault, sums = self._sums({str(name).lower(): value for name, value in found.items()}, len(found))
        if fault:
            return unparsed(fault)
        first, second = sums
        margin = self.config.margin
        decision = "A" if first > second + margin else "B" if second > first + margin else "tie"
        span = (offset + start, offset + end + 1)
        return Reading(
            status="ok", decision=decision, score=first - second, pair=sums, span=span, values={"grades": found}
        )

    def _sums(self, grades: dict[str, Any], given: int) -> tuple[str, tuple[float, float]]:
        """Return what is wrong with the grades, and their sums over the criteria."""
        wanted = [name.lower() for name in self.config.criteria]
        nothing = (0.0, 0.0)
        if sorted(grades) != sorted(wanted) or len(grades) != given:
            return f"the object grades {', '.join(grades)[:80]}, and not each criterion once", nothing
        sums = {"A": 0.0, "B": 0.0}
        for name in wanted:
            both = grades[name]
            if not isinstance(both, dict) or set(both) != {"A", "B"}:
                return f"the criterion {name!r} has no grade of A and of B", nothing
            for side, value in both.items():
                grade = None if isinstance(value, bool | list | dict) or value is None else number_of(str(value))
                if grade is None:
                    return f"the criterion {name!r} has a grade that is no number", nothing
                if outside(grade, self.config.low, self.config.high):
                    return f"the grade {as_written(grade)} is outside the scale", nothing
                sums[side] += grade
        return "", (sums["A"], sums["B"])
