"""Correlation of two lists of scores. Undefined (a constant list, fewer than two pairs) is ``None``, never 0."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence


def pearson(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Return the linear correlation.

    Raises:
        ValueError: The lists differ in length.
    """
    _check(first, second)
    if len(first) < 2:
        return None
    mean1, mean2 = math.fsum(first) / len(first), math.fsum(second) / len(second)
    spread1 = math.fsum((a - mean1) ** 2 for a in first)
    spread2 = math.fsum((b - mean2) ** 2 for b in second)
    if len(set(first)) == 1 or len(set(second)) == 1 or spread1 == 0 or spread2 == 0:
        return None
    shared = math.fsum((a - mean1) * (b - mean2) for a, b in zip(first, second, strict=True))
    return min(1.0, max(-1.0, shared / (math.sqrt(spread1) * math.sqrt(spread2))))


def spearman(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Return the correlation of ranks; tied values share their mean rank."""
    _check(first, second)
    return pearson(mean_ranks(first), mean_ranks(second))


def kendall(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Return tau-b: concordant minus discordant pairs, corrected for ties.

    Source: M. G. Kendall (1945), Biometrika 33, 239-251; counted in n log n after W. R. Knight (1966), Journal of the
    American Statistical Association 61, 436-439.
    """
    _check(first, second)
    pairs = sorted(zip(first, second, strict=True))
    total = math.comb(len(pairs), 2)
    tied1, tied2 = _tied_pairs(first), _tied_pairs(second)
    tied_both = _tied_pairs(pairs)
    if total in (tied1, tied2):
        return None
    discordant = _inversions([second_value for _, second_value in pairs])
    concordant = total - tied1 - tied2 + tied_both - discordant
    tau = (concordant - discordant) / (math.sqrt(total - tied1) * math.sqrt(total - tied2))
    return min(1.0, max(-1.0, tau))


def mean_ranks(values: Sequence[float]) -> list[float]:
    """Return ranks from 1; tied values share their mean rank."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and values[order[end + 1]] == values[order[start]]:
            end += 1
        for at in order[start : end + 1]:
            ranks[at] = (start + end) / 2 + 1
        start = end + 1
    return ranks


def _tied_pairs(values: Sequence[object]) -> int:
    return sum(math.comb(count, 2) for count in Counter(values).values())


def _inversions(values: list[float]) -> int:
    """Return how many pairs are in the wrong order, by merge sort."""
    if len(values) < 2:
        return 0
    middle = len(values) // 2
    left, right = values[:middle], values[middle:]
    count = _inversions(left) + _inversions(right)
    left.sort()
    right.sort()
    at = 0
    for value in right:
        while at < len(left) and left[at] <= value:
            at += 1
        count += len(left) - at
    return count


def _check(first: Sequence[float], second: Sequence[float]) -> None:
    if len(first) != len(second):
        raise ValueError(f"a correlation needs equally long lists, got {len(first)} and {len(second)}")
