"""What lies in a run folder about single answers besides the exchanges: verdicts as written, and people's labels.

Files of these records are made to be read without judgebench: ``jb schema`` describes them.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from judgebench.records.findings import (
    BiasFindings,
    PooledOutcome,
    PresentationVerdict,
    ReadSpan,
    Settler,
    StepVerdict,
    VerdictStatus,
)


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
        probabilities: By decision, where they were read from log-probabilities.
        votes: How often each decision was voted for. ``outcomes``: what a comparison pools.
        steps: What was said of each step. ``bias``: what a bias test found.
        equal_answers: Whether nobody was asked, because the two answers are equal.
        settled_by: Which part of a cascade has decided.
        details: The method's own: what else it found.
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
    probabilities: dict[str, float] = {}
    votes: dict[str, int] = {}
    outcomes: list[PooledOutcome] = []
    steps: list[StepVerdict] = []
    bias: BiasFindings | None = None
    equal_answers: bool = False
    settled_by: Settler | None = None
    details: dict[str, Any] = {}


class LiveVerdict(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """What became of an answer, as a task tells it while it works; in no file.

    Attributes:
        id: ``Sample.id``. ``repeat``: number of the tested model's repetition.
        status: As of a verdict. ``decision``: likewise. ``score``: likewise.
        answer_hash: Likewise.
    """

    id: int
    repeat: int
    status: VerdictStatus
    decision: str | None = None
    score: float | None = None
    answer_hash: str = ""


class Label(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A person's decision about an answer: a line of ``labels/<dataset>.jsonl``.

    It belongs to the text of the answer and not to a place: an answer that is asked again has no label.

    Attributes:
        answer_hash: Of the answer, or of the two that are compared: see ``answer_hash``.
        id: ``Sample.id``, to find the answer by. ``model``: the tested model; ``repeat``: its repetition; likewise.
        annotator: Who has decided. Of several labels of one annotator about one answer the last counts.
        decision: As a verdict's. ``score``: likewise.
        comment: What the annotator says to it.
        split: Name of the part of the labels that it belongs to, ``calibration`` or ``held-out``.
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
