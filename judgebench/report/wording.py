"""Numbers and lists as a sentence has them."""

from __future__ import annotations

from collections.abc import Sequence

from judgebench.records.figures import Metric

_DIGITS = {"percent": 1, "points": 1, "rating": 0, "count": 0, "place": 0, "characters": 0}


def rounded(value: float, unit: str, *, sign: bool = False) -> str:
    """Return a number with as many digits as its unit deserves; one that is not 0 is never shown as 0."""
    digits = _DIGITS.get(unit, 2)
    while value and not round(value, digits) and digits < 6:
        digits += 1
    return f"{value or 0.0:{'+' if sign and value else ''},.{digits}f}"


def amount(value: float, unit: str, *, sign: bool = False) -> str:
    """Return a number with its unit: ``90.1%``, ``+4.1 points``, ``7.50``."""
    text = rounded(value, unit, sign=sign)
    if unit == "percent":
        return f"{text}%"
    if unit == "points":
        return f"{text} point{'' if text.lstrip('+-') == '1.0' else 's'}"
    return text


def figure(metric: Metric) -> str:
    """Return the value of a metric that has one, with its unit."""
    return amount(metric.value or 0.0, metric.unit)


def interval(metric: Metric, *, sign: bool = False, comparisons: int = 1) -> str:
    """Return ``95% interval 88.4 to 91.6``; empty where there is none.

    Args:
        metric: The number.
        sign: Whether a plus stands before what is above 0.
        comparisons: For how many comparisons at once it holds.
    """
    if metric.ci95 is None:
        return ""
    low, high = (rounded(end, metric.unit, sign=sign) for end in metric.ci95)
    together = f" for all {comparisons} comparisons together" if comparisons > 1 else ""
    return f"95% interval {low} to {high}{together}"


def bracketed(*parts: str) -> str:
    """Return what is not empty in brackets, with a leading blank."""
    shown = ", ".join(part for part in parts if part)
    return f" ({shown})" if shown else ""


def many(count: int, one: str, more: str = "") -> str:
    """Return a count with its noun: ``1 item``, ``2,698 items``."""
    return f"{count:,} {one if count == 1 else more or f'{one}s'}"


def listed(names: Sequence[str], *, last: str = "and", most: int = 3) -> str:
    """Return names as a sentence lists them: ``a, b and c``, ``a, b and 3 others``."""
    shown = list(names)
    if len(shown) > most:
        left = len(shown) - (most - 1)
        shown = [*shown[: most - 1], many(left, "other")]
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} {last} {shown[-1]}"


def span_of(texts: Sequence[str]) -> str:
    """Return the range of numbers that are given in order, once where they are alike."""
    return texts[0] if texts[0] == texts[-1] else f"{texts[0]} to {texts[-1]}"
