"""Shares of answers that pass checks one after the other, where no truth is known (UQ)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import msgspec

from judgebench.errors import ConfigError
from judgebench.metrics.contract import FigureKind, Measure, kinds
from judgebench.metrics.scores.score import ScoreConfig, cluster_of, identity_of
from judgebench.metrics.statistics.intervals import Cluster, share_of
from judgebench.records.flow import Metric, Sample, Verdict


class PassScoreConfig(ScoreConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``score=dict(type=PassScore, ...)``, beside those of every score.

    Attributes:
        checks: Names of the checks, in their order.
    """

    checks: list[str]


class PassScore(Measure):
    """``pass_rate``: answers that pass every check; ``passed/NAME``: those that pass the checks up to that one.

    It reads the ``steps`` of the verdicts of ``Compound`` with ``rule="sequence"``, which ends at the first check that
    fails. It says what a judge lets through, not what is right. Source: F. Nie et al. (2025), UQ, arXiv:2508.17580.
    """

    Config: ClassVar[type[msgspec.Struct]] = PassScoreConfig
    figures: ClassVar[Mapping[str, FigureKind]] = {
        **kinds("pass_rate", "passed", better="high"),
        **kinds("unread", unit="count", better="low"),
    }

    def __init__(self, config: PassScoreConfig) -> None:
        if not config.checks:
            raise ConfigError("score.checks: name the checks, in their order.")
        self.config = config
        self._rows: list[tuple[Cluster, int]] = []
        self._planned = self._unread = 0

    def identity(self) -> dict[str, Any]:
        """Return name, version and config."""
        return identity_of("pass", 1, self.config)

    def add(self, sample: Sample, repeat: int, verdict: Verdict, rule: Verdict | None = None) -> None:  # noqa: ARG002 - there is no rule beside
        """Take in how many checks one answer passes."""
        self._planned += 1
        self._unread += verdict.status == "unparsed"
        if verdict.status == "ok":
            self._rows.append((cluster_of(sample, self.config), sum(step.correct for step in verdict.steps)))

    def merge(self, later: Self) -> None:
        """Take in what was judged about the samples that follow."""
        self._rows.extend(later._rows)
        self._planned += later._planned
        self._unread += later._unread

    def result(self) -> dict[str, Metric]:
        """Return the figures, ``pass_rate`` first."""
        through = [self._through(at) for at in range(1, len(self.config.checks) + 1)]
        return {
            "pass_rate": through[-1],
            **{f"passed/{name}": one for name, one in zip(self.config.checks, through, strict=True)},
            "unread": Metric(value=float(self._unread), n=self._planned),
        }

    def _through(self, least: int) -> Metric:
        passed = [float(count >= least) for _, count in self._rows]
        missing, hits = self._planned - len(passed), sum(passed)
        bounds = (hits / self._planned, (hits + missing) / self._planned) if self._planned else None
        return share_of(passed, [cluster for cluster, _ in self._rows], missing=missing, bounds=bounds)
