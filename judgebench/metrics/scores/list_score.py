"""Scores of benchmarks in which a judge grades several answers to one prompt, each by itself.

- RewardBench 2 (Malik et al. 2025): the right answer must be the best of four; one of m best has a credit of 1/m.
  Its subset of prompts with many right answers has a formula of its own, ``ties_score``.
- RM-Bench (Liu et al. 2024): three styles of a right and of a wrong answer, nine comparisons; equal is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any, ClassVar, Literal, Self

import msgspec

from judgebench.metrics.contract import FigureKind, Measure, kinds
from judgebench.metrics.scores.score import ScoreConfig, cluster_of, identity_of
from judgebench.metrics.statistics.intervals import Cluster, share_of
from judgebench.records.flow import Metric, Sample, Verdict


class ListScoreConfig(ScoreConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``score=dict(type=ListScore, ...)``, beside those of every score.

    Attributes:
        right: How many of the method's presentations, which come first, grade right answers; the others grade wrong
            ones.
        rule: ``best``, or ``styles`` for the matrix of as many right as wrong answers in the same order of styles.
        unread: Points of an item that lacks a readable grade: 1 over the number of answers is chance.
        group_by: Meta column by which figures are also given in parts.
    """

    right: int = 1
    rule: Literal["best", "styles"] = "best"
    unread: float = 0.0
    group_by: str = ""


class ListScore(Measure):
    """See the module's docstring; the headline is ``accuracy``."""

    Config: ClassVar[type[msgspec.Struct]] = ListScoreConfig
    figures: ClassVar[Mapping[str, FigureKind]] = {
        **kinds("accuracy", "easy", "normal", "hard", better="high"),
        **kinds("unread", unit="count", better="low"),
        **kinds("longer_wins", better=None),
    }

    def __init__(self, config: ListScoreConfig) -> None:
        self.config = config
        self._points: list[tuple[Cluster, str, dict[str, float]]] = []
        self._missing = self._unread = 0
        self._longer: list[tuple[Cluster, float]] = []

    def identity(self) -> dict[str, Any]:
        """Return name, version and config."""
        return identity_of("list", 1, self.config)

    def add(self, sample: Sample, repeat: int, verdict: Verdict, rule: Verdict | None = None) -> None:  # noqa: ARG002 - gold stands in place of the rule
        """Take in the grades of the answers to one prompt."""
        if verdict.status not in ("ok", "unparsed"):
            self._missing += 1
            return
        part = str(sample.meta.get(self.config.group_by, "")) if self.config.group_by else ""
        cluster = cluster_of(sample, self.config)
        scores = [one.score for one in verdict.presentations]
        grades = [score for score in scores if score is not None]
        lengths = [float(len(answer)) for answer in sample.answers]
        if len(lengths) == len(scores) > self.config.right:
            self._longer.append((cluster, self._compared(lengths)["accuracy"]))
        if verdict.status != "ok" or len(grades) < len(scores) or len(grades) <= self.config.right:
            self._unread += 1
            # the figures of an unread item are those that its answers would have given, whatever their grades
            names = self._compared(range(max(len(scores), 2 * self.config.right)))
            self._points.append((cluster, part, dict.fromkeys(names, self.config.unread)))
            return
        self._points.append((cluster, part, self._compared(grades)))

    def _compared(self, grades: Sequence[float]) -> dict[str, float]:
        right, wrong = grades[: self.config.right], grades[self.config.right :]
        return {"accuracy": best_of(right, wrong)} if self.config.rule == "best" else styles(right, wrong)

    def merge(self, later: Self) -> None:
        """Take in what was judged about the samples that follow."""
        self._points.extend(later._points)
        self._longer.extend(later._longer)
        self._missing += later._missing
        self._unread += later._unread

    def result(self) -> dict[str, Metric]:
        """Return the figures, the headline first."""
        names = dict.fromkeys(name for _, _, points in self._points for name in points) or {"accuracy": None}
        found = {}
        for name in names:
            found[name] = self._share(name)
        if self.config.group_by:
            for part in dict.fromkeys(part for _, part, _ in self._points):
                for name in names:
                    found[f"{name}/{part}"] = self._share(name, part)
        longer = (
            {"longer_wins": share_of([one for _, one in self._longer], [own for own, _ in self._longer])}
            if self._longer
            else {}
        )
        return {**found, "unread": Metric(value=float(self._unread), n=len(self._points)), **longer}

    def _share(self, name: str, part: str | None = None) -> Metric:
        points = [(item, own[name]) for item, group, own in self._points if part in (None, group) and name in own]
        missing = self._missing if part is None else 0
        return share_of([worth for _, worth in points], [item for item, _ in points], missing=missing)


def best_of(right: Sequence[float], wrong: Sequence[float]) -> float:
    """Return 1 over the number of best grades if a right answer has one of them, else 0."""
    best = max(*right, *wrong)
    return [*right, *wrong].count(best) ** -1 if best in right else 0.0


def styles(right: Sequence[float], wrong: Sequence[float]) -> dict[str, float]:
    """Return the shares of the style matrix in which the right answer's grade is greater.

    Row i is the right answer in style i, column j the wrong one in style j, from plain to elaborate. ``hard`` is where
    the wrong answer is the more elaborate (j > i), ``normal`` the diagonal, ``easy`` the rest, ``accuracy`` their mean.
    A part without a cell (one right and one wrong answer have the diagonal alone) is not there.
    """
    won = {(i, j): float(one > other) for i, one in enumerate(right) for j, other in enumerate(wrong)}
    cells = {
        "easy": [value for (i, j), value in won.items() if i > j],
        "normal": [value for (i, j), value in won.items() if i == j],
        "hard": [value for (i, j), value in won.items() if i < j],
    }
    parts = {name: fmean(values) for name, values in cells.items() if values}
    return {"accuracy": fmean(parts.values()), **parts}


Graded = tuple[Sequence[float], Sequence[float]]
"""Grades of the right answers to one prompt, and of the wrong ones."""


def ties_score(reference: Sequence[Graded], tied: Sequence[Graded]) -> float | None:
    """Return RewardBench 2's score of the ties subset, 0..1, from (right, wrong) grades of paired prompts.

    With the margins ``d = best right - worst right`` of a tied prompt and ``g = worst right - best wrong``:
    ``.3 tied accuracy + .3 reference accuracy + .2 mean(g_tied > d) + .2 mean(min(g_ref, g_tied) > d)
    + .01 mean(tanh(min(g_ref, g_tied) / d - 1))``, where an undefined term is 0.

    Args:
        reference: Prompts with one right answer.
        tied: The same prompts with many right answers, in the same order.

    Returns:
        ``None`` where there is no prompt; every prompt has a right and a wrong answer.
    """
    if not tied or len(reference) != len(tied):
        return None
    margin = [[min(right) - max(wrong) for right, wrong in prompts] for prompts in (reference, tied)]
    spread = [max(right) - min(right) for right, _ in tied]
    least = [min(one, other) for one, other in zip(*margin, strict=True)]
    shares = [math.tanh(gap / wide - 1) if wide else 0.0 for gap, wide in zip(least, spread, strict=True)]
    return (
        0.3 * fmean(gap > 0 for gap in margin[1])
        + 0.3 * fmean(gap > 0 for gap in margin[0])
        + 0.2 * fmean(gap > wide for gap, wide in zip(margin[1], spread, strict=True))
        + 0.2 * fmean(gap > wide for gap, wide in zip(least, spread, strict=True))
        + 0.01 * fmean(shares)
    )
