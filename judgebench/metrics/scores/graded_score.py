"""Graded agreement: how far a judge's labels on a short scale agree with people's (LLMJudge, Rahmani et al. 2024).

Cohen's kappa over the labels as classes, and once more after cutting the scale in two (``kappa_at/01|23``);
Krippendorff's alpha with the labels as classes, ranks and numbers; rank correlations. A label beyond the scale is left
out and counted; ``beyond="nearest"`` takes the nearest label of the scale for it, as the tables of the LLMJudge
challenge do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, NamedTuple, Self

import msgspec

from judgebench.errors import ConfigError, DataError
from judgebench.metrics.contract import FigureKind, Measure, kinds
from judgebench.metrics.rates.agreement import cohen_kappa
from judgebench.metrics.scores.point_score import gold_grade
from judgebench.metrics.scores.rater_figures import BY_CHANCE
from judgebench.metrics.scores.score import ScoreConfig, cluster_of, identity_of
from judgebench.metrics.statistics.correlation import kendall, spearman
from judgebench.metrics.statistics.intervals import Cluster, share_of
from judgebench.metrics.statistics.ordinal import Level, krippendorff_alpha, weighted_kappa
from judgebench.records.flow import Metric, Sample, Verdict

_LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval")


class GradedScoreConfig(ScoreConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``score=dict(type=GradedScore, ...)``, beside those of every score.

    Attributes:
        levels: The labels of the scale in order.
        beyond: What a label that is not on the scale is: left out (``drop``), or the nearest one (``nearest``).
        headline: ``kappa``, ``alpha_ordinal``, ``agreement`` or another figure of these.
    """

    levels: list[float]
    beyond: Literal["drop", "nearest"] = "drop"
    headline: str = "kappa"


class _Labelled(NamedTuple):
    cluster: Cluster
    said: float
    gold: float


class GradedScore(Measure):
    """See the module's docstring; kappa of a judge that gives every item one label is 0, not undefined."""

    Config: ClassVar[type[msgspec.Struct]] = GradedScoreConfig
    figures: ClassVar[Mapping[str, FigureKind]] = {
        **kinds("kappa", "kappa_at", "weighted_kappa", "spearman", "kendall", unit="coefficient", better="high"),
        **kinds(*(f"alpha_{level}" for level in _LEVELS), unit="coefficient", better="high"),
        **kinds("agreement", better="high"),
        **kinds("beyond_scale", "unread", unit="count", better="low"),
        **kinds("label", "gold_label", unit="count", better=None),
        **kinds("judged", unit="count", better=None),
    }

    def __init__(self, config: GradedScoreConfig) -> None:
        if len(config.levels) < 2 or sorted(set(config.levels)) != list(config.levels):
            raise ConfigError("score.levels: name two labels or more, from the lowest to the highest.")
        self.config = config
        self._rows: list[_Labelled] = []
        self._said: Counter[float] = Counter()
        self._planned = self._unread = self._beyond = 0

    def identity(self) -> dict[str, Any]:
        """Return name, version and config."""
        return identity_of("graded", 1, self.config)

    def add(self, sample: Sample, repeat: int, verdict: Verdict, rule: Verdict | None = None) -> None:  # noqa: ARG002 - gold stands in place of the rule
        """Take in the label of one item.

        Raises:
            DataError: The item has no gold label, or one that is not on the scale.
        """
        self._planned += 1
        gold = gold_grade(sample)
        if gold is None or gold not in self.config.levels:
            raise DataError(f"Item {sample.key or sample.id}: the gold label {gold} is not on the scale.")
        if verdict.status != "ok" or verdict.score is None:
            self._unread += verdict.status in ("ok", "unparsed")
            return
        said = verdict.score
        self._said[said] += 1
        if said not in self.config.levels:
            self._beyond += 1
            if self.config.beyond == "drop":
                return
            said = min(self.config.levels, key=lambda level: abs(level - said))
        self._rows.append(_Labelled(cluster_of(sample, self.config), said, gold))

    def merge(self, later: Self) -> None:
        """Take in what was judged about the samples that follow."""
        self._rows.extend(later._rows)
        self._said.update(later._said)
        self._planned += later._planned
        self._unread += later._unread
        self._beyond += later._beyond

    def result(self) -> dict[str, Metric]:
        """Return the figures, the headline first."""
        both = [(row.said, row.gold) for row in self._rows]
        pairs = Counter(both)
        found = {"kappa": self._or_why(cohen_kappa(pairs))}
        for cut in range(1, len(self.config.levels)):
            low, high = self.config.levels[:cut], self.config.levels[cut:]
            halves = Counter((said >= high[0], gold >= high[0]) for said, gold in both)
            found[f"kappa_at/{_written(low)}|{_written(high)}"] = self._or_why(cohen_kappa(halves))
        for level in _LEVELS:
            found[f"alpha_{level}"] = self._or_why(krippendorff_alpha(both, level))
        found["weighted_kappa"] = self._or_why(weighted_kappa(pairs))
        for function in (spearman, kendall):
            value = function([said for said, _ in both], [gold for _, gold in both]) if both else None
            found[function.__name__] = self._or_why(value)
        hits, clusters = [float(said == gold) for said, gold in both], [row.cluster for row in self._rows]
        found["agreement"] = share_of(hits, clusters, missing=self._planned - len(both))
        counts: dict[str, int] = {"judged": len(both), "unread": self._unread, "beyond_scale": self._beyond}
        counts |= {f"label/{label:g}": self._said[label] for label in sorted(self._said)}
        gold = Counter(gold for _, gold in both)
        counts |= {f"gold_label/{label:g}": gold[label] for label in sorted(gold)}
        found |= {name: Metric(value=float(count), n=self._planned) for name, count in counts.items()}
        if self.config.headline in found:
            found = {self.config.headline: found[self.config.headline], **found}
        return found

    def _or_why(self, value: float | None) -> Metric:
        n = len(self._rows)
        if value is None:
            return Metric(value=None, n=n, note=BY_CHANCE if n else "nothing was compared")
        left_out = self._planned - n
        return Metric(
            value=value, n=n, note=f"{left_out} items without a label on the scale are left out" if left_out else ""
        )


def _written(levels: Sequence[float]) -> str:
    """Return the levels of one side of a cut, such as ``01``; longer names have commas between them."""
    names = [f"{level:g}" for level in levels]
    return ("" if all(len(name) == 1 for name in names) else ",").join(names)
