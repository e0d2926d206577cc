"""A judge of pairs that reads plain features of both texts, with weights learned from the verdicts of another judge.

``P(A is better) = 1 / (1 + exp(-sum_f w_f (f(A) - f(B))))``: Bradley and Terry's model, in which an answer's strength
is a weighted sum of its features. ``jb train surrogate`` finds the weights, and says what they are worth.

Source: N. Thakur et al. (2024), MIRAGE-Bench, arXiv:2410.13716, which predicts the ratings that an expensive judge
gives from features of the answers. Features and fit are our own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges.core.contract import Ask, Case, JudgeMethod
from judgebench.metrics.comparisons.style import style_of
from judgebench.records.flow import Verdict

FEATURES = (
    "characters",
    "words",
    "sentences",
    "long_words",
    "repetition",
    "from_question",
    "of_question",
    "of_reference",
    "numbers",
    "markdown",
    "cut_off",
)
"""Logarithms of the counts of characters, words and sentences; share of words of 7 letters and more; share of words
that were said before; share of the answer's words that the question has, of the question's words that the answer
has, and of the reference's; share of numbers among the words; logarithm of the count of Markdown marks; 1 where no
full stop or other mark ends the text."""

_WORD = re.compile(r"\w+")
_ENDS = (".", "!", "?", ")", "]", "}", '"', "'", "`", "”", "。", "|", ":")


def features_of(text: str, question: str, reference: str = "") -> tuple[float, ...]:
    """Return the features of an answer, in the order of ``FEATURES``; all 0 for a text without words."""
    words = [word.lower() for word in _WORD.findall(text)]
    if not words:
        return (0.0,) * len(FEATURES)
    own = set(words)
    in_question, wanted = (set(_WORD.findall(one.lower())) for one in (question, reference))
    _, headers, lists, bold = style_of(text)
    n = len(words)
    return (
        math.log1p(len(text)),
        math.log1p(n),
        math.log1p(len(re.findall(r"[.!?]+(?:\s|$)", text))),
        sum(len(word) >= 7 for word in words) / n,
        1 - len(own) / n,
        sum(word in in_question for word in words) / n,
        len(own & in_question) / len(in_question) if in_question else 0.0,
        len(own & wanted) / len(wanted) if wanted else 0.0,
        sum(word.isdecimal() for word in words) / n,
        math.log1p(headers + lists + bold),
        float(not text.rstrip().endswith(_ENDS)),
    )


class Surrogate(JudgeMethod):
    """Decides which of two answers is better by weights of plain features; it asks no model.

    It has no order effect, costs nothing, and knows nothing but the features: a fluent lie looks like the truth.
    """

    asks: ClassVar[bool] = False
    decisions = ("A", "B", "tie")

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``method=dict(type=Surrogate, ...)``, as ``jb train surrogate`` writes them.

        Attributes:
            weights: By feature; one that is not named weighs 0.
            question: Field that holds the question.
        """

        weights: dict[str, float]
        question: str = "question"

    def __init__(self, config: Config) -> None:
        self.config = config
        unknown = sorted(config.weights.keys() - set(FEATURES))
        if unknown or not config.weights:
            raise ConfigError(
                f"method.weights: {f'{unknown[0]!r} is no feature' if unknown else 'names no feature'}.",
                hint=f"Features: {', '.join(FEATURES)}. Learn the weights with: jb train surrogate --help",
            )

    def identity(self) -> dict[str, Any]:
        """Return the rule and its weights."""
        return {"rule": "surrogate", "revision": 1, **msgspec.to_builtins(self.config)}

    async def judge(self, case: Case, ask: Ask) -> Verdict:  # noqa: ARG002 -- rules ask nobody
        """Compare the features of both answers."""
        if case.baseline is None:
            return Verdict(status="not_judged", reason="there is one answer, and a surrogate compares two")
        if not case.answer.strip() and not case.baseline.strip():
            return Verdict(status="unparsed", reason="both answers are empty")
        chance = chance_of_first(
            self.config.weights,
            case.answer,
            case.baseline,
            question=str(case.fields.get(self.config.question, "")),
            reference=reference_of(case.reference),
        )
        decision = "tie" if chance == 0.5 else "A" if chance > 0.5 else "B"
        return Verdict(status="ok", decision=decision, probabilities={"A": chance, "B": 1 - chance})


def reference_of(reference: str | list[str] | None) -> str:
    """Return the words of a reference, or of all accepted ones."""
    return " ".join(reference) if isinstance(reference, list) else reference or ""


def chance_of_first(weights: Mapping[str, float], first: str, second: str, *, question: str, reference: str) -> float:
    """Return the probability that the first answer is better; 1/2 where they do not differ."""
    ours, theirs = (features_of(one, question, reference) for one in (first, second))
    score = math.fsum(weights.get(name, 0.0) * (a - b) for name, a, b in zip(FEATURES, ours, theirs, strict=True))
    return 0.5 * (1 + math.tanh(score / 2))
