"""RewardBench 2's subset Ties: right answers must be graded above wrong ones, and not far from each other.

A prompt of kind ``tied`` has many right answers, its partner of kind ``ref`` one. The formula is ``ties_score`` of
``judgebench.metrics.list_score`` (Malik et al. 2025, RewardBench 2, arXiv:2506.01937).
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from judgebench.metrics.list_score import Graded, ties_score
from judgebench.metrics.pair_score import share_of
from judgebench.records import Metric, Sample, Verdict

FAILED: Graded = ((0.0,), (10.0,))
"""What a prompt counts as one of whose grades could not be read: its right answer is graded far below its wrong one."""


class TiesScoreConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``score=dict(type=TiesScore)``: none."""


class TiesScore:
    """Takes one grade per answer; the headline is ``ties``, the weighted score of complete pairs of prompts in percent.

    A prompt with an unread grade is wrong everywhere. A pair that lacks an answer or a prompt is left out and counted.
    """

    Config: ClassVar[type[msgspec.Struct]] = TiesScoreConfig

    def __init__(self, config: TiesScoreConfig) -> None:
        self.config = config
        self._grades: dict[tuple[str, str], list[tuple[bool, float | None]]] = {}
        self._wanted: dict[tuple[str, str], int] = {}
        self._unread = 0

    def identity(self) -> dict[str, Any]:
        """Return name and version."""
        return {"score": "ties", "version": 1}

    def add(self, sample: Sample, repeat: int, verdict: Verdict) -> None:  # noqa: ARG002 - part of the contract
        """Take in the grade of one answer."""
        prompt = (str(sample.meta["kind"]), str(sample.meta["pair"]))
        self._wanted[prompt] = int(sample.meta["answers"])
        grades = self._grades.setdefault(prompt, [])
        if verdict.status in ("ok", "unparsed"):
            self._unread += verdict.score is None
            grades.append((sample.gold == "correct", verdict.score))

    def result(self) -> dict[str, Metric]:
        """Return the figures, ``ties`` first."""
        known = {prompt: _graded(grades) for prompt, grades in self._grades.items() if self._complete(prompt)}
        pairs = dict.fromkeys(pair for _, pair in self._wanted)
        whole = [pair for pair in pairs if ("ref", pair) in known and ("tied", pair) in known]
        score = ties_score([known["ref", pair] for pair in whole], [known["tied", pair] for pair in whole])
        missing = len(pairs) - len(whole)
        note = f"{missing} pairs of prompts that are not complete are left out" if missing else ""
        found = {"ties": Metric(value=None if score is None else 100 * score, n=len(whole), note=note)}
        for kind in ("ref", "tied"):
            gaps = [min(right) > max(wrong) for (own, _), (right, wrong) in known.items() if own == kind]
            found[f"accuracy/{kind}"] = share_of([float(gap) for gap in gaps])
        counts = {"unread": self._unread, "incomplete": missing}
        return found | {name: Metric(value=float(count), n=len(pairs)) for name, count in counts.items()}

    def _complete(self, prompt: tuple[str, str]) -> bool:
        return len(self._grades[prompt]) == self._wanted[prompt]


def _graded(grades: list[tuple[bool, float | None]]) -> Graded:
    read = [(right, grade) for right, grade in grades if grade is not None]
    if len(read) < len(grades):
        return FAILED
    return [grade for right, grade in read if right], [grade for right, grade in read if not right]
