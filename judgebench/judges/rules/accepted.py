"""Short answers that are compared as text: with accepted forms, or exactly."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import msgspec

from judgebench.judges.core.contract import Ask, Case, JudgeMethod
from judgebench.judges.rules.answers import Extracted, first_line, normalised, whole_text
from judgebench.judges.rules.verdicts import NO_REFERENCE, decided, references, unread
from judgebench.records.flow import Verdict

Part = Literal["first_line", "whole"]


def _taken(part: Part, text: str) -> Extracted | None:
    return first_line(text) if part == "first_line" else whole_text(text)


class AcceptedForms(JudgeMethod):
    """Correct when the answer is one of the accepted forms, after both have been normalised.

    With ``contains`` the form may stand anywhere in the answer as whole words. That also accepts "not Paris" for
    "Paris": use it for short completions only.
    """

    asks: ClassVar[bool] = False

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys.

        Attributes:
            part: Which part of the text is the answer: ``whole`` or ``first_line`` (completions run on).
            contains: Accept a form among other words.
            case: Disregard upper and lower case.
            articles: Ignore English articles.
            punctuation: Ignore punctuation.
            accents: Ignore accents.
        """

        part: Part = "whole"
        contains: bool = False
        case: bool = True
        articles: bool = True
        punctuation: bool = True
        accents: bool = True

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or self.Config()

    async def judge(self, case: Case, ask: Ask) -> Verdict:  # noqa: ARG002 -- rules ask nobody
        """Compare the answer with every accepted form."""
        accepted, answer = references(case), _taken(self.config.part, case.answer)
        if not accepted or answer is None:
            return unread(case, "the answer is empty" if accepted else NO_REFERENCE)
        said = self._normal(answer.text)
        forms = [self._normal(form) for form in accepted]
        right = said in forms
        if not right and self.config.contains:
            padded = f" {said} "
            right = any(f" {form} " in padded for form in forms)
        return decided(right, answer)

    def identity(self) -> dict[str, Any]:
        """Return the rule and its options."""
        return {"rule": "accepted-forms", "revision": 1, **msgspec.to_builtins(self.config)}

    def _normal(self, text: str) -> str:
        config = self.config
        return normalised(
            text,
            case=config.case,
            articles=config.articles,
            punctuation=config.punctuation,
            accents=config.accents,
        )


class ExactMatch(JudgeMethod):
    """Correct when the answer is the reference, character by character, but for blanks around it."""

    asks: ClassVar[bool] = False

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``ExactMatch``.

        Attributes:
            part: Which part of the text is the answer: ``whole`` or ``first_line`` (completions run on).
        """

        part: Part = "whole"

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or self.Config()

    async def judge(self, case: Case, ask: Ask) -> Verdict:  # noqa: ARG002 -- rules ask nobody
        """Compare the answer with every reference."""
        accepted, answer = references(case), _taken(self.config.part, case.answer)
        if not accepted or answer is None:
            return unread(case, "the answer is empty" if accepted else NO_REFERENCE)
        return decided(answer.text in [form.strip() for form in accepted], answer)

    def identity(self) -> dict[str, Any]:
        """Return the rule and its options."""
        return {"rule": "exact-match", "revision": 1, "part": self.config.part}
