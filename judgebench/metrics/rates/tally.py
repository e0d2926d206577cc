"""The accumulator of one result: takes outcomes, gives columns and counts.

A ``Tally`` takes one ``TallyOutcome`` per planned item and repeat and keeps a few bytes of each, so a million of them
fit in tens of megabytes. Metrics are functions of a ``Tally``; it does not know them.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple, get_args

import msgspec

from judgebench.errors import InternalError
from judgebench.records.flow import Counts, Verdict, VerdictStatus

GRADES = {"correct": 1, "incorrect": 0, "invalid": 0}
"""Decisions that say right or wrong. ``invalid`` (cut off, refused, broken) is not right; ``invalid_rate`` shows it."""

_STATUSES: tuple[str, ...] = get_args(VerdictStatus)
_STATUS_CODES = {status: code for code, status in enumerate(_STATUSES)}
_OK = _STATUS_CODES["ok"]


class TallyOutcome(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What became of one answer: the verdict on it, and what else metrics need.

    Attributes:
        id: ``Sample.id``; outcomes of one id are repeats of one question.
        repeat: Repetition of the tested model's answer, from 0.
        status: Of the verdict.
        decision: Of the verdict, where the status is ``ok``.
        score: Of the verdict, where the status is ``ok``.
        answer: The final answer that the extractor took from the prediction; votes are counted over these.
        truncated: Whether the prediction was cut off by the token limit.
        rule: What the rule-based check, or a person, says of the same prediction; ``None`` where there is none.
        weight: What the item counts in ``weighted_accuracy``.
        passed: How many of the judge's votes found it right. ``votes``: how many could be read; 0 or 1 where it is
            asked once.
        compared: Whether the verdict is about two answers.
    """

    id: int
    repeat: int = 0
    status: VerdictStatus
    decision: str | None = None
    score: float | None = None
    answer: str | None = None
    truncated: bool = False
    rule: str | None = None
    weight: float = 1.0
    passed: int = 0
    votes: int = 0
    compared: bool = False


def outcome_of(
    sample_id: int,
    repeat: int,
    verdict: Verdict,
    *,
    truncated: bool = False,
    rule: Verdict | None = None,
    compared: bool = False,
) -> TallyOutcome:
    """Return the outcome of a verdict, beside the rule-based check's verdict on the same prediction.

    The extracted answer is the verdict's own, else the rule's.
    """
    votes = verdict.votes or ({verdict.decision: 1} if verdict.decision is not None else {})
    graded = {name: count for name, count in votes.items() if name in GRADES}
    return TallyOutcome(
        id=sample_id,
        repeat=repeat,
        status=verdict.status,
        decision=verdict.decision,
        score=verdict.score,
        answer=verdict.answer if verdict.answer is not None or rule is None else rule.answer,
        truncated=truncated,
        rule=rule.decision if rule is not None and rule.status == "ok" else None,
        passed=graded.get("correct", 0),
        votes=sum(graded.values()),
        compared=compared,
    )


class TallyQuestion(NamedTuple):
    """One question's repeats in numbers."""

    planned: int
    scored: int
    correct: int


class TallyRow(NamedTuple):
    """One outcome as a metric sees it.

    Attributes:
        id: ``Sample.id``.
        repeat: Repetition, from 0.
        status: Of the verdict.
        grade: 1 right, 0 wrong, ``None`` where the verdict does not say.
        answer: A number that is equal for equal extracted answers; 0 for none.
    """

    id: int
    repeat: int
    status: str
    grade: int | None
    answer: int


class Solution(NamedTuple):
    """One repeat as something to choose among.

    Attributes:
        answer: As in ``TallyRow``.
        right: What the rule-based check says of it: 1 right, 0 wrong, ``None`` nothing.
        passed: How many of the judge's votes found it right. ``votes``: how many there were.
    """

    answer: int
    right: int | None
    passed: int
    votes: int


