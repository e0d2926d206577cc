"""The verdicts that rule-based checks give."""

from __future__ import annotations

from typing import Any

from judgebench.judges.core.contract import Case
from judgebench.judges.rules.answers import Extracted
from judgebench.records.flow import Verdict

NO_REFERENCE = "the sample has no reference"
OUT_OF_TIME = "the time limit of the rule ended the comparison"
"""Start of the reason where scoring again, on a machine that has more time, may decide."""


def decided(right: bool, answer: Extracted, **details: Any) -> Verdict:
    """Return ``correct`` or ``incorrect`` with the answer that was read."""
    return Verdict(
        status="ok",
        decision="correct" if right else "incorrect",
        score=1.0 if right else 0.0,
        span=answer.span,
        answer=answer.text,
        details=details,
    )


def unread(case: Case, reason: str, answer: Extracted | None = None) -> Verdict:
    """Return ``unparsed`` with the reason, and whether the answer had been cut off."""
    if case.truncated and answer is None:
        reason += " (the answer was cut off by the token limit)"
    return Verdict(
        status="unparsed",
        reason=reason,
        answer=answer.text if answer else None,
        span=answer.span if answer else None,
    )


def references(case: Case) -> list[str]:
    """Return the accepted references; empty where the sample has none."""
    if case.reference is None:
        return []
    return [case.reference] if isinstance(case.reference, str) else case.reference
