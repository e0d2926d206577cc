"""Which models the tested judge prefers: MT-Bench, every two models compared.

A comparison is one item whose two answers were shown in both orders. It counts as won where the aggregation decides for
a model and as a tie otherwise, so that orders which contradict each other are ties, counted apart (Zheng et al. 2023).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import msgspec

from judgebench.errors import DataError
from judgebench.metrics.comparisons.bradley_terry import Rating, bradley_terry
from judgebench.metrics.comparisons.columns import Comparison
from judgebench.metrics.comparisons.comparisons import pair_presentations, side_of
from judgebench.metrics.contract import FigureKind, Measure, kinds
from judgebench.metrics.scores.score import ScoreConfig, cluster_of, identity_of
from judgebench.metrics.statistics.intervals import Cluster, share_of
from judgebench.records.flow import Metric, Sample, Verdict


class ComparisonScoreConfig(ScoreConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``score=dict(type=ComparisonScore, ...)``, beside those of every score.

    Attributes:
        first: Meta column that names the model of the item's first answer. ``second``: of its second.
        rounds: Resamples of the ratings' intervals. ``seed``: of the bootstrap.
    """

    first: str = "model"
    second: str = "against"
    rounds: int = 1000
    seed: int = 0


class ComparisonScore(Measure):
    """The headline is how often both orders agree; every model has rates and a rating.

    What is unread is left out and counted (``not_compared``), and so is a comparison whose row does not name both
    models.
    """

    Config: ClassVar[type[msgspec.Struct]] = ComparisonScoreConfig
    figures: ClassVar[Mapping[str, FigureKind]] = {
        **kinds("consistency", better="high"),
        **kinds("not_compared", unit="count", better="low"),
        # what the judge says of the models it compares makes it no better or worse
        **kinds("ties", unit="count", better=None),
        **kinds("win_rate", "loss_rate", "win_rate_adjusted", better=None),
        **kinds("rating", unit="rating", better=None),
    }

    def __init__(self, config: ComparisonScoreConfig) -> None:
        self.config = config
        self._comparisons: list[Comparison] = []
        self._agree: list[tuple[Cluster, float]] = []
        self._missing = self._unnamed = 0
        self._clusters: dict[Cluster, int] = {}

    def identity(self) -> dict[str, Any]:
        """Return name, version and config."""
        return identity_of("comparison", 1, self.config)

    def add(self, sample: Sample, repeat: int, verdict: Verdict, rule: Verdict | None = None) -> None:  # noqa: ARG002 - gold stands in place of the rule
        """Take in the verdict about one comparison."""
        side = side_of(verdict.decision)
        if verdict.status != "ok" or side is None:
            self._missing += 1
            return
        names = [sample.meta.get(column) for column in (self.config.first, self.config.second)]
        if None in names:
            self._missing += 1
            self._unnamed += 1
            return
        cluster = cluster_of(sample, self.config)
        number = self._clusters.setdefault(cluster, len(self._clusters))
        self._comparisons.append(Comparison(str(names[0]), str(names[1]), (side + 1) / 2, sample=number))
        comparisons = pair_presentations(verdict)
        if comparisons:
            self._agree.append((cluster, float(len({comparison.side for comparison in comparisons}) == 1)))

    def merge(self, later: Self) -> None:
        """Take in what was judged about the samples that follow."""
        numbers = {at: self._clusters.setdefault(one, len(self._clusters)) for one, at in later._clusters.items()}
        self._comparisons.extend(one._replace(sample=numbers[one.sample]) for one in later._comparisons)
        self._agree.extend(later._agree)
        self._missing += later._missing
        self._unnamed += later._unnamed

    def result(self) -> dict[str, Metric]:
        """Return the figures, ``consistency`` first, then those of each model, the best first."""
        agree, clusters = [one for _, one in self._agree], [cluster for cluster, _ in self._agree]
        note = f"{self._unnamed} rows do not name both models and are left out" if self._unnamed else ""
        found = {
            "consistency": share_of(agree, clusters, missing=self._missing),
            "ties": Metric(value=float(sum(one.outcome == 0.5 for one in self._comparisons)), n=len(self._comparisons)),
            "not_compared": Metric(value=float(self._missing), n=len(self._comparisons) + self._missing, note=note),
        }
        if not self._comparisons:
            return found
        for name, rating in self._ratings().items():
            outcomes = [(one.outcome, one.sample) for one in self._comparisons if one.first == name]
            outcomes += [(1 - one.outcome, one.sample) for one in self._comparisons if one.second == name]
            won, items = [points for points, _ in outcomes], [sample for _, sample in outcomes]
            found[f"win_rate/{name}"] = share_of([float(one == 1) for one in won], items)
            found[f"loss_rate/{name}"] = share_of([float(one == 0) for one in won], items)
            found[f"win_rate_adjusted/{name}"] = share_of(won, items)
            found[f"rating/{name}"] = _rated(rating, len(won))
        return found

    def _ratings(self) -> dict[str, Rating]:
        try:
            return bradley_terry(self._comparisons, rounds=self.config.rounds, seed=self.config.seed)
        except DataError:  # so much was left out that no chain of comparisons leads from some models to others
            names = {name for one in self._comparisons for name in (one.first, one.second)}
            return {name: Rating(math.nan) for name in sorted(names)}


def _rated(rating: Rating, n: int) -> Metric:
    if math.isnan(rating.value):
        return Metric(value=None, n=n, note="no rating: no chain of comparisons connects all models")
    if math.isinf(rating.value):
        return Metric(value=None, n=n, note="no finite rating: it won, or lost, all its comparisons")
    known = rating.interval is not None and all(math.isfinite(end) for end in rating.interval)
    note = "Bradley-Terry, on the scale of Elo ratings"
    return Metric(value=rating.value, n=n, ci95=rating.interval if known else None, note=note)
