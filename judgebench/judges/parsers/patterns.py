"""What the parsers that search for declared patterns have in common."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges.parsers.contradiction import Undoing, other_score
from judgebench.judges.parsers.meaning import not_meant
from judgebench.judges.parsers.numbers import number_of, outside
from judgebench.judges.parsers.quotation import without_quotations
from judgebench.judges.parsers.reading import ConfiguredParser, Reading, answer_part, parser_name, silent, unparsed
from judgebench.judges.parsers.second_thoughts import taken_back
from judgebench.records.flow import Reply

NOTHING = "no pattern occurs in the reply"
"""The reason where there is nothing to read, not even two verdicts that differ."""


class PatternConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of the parsers that search for patterns.

    Attributes:
        patterns: Regular expressions with one group, tried in turn: the first that matches anywhere is used.
        decisions: Decision by the group's text; empty reads a number.
        ignore_case: Whether patterns and decisions disregard case.
        after: Read only what follows the last occurrence of this text (a reasoning's end, a heading); where it does not
            occur, the whole reply is read.
        low: Least number. ``high``: greatest.
        published: Read as the published rule reads, by the patterns alone: reasoning, quotations, negations and what is
            taken back later count like anything else.
    """

    patterns: list[str]
    decisions: dict[str, str] = {}
    ignore_case: bool = False
    after: str = ""
    low: float | None = None
    high: float | None = None
    published: bool = False


def compiled(pattern: str, *, ignore_case: bool, where: str) -> re.Pattern[str]:
    """Compile a pattern of a config.

    Raises:
        ConfigError: It is not a regular expression.
    """
    try:
        return re.compile(pattern, re.IGNORECASE if ignore_case else 0)
    except re.error as error:
        raise ConfigError(f"{where}: {pattern!r} is not a regular expression: {error}.") from error


class PatternSearch:
    """Finds the matches of declared patterns and says what they mean.

    Args:
        config: Patterns and decisions.
        parser: Name for errors.
    """

    def __init__(self, config: PatternConfig, parser: str) -> None:
        if not config.patterns:
            raise ConfigError(f"parser {parser}: patterns must hold at least one pattern.")
        where = f"parser {parser}: patterns"
        self._patterns = [compiled(one, ignore_case=config.ignore_case, where=where) for one in config.patterns]
        if any(pattern.groups != 1 for pattern in self._patterns):
            raise ConfigError(f"{where}: each pattern needs exactly one group, which holds the verdict.")
        self._config = config
        self._undoing = Undoing(config.decisions)
        self._decisions: Mapping[str, str] = (
            {text.lower(): decision for text, decision in config.decisions.items()}
            if config.ignore_case
            else config.decisions
        )

    def matches(self, text: str) -> Sequence[re.Match[str]]:
        """Return all matches of the first pattern that matches at all."""
        start = self._start(text)
        for pattern in self._patterns:
            found = [match for match in pattern.finditer(text, start) if match[1]]
            if found:
                return found
        return []

    def stated(self, text: str) -> Sequence[re.Match[str]]:
        """Return the matches that are meant, none where the last one is under a condition."""
        found = [(match, not_meant(text, *match.span())) for match in self.matches(text)]
        return [] if found and found[-1][1] == "conditional" else [match for match, how in found if not how]

    def undone(self, match: re.Match[str], reading: Reading) -> bool:
        """Whether the text after a match takes it back, or states something else."""
        if not match.string[match.end() :].strip():
            return False
        if reading.decision is not None:
            return self._undoing.found(match.string, match.end(), reading.decision)
        return taken_back(match.string, match.end()) or other_score(match.string, match.end(), reading.score)

    def reading(self, match: re.Match[str]) -> Reading:
        """Return what one match means."""
        written = match[1]
        if self._config.decisions:
            decision = self._decisions.get(written.lower() if self._config.ignore_case else written)
            if decision is None:
                return unparsed(f"{written[:40]!r} is no verdict")
            return Reading(status="ok", decision=decision, span=match.span(1))
        score = number_of(written)
        if score is None:
            return unparsed(f"{written[:40]!r} is no number")
        if outside(score, self._config.low, self._config.high):
            return unparsed(f"the number {written[:40]} is outside the scale")
        return Reading(status="ok", score=score, span=match.span(1))

    def _start(self, text: str) -> int:
        if not self._config.after:
            return 0
        found = text.rfind(self._config.after)
        return found + len(self._config.after) if found >= 0 else 0


class PatternParser(ConfiguredParser):
    """What the parsers share that search: all but which of the matches they read."""

    Config = PatternConfig
    version: ClassVar[int] = 2
    config: PatternConfig

    def __init__(self, config: PatternConfig) -> None:
        super().__init__(config)
        self._search = PatternSearch(config, parser_name(self))

    def decisions(self) -> list[str]:
        """Return the decisions in the order of the config."""
        return list(dict.fromkeys(self.config.decisions.values()))

    @abstractmethod
    def choose(self, found: Sequence[re.Match[str]]) -> re.Match[str] | Reading:
        """Return the match that is read, or why none is; each parser its own."""

    def read(self, reply: Reply) -> Reading:
        """Read the match that the parser chooses."""
        if self.config.published:
            return self._chosen(self._search.matches(reply.text))
        text, offset = answer_part(reply.text)
        if text is None or not text.strip():
            return silent(reply)
        return self._stated(_squeezed(without_quotations(text, prose=False)), offset)

    def _chosen(self, found: Sequence[re.Match[str]]) -> Reading:
        if not found:
            return unparsed(NOTHING)
        chosen = self.choose(found)
        return chosen if isinstance(chosen, Reading) else self._search.reading(chosen)

    def _stated(self, text: str, offset: int) -> Reading:
        found = self._search.stated(text)
        if not found:
            meant = self._search.matches(text)
            return unparsed("what the patterns find is under a condition, or negated" if meant else NOTHING)
        chosen = self.choose(found)
        reading = chosen if isinstance(chosen, Reading) else self._search.reading(chosen)
        if isinstance(chosen, Reading) or reading.status != "ok" or reading.span is None:
            return reading
        if self._search.undone(chosen, reading):
            return unparsed(f"the verdict {chosen[1][:40]!r} is taken back later in the reply")
        start, end = reading.span
        return msgspec.structs.replace(reading, span=(offset + start, offset + end))


_BRACKETED = re.compile(r"\[\[([^\[\]\n]{1,16})\]\]")


def _squeezed(text: str) -> str:
    """Return the text with ``[[ A > B ]]`` as ``[[A>B]]``, behind as many blanks as were taken out."""
    if "[[" not in text:
        return text
    return _BRACKETED.sub(lambda match: "[[{}]]".format("".join(match[1].split())).rjust(len(match[0])), text)
