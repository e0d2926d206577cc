"""Agreement on ordered scales, and among any number of raters."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

Level = Literal["nominal", "ordinal", "interval"]


def weighted_kappa(pairs: Mapping[tuple[float, float], int], *, power: int = 2) -> float | None:
    """Return kappa with disagreements weighted by their distance: 2 for quadratic, 1 for linear weights.

    Source: J. Cohen (1968), Psychological Bulletin 70, 213-220.

    Args:
        pairs: How often the raters' grades meet.
        power: Of the distance.

    Returns:
        ``None`` where chance alone gives no disagreement, and for no items.
    """
    total = sum(pairs.values())
    if not total:
        return None
    first: Counter[float] = Counter()
    second: Counter[float] = Counter()
    for (a, b), count in pairs.items():
        first[a] += count
        second[b] += count
    observed = math.fsum(count * abs(a - b) ** power for (a, b), count in pairs.items()) / total
    expected = math.fsum(
        count1 * count2 * abs(a - b) ** power for a, count1 in first.items() for b, count2 in second.items()
    )
    return 1 - observed * total * total / expected if expected > 0 else None


def krippendorff_alpha(units: Sequence[Sequence[float]], level: Level = "nominal") -> float | None:
    """Return the agreement of any number of raters, with missing ratings allowed.

    Source: K. Krippendorff (2011), Computing Krippendorff's Alpha-Reliability.

    Args:
        units: Each item's ratings; items with fewer than two say nothing.
        level: How far two ratings differ: at all, by the ratings between them, or by the squared distance.

    Returns:
        ``None`` where all ratings are equal, or nothing can be compared.
    """
    rated = [list(unit) for unit in units if len(unit) > 1]
    totals = Counter(value for unit in rated for value in unit)
    n = sum(totals.values())
    if n < 2 or len(totals) < 2:
        return None
    distance = _distances(totals, level)
    observed = math.fsum(math.fsum(distance(a, b) for a in unit for b in unit) / (len(unit) - 1) for unit in rated)
    expected = math.fsum(
        count1 * count2 * distance(a, b) for a, count1 in totals.items() for b, count2 in totals.items()
    ) / (n - 1)
    return 1 - observed / expected


class _distances:  # noqa: N801 - used as a function of two ratings
    def __init__(self, totals: Counter[float], level: Level) -> None:
        self._level = level
        self._middle: dict[float, float] = {}
        below = 0.0
        for value in sorted(totals):
            self._middle[value] = below + totals[value] / 2
            below += totals[value]

    def __call__(self, first: float, second: float) -> float:
        if self._level == "nominal":
            return float(first != second)
        if self._level == "interval":
            return (first - second) ** 2
        return (self._middle[first] - self._middle[second]) ** 2
