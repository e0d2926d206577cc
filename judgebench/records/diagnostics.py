"""What a result says about its judge."""

from __future__ import annotations

from typing import Literal

import msgspec

from judgebench.records.figures import Metric
from judgebench.records.findings import Settler


class SettledVerdicts(msgspec.Struct, frozen=True, kw_only=True):
    """How many verdicts one part of a cascade has decided, and how many of them are ``correct``."""

    n: int
    correct: int


class DoubtfulVerdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A verdict that a person should look at first.

    Attributes:
        id: ``Sample.id``. ``repeat``: of the tested model.
        why: What makes it doubtful.
        question: End of what was asked. ``reference``: The right answer, cut short; empty where there is none.
        answers: Ends of what was judged, by whose it is. ``judge_replies``: ends of what the judge said, by question.
    """

    id: int
    repeat: int = 0
    why: str
    question: str = ""
    reference: str = ""
    answers: dict[str, str] = {}
    judge_replies: dict[str, str] = {}


class JudgesCompared(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How two judges decide about the same answers.

    Attributes:
        judges: Their abbrs.
        n: Answers that both decided.
        agreement: In percent. ``kappa``: Cohen's. ``scott_pi``: Scott's. ``None`` where undefined.
        decisions: How often each decision of the first meets each of the second; empty where there are too many.
    """

    judges: tuple[str, str]
    n: int
    agreement: float | None
    kappa: float | None
    scott_pi: float | None
    decisions: list[tuple[str, str, int]] = []


HELD_TO_SCHEMA = (
    "the service held the judge's replies to a JSON schema: that they could be read says nothing about the judge; look "
    "at its agreement"
)
"""What a reader of the unread rate must know of a judge whose replies were held to a schema."""


class HowRead(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """By which parser, aggregation and choice for unread presentations replies became verdicts; several by `` / ``.

    Attributes:
        constrained: Key of the request by which the service held replies to the parser's JSON schema, or ``no``; empty
            where that was not asked for.
    """

    parser: str = ""
    aggregate: str = ""
    unread: str = ""
    constrained: str = ""


class Diagnostics(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What tells whether a result's judge can be trusted; what does not apply to it is left out.

    Attributes:
        unparsed_share: Verdicts that could not be read, in percent of the planned. ``truncated_share``: likewise.
        extracted: Answers from which a final answer was extracted, in percent.
        against: ``rule`` where a rule decided about the same answers. The next figures are about these.
        agreement: Of the judge with the rule. ``kappa``: Cohen's. ``scott_pi``: Scott's.
        false_positive_rate: Wrong answers that the judge accepts. ``false_negative_rate``: right ones that it rejects.
        score_shift: The judge's accuracy minus the rule's, in points. ``rule_accuracy``: the rule's, in percent.
        precision: Of the judge's right answers, 0..1. ``recall``, ``f1``: likewise.
        tp: Answers that both call right. ``fp``: the judge alone. ``fn``: the rule alone. ``tn``: neither.
        consistency: Of comparisons: pairs on which both orders agree.
        first_shown_rate: Decided presentations that the first shown answer won; 50 is fair.
        longer_preferred: Decided pairs of unequal length that the longer answer won.
        settled_by: By part of a cascade.
        equal_answers: Pairs that were not asked, because both answers are equal.
        doubtful: The first verdicts to look at.
        unscored_reasons: Items by the reason for which they have no verdict, the most frequent first.
        between_judges: How far every two judges of the same answers agree.
        read: How the judge's replies were read.
    """

    unparsed_share: float | None = None
    truncated_share: float | None = None
    extracted: float | None = None
    against: Literal["", "rule"] = ""
    agreement: Metric | None = None
    kappa: Metric | None = None
    false_positive_rate: Metric | None = None
    false_negative_rate: Metric | None = None
    score_shift: Metric | None = None
    scott_pi: float | None = None
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    rule_accuracy: float | None = None
    tp: int | None = None
    fp: int | None = None
    fn: int | None = None
    tn: int | None = None
    consistency: Metric | None = None
    first_shown_rate: Metric | None = None
    longer_preferred: Metric | None = None
    settled_by: dict[Settler, SettledVerdicts] = {}
    equal_answers: int = 0
    doubtful: list[DoubtfulVerdict] = []
    unscored_reasons: dict[str, int] = {}
    between_judges: list[JudgesCompared] = []
    read: HowRead | None = None

    def figures(self) -> dict[str, Metric]:
        """Return every figure by its name; a plain number is one without an interval."""
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        return {
            name: value if isinstance(value, Metric) else Metric(value=float(value))
            for name, value in values.items()
            if isinstance(value, Metric | int | float)
        }
