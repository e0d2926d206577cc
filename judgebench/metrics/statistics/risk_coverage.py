"""How much better verdicts are if one keeps only those of which the judge is sure.

Source: Y. Geifman and R. El-Yaniv (2017), Selective classification for deep neural networks, arXiv:1705.08500.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

COVERAGES = (0.8, 0.9, 0.95, 1.0)


class RiskCoverage(NamedTuple):
    """The risk-coverage curve of a judge.

    Attributes:
        curve: Expected share of wrong verdicts among the 1, 2, ... surest ones.
        area: Mean of the curve (AURC): 0 for a judge whose errors all come last and of whom there are none.
    """

    curve: list[float]
    area: float

    def accuracy_at(self, coverage: float) -> float:
        """Return the share of right verdicts among the surest ones that make up so much of all."""
        kept = max(1, round(coverage * len(self.curve)))
        return 1 - self.curve[kept - 1]


def risk_coverage(confidence: Sequence[float], wrong: Sequence[float]) -> RiskCoverage | None:
    """Return the curve; verdicts of equal confidence are in random order, of which the expectation is taken.

    Args:
        confidence: How sure the judge is of each verdict.
        wrong: 1 for a wrong verdict, 0 for a right one, or how wrong it is.

    Returns:
        ``None`` for no verdicts.
    """
    if not confidence:
        return None
    groups: dict[float, list[float]] = {}
    for sure, error in zip(confidence, wrong, strict=True):
        groups.setdefault(sure, []).append(error)
    curve: list[float] = []
    total = 0.0
    for sure in sorted(groups, reverse=True):
        errors = groups[sure]
        mean = sum(errors) / len(errors)
        curve += [(total + kept * mean) / (len(curve) + kept) for kept in range(1, len(errors) + 1)]
        total += sum(errors)
    return RiskCoverage(curve, sum(curve) / len(curve))
