"""Two scorers on the same answer forms: where they differ, why, and what the page says of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from judgebench.judges.core.contract import JudgeMethod
from judgebench.records.flow import Sample, Verdict
from tests.catalogue.models import NOBODY, case_of
from tests.docs.pages import DOCS

LEAST = 2000
"""Answers of a dataset."""
PAGE = DOCS / "other-tools.md"


class Form(NamedTuple):
    """An answer, and how it is written."""

    name: str
    sample: Sample
    text: str


def verdicts(method: JudgeMethod, forms: Sequence[Form]) -> list[Verdict]:
    """Return what a rule of ours says of answers."""

    async def main() -> list[Verdict]:
        found = [await method.judge(case_of(form.sample, form.text), NOBODY) for form in forms]
        await method.aclose()
        return found

    return asyncio.run(main())


def right(verdict: Verdict) -> bool:
    """Say whether an answer counts as right; one that cannot be read does not."""
    return verdict.decision == "correct"


def compare(
    row: str, forms: Sequence[Form], ours: Sequence[Any], theirs: Sequence[Any], known: Mapping[str, str]
) -> None:
    """Check that two scorers differ on the forms of a table and on no others, and that the page says so.

    Args:
        row: What is compared: our row and the other scorer, the first two cells of the page's table.
        forms: The answers.
        ours: What our rule says of each. ``theirs``: what the other scorer says.
        known: The forms on which they differ, each with the reason.
    """
    assert len(forms) >= LEAST
    differ = Counter(form.name for form, one, other in zip(forms, ours, theirs, strict=True) if one != other)
    print(f"{row}: {len(forms)} answers, {differ.total()} differ: {dict(differ)}")
    examples = {
        form.name: (form.text, form.sample.reference, one, other)
        for form, one, other in zip(forms, ours, theirs, strict=True)
        if one != other and form.name not in known
    }
    assert set(differ) == set(known), examples
    page = PAGE.read_text("utf-8")
    assert f"| {row} | {len(forms):,} | {differ.total():,} |" in page
    missing = {reason for reason in known.values() if reason not in page}
    assert not missing
