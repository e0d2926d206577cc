"""Consensus by Dawid and Skene: judges weighed by error rates that are guessed from how they agree.

It takes the judges' errors to be independent of each other given the truth. Where judges err together, as language
models do, it takes the shared error for the truth and is the surer of it the more judges share it.

Source: A. P. Dawid and A. M. Skene (1979), Journal of the Royal Statistical Society C 28, 20-28.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from judgebench.metrics.consensus.majority import majority
from judgebench.metrics.consensus.votes import Consensus, Votes, consensus_of

Floats = npt.NDArray[np.float64]
STEPS = 500
TOLERANCE = 1e-8
SMOOTHING = 0.01
"""Votes added to each cell of a judge's table, so that nothing is impossible for what was not seen."""


class DawidSkene(NamedTuple):
    """The consensus, and how it was found.

    Attributes:
        consensus: Of the start with the greatest likelihood.
        tables: By judge: how likely it says each decision (column) where each is right (row), as the model guesses.
        log_likelihood: Of that start; ``starts``: of all of them. Far apart: the data do not say which is right.
    """

    consensus: Consensus
    tables: dict[str, Floats]
    log_likelihood: float
    starts: list[float]


def dawid_skene(votes: Votes, *, starts: int = 5, seed: int = 0) -> DawidSkene:
    """Return the consensus of greatest likelihood, by expectation and maximisation.

    Args:
        votes: At least one.
        starts: The first is the majority; the others are the majority mixed with random chances.
        seed: Of the random starts.

    Raises:
        ValueError: There are no votes.
    """
    if not votes.decisions:
        raise ValueError("dawid_skene needs at least one vote")
    rng = np.random.default_rng(seed)
    first = majority(votes).chances
    cast = np.stack([votes.table == at for at in range(len(votes.decisions))], axis=2).astype(np.float64)
    found = []
    for start in range(max(1, starts)):
        mixed = first if not start else (first + rng.dirichlet(np.ones(first.shape[1]), len(first))) / 2
        found.append(_climb(cast, mixed))
    chances, tables, _ = best = max(found, key=lambda one: one[2])
    return DawidSkene(
        consensus_of(votes, chances),
        {judge: tables[at] for at, judge in enumerate(votes.judges)},
        best[2],
        [one[2] for one in found],
    )


def _climb(cast: Floats, chances: Floats) -> tuple[Floats, Floats, float]:
    """Return chances by item and decision, tables by judge, and the log-likelihood, from one start."""
    before = -np.inf
    for _ in range(STEPS):
        shares = chances.mean(axis=0)
        tables = np.einsum("ic,ijk->jck", chances, cast) + SMOOTHING
        tables /= tables.sum(axis=2, keepdims=True)
        logs = np.log(np.maximum(shares, 1e-300)) + np.einsum("ijk,jck->ic", cast, np.log(tables))
        top = logs.max(axis=1, keepdims=True)
        weights = np.exp(logs - top)
        likelihood = float((top[:, 0] + np.log(weights.sum(axis=1))).sum())
        chances = weights / weights.sum(axis=1, keepdims=True)
        if abs(likelihood - before) < TOLERANCE * abs(likelihood):
            break
        before = likelihood
    return chances, tables, likelihood
