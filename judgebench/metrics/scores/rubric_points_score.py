"""The mean share of points over items with criteria of signed points, clipped at 0 and 1 (HealthBench)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Self

import msgspec

from judgebench.metrics.contract import FigureKind, Measure, kinds
from judgebench.metrics.scores.score import ScoreConfig, cluster_of, column_of, identity_of
from judgebench.metrics.statistics.intervals import Cluster, mean_of
from judgebench.records.flow import Metric, Sample, Verdict


class RubricPointsScoreConfig(ScoreConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``score=dict(type=RubricPointsScore, ...)``, beside those of every score.

    Attributes:
        criteria: Meta column of the criteria (``points``, ``tags``).
        group_by: Meta column by which the mean is also given in parts; a list in it puts an item in several.
        criterion_tags: What tags of criteria begin with by which there are parts too (``axis:``): an item's value there
            is that of the criteria with the tag, and items without points above 0 among them are left out.
    """

    criteria: str = "rubrics"
    group_by: str = ""
    criterion_tags: list[str] = msgspec.field(default_factory=list)


class _ScoredItem(NamedTuple):
    cluster: Cluster
    parts: dict[str, float]
    value: float


class RubricPointsScore(Measure):
    """Items are not clipped, their mean is; verdicts say by ``steps`` which criteria are met.

    Source: R. K. Arora et al. (2025), HealthBench, arXiv:2505.08775; openai/simple-evals.
    """

    Config: ClassVar[type[msgspec.Struct]] = RubricPointsScoreConfig
    figures: ClassVar[Mapping[str, FigureKind]] = {
        **kinds("score", unit="scale", better="high"),
        **kinds("unread", unit="count", better="low"),
    }

    def __init__(self, config: RubricPointsScoreConfig) -> None:
        self.config = config
        self._items: list[_ScoredItem] = []
        self._planned = self._unread = 0

    def identity(self) -> dict[str, Any]:
        """Return name, version and config."""
        return identity_of("rubric-points", 1, self.config)

    def add(self, sample: Sample, repeat: int, verdict: Verdict, rule: Verdict | None = None) -> None:  # noqa: ARG002 - there is no rule beside
        """Take in which criteria one answer meets.

        Raises:
            DataError: The item has no criteria.
        """
        self._planned += 1
        self._unread += verdict.status == "unparsed"
        if verdict.status != "ok" or verdict.score is None:
            return
        criteria = column_of(sample, self.config.criteria)
        met = [step.correct for step in verdict.steps]
        named = sample.meta.get(self.config.group_by) if self.config.group_by else None
        parts = dict.fromkeys(map(str, named if isinstance(named, list) else [named] if named else []), verdict.score)
        tags = dict.fromkeys(
            tag for one in criteria for tag in one["tags"] if tag.startswith(tuple(self.config.criterion_tags))
        )
        for tag in tags if self.config.criterion_tags else ():
            own = [(one["points"], holds) for one, holds in zip(criteria, met, strict=True) if tag in one["tags"]]
            if (share := share_of_points(own)) is not None:
                parts[tag] = share
        self._items.append(_ScoredItem(cluster_of(sample, self.config), parts, verdict.score))

    def merge(self, later: Self) -> None:
        """Take in what was judged about the samples that follow."""
        self._items.extend(later._items)
        self._planned += later._planned
        self._unread += later._unread

    def result(self) -> dict[str, Metric]:
        """Return the figures, ``score`` first."""
        left_out = self._planned - len(self._items)
        note = f"{left_out} items without a verdict on every criterion are left out" if left_out else ""
        found = {"score": clipped([(one.cluster, one.value) for one in self._items], note=note)}
        for part in dict.fromkeys(name for one in self._items for name in one.parts):
            own = [(one.cluster, one.parts[part]) for one in self._items if part in one.parts]
            found[f"score/{part}"] = clipped(own)
        return {**found, "unread": Metric(value=float(self._unread), n=self._planned)}


def share_of_points(criteria: Sequence[tuple[float, bool]]) -> float | None:
    """Return the points of met criteria over all points above 0; ``None`` where there are none."""
    total = sum(points for points, _ in criteria if points > 0)
    return sum(points for points, met in criteria if met) / total if total > 0 else None


def clipped(values: Sequence[tuple[Cluster, float]], note: str = "") -> Metric:
    """Return the mean within 0 and 1, its interval too."""
    mean = mean_of([value for _, value in values], [cluster for cluster, _ in values])
    if mean.value is None:
        return msgspec.structs.replace(mean, note=mean.note or note)
    return msgspec.structs.replace(
        mean,
        value=_within(mean.value),
        ci95=None if mean.ci95 is None else (_within(mean.ci95[0]), _within(mean.ci95[1])),
        note=note,
    )


def _within(value: float) -> float:
    return min(1.0, max(0.0, value))
