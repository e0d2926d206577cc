"""Intraclass correlation: how far raters give the same numbers to the same items, their levels too."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def intraclass_correlation(units: Sequence[Sequence[float]]) -> float | None:
    """Return ICC(2,1): two-way random effects, single rater, absolute agreement.

    A rater who is always one point higher lowers it, as it should where one rater is to stand for another.

    Args:
        units: Each item's ratings, by all raters in the same order; items that a rater has left out are left out.

    Returns:
        ``None`` for fewer than two complete items or raters, and where all ratings are equal.

    Source: P. E. Shrout and J. L. Fleiss (1979), Psychological Bulletin 86, 420-428.
    """
    raters = max((len(unit) for unit in units), default=0)
    table = np.array([list(unit) for unit in units if len(unit) == raters], dtype=np.float64)
    n = len(table)
    if n < 2 or raters < 2:
        return None
    mean = table.mean()
    between_items = raters * float(((table.mean(axis=1) - mean) ** 2).sum()) / (n - 1)
    between_raters = n * float(((table.mean(axis=0) - mean) ** 2).sum()) / (raters - 1)
    rest = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0, keepdims=True) + mean
    error = float((rest**2).sum()) / ((n - 1) * (raters - 1))
    below = between_items + (raters - 1) * error + raters * (between_raters - error) / n
    return (between_items - error) / below if abs(below) > 1e-12 else None
