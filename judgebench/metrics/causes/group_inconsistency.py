"""Does the judge score the same item otherwise when a group is named otherwise in it?

Source: LInCo, the mean disagreement between groups about the same items; here the same judge on items in which the
group has been changed.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from itertools import combinations
from typing import NamedTuple, TypeVar

import numpy as np

from judgebench.metrics.statistics.intervals import Interval, student

Item = TypeVar("Item", bound=Hashable)


class GroupInconsistency(NamedTuple):
    """How far a judge's scores differ between two groups on the same items, in shares of the scale.

    Attributes:
        inconsistency: Mean distance, 0..1. ``shift``: mean of second minus first, -1..1.
        shift_interval: Its 95% interval; ``None`` for fewer than two items.
        n: Items that have a score in both groups.
    """

    inconsistency: float
    shift: float
    shift_interval: Interval | None
    n: int


def group_inconsistency(
    scores: Mapping[str, Mapping[Item, float]], scale: tuple[float, float]
) -> dict[tuple[str, str], GroupInconsistency]:
    """Return the inconsistency between each two groups.

    Args:
        scores: By group: the judge's score of each item with that group named in it.
        scale: Ends of the scale.

    Raises:
        ValueError: The scale has no length.
    """
    length = scale[1] - scale[0]
    if length <= 0:
        raise ValueError(f"group_inconsistency needs a scale that rises, got {scale}")
    found = {}
    for first, second in combinations(scores, 2):
        shared = [item for item in scores[first] if item in scores[second]]
        if not shared:
            continue
        apart = np.array([scores[second][item] - scores[first][item] for item in shared]) / length
        n, shift = len(apart), float(apart.mean())
        interval = student(shift, float(apart.std(ddof=1)) / n**0.5, n - 1) if n > 1 else None
        found[first, second] = GroupInconsistency(float(np.abs(apart).mean()), shift, interval, n)
    return found