class Tally:
    """Columns of outcomes, about 16 bytes each (32 with repeats and scores).

    Args:
        repeats: Planned repeats per question (n).
        scale: Ends of the scale of the verdicts' scores, where they are declared.

    Attributes:
        truncated: How many predictions were cut off.
        compared: Whether any verdict is about two answers.
    """

    def __init__(self, repeats: int = 1, *, scale: tuple[float, float] | None = None) -> None:
        self.repeats = max(1, repeats)
        self.scale = scale
        self.truncated = 0
        self.compared = False
        self._ids = array("q")
        self._repeats = array("H")
        self._statuses = bytearray()
        self._decisions = array("H")
        self._rules = array("H")
        self._names: list[str | None] = [None]
        self._codes: dict[str | None, int] = {None: 0}
        self._scores: array[float] | None = None
        self._answers: array[int] | None = None
        self._passed = array("H")
        self._votes = array("H")
        self._weights: array[float] | None = None
        self._in_order = True
        self._histogram: Counter[TallyQuestion] | None = None
        self._pairs: Counter[tuple[int | None, int | None]] | None = None

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, outcome: TallyOutcome) -> None:
        """Take in one outcome; each (id, repeat) once, in any order.

        Raises:
            InternalError: A verdict that is not ``ok`` carries a decision or a score.
        """
        if outcome.status != "ok" and (outcome.decision is not None or outcome.score is not None):
            raise InternalError(
                f"Item {outcome.id} (repeat {outcome.repeat}) is {outcome.status} and yet carries a decision."
            )
        size = len(self._ids)
        if size and self._in_order:
            last = self._ids[-1]
            self._in_order = outcome.id > last or (outcome.id == last and outcome.repeat > self._repeats[-1])
        self._ids.append(outcome.id)
        self._repeats.append(outcome.repeat)
        self._statuses.append(_STATUS_CODES[outcome.status])
        self._decisions.append(self._code(outcome.decision))
        self._rules.append(self._code(outcome.rule))
        self.truncated += outcome.truncated
        self.compared = self.compared or outcome.compared
        if outcome.score is not None or self._scores is not None:
            self._scores = _column(self._scores, size, outcome.score, float("nan"))
        if self.repeats > 1:
            # a 64-bit hash stands for the answer: only equality within one question is ever asked of it
            answer = 0 if outcome.answer is None else hash(outcome.answer) or 1
            if self._answers is None:
                self._answers = array("q")
            self._answers.append(answer)
            self._passed.append(outcome.passed)
            self._votes.append(outcome.votes)
        if outcome.weight != 1.0 or self._weights is not None:
            self._weights = _column(self._weights, size, outcome.weight, 1.0)
        self._histogram = self._pairs = None

    def merge(self, later: Tally) -> None:
        """Take in the outcomes of another tally, which follow those of this one.

        Extracted answers are compared within a question only, so a question must not be shared between the two.
        """
        size, more = len(self), len(later)
        if size and more:
            last, first = (self._ids[-1], self._repeats[-1]), (later._ids[0], later._repeats[0])
            self._in_order = self._in_order and last < first
        self._in_order = self._in_order and later._in_order
        codes = [self._code(name) for name in later._names]
        self._ids.extend(later._ids)
        self._repeats.extend(later._repeats)
        self._statuses.extend(later._statuses)
        self._decisions.extend(array("H", map(codes.__getitem__, later._decisions)))
        self._rules.extend(array("H", map(codes.__getitem__, later._rules)))
        self.truncated += later.truncated
        self.compared = self.compared or later.compared
        self._scores = _follow(self._scores, size, later._scores, more, float("nan"))
        self._weights = _follow(self._weights, size, later._weights, more, 1.0)
        if later._answers is not None:
            self._answers = array("q") if self._answers is None else self._answers
            self._answers.extend(later._answers)
        self._passed.extend(later._passed)
        self._votes.extend(later._votes)
        self._histogram = self._pairs = None

    def counts(self) -> Counts:
        """Return how many outcomes ended in which state."""
        by_code = Counter(self._statuses)
        found = {status: by_code.get(code, 0) for status, code in _STATUS_CODES.items()}
        return Counts(planned=len(self), truncated=self.truncated, **found)

    def decisions(self) -> dict[str, int]:
        """Return how often each decision occurs among the scored outcomes."""
        return {
            name: count for code, count in Counter(self._decisions).items() if (name := self._names[code]) is not None
        }

    def pairs(self) -> dict[tuple[str, str], int]:
        """Count each pair of decisions of judge and rule, where both decided."""
        names = self._names
        found: dict[tuple[str, str], int] = {}
        for (judge, rule), count in Counter(zip(self._decisions, self._rules, strict=True)).items():
            first, second = names[judge], names[rule]
            if first is not None and second is not None:
                found[first, second] = count
        return found

    def has_scores(self) -> bool:
        """Return whether any verdict carries a score."""
        return self._scores is not None

    def has_answers(self) -> bool:
        """Return whether any prediction had an answer extracted (kept with repeats only)."""
        return self._answers is not None and any(self._answers)

    def questions(self) -> Counter[TallyQuestion]:
        """Return how many questions have so many planned, scored and correct repeats."""
        if self._histogram is None:
            if self.repeats == 1 and self._in_order:
                self._histogram = self._single_questions()
            else:
                self._histogram = self._grouped_questions()
        return self._histogram

    def by_question(self) -> Iterator[list[TallyRow]]:
        """Yield the rows of one question after another, repeats in order.

        Raises:
            InternalError: The same (id, repeat) was added twice.
        """
        group: list[TallyRow] = []
        for row in self._rows():
            if group and row.id != group[0].id:
                yield group
                group = []
            elif group and row.repeat == group[-1].repeat:
                raise InternalError(f"Item {row.id}, repeat {row.repeat}, was tallied twice.")
            group.append(row)
        if group:
            yield group

    def solutions(self) -> Iterator[list[Solution]]:
        """Yield the repeats of one question after another, to choose among; nothing where there is one repeat only."""
        grade = self._grades()
        last: int | None = None
        group: list[Solution] = []
        for at in self._order() if self._answers is not None else ():
            if group and self._ids[at] != last:
                yield group
                group = []
            last = self._ids[at]
            assert self._answers is not None
            group.append(Solution(self._answers[at], grade[self._rules[at]], self._passed[at], self._votes[at]))
        if group:
            yield group

    def graded_pairs(self) -> Counter[tuple[int | None, int | None]]:
        """Return how often the judge's and the rule's grades (1, 0 or ``None``) meet, over all outcomes."""
        if self._pairs is None:
            grade = self._grades()
            self._pairs = Counter()
            for (judge, rule), count in Counter(zip(self._decisions, self._rules, strict=True)).items():
                self._pairs[grade[judge], grade[rule]] += count
        return self._pairs

    def runs(self) -> dict[int, TallyQuestion]:
        """Return planned, scored and correct outcomes by repeat."""
        grade = self._grades()
        found: dict[int, TallyQuestion] = {}
        for (repeat, decision), count in Counter(zip(self._repeats, self._decisions, strict=True)).items():
            known = grade[decision]
            before = found.get(repeat, TallyQuestion(0, 0, 0))
            scored = count if known is not None else 0
            found[repeat] = TallyQuestion(
                before.planned + count, before.scored + scored, before.correct + scored * (known or 0)
            )
        return found

    def scores(self) -> Iterator[tuple[int, float, float]]:
        """Yield ``(id, score, weight)`` of the outcomes with a score, grouped by id."""
        if self._scores is not None:
            for at in self._order():
                if self._statuses[at] == _OK and self._scores[at] == self._scores[at]:
                    yield self._ids[at], self._scores[at], self._weights[at] if self._weights is not None else 1.0

    def worths(self, of: Mapping[str, float]) -> Iterator[tuple[int, float | None]]:
        """Yield ``(id, what its decision is worth)`` of all outcomes, grouped by id; ``None`` where ``of`` lacks it."""
        worth = [None if name is None else of.get(name) for name in self._names]
        for at in self._order():
            yield self._ids[at], worth[self._decisions[at]]

    def both_grades(self) -> Iterator[tuple[int, int | None, int | None]]:
        """Yield ``(id, the judge's grade, the rule's grade)`` of all outcomes, grouped by id."""
        grade = self._grades()
        for at in self._order():
            yield self._ids[at], grade[self._decisions[at]], grade[self._rules[at]]

    def weighted_grades(self) -> Iterator[tuple[int, int | None, float]]:
        """Yield ``(id, grade, weight)`` of all outcomes, grouped by id."""
        grade = self._grades()
        for at in self._order():
            yield self._ids[at], grade[self._decisions[at]], self._weights[at] if self._weights is not None else 1.0

    def _code(self, decision: str | None) -> int:
        code = self._codes.get(decision)
        if code is None:
            code = self._codes[decision] = len(self._names)
            self._names.append(decision)
            if code > 0xFFFF:
                raise InternalError(f"More than 65535 different decisions were tallied; the last is {decision!r:.80}.")
        return code

    def _grades(self) -> list[int | None]:
        return [None if name is None else GRADES.get(name) for name in self._names]

    def _order(self) -> range | list[int]:
        if self._in_order:
            return range(len(self))
        ids, repeats = self._ids, self._repeats
        return sorted(range(len(self)), key=lambda at: (ids[at], repeats[at]))

    def _rows(self) -> Iterator[TallyRow]:
        grade = self._grades()
        ids, repeats, statuses, decisions, answers = (
            self._ids,
            self._repeats,
            self._statuses,
            self._decisions,
            self._answers,
        )
        for at in self._order():
            yield TallyRow(
                ids[at],
                repeats[at],
                _STATUSES[statuses[at]],
                grade[decisions[at]],
                answers[at] if answers is not None else 0,
            )

    def _single_questions(self) -> Counter[TallyQuestion]:
        grade = self._grades()
        found: Counter[TallyQuestion] = Counter()
        for code, count in Counter(self._decisions).items():
            known = grade[code]
            found[TallyQuestion(1, int(known is not None), known or 0)] += count
        return found

    def _grouped_questions(self) -> Counter[TallyQuestion]:
        found: Counter[TallyQuestion] = Counter()
        for group in self.by_question():
            grades = [row.grade for row in group if row.grade is not None]
            found[TallyQuestion(max(len(group), self.repeats), len(grades), sum(grades))] += 1
        return found


def _column(column: array[float] | None, size: int, value: float | None, missing: float) -> array[float]:
    """Append to a column that is only made when the first value comes."""
    if column is None:
        column = array("d", [missing]) * size
    column.append(missing if value is None else value)
    return column


def _follow(
    column: array[float] | None, size: int, later: array[float] | None, more: int, missing: float
) -> array[float] | None:
    """Return two columns as one; a column that was never made holds the value for missing ones."""
    if column is None and later is None:
        return None
    column = array("d", [missing]) * size if column is None else column
    column.extend(array("d", [missing]) * more if later is None else later)
    return column
