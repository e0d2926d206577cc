"""Judged runs of any size, with what is true of each answer, made without asking anybody."""

from __future__ import annotations

import random
from pathlib import Path

from judgebench.records.facts import answer_hash
from judgebench.trust.judged import Kind
from tests.query.made import MadeRun, call, prediction, verdict

WORDS = {True: "correct", False: "incorrect"}


def judged_run(
    path: Path,
    truth: list[bool],
    said: list[bool | None],
    *,
    model: str = "north",
    answers: list[str] | None = None,
    judge: str = "strict",
) -> MadeRun:
    """Make a run of one model and one judge: what is true of each answer, and what the judge says (None: unread)."""
    run = MadeRun(path)
    texts = answers or [f"It is {number}, {'truly' if right else 'perhaps'}." for number, right in enumerate(truth)]
    run.add(
        model,
        "toy",
        judge,
        predictions=[prediction(number, text) for number, text in enumerate(texts)],
        calls=[call(number, f"I say {one}") for number, one in enumerate(said)],
        verdicts=[
            verdict(number, None if one is None else WORDS[one], text=text)
            for number, (one, text) in enumerate(zip(said, texts, strict=True))
        ],
    )
    return run


def judged(truth: list[bool], *, sensitivity: float, specificity: float, seed: int = 0) -> list[bool | None]:
    """Return what a judge says that accepts right answers and rejects wrong ones with these chances."""
    rng = random.Random(seed)
    return [right if rng.random() < (sensitivity if right else specificity) else not right for right in truth]


__all__ = ["Kind", "answer_hash", "judged", "judged_run"]
