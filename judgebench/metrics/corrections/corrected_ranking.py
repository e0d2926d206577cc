"""Models ranked by what labels make of a judge's comparisons: corrected win rates into strengths, with sure ranks.

Sources: R. A. Bradley and M. E. Terry (1952), Biometrika 39, 324-345, fitted to the log-odds of the corrected win
rates by weighted least squares (J. Berkson 1955, Journal of the American Statistical Association 50, 130-162).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from judgebench.metrics.corrections.ranks import RankInterval, simultaneous_ranks
from judgebench.metrics.statistics.prediction_powered import PoweredMean

HALF = 0.5
"""Comparisons that are added to both models of a pair, so that a win rate of 0 or 1 has log-odds."""


class CorrectedRanking(NamedTuple):
    """Models by corrected strength.

    Attributes:
        ranks: By model, best first; ``value`` is the strength in log-odds, with mean 0.
        left_over: How much more the win rates differ from the strengths than chance allows: chi-square over its
            degrees of freedom, about 1 where one strength for each model explains them; ``None`` for none to spare.
    """

    ranks: dict[str, RankInterval]
    left_over: float | None


def corrected_ranking(
    win_rates: Mapping[tuple[str, str], PoweredMean], *, level: float = 0.95, seed: int = 0
) -> CorrectedRanking | None:
    """Return the ranking of models by their corrected win rates over each other.

    Args:
        win_rates: The corrected win rate (0..1) of the first model over the second, as of ``corrected_share``.
        level: Of all rank intervals together.
        seed: Of the simulation of ranks.

    Returns:
        ``None`` where the pairs do not connect all models.
    """
    models = list(dict.fromkeys(name for pair in win_rates for name in pair))
    design, odds, certain = [], [], []
    for (first, second), rate in win_rates.items():
        share = min(1.0, max(0.0, rate.value))
        middle = max(share * (1 - share), 1 / (4 * max(1, rate.n)))
        worth = middle / rate.stderr**2 if rate.stderr > 0 else float(rate.n)  # comparisons that tell as much
        smooth = (share * worth + HALF) / (worth + 2 * HALF)
        row = np.zeros(len(models))
        row[models.index(first)], row[models.index(second)] = 1.0, -1.0
        design.append(row)
        odds.append(np.log(smooth / (1 - smooth)))
        certain.append((worth + 2 * HALF) * smooth * (1 - smooth))
    if not design:
        return None
    x, y, weight = np.array(design), np.array(odds), np.array(certain)
    information = x.T @ (weight[:, None] * x)
    if np.linalg.matrix_rank(information) < len(models) - 1:
        return None
    covariance = np.linalg.pinv(information).astype(np.float64)
    strengths = covariance @ (x.T @ (weight * y))
    spare = len(y) - (len(models) - 1)
    chi_square = float(weight @ (y - x @ strengths) ** 2)
    ranks = simultaneous_ranks(models, list(strengths), covariance, level=level, seed=seed)
    ordered = dict(sorted(ranks.items(), key=lambda one: -one[1].value))
    return CorrectedRanking(ordered, chi_square / spare if spare else None)
