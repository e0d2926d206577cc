"""Does the judge err differently for different tested models? Then its raw ranking of them is not to be trusted."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np

from judgebench.metrics.statistics.prediction_powered import Column, column

ROUNDS = 2000
_CELLS = 1_000_000


class ErrorByGroup(NamedTuple):
    """Error rates of a judge by group (tested model, slice).

    Attributes:
        rates: By group: the share of errors, and of how many.
        p_value: Of "the rate is the same in all groups"; at least ``1 / (rounds + 1)``.
    """

    rates: dict[Hashable, tuple[float, int]]
    p_value: float


def error_by_group(
    groups: Sequence[Hashable], wrong: Sequence[float], questions: Sequence[Hashable], *, seed: int = 0
) -> ErrorByGroup | None:
    """Return error rates by group, with a permutation test of the chi-square statistic.

    Errors change places among the answers to one question where several groups answered it, so that hard questions do
    not look like bad groups; questions of one group say nothing about a difference.

    Args:
        groups: Of each verdict.
        wrong: 1 for an error, 0 for none.
        questions: Of each verdict.
        seed: Of the permutations.

    Returns:
        ``None`` for fewer than two groups.

    Source: the exact test given the margins is R. A. Fisher's (1935); the permutations are within strata as in
    W. G. Cochran (1954), Biometrics 10, 417-451.
    """
    names = list(dict.fromkeys(groups))
    if len(names) < 2:
        return None
    own = np.array([names.index(one) for one in groups])
    errors = column(wrong)
    strata = np.unique([str(one) for one in questions], return_inverse=True)[1]
    shared = np.bincount(strata)[strata] > 1
    if not shared.any():
        strata = np.zeros(len(errors), dtype=np.int64)
    order = np.argsort(strata, kind="stable")
    own, errors, strata = own[order], errors[order], strata[order]
    members = (own[:, None] == np.arange(len(names))).astype(np.float64)
    seen = _chi_square(errors[None, :] @ members, members.sum(axis=0), float(errors.mean()))[0]
    rng = np.random.default_rng(seed)
    above, left = 0, ROUNDS
    while left:
        rounds = min(left, max(1, _CELLS // len(errors)))
        shuffled = errors[np.argsort(strata + rng.random((rounds, len(errors))), axis=1)]
        found = _chi_square(shuffled @ members, members.sum(axis=0), float(errors.mean()))
        above += int((found >= seen - 1e-12).sum())
        left -= rounds
    sizes = members.sum(axis=0)
    counts = np.bincount(own, errors, len(names))
    rates: dict[Hashable, tuple[float, int]] = {
        name: (float(count / size), int(size)) for name, count, size in zip(names, counts, sizes, strict=True)
    }
    return ErrorByGroup(rates, (above + 1) / (ROUNDS + 1))


def _chi_square(counts: Column, sizes: Column, share: float) -> Column:
    """Return the statistic of each row of error counts."""
    if share in (0.0, 1.0):
        return np.zeros(len(counts))
    return column(((counts - sizes * share) ** 2 / (sizes * share * (1 - share))).sum(axis=1))
