"""Reading one decimal number written in a reply."""

from __future__ import annotations

import math

NUMBER = r"-?\d{1,9}(?:\.\d{1,9})?"
"""Pattern of a plain decimal number."""


def number_of(written: str) -> float | None:
    """Return the number that a piece of text is, or ``None`` where it is none (or not finite)."""
    try:
        value = float(written)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def outside(value: float, low: float | None, high: float | None) -> bool:
    """Whether a number is not on a scale; an end that is ``None`` sets no bound."""
    return (low is not None and value < low) or (high is not None and value > high)


def as_written(value: float) -> str:
    """Return a number as people write it: without ``.0``."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else str(value)
