"""Several tests at once: p-values adjusted so that the chance of any false alarm, or their share, keeps its level."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted so that the chance of even one false alarm keeps its level.

    Source: S. Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted, reached = [0.0] * len(p_values), 0.0
    for rank, at in enumerate(order):
        reached = max(reached, (len(p_values) - rank) * p_values[at])
        adjusted[at] = min(1.0, reached)
    return adjusted


def benjamini_hochberg(p_values: Sequence[float], *, dependent: bool = False) -> list[float]:
    """Return p-values adjusted so that the expected share of false alarms among the alarms keeps its level.

    Args:
        p_values: One for each test.
        dependent: Whether the tests may depend on each other in any way (Y. Benjamini and D. Yekutieli 2001, Annals of
            Statistics 29, 1165-1188).

    Source: Y. Benjamini and Y. Hochberg (1995), Journal of the Royal Statistical Society B 57, 289-300.
    """
    count = len(p_values)
    factor = sum(1 / rank for rank in range(1, count + 1)) if dependent else 1.0
    order = sorted(range(count), key=p_values.__getitem__, reverse=True)
    adjusted, reached = [0.0] * count, 1.0
    for place, at in enumerate(order):
        reached = min(reached, factor * count / (count - place) * p_values[at])
        adjusted[at] = min(1.0, reached)
    return adjusted
