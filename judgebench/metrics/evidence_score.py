"""Pairs that a judge scores several times in both orders: how far its samples disagree, and what people would mend.

The samples of an item vote for the first answer, the second or neither; the entropy of their shares,
``-sum_c p_c ln p_c``, is the balanced position diversity entropy of FairEval (P. Wang et al. 2023, arXiv:2305.17926,
human in the loop calibration). The items with the greatest entropy are those that people should decide.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import Any, ClassVar

import msgspec

from judgebench.metrics.games import games_of
from judgebench.metrics.pair_score import PairScore, PairScoreConfig, share_of
from judgebench.metrics.point_score import mean_of
from judgebench.records import Metric, Sample, Verdict


class EvidenceScoreConfig(PairScoreConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``score=dict(type=EvidenceScore, ...)``, beside those of ``PairScore``.

    Attributes:
        people: Share of the items, the most uncertain ones, that people decide in ``accuracy_with_people``.
    """

    people: float = 0.2


class EvidenceScore(PairScore):
    """``PairScore`` with ``diversity_entropy`` (mean over items, in nats) and ``accuracy_with_people``."""

    Config: ClassVar[type[msgspec.Struct]] = EvidenceScoreConfig
    config: EvidenceScoreConfig

    def __init__(self, config: EvidenceScoreConfig) -> None:
        super().__init__(config)
        self._entropies: list[float | None] = []

    def identity(self) -> dict[str, Any]:
        """Return name, version and config."""
        return {**super().identity(), "score": "evidence"}

    def add(self, sample: Sample, repeat: int, verdict: Verdict) -> None:
        """Take in the verdict about one pair, and its samples."""
        before = len(self._items)
        super().add(sample, repeat, verdict)
        if len(self._items) > before:
            self._entropies.append(diversity_entropy(game.side for game in games_of(verdict)))

    def result(self) -> dict[str, Metric]:
        """Return the figures of ``PairScore`` and the two of this module."""
        found = super().result()
        found["diversity_entropy"] = mean_of(self._entropies)
        worths = [self._decision(item) for item in self._items]
        # an item without any readable sample is the most uncertain of all; equal ones go to people in their order
        order = sorted(range(len(worths)), key=lambda at: -_uncertainty(self._entropies[at]))
        people = set(order[: math.ceil(self.config.people * len(order))])
        known = [1.0 if at in people else worth for at, worth in enumerate(worths) if at in people or worth is not None]
        with_people = share_of([worth for worth in known if worth is not None], missing=sum(self._unjudged.values()))
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
