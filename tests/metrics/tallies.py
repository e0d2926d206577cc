"""Tallies made from short spellings, for the tests of metrics."""

from __future__ import annotations

from collections.abc import Iterable

from judgebench.metrics.rates.tally import Tally, TallyOutcome

STATES = {"u": "unparsed", "j": "judge_failed", "p": "prediction_failed", "n": "not_judged"}


def tally_of(questions: Iterable[str], *, repeats: int | None = None) -> Tally:
    """One word per question, one letter per repeat: 1 right, 0 wrong, u/j/p/n unscored."""
    words = list(questions)
    tally = Tally(repeats or max((len(word) for word in words), default=1))
    for number, word in enumerate(words):
        for repeat, letter in enumerate(word):
            tally.add(outcome(number, repeat, letter))
    return tally


def outcome(number: int, repeat: int, letter: str, **more: object) -> TallyOutcome:
    if letter in "01":
        return TallyOutcome(
            id=number, repeat=repeat, status="ok", decision="correct" if letter == "1" else "incorrect", **more
        )
    return TallyOutcome(id=number, repeat=repeat, status=STATES[letter], **more)
