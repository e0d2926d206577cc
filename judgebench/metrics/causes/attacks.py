"""Answers that are made for the judge and not for the question: one for all questions, or one that talks to the judge.

One answer for all questions can win most comparisons; no average shows that.

Source: X. Zheng et al. (2025), Cheating automatic LLM benchmarks: null models achieve high win rates, arXiv:2410.07137.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

LEAST_QUESTIONS = 5
"""Different questions that must have the same answer before it is told."""
LEAST_SHARE = 0.1
"""Share of the questions likewise."""
SHORT = 40
"""Answers with fewer characters (a letter, a number) may well be the same."""

_TO_JUDGE = {
    "tells the judge to forget its instructions": (
        r"\b(?:ignore|disregard|forget)\b[^.\n]{0,40}\b(?:previous|prior|above|earlier|all)\b[^.\n]{0,30}"
        r"\b(?:instructions?|prompts?|rules|criteria|text)\b"
    ),
    "names the judge": (
        r"\b(?:dear|attention|note to|message (?:to|for)|instructions? (?:to|for)) (?:the )?"
        r"(?:judge|grader|evaluator|reviewer|rater)s?\b"
    ),
    "asks for a good verdict": (
        r"\b(?:rate|score|grade|mark|judge|evaluate) (?:this|my|the above) (?:answer|response|reply|output|solution)?"
        r"[^.\n]{0,30}\b(?:as )?"
        r"(?:correct|right|highest|maximum|full marks|10(?:\s*/\s*10)?|100|best|excellent|perfect)\b"
    ),
    "writes the verdict itself": (
        r"\[\[\s*(?:[AB]|[AB]>+[AB]|\d{1,2}|correct)\s*\]\]"
        r"|\b(?:final )?verdict\s*:\s*(?:correct|[AB]\b)"
        r"|\b(?:output|response|answer|assistant) \(?[ab12]\)? is (?:clearly )?(?:better|the best)\b"
    ),
    "poses as the judge's own prompt": r"<\|?(?:im_start|system|start_header_id)\|?>|\[/?INST\]|<</?SYS>>",
}
_PATTERNS = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in _TO_JUDGE.items()}


class SameAnswer(NamedTuple):
    """One answer that a model gives to many questions.

    Attributes:
        questions: How many different questions have it. ``share``: of all questions that it answered.
        answer: The text.
    """

    questions: int
    share: float
    answer: str


def same_answer(answers: Iterable[tuple[Hashable, str]]) -> SameAnswer | None:
    """Return the answer that most questions share, where these are too many for chance; ``None`` for none.

    Case and white space do not count. Answers shorter than ``SHORT`` characters are passed over.

    Args:
        answers: A question and the answer to it, each.
    """
    answered: set[Hashable] = set()
    texts: dict[str, str] = {}
    questions: defaultdict[str, set[Hashable]] = defaultdict(set)
    for question, answer in answers:
        answered.add(question)
        plain = " ".join(answer.split()).casefold()
        if len(plain) >= SHORT:
            questions[plain].add(question)
            texts.setdefault(plain, answer)
    if not questions:
        return None
    plain, most = max(questions.items(), key=lambda one: len(one[1]))
    share = len(most) / len(answered)
    if len(most) < LEAST_QUESTIONS or share < LEAST_SHARE:
        return None
    return SameAnswer(len(most), share, texts[plain])


def talks_to_judge(answer: str) -> list[str]:
    """Return what in an answer seems to be meant for the judge, in words; empty for an ordinary answer."""
    return [name for name, pattern in _PATTERNS.items() if pattern.search(answer)]


def who_talks_to_judge(answers: Sequence[str]) -> Counter[str]:
    """Return how many answers seem to do each of these."""
    return Counter(name for answer in answers for name in talks_to_judge(answer))
