"""Tested models ranked without labels, with all that is not known about the judge in the intervals.

Each model has a distribution over true grades, and the judge a table of how likely it gives each grade where another is
right; only their product is seen. For two grades any judge that is better than chance gives the ranking; for three or
more the data alone do not, and what is taken for granted about the judge decides. So it is said how the ranks change
with that: ``trust`` is how much more likely than chance the judge is taken to give the right grade.

Source: P. Vossler et al. (2025), Judging LLMs on a simplex, arXiv:2505.21972, with one judge for all models: Dirichlet
priors on the models' distributions and on the rows of the judge's table, sampled by Gibbs' method (S. Geman and
D. Geman 1984, IEEE Transactions on Pattern Analysis and Machine Intelligence 6, 721-741).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

TRUSTS = (1.0, 2.0, 5.0, 10.0, 20.0)
"""Weights of the diagonal that a sweep tries; 1 is a judge of whom nothing is taken for granted."""


class SimplexRank(NamedTuple):
    """Where a model may stand.

    Attributes:
        score: Mean over the samples of its mean true grade.
        low: 2.5% quantile of that. ``high``: 97.5% quantile.
        best: Least rank in 95% of the samples; 1 is best. ``worst``: greatest.
    """

    score: float
    low: float
    high: float
    best: int
    worst: int


def simplex_ranks(
    counts: Mapping[str, Sequence[int]],
    *,
    trust: float = 5.0,
    samples: int = 1000,
    burn: int = 300,
    seed: int = 0,
) -> dict[str, SimplexRank]:
    """Return rank intervals of models by how often the judge gives each grade, without labels.

    Args:
        counts: By model: how often the judge gives each grade, from the lowest to the highest.
        trust: Prior weight of the right grade in each row of the judge's table, beside 1 for each other grade.
        samples: Of the posterior, after ``burn`` that are thrown away.
        burn: Samples that are thrown away.
        seed: Of the random numbers.

    Raises:
        ValueError: There are fewer than two models or grades, or models with other numbers of grades.
    """
    seen = np.array([list(one) for one in counts.values()], dtype=np.int64)
    if seen.ndim != 2 or min(seen.shape) < 2:
        raise ValueError("simplex_ranks needs two models or more, and as many grades, at least two, for each")
    rng = np.random.default_rng(seed)
    grades = seen.shape[1]
    prior = np.ones((grades, grades)) + (trust - 1) * np.eye(grades)
    table = prior / prior.sum(axis=1, keepdims=True)
    theta = (seen + 1) / (seen + 1).sum(axis=1, keepdims=True)
    worth = np.arange(grades, dtype=np.float64)
    kept: list[npt.NDArray[np.float64]] = []
    for step in range(burn + samples):
        joint = theta[:, :, None] * table[None, :, :]  # model, true grade, given grade
        chance = joint / joint.sum(axis=1, keepdims=True)
        true = rng.multinomial(seen, chance.transpose(0, 2, 1))  # model, given grade, true grade
        theta = _dirichlet(rng, 1.0 + true.sum(axis=1))
        table = _dirichlet(rng, prior + true.sum(axis=0).T)
        if step >= burn:
            kept.append(theta @ worth)
    drawn = np.array(kept)
    ranks = 1 + (drawn[:, None, :] > drawn[:, :, None]).sum(axis=2)
    ends = np.quantile(drawn, [0.025, 0.975], axis=0)
    standing = np.quantile(ranks, [0.025, 0.975], axis=0, method="closest_observation")
    return {
        name: SimplexRank(
            float(drawn[:, at].mean()),
            float(ends[0, at]),
            float(ends[1, at]),
            int(standing[0, at]),
            int(standing[1, at]),
        )
        for at, name in enumerate(counts)
    }


def simplex_sweep(
    counts: Mapping[str, Sequence[int]], *, trusts: Sequence[float] = TRUSTS, seed: int = 0
) -> dict[float, dict[str, SimplexRank]]:
    """Return the rank intervals for each trust in the judge: what holds for all of them does not rest on the prior."""
    return {trust: simplex_ranks(counts, trust=trust, seed=seed) for trust in trusts}


def _dirichlet(rng: np.random.Generator, weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return one draw for each row of weights."""
    drawn = rng.standard_gamma(weights)
    return np.asarray(drawn / drawn.sum(axis=1, keepdims=True), dtype=np.float64)
