"""Reading one decimal number written in a reply."""

from __future__ import annotations

NUMBER = r"-?\d{1,9}(?:\.\d{1,9})?"
"""Pattern of a plain decimal number."""
_GREATEST = 1e15
"""No scale reaches further, and differences and means of what does not exceed it are finite."""


def number_of(written: str) -> float | None:
    """Return the number that a piece of text is, or ``None`` where it is none, or greater than any scale."""
    if "_" in written:  # Python reads 9_5 as 95; nobody who writes a score does
        return None
    try:
        value = float(written)
    except ValueError:
        return None
    return value if abs(value) <= _GREATEST else None


def outside(value: float, low: float | None, high: float | None) -> bool:
    """Whether a number is not on a scale; an end that is ``None`` sets no bound."""
    return (low is not None and value < low) or (high is not None and value > high)


def as_written(value: float) -> str:
    """Return a number as people write it: without ``.0``."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else str(value)
