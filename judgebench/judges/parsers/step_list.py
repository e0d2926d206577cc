"""A list that says of every step whether it is right."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import msgspec

from judgebench.judges.parsers.quotation import without_quotations
from judgebench.judges.parsers.reading import ConfiguredParser, Reading, answer_part, silent, unparsed
from judgebench.judges.parsers.second_thoughts import taken_back
from judgebench.records.findings import StepVerdict
from judgebench.records.flow import Reply

_TRIES = 48
"""Most places at which the list may be tried to begin; bounds the time on hostile text."""


class StepList(ConfiguredParser):
    """Reads the last JSON list of objects, one per step, with or without a code fence and text around it.

    A list that is quoted or taken back later is none. Each object states in one field whether the step is right (JSON's
    ``true`` or ``false``; a text is neither). The score is the index of the first wrong step, -1 where all are right;
    ``steps`` holds every step.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``parser=dict(type="step_list", ...)``.

        Attributes:
            correct: Field that says whether the step is right.
            error_type: Field of the kind of error; optional in the reply.
        """

        correct: str = "correct"
        error_type: str = "error_type"

    version: ClassVar[int] = 2
    reads_text_only: ClassVar[bool] = True
    config: Config

    def read(self, reply: Reply) -> Reading:
        """Read the last list whose entries are objects; see the class."""
        text, offset = answer_part(reply.text)
        if text is None or not text.strip():
            return silent(reply)
        text = without_quotations(text, prose=False)
        found = _last_list(text)
        if found is None:
            return unparsed("no JSON list of steps")
        entries, start, end = found
        if taken_back(text, end):
            return unparsed("the list is taken back later in the reply")
        steps = []
        for number, entry in enumerate(entries):
            right = entry.get(self.config.correct)
            if not isinstance(right, bool):
                return unparsed(f"step {number}: the field {self.config.correct!r} is neither true nor false")
            kind = entry.get(self.config.error_type)
            steps.append(StepVerdict(correct=right, error_type=kind if isinstance(kind, str) else ""))
        first = next((place for place, step in enumerate(steps) if not step.correct), -1)
        return Reading(status="ok", score=float(first), span=(offset + start, offset + end), steps=steps)


def _last_list(text: str) -> tuple[list[dict[str, Any]], int, int] | None:
    decoder = json.JSONDecoder(strict=False)
    start = text.rfind("[")
    for _ in range(_TRIES):
        if start < 0:
            return None
        try:
            found, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            found, end = None, 0
        if isinstance(found, list) and found and all(isinstance(one, dict) for one in found):
            return found, start, end
        start = text.rfind("[", 0, start)
    return None
