"""Random draws that every reference package is compared on: how many, and what they look like."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

DRAWS = int(os.environ.get("JB_CONFORMANCE_DRAWS", "100"))
"""Draws of each test; 1,000 by `make test-soak`."""


class Later:
    """A package that the first test that needs it imports: to collect these tests, each worker would import them all.

    Where it is not installed, the test is skipped.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # pytest itself asks each name of a module for marks
            raise AttributeError(name)
        return getattr(pytest.importorskip(self._name), name)


def generators(seed: int, draws: int = DRAWS) -> Iterator[np.random.Generator]:
    """Yield a generator of random numbers for each draw."""
    root = np.random.default_rng(seed)
    for _ in range(draws):
        yield np.random.default_rng(root.integers(2**63))


def worst(differences: Iterator[float] | list[float], *, least: int) -> float:
    """Return the greatest difference, of at least so many compared draws."""
    found = list(differences)
    assert len(found) >= least, f"only {len(found)} draws could be compared"
    assert not np.isnan(found).any()
    return float(max(found))
