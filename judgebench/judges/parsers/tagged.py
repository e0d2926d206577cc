"""A verdict between tags, after reasoning between others."""

from __future__ import annotations

import re
from typing import ClassVar

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges.parsers.contradiction import Undoing, other_score
from judgebench.judges.parsers.lazy import lazily
from judgebench.judges.parsers.meaning import not_meant
from judgebench.judges.parsers.numbers import number_of, outside
from judgebench.judges.parsers.quotation import without_quotations
from judgebench.judges.parsers.reading import ConfiguredParser, Reading, answer_part, silent, unparsed
from judgebench.judges.parsers.second_thoughts import taken_back
from judgebench.records.flow import Reply


class Tagged(ConfiguredParser):
    """Reads what stands between the last ``<answer>`` and ``</answer>``: a number, a decision, or several numbers.

    Flex-Judge's form (Ko et al. 2025). Its fallbacks (a number after "score", else the first number from 1 to 5 that
    stands alone) are left out: they pick up numbers of the reasoning. Two tags with different contents leave the reply
    unparsed, as do a tag that is never closed, one that is quoted, and one whose content is taken back after it.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``parser=dict(type="tagged", ...)``.

        Attributes:
            tag: Name of the tag.
            decisions: Decision by the tag's text, compared without regard to case; empty reads numbers.
            count: How many numbers the tag holds. One is the score; two are the scores of a first and a second answer,
                whose decision is ``A``, ``B`` or ``tie``; of more the score is the greatest, and all are in
                ``scores``.
            low: Least number. ``high``: greatest.
        """

        tag: str = "answer"
        decisions: dict[str, str] = {}
        count: int = 1
        low: float | None = None
        high: float | None = None

    version: ClassVar[int] = 2
    reads_text_only: ClassVar[bool] = True
    config: Config

    def __init__(self, config: Config) -> None:
        if not re.fullmatch(r"\w+", config.tag) or config.count < 1:
            raise ConfigError("parser tagged: tag must be a word, and count 1 or more.")
        super().__init__(config)
        self._decision = {text.strip().lower(): decision for text, decision in config.decisions.items()}
        self._undoing = Undoing(config.decisions)
        self._tag = lazily(rf"<(/?){config.tag}\s{{0,4}}>", re.IGNORECASE)

    def decisions(self) -> list[str]:
        """Return the decisions in the order of the config."""
        if not self.config.decisions and self.config.count == 2:
            return ["A", "B", "tie"]
        return list(dict.fromkeys(self.config.decisions.values()))

    def read(self, reply: Reply) -> Reading:
        """Read the last tag, if all of them say the same."""
        text, offset = answer_part(reply.text)
        if text is None or not text.strip():
            return silent(reply)
        text, name = without_quotations(text, prose=False, keep=self.config.tag), self.config.tag
        spans: list[tuple[int, int, int, int]] = []
        opened: re.Match[str] | None = None
        for tag in self._tag.finditer(text):
            if not tag[1]:
                opened = opened or tag
            elif opened:
                spans.append((opened.start(), opened.end(), tag.start(), tag.end()))
                opened = None
        if opened:
            return unparsed(f"<{name}> is never closed")
        meant = [not_meant(text, one[0], one[3]) for one in spans]
        if "conditional" in meant:
            return unparsed(f"<{name}> is given under a condition")
        spans = [one for one, how in zip(spans, meant, strict=True) if not how]
        if not spans:
            return unparsed(f"there is no <{name}>")
        if len({text[start:end].strip() for _, start, end, _ in spans}) > 1:
            return unparsed(f"several <{name}> say different things")
        _, start, end, after = spans[-1]
        reading = self._stated(text[start:end].strip(), (offset + start, offset + end))
        return unparsed(f"<{name}> is taken back later in the reply") if self._undone(reading, text, after) else reading

    def _undone(self, reading: Reading, text: str, end: int) -> bool:
        if reading.status != "ok" or not text[end:].strip():
            return False
        if self._decision and reading.decision is not None:
            return self._undoing.found(text, end, reading.decision)
        return taken_back(text, end) or (reading.decision is None and other_score(text, end, reading.score))

    def _stated(self, written: str, span: tuple[int, int]) -> Reading:
        if self._decision:
            decision = self._decision.get(written.lower())
            return (
                Reading(status="ok", decision=decision, span=span)
                if decision
                else unparsed(f"{written[:40]!r} is no verdict")
            )
        numbers = [number_of(one) for one in written.strip("[]()").replace(",", " ").split()]
        known = [one for one in numbers if one is not None]
        if len(known) < len(numbers) or len(known) != self.config.count:
            return unparsed(f"{written[:40]!r} is not {self.config.count} numbers")
        if any(outside(one, self.config.low, self.config.high) for one in known):
            return unparsed(f"a number of {written[:40]!r} is outside the scale")
        if len(known) == 1:
            return Reading(status="ok", score=known[0], span=span)
        if len(known) > 2:
            return Reading(status="ok", score=max(known), span=span, scores=known)
        apart = known[0] - known[1]
        preferred = "A" if apart > 0 else "B" if apart < 0 else "tie"
        return Reading(status="ok", decision=preferred, score=apart, span=span, pair=(known[0], known[1]))
