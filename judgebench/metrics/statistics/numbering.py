"""Clusters by number: what sums over questions go by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]


def numbered(
    every: Sequence[int] | npt.NDArray[np.int64], some: Sequence[int] | npt.NDArray[np.int64] = ()
) -> tuple[int, Numbers, Numbers]:
    """Return how many clusters there are, the number of each of ``every``, and that of each of ``some`` of them.

    Args:
        every: The cluster of each item; every cluster occurs in it.
        some: The cluster of each of some items.

    Raises:
        ValueError: A cluster of ``some`` does not occur in ``every``.
    """
    whole, part = np.asarray(every), np.asarray(some, dtype=np.asarray(every).dtype)
    low, high = int(whole.min()), int(whole.max())
    if len(part) and (part.min() < low or part.max() > high):
        raise ValueError("a labelled item belongs to a question that no item asks")
    if high - low > 8 * len(whole) + 1000:
        names, number = np.unique(whole, return_inverse=True)
        of_part = np.searchsorted(names, part)
        known = bool((names[of_part] == part).all())
    else:  # much faster than sorting
        occurs = np.bincount(whole - low, minlength=high - low + 1) > 0
        code = np.cumsum(occurs) - 1
        names, number, of_part = np.flatnonzero(occurs), code[whole - low], code[part - low]
        known = bool(occurs[part - low].all())
    if not known:
        raise ValueError("a labelled item belongs to a question that no item asks")
    return len(names), number, of_part


def distinct(numbers: Numbers, size: int) -> int:
    """Return how many of ``size`` clusters occur."""
    return int(np.count_nonzero(np.bincount(numbers, minlength=size)))
