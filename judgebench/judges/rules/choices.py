"""Multiple choice: the chosen letter against the reference."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from judgebench.content.prompts import as_text
from judgebench.judges.core.contract import Ask, Case, JudgeMethod
from judgebench.judges.rules.answers import choice, normalised
from judgebench.judges.rules.verdicts import NO_REFERENCE, decided, references, unread
from judgebench.records.flow import Verdict


class ChoiceEqual(JudgeMethod):
    """Correct when the letter read from the answer is the reference's; that may be the text of one option too."""

    asks: ClassVar[bool] = False

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys.

        Attributes:
            letters: The letters that can be chosen.
            options: Whether the sample's fields of those names hold the options' texts, which then count as answers.
        """

        letters: str = "ABCD"
        options: bool = True

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or self.Config()

    async def judge(self, case: Case, ask: Ask) -> Verdict:  # noqa: ARG002 -- rules ask nobody
        """Read the letter and compare it with the reference."""
        forms = references(case)
        if not forms:
            return unread(case, NO_REFERENCE)
        options = self._options(case)
        accepted = [letter for form in forms if (letter := self._letter(form, options)) is not None]
        if not accepted:
            return unread(case, f"the reference {forms[0][:40]!r} is neither a letter nor one option's text")
        answer = choice(case.answer, self.config.letters, options)
        if answer is None:
            return unread(case, f"no choice of {', '.join(self.config.letters)} found")
        return decided(answer.text in accepted, answer)

    def identity(self) -> dict[str, Any]:
        """Return the rule and its options."""
        return {"rule": "choice-equal", "revision": 3, **msgspec.to_builtins(self.config)}

    def _letter(self, reference: str, options: dict[str, str] | None) -> str | None:
        letter = reference.strip().strip("()").upper()
        if len(letter) == 1 and letter in self.config.letters:
            return letter
        said = normalised(reference)
        same = [letter for letter, text in (options or {}).items() if normalised(text) == said]
        return same[0] if len(same) == 1 else None

    def _options(self, case: Case) -> dict[str, str] | None:
        if not self.config.options:
            return None
        texts = {letter: as_text(case.fields[letter]) for letter in self.config.letters if letter in case.fields}
        return texts or None
