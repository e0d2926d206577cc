"""Answers that are one number, compared by value."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

import msgspec

from judgebench.judges.answers import Extracted, boxed, last_number
from judgebench.judges.asking import Ask, JudgeItem, JudgeMethod
from judgebench.judges.rules.verdicts import NO_REFERENCE, decided, references, unread
from judgebench.records import Verdict

MOST_DIGITS = 1000


def number(text: str) -> Decimal | None:
    """Return the value of a number as written (thousands separators, percent sign and currency dropped)."""
    bare = text.strip().lstrip("$€£").rstrip("%").replace(",", "").replace("\u2212", "-")
    if len(bare) > MOST_DIGITS:
        return None
    try:
        value = Decimal(bare)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


class NumberEqual(JudgeMethod):
    r"""Correct when the final number has the reference's value.

    The final number is the content of the last ``\boxed{}``, else the last number after the last marker, else the last
    number of the text.
    """

    asks: ClassVar[bool] = False

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys.

        Attributes:
            markers: Texts after which the answer stands.
            require_marker: Whether an answer without marker or box counts as unparsed.
            tolerance: Largest difference that is still equal, as decimal text.
        """

        markers: list[str] = msgspec.field(default_factory=lambda: ["####", "A:"])
        require_marker: bool = False
        tolerance: str = "0"

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or self.Config()
        self._tolerance = Decimal(self.config.tolerance)

    async def judge(self, item: JudgeItem, ask: Ask) -> Verdict:  # noqa: ARG002 -- rules ask nobody
        """Compare the final number with the reference by value."""
        accepted = [number(form) for form in references(item)]
        if not accepted:
            return unread(item, NO_REFERENCE)
        if None in accepted:
            return unread(item, "the reference is not a number")
        answer = self._final(item.answer)
        value = number(answer.text) if answer else None
        if answer is None or value is None:
            return unread(item, "no number found", answer)
        right = any(form is not None and abs(form - value) <= self._tolerance for form in accepted)
        return decided(right, answer)

    def identity(self) -> dict[str, Any]:
        """Return the rule and its options."""
        return {"rule": "number-equal", "revision": 1, **msgspec.to_builtins(self.config)}

    def _final(self, text: str) -> Extracted | None:
        box = boxed(text)
        if box is not None:
            inner = last_number(box.text)
            shift = box.span[0]
            return inner and Extracted(inner.text, (inner.span[0] + shift, inner.span[1] + shift))
        if self.config.require_marker and not any(marker in text for marker in self.config.markers):
            return None
        return last_number(text, self.config.markers)
