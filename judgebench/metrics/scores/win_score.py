"""How often the tested answers win against a baseline's: MT-Bench pairwise and Arena-Hard.

With a single baseline the Bradley-Terry win rate of Arena-Hard equals the weighted mean of outcomes, so the mean is
given, with a seeded bootstrap over questions (Li et al. 2024; Zheng et al. 2023).
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import msgspec

from judgebench.metrics.comparisons.comparisons import outcomes_of, pair_presentations, side_of
from judgebench.metrics.contract import FigureKind, Measure, kinds
from judgebench.metrics.scores.score import ScoreConfig, cluster_of, identity_of
from judgebench.metrics.statistics.intervals import Cluster, share_of
from judgebench.records.findings import PooledOutcome
from judgebench.records.flow import Metric, Sample, Verdict


class WinScoreConfig(ScoreConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``score=dict(type=WinScore, ...)``, beside those of every score.

    Attributes:
        seed: Seed of the bootstrap.
        rounds: Rounds of the bootstrap.
        quantiles: Ends of the interval, as shares of the rounds.
        group_by: Meta column, such as the tested model, by which ``win_rate`` is also given in parts.
    """

    seed: int = 0
    rounds: int = 1000
    quantiles: tuple[float, float] = (0.025, 0.975)
    group_by: str = ""


class WinScore(Measure):
    """The item's first answer is the tested one, its second the baseline's; no gold. What is not read is left out."""

    Config: ClassVar[type[msgspec.Struct]] = WinScoreConfig
    figures: ClassVar[Mapping[str, FigureKind]] = {
        **kinds("consistency", better="high"),
        **kinds("inconsistent", "not_compared", unit="count", better="low"),
        # how often the judge prefers the tested answers says nothing about how well it judges
        **kinds("win_rate", "win_rate_adjusted", "longer_wins", better=None),
        **kinds("wins", "losses", "ties", unit="count", better=None),
    }

    def __init__(self, config: WinScoreConfig) -> None:
        self.config = config
        self._outcomes: list[list[PooledOutcome]] = []
        self._items: list[Cluster] = []
        self._parts: list[str] = []
        self._missing_parts: list[str] = []
        self._sides: list[int] = []
        self._missing = 0
        self._agreeing: list[tuple[Cluster, float]] = []
        self._longer: list[tuple[Cluster, float]] = []

    def identity(self) -> dict[str, Any]:
        """Return name, version and config."""
        return identity_of("win", 1, self.config)

    def add(self, sample: Sample, repeat: int, verdict: Verdict, rule: Verdict | None = None) -> None:  # noqa: ARG002 - gold stands in place of the rule
        """Take in the verdict about one question."""
        side = side_of(verdict.decision)
        part = str(sample.meta.get(self.config.group_by, "")) if self.config.group_by else ""
        if verdict.status != "ok" or side is None:
            self._missing += 1
            self._missing_parts.append(part)
            return
        cluster = cluster_of(sample, self.config)
        self._items.append(cluster)
        self._sides.append(side)
        self._parts.append(part)
        self._outcomes.append(outcomes_of(verdict, (side + 1) / 2))
        sides = [comparison.side for comparison in pair_presentations(verdict)]
        if len(sides) > 1:
            self._agreeing.append((cluster, float(len(set(sides)) == 1)))
        lengths = [len(answer) for answer in sample.answers[:2]]
        if len(lengths) > 1:
            self._longer.append((cluster, ((lengths[0] > lengths[1]) - (lengths[0] < lengths[1]) + 1) / 2))

    def merge(self, later: Self) -> None:
        """Take in what was judged about the samples that follow."""
        self._outcomes.extend(later._outcomes)
        self._items.extend(later._items)
        self._parts.extend(later._parts)
        self._missing_parts.extend(later._missing_parts)
        self._sides.extend(later._sides)
        self._missing += later._missing
        self._agreeing.extend(later._agreeing)
        self._longer.extend(later._longer)

    def result(self) -> dict[str, Metric]:
        """Return the figures, ``win_rate`` first."""
        sides = self._sides
        counts = {
            "wins": sides.count(1),
            "losses": sides.count(-1),
            "ties": sides.count(0),
            "inconsistent": sum(not agree for _, agree in self._agreeing),
            "not_compared": self._missing,
        }
        return {
            "win_rate": self._pooled(self._items, self._outcomes, self._missing),
            **self._by_part(),
            "win_rate_adjusted": share_of([(side + 1) / 2 for side in sides], self._items, missing=self._missing),
            **{name: Metric(value=float(count), n=len(sides)) for name, count in counts.items()},
            **self._beside(),
        }

    def _by_part(self) -> dict[str, Metric]:
        if not self.config.group_by:
            return {}
        found = {}
        for part in dict.fromkeys([*self._parts, *self._missing_parts]):
            own = [at for at, name in enumerate(self._parts) if name == part]
            items, outcomes = [self._items[at] for at in own], [self._outcomes[at] for at in own]
            found[f"win_rate/{part}"] = self._pooled(items, outcomes, self._missing_parts.count(part))
        return found

    def _beside(self) -> dict[str, Metric]:
        """Return the share of pairs on which both orders agree, and the win rate if the longer answer always won."""
        figures_by_name = {"consistency": self._agreeing, "longer_wins": self._longer}
        return {
            name: share_of([worth for _, worth in worths], [item for item, _ in worths])
            for name, worths in figures_by_name.items()
            if worths
        }

    def _pooled(
        self, items: Sequence[Cluster], outcomes: Sequence[Sequence[PooledOutcome]], not_compared: int
    ) -> Metric:
        """Return the mean of all outcomes, strong ones as often as they count, with its bootstrap interval over items.

        A question that was not compared bounds it as one that counts as much as the heaviest one here, lost or won.
        """
        sums: dict[Cluster, tuple[float, float]] = {}
        for item, one in zip(items, outcomes, strict=True):
            before, many = sums.get(item, (0.0, 0.0))
            sums[item] = before + sum(own.weight * own.outcome for own in one), many + sum(own.weight for own in one)
        pooled = list(sums.values())
        if not pooled:
            return Metric(value=None, bounds=(0.0, 100.0) if not_compared else None, note="nothing was compared")
        rng = random.Random(self.config.seed)
        means = []
        for _ in range(self.config.rounds):
            drawn = rng.choices(pooled, k=len(pooled))
            means.append(100 * sum(won for won, _ in drawn) / sum(trials for _, trials in drawn))
        means.sort()
        low, high = (means[min(len(means) - 1, int(share * len(means)))] for share in self.config.quantiles)
        won, trials = sum(won for won, _ in pooled), sum(trials for _, trials in pooled)
        value, missing = 100 * won / trials, not_compared * max(sum(own.weight for own in one) for one in outcomes)
        bounds = (100 * won / (trials + missing), 100 * (won + missing) / (trials + missing)) if missing else None
        note = f"interval: bootstrap over questions, seed {self.config.seed}, {self.config.rounds} rounds"
        return Metric(value=value, n=len(outcomes), ci95=(min(low, value), max(high, value)), bounds=bounds, note=note)
