"""Answers that are one number, compared by value."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, ClassVar

import msgspec

from judgebench.judges.core.contract import Ask, Case, JudgeMethod
from judgebench.judges.rules.answers import Extracted, boxed, last_number
from judgebench.judges.rules.verdicts import NO_REFERENCE, decided, references, unread
from judgebench.records.flow import Verdict

MOST_DIGITS = 1000
_PLAIN = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:(?<=\d)\.\d*|\.\d+|(?<=\d))(?:[eE][-+]?\d{1,3})?")
"""A comma stands between groups of three digits and nowhere else, a point before decimals, once."""
_SEPARATOR = r"(?:[.,]|\{,\}|,?\\[,!:; ])"
_MORE_BEFORE = re.compile(rf"\d{_SEPARATOR}$")
_MORE_AFTER = re.compile(rf"{_SEPARATOR}\d")


def number(text: str) -> Decimal | None:
    """Return the value of a number as written (thousands separators, percent sign and currency dropped).

    ``None`` where nobody can tell what is meant: in ``1,5`` the comma may stand before decimals or between two numbers,
    and ``1.234,5`` and ``1.234.567`` are written in the way of other countries.
    """
    bare = text.strip().lstrip("$€£").rstrip("%").replace("\u2212", "-")
    if len(bare) > MOST_DIGITS or not _PLAIN.fullmatch(bare):
        return None
    return Decimal(bare.replace(",", ""))


class NumberEqual(JudgeMethod):
    r"""Correct when the final number has the reference's value.

    The final number is the content of the last ``\boxed{}``, else the last number after the last marker, else the last
    number of the text. Where it is a part of something like ``1,5`` or ``1.234,5``, which may be one number or several,
    the answer is unparsed.
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

    async def judge(self, case: Case, ask: Ask) -> Verdict:  # noqa: ARG002 -- rules ask nobody
        """Compare the final number with the reference by value."""
        accepted = [number(form) for form in references(case)]
        if not accepted:
            return unread(case, NO_REFERENCE)
        if None in accepted:
            return unread(case, "the reference is not a number")
        answer = self._final(case.answer)
        value = number(answer.text) if answer else None
        if answer is None or value is None:
            return unread(case, "no number found", answer)
        start, end = answer.span
        if _MORE_BEFORE.search(case.answer[max(0, start - 4) : start]) or _MORE_AFTER.match(case.answer[end : end + 4]):
            return unread(case, "a comma or point that may separate decimals, thousands or two numbers", answer)
        right = any(form is not None and abs(form - value) <= self._tolerance for form in accepted)
        return decided(right, answer)

    def identity(self) -> dict[str, Any]:
        """Return the rule and its options."""
        return {"rule": "number-equal", "revision": 2, **msgspec.to_builtins(self.config)}

    def _final(self, text: str) -> Extracted | None:
        box = boxed(text)
        if box is not None:
            inner = last_number(box.text)
            shift = box.span[0]
            return inner and Extracted(inner.text, (inner.span[0] + shift, inner.span[1] + shift))
        if self.config.require_marker and not any(marker in text for marker in self.config.markers):
            return None
        return last_number(text, self.config.markers)
