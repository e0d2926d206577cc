"""How models do against each other in the eyes of the tested judge: MT-Bench, every two models.

A match is one item whose two answers were shown in both orders. It counts as won where the fold decides for a model and
as a tie otherwise, so that orders which contradict each other are ties, counted apart (Zheng et al. 2023).
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import msgspec

from judgebench.errors import DataError
from judgebench.metrics.battles import Battle
from judgebench.metrics.bradley_terry import Rating, bradley_terry
from judgebench.metrics.games import games_of, side_of
from judgebench.metrics.pair_score import share_of
from judgebench.records import Metric, Sample, Verdict


class MatchScoreConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``score=dict(type=MatchScore, ...)``.

    Attributes:
        first: Meta column that names the model of the item's first answer. ``second``: of its second.
        rounds: Resamples of the ratings' intervals. ``seed``: of the bootstrap.
    """

    first: str = "model"
    second: str = "against"
    rounds: int = 1000
    seed: int = 0


class MatchScore:
    """The headline is how often both orders agree; every model has rates and a rating. What is unread is left out."""

    Config: ClassVar[type[msgspec.Struct]] = MatchScoreConfig

    def __init__(self, config: MatchScoreConfig) -> None:
        self.config = config
        self._battles: list[Battle] = []
        self._agree: list[float] = []
        self._missing = 0

    def identity(self) -> dict[str, Any]:
        """Return name, version and config."""
        return {"score": "match", "version": 1, **msgspec.to_builtins(self.config)}

    def add(self, sample: Sample, repeat: int, verdict: Verdict) -> None:  # noqa: ARG002 - part of the contract
        """Take in the verdict about one match."""
        side = side_of(verdict.label)
        if verdict.status != "ok" or side is None:
            self._missing += 1
            return
        first, second = str(sample.meta[self.config.first]), str(sample.meta[self.config.second])
        self._battles.append(Battle(first, second, (side + 1) / 2, item=sample.id))
        games = games_of(verdict)
        if games:
            self._agree.append(float(len({game.side for game in games}) == 1))

    def result(self) -> dict[str, Metric]:
        """Return the figures, ``consistency`` first, then those of each model, the best first."""
        found = {
            "consistency": share_of(self._agree, missing=self._missing),
            "ties": Metric(value=float(sum(one.outcome == 0.5 for one in self._battles)), n=len(self._battles)),
            "not_compared": Metric(value=float(self._missing), n=len(self._battles) + self._missing),
        }
        if not self._battles:
            return found
        for name, rating in self._ratings().items():
            won = [one.outcome for one in self._battles if one.first == name]
            won += [1 - one.outcome for one in self._battles if one.second == name]
            found[f"win_rate/{name}"] = share_of([float(one == 1) for one in won])
            found[f"loss_rate/{name}"] = share_of([float(one == 0) for one in won])
            found[f"win_rate_adjusted/{name}"] = share_of(won)
            found[f"rating/{name}"] = _rated(rating, len(won))
        return found

    def _ratings(self) -> dict[str, Rating]:
        try:
            return bradley_terry(self._battles, rounds=self.config.rounds, seed=self.config.seed)
        except DataError:  # so much was left out that no chain of matches leads from some models to others
            names = {name for one in self._battles for name in (one.first, one.second)}
            return {name: Rating(math.nan) for name in sorted(names)}


def _rated(rating: Rating, n: int) -> Metric:
    if math.isnan(rating.value):
        return Metric(value=None, n=n, note="no rating: no chain of matches connects all models")
    if math.isinf(rating.value):
        return Metric(value=None, n=n, note="no finite rating: it won, or lost, all that it played")
    known = rating.interval is not None and all(math.isfinite(end) for end in rating.interval)
    note = "Bradley-Terry, on the scale of Elo ratings"
    return Metric(value=rating.value, n=n, ci95=rating.interval if known else None, note=note)
