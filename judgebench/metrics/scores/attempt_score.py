"""Answers that are correct, incorrect or not attempted (SimpleQA)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

import msgspec

from judgebench.metrics.contract import FigureKind, Measure, kinds
from judgebench.metrics.scores.score import ScoreConfig, cluster_of, identity_of
from judgebench.metrics.statistics.intervals import Cluster, share_of
from judgebench.records.flow import Metric, Sample, Verdict

DECISIONS = ("correct", "incorrect", "not_attempted")


class AttemptScoreConfig(ScoreConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``score=dict(type=AttemptScore, ...)``, beside those of every score.

    Attributes:
        unread: What an unread verdict is: left out (``drop``), or ``not_attempted``, as simple-evals has it.
        headline: Which figure stands for the result.
    """

    unread: Literal["drop", "not_attempted"] = "drop"
    headline: Literal["correct", "f1"] = "correct"


class AttemptScore(Measure):
    """Shares of the three decisions, and what is made of them.

    ``given_attempted`` is correct / (correct + incorrect), ``f1`` the harmonic mean of it and of correct.
    Source: J. Wei et al. (2024), Measuring short-form factuality in large language models, arXiv:2411.04368.
    """

    Config: ClassVar[type[msgspec.Struct]] = AttemptScoreConfig
    figures: ClassVar[Mapping[str, FigureKind]] = {
        **kinds("correct", "given_attempted", "f1", better="high"),
        **kinds("incorrect", better="low"),
        **kinds("not_attempted", better=None),
        **kinds("unread", unit="count", better="low"),
    }

    def __init__(self, config: AttemptScoreConfig) -> None:
        self.config = config
        self._said: list[tuple[Cluster, str]] = []
        self._planned = self._unread = 0

    def identity(self) -> dict[str, Any]:
        """Return name, version and config."""
        return identity_of("attempt", 1, self.config)

    def add(self, sample: Sample, repeat: int, verdict: Verdict, rule: Verdict | None = None) -> None:  # noqa: ARG002 - there is no rule beside
        """Take in one verdict."""
        self._planned += 1
        self._unread += verdict.status == "unparsed"
        decision = verdict.decision if verdict.status == "ok" else None
        if verdict.status == "unparsed" and self.config.unread == "not_attempted":
            decision = "not_attempted"
        if decision in DECISIONS:
            self._said.append((cluster_of(sample, self.config), decision))

    def merge(self, later: Self) -> None:
        """Take in what was judged about the samples that follow."""
        self._said.extend(later._said)
        self._planned += later._planned
        self._unread += later._unread

    def result(self) -> dict[str, Metric]:
        """Return the figures, the headline first."""
        found = {name: self._share(name) for name in DECISIONS}
        attempted = [(cluster, one) for cluster, one in self._said if one != "not_attempted"]
        found["given_attempted"] = share_of(
            [float(one == "correct") for _, one in attempted],
            [cluster for cluster, _ in attempted],
            lacking="no answer was attempted",
        )
        found["f1"] = Metric(value=_harmonic(found["correct"].value, found["given_attempted"].value), n=len(self._said))
        found["unread"] = Metric(value=float(self._unread), n=self._planned)
        return {self.config.headline: found[self.config.headline], **found}

    def _share(self, name: str) -> Metric:
        worths = [float(one == name) for _, one in self._said]
        missing = self._planned - len(worths)
        bounds = (sum(worths) / self._planned, (sum(worths) + missing) / self._planned) if self._planned else None
        return share_of(worths, [cluster for cluster, _ in self._said], missing=missing, bounds=bounds)


def _harmonic(one: float | None, other: float | None) -> float | None:
    if one is None:
        return None
    other = other or 0.0
    return 2 * one * other / (one + other) if one + other else 0.0
