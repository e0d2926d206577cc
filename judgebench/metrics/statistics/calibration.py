"""Does a judge that is sure in 90% of the cases err in 10%? Brier score and expected calibration error.

Sources: G. W. Brier (1950), Monthly Weather Review 78, 1-3; M. P. Naeini, G. F. Cooper and M. Hauskrecht (2015),
Obtaining well calibrated probabilities using Bayesian binning, AAAI, 2901-2907.
"""

from __future__ import annotations

from collections.abc import Sequence

BINS = 10
"""Bins of equal width of the calibration error."""

Sure = tuple[float, float]
"""How sure the judge is of a verdict, 0..1, and whether the verdict is right: 1 or 0."""


def brier_score(verdicts: Sequence[Sure]) -> float | None:
    """Return the mean of ``(sureness - right)^2``: 0 for a judge that is always sure and right; ``None`` for none."""
    if not verdicts:
        return None
    return sum((sure - right) ** 2 for sure, right in verdicts) / len(verdicts)


def calibration_error(verdicts: Sequence[Sure]) -> float | None:
    """Return the mean distance of sureness and share of right verdicts over ten bins, weighed by their sizes.

    Few verdicts in a bin are by chance off its share, so the error of few verdicts is too high.

    Returns:
        0..1; ``None`` for no verdicts.
    """
    if not verdicts:
        return None
    bins: dict[int, list[Sure]] = {}
    for sure, right in verdicts:
        bins.setdefault(min(BINS - 1, int(sure * BINS)), []).append((sure, right))
    return sum(abs(sum(sure - right for sure, right in found)) for found in bins.values()) / len(verdicts)
