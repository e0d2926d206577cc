"""Ranks that are sure: intervals that hold the ranks of all models at once.

Source: M. Mogstad, J. P. Romano, A. M. Shaikh and D. Wilhelm (2024), Inference for ranks, Review of Economic Studies
91, 476-518; the quantile of the greatest difference is simulated.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from judgebench.metrics.statistics.prediction_powered import column

Model = TypeVar("Model", bound=Hashable)
ROUNDS = 10_000


class RankInterval(NamedTuple):
    """Where a model may stand; 1 is best.

    Attributes:
        value: What it is ranked by. ``rank``: by that value alone.
        best: Least rank of the interval. ``worst``: greatest.
    """

    value: float
    rank: int
    best: int
    worst: int


def simultaneous_ranks(
    models: Sequence[Model],
    values: Sequence[float],
    covariance: npt.NDArray[np.float64],
    *,
    level: float = 0.95,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> dict[Model, RankInterval]:
    """Return rank intervals that all hold together with probability ``level``.

    A model is behind another one for sure where the simultaneous interval of their difference says so; its best rank is
    one more than the number of models that are ahead for sure.

    Args:
        models: Their names.
        values: What they are ranked by; greater is better.
        covariance: Of the errors of the values.
        level: Of all intervals together.
        rounds: Simulated errors.
        seed: Of the simulation.
    """
    found = column(values)
    size = len(found)
    first, second = np.triu_indices(size, 1)
    spread = np.sqrt(
        np.maximum(0.0, covariance[first, first] + covariance[second, second] - 2 * covariance[first, second])
    )
    known = spread > 0
    reach = np.zeros(len(first))
    if known.any():
        errors = np.random.default_rng(seed).multivariate_normal(np.zeros(size), covariance, rounds, method="eigh")
        apart = np.abs(errors[:, first] - errors[:, second])[:, known] / spread[known]
        reach = spread * float(np.quantile(apart.max(axis=1), level))
    difference = found[first] - found[second]
    ahead = np.bincount(second, difference > reach, size) + np.bincount(first, -difference > reach, size)
    behind = np.bincount(first, difference > reach, size) + np.bincount(second, -difference > reach, size)
    return {
        model: RankInterval(
            float(found[at]), 1 + int((found > found[at]).sum()), 1 + int(ahead[at]), size - int(behind[at])
        )
        for at, model in enumerate(models)
    }
