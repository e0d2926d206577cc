"""The verdicts that rule-based checks give."""

from __future__ import annotations

from typing import Any

from judgebench.judges.answers import Extracted
from judgebench.judges.asking import JudgeItem
from judgebench.records import Verdict

NO_REFERENCE = "the sample has no reference"
OUT_OF_TIME = "the time limit of the rule ended the comparison"
"""Start of the reason where scoring again, on a machine that has more time, may decide."""


def decided(right: bool, answer: Extracted, **details: Any) -> Verdict:
    """Return ``correct`` or ``incorrect`` with the answer that was read."""
    return Verdict(
        status="ok",
        label="correct" if right else "incorrect",
        score=1.0 if right else 0.0,
        span=answer.span,
        answer=answer.text,
        details=details,
    )


def unread(item: JudgeItem, reason: str, answer: Extracted | None = None) -> Verdict:
    """Return ``unparsed`` with the reason, and whether the answer had been cut off."""
    if item.truncated and answer is None:
        reason += " (the answer was cut off by the token limit)"
    return Verdict(
        status="unparsed",
        reason=reason,
        answer=answer.text if answer else None,
        span=answer.span if answer else None,
    )


def references(item: JudgeItem) -> list[str]:
    """Return the accepted references; empty where the sample has none."""
    if item.reference is None:
        return []
    return [item.reference] if isinstance(item.reference, str) else item.reference
