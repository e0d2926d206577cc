"""What a filter by a judge's scores keeps: pairs of images and texts above a threshold, or the best share of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import fmean
from typing import Any, ClassVar, Self

import msgspec

from judgebench.errors import ConfigError
from judgebench.metrics.contract import FigureKind, Measure, kinds
from judgebench.metrics.scores.score import ScoreConfig, cluster_of, identity_of
from judgebench.metrics.statistics.intervals import Cluster, share_of
from judgebench.records.flow import Metric, Sample, Verdict


class FilterScoreConfig(ScoreConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``score=dict(type=FilterScore, ...)``, beside those of every score; one of the two.

    Attributes:
        at_least: Least score that is kept.
        top: Share of the rows that were read which is kept, above 0 and up to 1: the best ones.
    """

    at_least: float | None = None
    top: float | None = None


class FilterScore(Measure):
    """The headline is ``kept``, a share of the rows; ``threshold`` is the least score that is kept.

    With ``top`` the rows that have the score of the last one kept are kept too, so that equal rows are treated alike. A
    row whose score could not be read is never kept, and ``unread`` counts it.
    """

    Config: ClassVar[type[msgspec.Struct]] = FilterScoreConfig
    figures: ClassVar[Mapping[str, FigureKind]] = {
        **kinds("kept", better=None),
        **kinds("kept_rows", "dropped_rows", unit="count", better=None),
        **kinds("threshold", "mean_score", "mean_kept", "mean_dropped", unit="scale", better=None),
        **kinds("unread", unit="count", better="low"),
    }

    def __init__(self, config: FilterScoreConfig) -> None:
        if (config.at_least is None) == (config.top is None):
            raise ConfigError("score: FilterScore takes one of at_least and top.")
        if config.top is not None and not 0 < config.top <= 1:
            raise ConfigError(f"score.top: must be above 0 and up to 1, not {config.top}.")
        self.config = config
        self._scores: dict[int, list[float]] = {}
        self._clusters: dict[int, Cluster] = {}
        self._unread: set[int] = set()
        self._missing = 0

    def identity(self) -> dict[str, Any]:
        """Return name, version and config."""
        return identity_of("filter", 1, self.config)

    def add(self, sample: Sample, repeat: int, verdict: Verdict, rule: Verdict | None = None) -> None:  # noqa: ARG002 - nothing but the score counts
        """Take in the score of one row; of repeats the mean counts, and one that is unread makes the row so."""
        if verdict.status not in ("ok", "unparsed"):
            self._missing += 1
            return
        self._clusters[sample.id] = cluster_of(sample, self.config)
        if verdict.score is None:
            self._unread.add(sample.id)
        else:
            self._scores.setdefault(sample.id, []).append(verdict.score)

    def merge(self, later: Self) -> None:
        """Take in what was judged about the samples that follow."""
        for row, scores in later._scores.items():
            self._scores.setdefault(row, []).extend(scores)
        self._clusters |= later._clusters
        self._unread |= later._unread
        self._missing += later._missing

    def result(self) -> dict[str, Metric]:
        """Return the figures, the headline first."""
        means = {row: fmean(scores) for row, scores in self._scores.items() if row not in self._unread}
        threshold = self._threshold(sorted(means.values(), reverse=True))
        kept = [row for row in self._clusters if row in means and threshold is not None and means[row] >= threshold]
        chosen = set(kept)
        dropped = [row for row in means if row not in chosen]
        worths = [float(row in chosen) for row in self._clusters]
        n = len(self._clusters)
        counts = {"kept_rows": len(kept), "dropped_rows": len(dropped), "unread": len(self._unread)}
        return {
            "kept": share_of(worths, list(self._clusters.values()), missing=self._missing),
            "threshold": Metric(value=threshold, n=n, note="" if threshold is not None else "no score was read"),
            "mean_score": self._mean(list(means.values())),
            "mean_kept": self._mean([means[row] for row in kept]),
            "mean_dropped": self._mean([means[row] for row in dropped]),
            **{name: Metric(value=float(count), n=n) for name, count in counts.items()},
        }

    def _threshold(self, best_first: list[float]) -> float | None:
        if self.config.at_least is not None or not best_first or self.config.top is None:
            return self.config.at_least
        return best_first[math.ceil(self.config.top * len(best_first) - 1e-9) - 1]

    @staticmethod
    def _mean(scores: list[float]) -> Metric:
        return Metric(value=fmean(scores) if scores else None, n=len(scores), note="" if scores else "there is no row")
