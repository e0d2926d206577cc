"""Fleiss' kappa: agreement of several raters about categories, beyond what their shares give by chance."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence


def fleiss_kappa(units: Sequence[Sequence[float]]) -> float | None:
    """Return the agreement of any raters; items with fewer than two ratings say nothing.

    With as many ratings of each item it is Fleiss'; with unequal numbers each item's share of agreeing pairs counts
    alike, and the shares of the categories are those of all ratings.

    Args:
        units: Each item's ratings.

    Returns:
        ``None`` where all ratings are equal, or nothing can be compared.

    Source: J. L. Fleiss (1971), Psychological Bulletin 76, 378-382.
    """
    rated = [Counter(unit) for unit in units if len(unit) > 1]
    totals: Counter[float] = Counter()
    for unit in rated:
        totals += unit
    n = totals.total()
    if len(totals) < 2:
        return None
    observed = math.fsum(
        sum(count * (count - 1) for count in unit.values()) / (unit.total() * (unit.total() - 1)) for unit in rated
    ) / len(rated)
    chance = math.fsum((count / n) ** 2 for count in totals.values())
    return (observed - chance) / (1 - chance)
