r"""The last ``\boxed{...}`` of the reply."""

from __future__ import annotations

import re
from typing import ClassVar

import msgspec

from judgebench.judges.parsers.contradiction import Undoing, other_score
from judgebench.judges.parsers.lazy import lazily
from judgebench.judges.parsers.meaning import not_meant
from judgebench.judges.parsers.numbers import as_written, number_of, outside
from judgebench.judges.parsers.quotation import without_quotations
from judgebench.judges.parsers.reading import ConfiguredParser, Reading, answer_part, silent, unparsed
from judgebench.judges.parsers.second_thoughts import taken_back
from judgebench.records.flow import Reply

_DRESS = lazily(r"\\(?:text|textbf|mathrm|mathbf)\s?\{([^{}]{0,200})\}")
_LONGEST = 400
_BETWEEN = lazily(r"[\s$.,;:*)\]\\]{0,8}(?:or|and|vs|versus|/)?[\s$.,;:*(\[\\]{0,8}", re.IGNORECASE)


class BoxedLast(ConfiguredParser):
    r"""Reads what the last ``\boxed{...}`` holds, as ProcessBench and CompassVerifier do.

    A box that is quoted, negated or conditional is none, and one that is taken back later, or that another one with
    different content follows or precedes, leaves the reply unparsed; by ``published=True`` only the last box counts.
    Text commands, spaces and dollar signs inside the box are taken off. An unclosed box is none, but hides no earlier
    one: the last box that closes counts only if no other is opened after it.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``parser=dict(type="boxed_last", ...)``.

        Attributes:
            decisions: Decision by the text in the box; empty reads a number.
            ignore_case: Whether decisions disregard case.
            whole: Whether only whole numbers are read.
            low: Least number. ``high``: greatest.
            published: Read the last box of the whole reply, whatever stands around it.
        """

        decisions: dict[str, str] = {}
        ignore_case: bool = False
        whole: bool = False
        low: float | None = None
        high: float | None = None
        published: bool = False

    version: ClassVar[int] = 2
    reads_text_only: ClassVar[bool] = True
    config: Config

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._decision = {self._key(text): decision for text, decision in config.decisions.items()}
        self._undoing = Undoing(config.decisions)

    def decisions(self) -> list[str]:
        """Return the decisions in the order of the config."""
        return list(dict.fromkeys(self.config.decisions.values()))

    def read(self, reply: Reply) -> Reading:
        """Read the last box."""
        if self.config.published:
            return self._last(reply.text, 0)
        text, offset = answer_part(reply.text)
        if text is None or not text.strip():
            return silent(reply)
        text = without_quotations(text, prose=False)
        reading = self._last(text, offset)
        if reading.status != "ok" or reading.span is None:
            return reading
        opened, end = text.rfind("\\boxed"), reading.span[1] - offset + 1
        if not_meant(text, opened, end):
            return unparsed("the last box is quoted, negated or conditional")
        if self._beside(text, opened) not in (None, reading.decision, reading.score):
            return unparsed("two boxes in one sentence say different things")
        undone = (
            self._undoing.found(text, end, reading.decision)
            if reading.decision is not None
            else taken_back(text, end) or other_score(text, end, reading.score)
        )
        return unparsed("the last box is taken back later in the reply") if undone else reading

    def _beside(self, text: str, opened: int) -> str | float | None:
        """Return what the box before the one that opens here says, where hardly anything stands between them."""
        before = text.rfind("\\boxed", 0, opened)
        inner = _inside(text, before) if before >= 0 else None
        if inner is None or not _BETWEEN.fullmatch(text[inner[1] + 1 : opened]):
            return None
        reading = self._said(text, inner, 0)
        return reading.decision if reading.decision is not None else reading.score

    def _last(self, text: str, offset: int) -> Reading:
        opened = text.rfind("\\boxed")
        inner = _inside(text, opened) if opened >= 0 else None
        if inner is None:
            return unparsed("no box in the reply" if opened < 0 else "the last box is not closed")
        return self._said(text, inner, offset)

    def _said(self, text: str, inner: tuple[int, int], offset: int) -> Reading:
        start, end = inner
        span = (offset + start, offset + end)
        written = _DRESS.sub(r"\1", text[start:end]).strip(" $\n\t.")
        if self.config.decisions:
            decision = self._decision.get(self._key(written))
            if decision is None:
                return unparsed(f"the box holds {written[:40]!r}, which is not a verdict")
            return Reading(status="ok", decision=decision, span=span)
        return self._number(written, span)

    def _number(self, written: str, span: tuple[int, int]) -> Reading:
        score = number_of(written)
        if score is None or (self.config.whole and score != int(score)):
            return unparsed(
                f"the box holds {written[:40]!r}, which is no {'whole ' if self.config.whole else ''}number"
            )
        if outside(score, self.config.low, self.config.high):
            return unparsed(f"the number {as_written(score)} is outside the scale")
        return Reading(status="ok", score=score, span=span)

    def _key(self, text: str) -> str:
        return text.strip().lower() if self.config.ignore_case else text.strip()


def _inside(text: str, start: int) -> tuple[int, int] | None:
    """Return start and end of what stands between the braces of a box that begins at ``start``."""
    opening = lazily(r"\\boxed\s?\{").match(text, start)
    if opening is None:
        return None
    depth = 1
    for place in range(opening.end(), min(len(text), opening.end() + _LONGEST)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return opening.end(), place
    return None
