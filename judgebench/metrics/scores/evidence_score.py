"""Pairs that a judge scores several times in both orders: how far its samples disagree, and what people would mend.

The samples of an item vote for the first answer, the second or neither; the entropy of their shares,
``-sum_c p_c ln p_c``, is the balanced position diversity entropy of FairEval (P. Wang et al. 2023, arXiv:2305.17926,
human in the loop calibration). The items with the greatest entropy are those that people should decide.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from statistics import fmean
from typing import Any, ClassVar, Self

import msgspec

from judgebench.metrics.comparisons.comparisons import pair_presentations
from judgebench.metrics.contract import FigureKind, kinds
from judgebench.metrics.scores.pair_score import PairScore, PairScoreConfig
from judgebench.metrics.statistics.intervals import mean_of, share_of
from judgebench.records.flow import Metric, Sample, Verdict


class EvidenceScoreConfig(PairScoreConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``score=dict(type=EvidenceScore, ...)``, beside those of ``PairScore``.

    Attributes:
        people: Share of the items, the most uncertain ones, that people decide in ``accuracy_with_people``. An
            item is as uncertain as its repeats are on average, and people decide it once for all of them.
    """

    people: float = 0.2


class EvidenceScore(PairScore):
    """``PairScore`` with ``diversity_entropy`` (mean over items, in nats) and ``accuracy_with_people``."""

    Config: ClassVar[type[msgspec.Struct]] = EvidenceScoreConfig
    figures: ClassVar[Mapping[str, FigureKind]] = {
        **PairScore.figures,
        **kinds("diversity_entropy", unit="nats", better=None),
        **kinds("accuracy_with_people", better="high"),
    }
    config: EvidenceScoreConfig

    def __init__(self, config: EvidenceScoreConfig) -> None:
        super().__init__(config)
        self._entropies: list[float | None] = []
        self._samples: list[int] = []

    def identity(self) -> dict[str, Any]:
        """Return name, version and config."""
        return {**super().identity(), "score": "evidence", "version": 2}

    def add(self, sample: Sample, repeat: int, verdict: Verdict, rule: Verdict | None = None) -> None:
        """Take in the verdict about one pair, and its samples."""
        before = len(self._pairs)
        super().add(sample, repeat, verdict, rule)
        if len(self._pairs) > before:
            self._samples.append(sample.id)
            self._entropies.append(diversity_entropy(comparison.side for comparison in pair_presentations(verdict)))

    def merge(self, later: Self) -> None:
        """Take in what was judged about the samples that follow."""
        super().merge(later)
        self._entropies.extend(later._entropies)
        self._samples.extend(later._samples)

    def result(self) -> dict[str, Metric]:
        """Return the figures of ``PairScore`` and the two of this module."""
        found = super().result()
        found["diversity_entropy"] = mean_of(
            self._entropies, [pair.id for pair in self._pairs], lacking="no sample of any item could be read"
        )
        uncertain: dict[int, list[float]] = {}
        for sample, entropy in zip(self._samples, self._entropies, strict=True):
            uncertain.setdefault(sample, []).append(_uncertainty(entropy))
        # an item without any readable sample is the most uncertain of all; equal ones go to people in their order
        order = sorted(uncertain, key=lambda sample: -fmean(uncertain[sample]))
        people = set(order[: math.ceil(self.config.people * len(order))])
        worths = [
            (pair.id, 1.0 if sample in people else self._decision(pair))
            for sample, pair in zip(self._samples, self._pairs, strict=True)
        ]
        known = [(cluster, worth) for cluster, worth in worths if worth is not None]
        with_people = share_of(
            [worth for _, worth in known], [cluster for cluster, _ in known], missing=sum(self._unjudged.values())
        )
        note = f"people decide the {len(people)} most uncertain items; {with_people.note}".rstrip("; ")
        found["accuracy_with_people"] = msgspec.structs.replace(with_people, note=note)
        return found


def diversity_entropy(sides: Iterable[int | None]) -> float | None:
    """Return the entropy (in nats) of the sides that samples voted for; ``None`` where none could be read."""
    votes = Counter(side for side in sides if side is not None)
    total = sum(votes.values())
    if not total:
        return None
    return sum(-count / total * math.log(count / total) for count in votes.values())


def _uncertainty(entropy: float | None) -> float:
    return math.inf if entropy is None else entropy
