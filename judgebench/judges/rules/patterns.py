"""Answers that are taken out by regular expressions and compared as text: how other tools score, under a name."""

from __future__ import annotations

import re
import string
from collections import deque
from itertools import islice
from typing import Any, ClassVar, Literal

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges.core.contract import Ask, Case, JudgeMethod
from judgebench.judges.rules.answers import Extracted
from judgebench.judges.rules.verdicts import NO_REFERENCE, decided, references, unread
from judgebench.records.flow import Verdict

MOST_TEXT = 100_000
"""Characters of the end of an answer that are searched."""


class PatternEqual(JudgeMethod):
    """Correct when what a regular expression finds in the answer is the reference.

    It exists so that the rule with which a figure was published can stand beside ours; see ``ChoiceEqual`` and
    ``AcceptedForms`` for rules that read more forms and say when they cannot read an answer.
    """

    asks: ClassVar[bool] = False

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys.

        Attributes:
            patterns: Regular expressions, tried in turn; the answer is the first group of the first that matches.
            match: Which match of an expression counts.
            compare: ``equal`` to a reference; ``holds`` a reference; ``either`` holds the other.
            case: Disregard upper and lower case.
            punctuation: Leave out ASCII punctuation on both sides.
            articles: Leave out English articles, and all blanks but one between words.
            unread: What an answer without a match is: ``incorrect``, as most tools have it, or ``unparsed``.
        """

        patterns: list[str]
        match: Literal["first", "last"] = "first"
        compare: Literal["equal", "holds", "either"] = "equal"
        case: bool = False
        punctuation: bool = False
        articles: bool = False
        unread: Literal["incorrect", "unparsed"] = "incorrect"

    def __init__(self, config: Config) -> None:
        self.config = config
        try:
            self._patterns = [re.compile(pattern) for pattern in config.patterns]
        except re.error as error:
            raise ConfigError(f"evaluator.patterns: {error.pattern!r} is no regular expression ({error}).") from None
        if not self._patterns or not all(pattern.groups for pattern in self._patterns):
            raise ConfigError("evaluator.patterns: each expression needs a group, which holds the answer.")

    async def judge(self, case: Case, ask: Ask) -> Verdict:  # noqa: ARG002 -- rules ask nobody
        """Compare what is found with every reference."""
        accepted = [self._normal(form) for form in references(case)]
        if not accepted:
            return unread(case, NO_REFERENCE)
        answer = self._found(case.answer)
        if answer is None:
            if self.config.unread == "unparsed":
                return unread(case, "no pattern matches")
            return Verdict(status="ok", decision="incorrect", score=0.0)
        said = self._normal(answer.text)
        return decided(any(self._same(said, form) for form in accepted), answer)

    def identity(self) -> dict[str, Any]:
        """Return the rule and its options."""
        return {"rule": "pattern-equal", "revision": 1, **msgspec.to_builtins(self.config)}

    def _found(self, text: str) -> Extracted | None:
        start = max(0, len(text) - MOST_TEXT)
        for pattern in self._patterns:
            matches = pattern.finditer(text, start)
            last = 1 if self.config.match == "first" else None
            if found := deque(islice(matches, last), maxlen=1):
                return Extracted(found[0][1] or "", found[0].span(1))
        return None

    def _same(self, said: str, form: str) -> bool:
        if self.config.compare == "equal":
            return said == form
        return bool(form) and (form in said or (self.config.compare == "either" and bool(said) and said in form))

    def _normal(self, text: str) -> str:
        config = self.config
        if config.punctuation:
            text = text.translate(_NO_PUNCTUATION)
        text = text.lower() if config.case else text
        return " ".join(_ARTICLES.sub(" ", text).split()) if config.articles else text.strip()


_ARTICLES = re.compile(r"\b(a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
