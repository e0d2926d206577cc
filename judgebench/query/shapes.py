"""What the query layer hands out: lines of a list, pages of them, and all that is known about one."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from judgebench.records.facts import Label, RecordedVerdict
from judgebench.records.findings import PresentationVerdict, VerdictStatus
from judgebench.records.flow import JudgeCall, Prediction, Prompt


class ItemKey(NamedTuple):
    """What names one verdict of a run.

    Attributes:
        model: Abbr of the tested model. ``row``: name of the result row.
        id: ``Sample.id``. ``repeat``: number of the model's repetition.
    """

    model: str
    row: str
    id: int
    repeat: int = 0


class ItemLine(msgspec.Struct, frozen=True, kw_only=True):
    """One verdict in a list.

    Attributes:
        model: Abbr of the tested model. ``row``: name of the result row; ``dataset``, ``judge``: of what it is made.
        id: ``Sample.id``. ``repeat``: number of the model's repetition. ``key``: the data source's own name of it.
        status: ``ok``, or why there is no decision; ``not_judged`` also where no verdict has been written yet.
        decision: What the verdict says. ``score``: a number on the method's scale. ``reason``: why there is neither.
        wrong: Whether the answer is called wrong; in a benchmark of judges, whether the verdict is.
        unread: Whether the judge's reply states no verdict that can be read.
        failed: Whether the model or the judge gave no usable reply.
        truncated: Whether the answer was cut off by the token limit.
        flipped: Whether the judge changed its mind when the answers changed places.
        against_rule: Whether the rule says otherwise. ``against_judges``: whether another judge of the answer does.
        rule_decision: What the rule says. ``rule_score``: likewise.
        gold: The true decision, in a benchmark of judges.
        label: A person's decision or score; of several people's the last.
        length: Characters of the answer. ``tokens``: tokens that it took; ``None`` where the service did not say.
        latency: Seconds that the answer took. ``tries``: requests that it took.
        fields: Further columns of the sample, as far as the verdicts hold them.
        question: What the model was asked, shortened in the middle; empty where the run does not hold it.
        answer: Its answer, likewise. ``reference``: the right answer.
    """

    model: str
    row: str
    dataset: str
    judge: str
    id: int
    repeat: int
    key: str | None
    status: VerdictStatus
    decision: str | None
    score: float | None
    reason: str
    wrong: bool
    unread: bool
    failed: bool
    truncated: bool
    flipped: bool
    against_rule: bool
    against_judges: bool
    rule_decision: str | None
    rule_score: float | None
    gold: Any
    label: str | None
    length: int | None
    tokens: int | None
    latency: float | None
    tries: int | None
    fields: dict[str, Any]
    question: str = ""
    answer: str = ""
    reference: Any = None

    @property
    def name(self) -> ItemKey:
        """What names it."""
        return ItemKey(self.model, self.row, self.id, self.repeat)


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a list.

    Attributes:
        rows: The lines, in order.
        offset: Number of the first of them in the whole list, from 0.
        total: How many lines the whole list has; where it is not ``exact``, at least so many.
        exact: Whether all were looked at; a search in texts stops when the page is full.
    """

    rows: list[ItemLine]
    offset: int
    total: int
    exact: bool


class ShownCall(msgspec.Struct, frozen=True, kw_only=True):
    """One judge call about an answer, and what was read from it.

    Attributes:
        prompt: As sent. ``reply``: the judge's reply without its reasoning; ``reasoning``: the reasoning.
        read: What the verdict says of this call; ``None`` where the verdict does not name it.
        span: First character and the one after the last of the place in ``reply`` where the decision was read.
        record: The whole record: failure, usage, times.
        path: File that holds it. ``at``: where in it, in bytes.
    """

    prompt: Prompt
    reply: str
    reasoning: str
    read: PresentationVerdict | None
    span: tuple[int, int] | None
    record: JudgeCall
    path: str
    at: int


class Opinion(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody else says about the same answer.

    Attributes:
        row: Name of the result row; ``judge``: abbr of the judge, empty for a rule.
        verdict: Its verdict.
    """

    row: str
    judge: str
    verdict: RecordedVerdict


class Alternative(msgspec.Struct, frozen=True, kw_only=True):
    """Another answer to the same question: of another model, or another repetition.

    Attributes:
        model: Who answers. ``repeat``: number of the repetition.
        answer: The answer without its reasoning.
        verdict: What the same judge says about it; ``None`` where it says nothing.
        row: The result row of that verdict.
    """

    model: str
    repeat: int
    answer: str
    verdict: RecordedVerdict | None = None
    row: str = ""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """All that a run holds about one verdict.

    Attributes:
        line: As in a list.
        uid: Hash of the sample's content.
        prompt: What the tested model was asked; ``None`` where the run does not hold it, as in benchmarks of judges.
        question: The same as text.
        reference: The right answer.
        answer: The answer without its reasoning; in a benchmark of judges the items bring it along, and it stands in
            the judge's prompt alone. ``reasoning``: the reasoning.
        prediction: The whole record of the answer: tries, times, usage, failure.
        verdict: The verdict; ``None`` where none has been written yet.
        span: Where a rule read its decision in ``answer``.
        calls: The judge calls, in the order of the presentations.
        opinions: What other judges and rules say about this answer.
        answers: Other models' answers to the same question. ``repeats``: other repetitions of this model's.
        labels: What people say about it.
        against: Abbr of the model (or name of the file of answers) with whose answer a judge compares this one.
        files: Where the records stand: kind of record to path, relative to the run folder.
        again: The command that asks again: the run for what has failed or is missing, else the judge about this item
            (``jb try --item``); where no judge was asked, the one that reads the verdicts again.
        missing: What could not be found or read, a sentence each.
    """

    line: ItemLine
    uid: str = ""
    prompt: Prompt | None = None
    question: str = ""
    reference: Any = None
    answer: str = ""
    reasoning: str = ""
    prediction: Prediction | None = None
    verdict: RecordedVerdict | None = None
    span: tuple[int, int] | None = None
    calls: list[ShownCall] = []
    opinions: list[Opinion] = []
    answers: list[Alternative] = []
    repeats: list[Alternative] = []
    labels: list[Label] = []
    against: str = ""
    files: dict[str, str] = {}
    again: str = ""
    missing: list[str] = []
