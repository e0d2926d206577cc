"""RewardBench 2's subset Ties: right answers must be graded above wrong ones, and not far from each other.

A prompt of kind ``tied`` has many right answers, its partner of kind ``ref`` one. The formula is ``ties_score`` of
``judgebench.metrics.scores.list_score`` (Malik et al. 2025, RewardBench 2, arXiv:2506.01937).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, Self

import msgspec

from judgebench.metrics.contract import FigureKind, Measure, kinds
from judgebench.metrics.scores.list_score import Graded, ties_score
from judgebench.metrics.scores.score import ScoreConfig, column_of, identity_of
from judgebench.metrics.statistics.intervals import share_of
from judgebench.records.flow import Metric, Sample, Verdict

FAILED: Graded = ((0.0,), (10.0,))
"""What a prompt counts as one of whose grades could not be read: its right answer is graded far below its wrong one."""


class TiesScoreConfig(ScoreConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``score=dict(type=TiesScore)``: those of every score; errors are clustered by pair of prompts anyway."""


class _Prompt(NamedTuple):
    """One prompt of a pair, as one repetition of its answers was graded."""

    kind: str
    pair: str
    repeat: int


class TiesScore(Measure):
    """Takes one grade per answer; the headline is ``ties``, the weighted score of complete pairs of prompts in percent.

    A prompt with an unread grade is wrong everywhere. A pair that lacks an answer or a prompt is left out and counted,
    and so is one without a right or without a wrong answer. With repeats every repetition of a pair is one.
    """

    Config: ClassVar[type[msgspec.Struct]] = TiesScoreConfig
    figures: ClassVar[Mapping[str, FigureKind]] = {
        **kinds("ties", "accuracy", better="high"),
        **kinds("unread", "incomplete", unit="count", better="low"),
    }

    def __init__(self, config: TiesScoreConfig) -> None:
        self.config = config
        self._grades: dict[_Prompt, list[tuple[bool, float | None]]] = {}
        self._wanted: dict[_Prompt, int] = {}
        self._unread = 0

    def identity(self) -> dict[str, Any]:
        """Return name and version."""
        return identity_of("ties", 2, self.config)

    def add(self, sample: Sample, repeat: int, verdict: Verdict, rule: Verdict | None = None) -> None:  # noqa: ARG002 - gold stands in place of the rule
        """Take in the grade of one answer.

        Raises:
            DataError: The row lacks its kind, its pair or the number of its answers.
        """
        prompt = _Prompt(str(column_of(sample, "kind")), str(column_of(sample, "pair")), repeat)
        self._wanted[prompt] = int(column_of(sample, "answers"))
        grades = self._grades.setdefault(prompt, [])
        if verdict.status in ("ok", "unparsed"):
            self._unread += verdict.score is None
            grades.append((sample.gold == "correct", verdict.score))

    def merge(self, later: Self) -> None:
        """Take in what was judged about the samples that follow."""
        self._wanted.update(later._wanted)
        for prompt, grades in later._grades.items():
            self._grades.setdefault(prompt, []).extend(grades)
        self._unread += later._unread

    def result(self) -> dict[str, Metric]:
        """Return the figures, ``ties`` first."""
        known = {prompt: _graded(grades) for prompt, grades in self._grades.items() if self._complete(prompt)}
        pairs = dict.fromkeys((one.pair, one.repeat) for one in self._wanted)
        whole = [own for own in pairs if _Prompt("ref", *own) in known and _Prompt("tied", *own) in known]
        score = ties_score(
            [known[_Prompt("ref", *own)] for own in whole], [known[_Prompt("tied", *own)] for own in whole]
        )
        missing = len(pairs) - len(whole)
        note = f"{missing} pairs of prompts that are not complete are left out" if missing else ""
        note = note if pairs else "nothing was judged"
        found = {"ties": Metric(value=None if score is None else 100 * score, n=len(whole), note=note)}
        for kind in ("ref", "tied"):
            gaps = [(one.pair, min(right) > max(wrong)) for one, (right, wrong) in known.items() if one.kind == kind]
            found[f"accuracy/{kind}"] = share_of([float(gap) for _, gap in gaps], [pair for pair, _ in gaps])
        counts = {"unread": self._unread, "incomplete": missing}
        return found | {name: Metric(value=float(count), n=len(pairs)) for name, count in counts.items()}

    def _complete(self, prompt: _Prompt) -> bool:
        grades = self._grades[prompt]
        return len(grades) == self._wanted[prompt] and {right for right, _ in grades} == {True, False}


def _graded(grades: list[tuple[bool, float | None]]) -> Graded:
    read = [(right, grade) for right, grade in grades if grade is not None]
    if len(read) < len(grades):
        return FAILED
    return [grade for right, grade in read if right], [grade for right, grade in read if not right]
