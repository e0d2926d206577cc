"""Scores of judges that put several answers in order, from the best to the worst, against people's order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, Self

import msgspec

from judgebench.errors import DataError
from judgebench.metrics.contract import FigureKind, Measure, kinds
from judgebench.metrics.scores.score import ScoreConfig, cluster_of, identity_of
from judgebench.metrics.statistics.intervals import Cluster, mean_of, share_of
from judgebench.records.flow import Metric, Sample, Verdict


class OrderScoreConfig(ScoreConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``score=dict(type=OrderScore, ...)``, beside those of every score.

    Attributes:
        group_by: Meta column by which the distance is also given in parts.
    """

    group_by: str = ""


class _Ordered(NamedTuple):
    cluster: Cluster
    group: str
    order: str | None
    gold: str


class OrderScore(Measure):
    """The headline is ``edit_distance``: edits from the judge's order to gold, over the number of answers; 0 is best.

    That is the batch ranking of MLLM-as-a-Judge (Chen et al. 2024). An order that does not name every answer once is
    unread and left out of the mean; ``edit_distance_as_published`` counts it as it stands.
    """

    Config: ClassVar[type[msgspec.Struct]] = OrderScoreConfig
    figures: ClassVar[Mapping[str, FigureKind]] = {
        **kinds("edit_distance", "edit_distance_as_published", unit="scale", better="low"),
        **kinds("same_order", "same_best", better="high"),
        **kinds("unread", unit="count", better="low"),
    }

    def __init__(self, config: OrderScoreConfig) -> None:
        self.config = config
        self._rows: list[_Ordered] = []
        self._missing = 0

    def identity(self) -> dict[str, Any]:
        """Return name, version and config."""
        return identity_of("order", 1, self.config)

    def add(self, sample: Sample, repeat: int, verdict: Verdict, rule: Verdict | None = None) -> None:  # noqa: ARG002 - gold stands in place of the rule
        """Take in the order of one item's answers.

        Raises:
            DataError: The item's gold is no order: a text of letters, each once.
        """
        gold = sample.gold
        if not isinstance(gold, str) or not gold or len(set(gold)) < len(gold):
            raise DataError(
                f"Item {sample.key or sample.id}: an order was expected as gold, such as 'CAB', not {gold!r:.60}."
            )
        if verdict.status not in ("ok", "unparsed"):
            self._missing += 1
            return
        group = str(sample.meta.get(self.config.group_by, "")) if self.config.group_by else ""
        self._rows.append(_Ordered(cluster_of(sample, self.config), group, verdict.decision, gold))

    def merge(self, later: Self) -> None:
        """Take in what was judged about the samples that follow."""
        self._rows.extend(later._rows)
        self._missing += later._missing

    def result(self) -> dict[str, Metric]:
        """Return the figures, the headline first."""
        whole = [row for row in self._rows if _names_all(row)]
        found = {"edit_distance": self._distance(whole)}
        for group in dict.fromkeys(row.group for row in self._rows) if self.config.group_by else ():
            found[f"edit_distance/{group}"] = self._distance([row for row in whole if row.group == group])
        found["edit_distance_as_published"] = self._distance([row for row in self._rows if row.order is not None])
        clusters = [row.cluster for row in whole]
        found["same_order"] = share_of([float(row.order == row.gold) for row in whole], clusters, missing=self._lost())
        best = [float((row.order or "")[:1] == row.gold[:1]) for row in whole]
        found["same_best"] = share_of(best, clusters, missing=self._lost())
        found["unread"] = Metric(value=float(len(self._rows) - len(whole)), n=len(self._rows))
        return found

    def _lost(self) -> int:
        return self._missing + sum(not _names_all(row) for row in self._rows)

    @staticmethod
    def _distance(rows: list[_Ordered]) -> Metric:
        values = [edit_distance(row.order or "", row.gold) / len(row.gold) for row in rows]
        return mean_of(values, [row.cluster for row in rows], lacking="no order was read")


def _names_all(row: _Ordered) -> bool:
    return row.order is not None and sorted(row.order) == sorted(row.gold)


def edit_distance(one: str, other: str) -> int:
    """Return how many letters must be put in, taken out or replaced to turn one text into the other.

    Source: V. I. Levenshtein (1966), Soviet Physics Doklady 10, 707-710.
    """
    before = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        now = [row]
        for column, against in enumerate(other, 1):
            now.append(min(before[column] + 1, now[-1] + 1, before[column - 1] + (letter != against)))
        before = now
    return before[-1]
