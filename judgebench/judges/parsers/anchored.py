"""The default parser: letters and words that the reply states as its verdict."""

from __future__ import annotations

import re
from typing import ClassVar

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges.parsers.against import spoken_against
from judgebench.judges.parsers.contradiction import Undoing
from judgebench.judges.parsers.lazy import lazily
from judgebench.judges.parsers.meaning import not_meant
from judgebench.judges.parsers.quotation import without_quotations
from judgebench.judges.parsers.reading import ConfiguredParser, Reading, answer_part, silent, unparsed
from judgebench.judges.parsers.statements import Statement, VerdictScanner
from judgebench.records.flow import Reply


class Anchored(ConfiguredParser):
    r"""Reads a verdict that stands by itself or after a word such as ``Verdict:``.

    Read are: a reply, a first line or a last line that is only the letter or word, with any brackets, quotes or
    Markdown around it (``A.``, ``**A**``, ``[[A]]``, ``\boxed{A}``); ``Verdict: A``, ``**Final grade:** CORRECT`` and
    the like on any line, with an explanation after it; ``A. Because ...`` at the very start; ``My verdict is A.``.
    Only where there is none of these: ``Answer: A`` as the whole reply, and ``[[A]]`` inside a line.

    Of two decisions a negated word states the other (``NOT CORRECT``). Words for the verdict are known in many
    languages.

    Not read are letters and words in prose, in questions, conditions, negations and quotations (blocks, fences with
    text around them, what is struck through). Statements that contradict each other, and one that what follows takes
    back or contradicts in other words, leave the reply unparsed.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``parser=dict(type="anchored", ...)``.

        Attributes:
            decisions: Decision by letter, such as ``{"A": "correct", "B": "incorrect"}``.
            words: Decision by word, such as ``{"CORRECT": "correct"}``. Left out, the decisions of ``decisions`` are
                words too.
        """

        decisions: dict[str, str] = {}
        words: dict[str, str] | None = None

    version: ClassVar[int] = 4
    reads_text_only: ClassVar[bool] = True
    config: Config

    def __init__(self, config: Config) -> None:
        words = config.words
        if words is None:
            words = {decision.upper(): decision for decision in config.decisions.values() if len(decision) > 1}
        tokens = {**words, **config.decisions}
        if not tokens or not all(token.strip() for token in tokens):
            raise ConfigError("parser anchored: decisions or words must name at least one letter or word.")
        super().__init__(config)
        self._decisions = list(dict.fromkeys([*config.decisions.values(), *words.values()]))
        self._written = ", ".join(config.decisions or words)
        self._scanner = VerdictScanner(tokens)
        self._undoing = Undoing(tokens)
        self._decision_of = tokens
        exact = "|".join(re.escape(token) for token in sorted(tokens, key=len, reverse=True))
        self._plain = re.compile(
            rf"\s*\*{{0,2}}(?:(?:final )?(?:verdict|grade):\s?)?\*{{0,2}}(?-i:(?P<token>{exact}))\*{{0,2}}\.?\s*",
            re.IGNORECASE,
        )

    def decisions(self) -> list[str]:
        """Return the decisions in the order of the config."""
        return self._decisions

    def read(self, reply: Reply) -> Reading:
        """Read the verdict that the reply states; see the class."""
        plain = self._plain.fullmatch(reply.text)
        if plain is not None:  # nothing but the verdict, as most replies are: nothing else has to be looked at
            return Reading(status="ok", decision=self._decision_of[plain["token"]], span=plain.span("token"))
        text, offset = answer_part(reply.text.rstrip())
        if text is None or not text.strip():
            return silent(reply)
        whole, text = text, without_quotations(text)
        if not text.strip():
            return unparsed(f"the reply states no verdict outside of quotations ({self._written})")
        found = self._scanner.statements(text)
        found = [one for one in found if _own(text, one)]
        if reply.finish_reason == "length":
            found = [one for one in found if _complete(one, text)]
        used = [one for one in found if one.strong] or found
        fault = self._fault(text, whole, used, cut=reply.finish_reason == "length")
        if fault:
            return unparsed(fault)
        last = used[-1]
        return Reading(status="ok", decision=last.decision, span=(offset + last.start, offset + last.end))

    def _fault(self, text: str, whole: str, used: list[Statement], *, cut: bool) -> str:
        if not used:
            why = "the reply was cut off before its verdict" if cut else "the reply states no verdict"
            return f"{why} ({self._written})"
        last = used[-1]
        if last.decision is None:
            return f"the verdict {last.written[:40]!r} is none of {self._written}"
        others = [one for one in used if one.decision != last.decision]
        others = [one for one in others if one.decision is not None or _EVEN.match(one.written)]
        if others:
            return f"contradictory verdicts: {others[-1].written[:40]} and {last.written}"
        stated = [one for one in used if one.decision is not None]
        if all(_lists(text, one) for one in stated) and self._scanner.listed_decisions(text) - {last.decision}:
            return "the reply lists the verdicts to choose from"
        return self._undone(text, whole, last, last.decision)

    def _undone(self, text: str, whole: str, last: Statement, decision: str) -> str:
        if spoken_against(text, last.start, last.end, decision):
            return f"what stands beside the verdict {last.written} speaks against it"
        if self._undoing.found(text, last.end, decision, quoting=text[last.end :] != whole[last.end :]):
            return f"the verdict {last.written} is taken back later in the reply"
        return ""


_EVEN = lazily(r"(?:both|tie|tied|a tie|draw|a draw|equal|even|neither|it['’]s a (?:tie|draw))\b", re.IGNORECASE)


def _own(text: str, statement: Statement) -> bool:
    """Whether the lines around a letter or word that stands alone leave it the judge's own verdict."""
    alone = statement.form in {"alone", "opening"} or (statement.form == "brackets" and _begins(text, statement))
    return not alone or not not_meant(text, statement.start, statement.end, line=True)


def _lists(text: str, statement: Statement) -> bool:
    """Whether a statement may be an item of a list of choices."""
    echoed = not set(":=?").isdisjoint(statement.written)
    return statement.form == "opening" or (not echoed and _begins(text, statement))


def _begins(text: str, statement: Statement) -> bool:
    """Whether a statement begins its line."""
    return not _WORD.search(text, text.rfind("\n", 0, statement.start) + 1, statement.start)


_WORD = lazily(r"\w")


def _complete(statement: Statement, text: str) -> bool:
    """Whether a statement of a reply that was cut off can be trusted: it does not rest on the line that was cut.

    A reply that is nothing but the letter can: judges with ``max_tokens=1`` always end by length.
    """
    whole = "\n" not in text.strip()
    at_end = not text[statement.end :].strip(" *_`\"'.)]}$")
    return statement.strong and (whole or not at_end or statement.form == "verdict line")
