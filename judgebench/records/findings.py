"""What a judge method finds beside its decision, in the one form in which metrics and files of verdicts read it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

VerdictStatus = Literal["ok", "unparsed", "judge_failed", "prediction_failed", "not_judged"]

Preference = Literal["first", "second", "neither"]
"""Which of two answers is better, as they stand in the sample whatever the order in which they were shown."""

Expects = Literal["invariant", "must_flip", "must_not_increase"]
"""What an unbiased judge does: decides as before, decides for the target, or does not move towards the target."""

Target = Literal["", "A", "B", "better", "worse"]
"""One answer of a pair, or a better or worse verdict about the only one; empty where a bias has no direction."""

Settler = Literal["rule", "judge"]
"""Which part of a cascade has decided."""


class ReadSpan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a decision was read.

    Attributes:
        call: ``uuid`` of the judge call whose reply it is; empty where the text is the answer itself (rules), and in a
            presentation, which names its call itself.
        start: First character, as ``from``. ``end``: the one after the last, as ``to``.
    """

    call: str = ""
    start: int = msgspec.field(name="from")
    end: int = msgspec.field(name="to")


class PresentationVerdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the judge said in one presentation of a case.

    Attributes:
        presentation: Its name; empty for the only one.
        repeat: Number of the same question asked again, from 0.
        order: ``BA`` where the second answer was shown first.
        call: ``uuid`` of the judge call; extract fills it in. Empty where it is not known which.
        status: ``ok``, or why nothing could be read.
        decision: As the reply says it, about the answers in the order in which they were shown.
        prefers: The same in the frame of the sample, where an order is declared; extract fills it in.
        score: A number, where the reply states one.
        reason: Why the status is not ``ok``.
        span: Where it was read in the reply.
        truncated: Whether the reply was cut off by the token limit.
        probabilities: By decision, where they were read from log-probabilities.
        values: What else the method says of it.
    """

    presentation: str = ""
    repeat: int = 0
    order: Literal["", "AB", "BA"] = ""
    call: str = ""
    status: VerdictStatus
    decision: str | None = None
    prefers: Preference | None = None
    score: float | None = None
    reason: str = ""
    span: ReadSpan | None = None
    truncated: bool = False
    probabilities: dict[str, float] = {}
    values: dict[str, Any] = {}


class StepVerdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the judge says of one step of an answer.

    Attributes:
        correct: Whether it is right.
        error_type: Which kind of error it holds, if the judge says so.
    """

    correct: bool
    error_type: str = ""


class PooledOutcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One of the outcomes that a comparison pools.

    Attributes:
        outcome: 1 the first answer won, 0.5 a tie, 0 it lost.
        weight: How much it counts.
    """

    outcome: float
    weight: float = 1.0


class RepeatedVerdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a bias test was told when it put the same questions once more.

    Attributes:
        status: As of a verdict. ``decision``, ``score``, ``reason``: likewise.
    """

    status: VerdictStatus
    decision: str | None = None
    score: float | None = None
    reason: str = ""


class PerturbedVerdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a bias test was told about a perturbed case, in the frame of the unchanged one.

    Attributes:
        test: Name of the perturbation.
        skipped: Why it was not tried; empty where it was.
        status: As of a verdict; ``not_judged`` where it was skipped. ``decision``, ``score``, ``reason``: likewise.
        expects: What an unbiased judge does.
        target: Towards what a biased judge would move.
        keeps_gold: Whether the gold decision holds for the perturbed case too.
        turns: After a critique: what was decided in each round so far, this one last.
    """

    test: str
    skipped: str = ""
    status: VerdictStatus = "not_judged"
    decision: str | None = None
    score: float | None = None
    reason: str = ""
    expects: Expects = "invariant"
    target: Target = ""
    keeps_gold: bool = True
    turns: list[str] = []


class BiasFindings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a bias test found about one case.

    Attributes:
        again: What was decided when the same questions were put again: the judge's noise.
        tests: One entry for each perturbation.
    """

    again: list[RepeatedVerdict] = []
    tests: list[PerturbedVerdict] = []
