"""The interval of a mean by resampling questions: a check of the usual one, which rests on a formula.

Source: B. Efron (1987), Better bootstrap confidence intervals, Journal of the American Statistical Association 82,
171-185 (bias-corrected and accelerated, BCa).
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from judgebench.metrics.statistics.prediction_powered import Column, column

DRAWS = 2000
"""How often questions are drawn anew."""


def bca_interval(
    values: Column, questions: Column, *, level: float = 0.95, draws: int = DRAWS, seed: int = 0
) -> tuple[float, float] | None:
    """Return the bias-corrected and accelerated interval of a mean, whole questions being drawn.

    Args:
        values: One for each pair of answers.
        questions: Of each.
        level: Of the interval.
        draws: How often questions are drawn.
        seed: Of the draws: the same data give the same interval.

    Returns:
        ``None`` for fewer than two questions, and where all are alike.
    """
    every = column(values)
    _, position = np.unique(questions, return_inverse=True)
    sums, sizes = np.bincount(position, every), np.bincount(position)
    # questions of the same sum and size are drawn together: as fast for 100,000 questions as for 100
    kinds, times = np.unique(np.stack([sums, sizes.astype(np.float64)], axis=1), axis=0, return_counts=True)
    count = len(sums)
    if count < 2 or len(kinds) < 2:
        return None
    mean = float(every.mean())
    chosen = np.random.default_rng(seed).multinomial(count, times / count, size=draws)
    drawn = np.sort((chosen @ kinds[:, 0]) / (chosen @ kinds[:, 1]))
    normal = NormalDist()
    below = (float((drawn < mean).sum()) + float((drawn <= mean).sum())) / (2 * draws)
    bias = normal.inv_cdf(min(1 - 1 / (2 * draws), max(1 / (2 * draws), below)))
    left_out = (sums.sum() - kinds[:, 0]) / (sizes.sum() - kinds[:, 1])
    away = float(times @ left_out) / count - left_out
    spread = float(times @ away**2)
    acceleration = float(times @ away**3) / (6 * spread**1.5) if spread > 0 else 0.0

    def end(probability: float) -> float:
        shifted = bias + normal.inv_cdf(probability)
        return float(np.quantile(drawn, normal.cdf(bias + shifted / (1 - acceleration * shifted))))

    return end((1 - level) / 2), end((1 + level) / 2)
