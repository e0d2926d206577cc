"""What lies in a run folder about single answers besides the exchanges: verdicts as written, and people's labels.

Files of these records are made to be read without judgebench: ``jb schema`` describes them.
"""

from __future__ import annotations

import hashlib
from typing import Any, Literal

import msgspec

from judgebench.records.flow import VerdictStatus

Preference = Literal["first", "second", "neither"]
"""Which of two answers is better, as they stand in the sample whatever the order in which they were shown."""


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
        call: ``uuid`` of the judge call; empty where it is not known which.
        status: ``ok``, or why nothing could be read.
        decision: As the reply says it, about the answers in the order in which they were shown.
        prefers: The same in the frame of the sample, where an order is declared.
        score: A number, where the reply states one.
        reason: Why the status is not ``ok``.
        span: Where it was read in the reply.
        truncated: Whether the reply was cut off by the token limit.
        values: What else was read.
    """

    presentation: str = ""
    repeat: int = 0
    order: str = ""
    call: str = ""
    status: str
    decision: str | None = None
    prefers: Preference | None = None
    score: float | None = None
    reason: str = ""
    span: ReadSpan | None = None
    truncated: bool = False
    values: dict[str, Any] = {}


class RuleVerdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the rule says about the answer that a judge looked at.

    Attributes:
        status: As of a verdict.
        decision: Likewise. ``score``: likewise. ``reason``: likewise.
        answer: The final answer that the rule took out of the text.
    """

    status: VerdictStatus
    decision: str | None = None
    score: float | None = None
    reason: str = ""
    answer: str | None = None


class RecordedVerdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One verdict as extract writes it: a line of ``verdicts/<model>/<row>.jsonl``.

    Attributes:
        id: ``Sample.id``.
        key: The data source's own name of the item.
        repeat: Number of the tested model's repetition.
        status: ``ok`` or why there is no decision.
        decision: What the verdict says. ``score``: a number on the method's scale.
        reason: Why the status is not ``ok``.
        span: Where a single presentation, or a rule, read it.
        presentations: What each presentation said.
        rule: The rule's decision beside the judge's.
        gold: The true decision, in a benchmark of judges.
        answer: The final answer that a rule took out of the text.
        answer_hash: Of what was judged, see ``answer_hash``; labels name an answer by it. Empty where there is none.
        truncated: Whether the judged answer was cut off by the token limit.
        meta: The sample's further columns, as far as they are short: texts, numbers, true or false.
        details: What else the method found.
    """

    id: int
    key: str | None = None
    repeat: int = 0
    status: VerdictStatus
    decision: str | None = None
    score: float | None = None
    reason: str = ""
    span: ReadSpan | None = None
    presentations: list[PresentationVerdict] = []
    rule: RuleVerdict | None = None
    gold: Any = None
    answer: str | None = None
    answer_hash: str = ""
    truncated: bool = False
    meta: dict[str, Any] = {}
    details: dict[str, Any] = {}


class Label(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A person's decision about an answer: a line of ``labels/<dataset>.jsonl``.

    It belongs to the text of the answer and not to a place: an answer that is asked again has no label.

    Attributes:
        answer_hash: Of the answer, or of the two that are compared: see ``answer_hash``.
        id: ``Sample.id``, to find the answer by. ``model``: the tested model; ``repeat``: its repetition; likewise.
        annotator: Who has decided. Of several labels of one annotator about one answer the last counts.
        decision: As a verdict's. ``score``: likewise.
        comment: What the annotator says to it.
        split: Name of the part of the labels that it belongs to, such as ``calibration`` and ``test``.
        probability: With which the answer was drawn to be labelled; 1 where all are labelled.
        blind: Whether the annotator decided without seeing a judge's verdict.
        time: When, in ISO 8601.
    """

    answer_hash: str
    id: int
    model: str = ""
    repeat: int = 0
    annotator: str
    decision: str | None = None
    score: float | None = None
    comment: str = ""
    split: str = ""
    probability: float = 1.0
    blind: bool = False
    time: str = ""


def answer_hash(*answers: str) -> str:
    """Return what names the text of an answer: the first 32 hex digits of its SHA-256.

    Args:
        answers: The answer; several, where they are judged together, are hashed with a NUL between them.
    """
    return hashlib.sha256("\0".join(answers).encode("utf-8", "surrogatepass")).hexdigest()[:32]
