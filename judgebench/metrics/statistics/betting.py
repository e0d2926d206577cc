"""Sequences that may be looked at after every item: is a mean above a bound, or below it?

A bettor starts with a capital of 1 and bets on each next value, at odds that are fair if the mean is the bound. Who
grows rich has shown that it is not: if the mean is at most the bound, a capital of ``1 / alpha`` is ever reached with a
chance of at most ``alpha`` (J. Ville 1939), however often one looks and whenever one stops.

Source: I. Waudby-Smith and A. Ramdas (2024), Estimating means of bounded random variables by betting, Journal of the
Royal Statistical Society B 86, 1-27: the hedged capital, with a grid of bets, and the form for draws without
replacement from a finite set; the empirical Bernstein sequence with predictable plug-in weights, as a check.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from judgebench.metrics.statistics.prediction_powered import Column, column

STAKES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
"""Parts of the capital that are put at risk, each by a bettor of its own with an equal share of the first capital."""


def log_capital(values: Column, bound: float, *, total: int | None = None) -> Column:
    """Return the logarithm of the capital after each value, from bets on a mean above a bound.

    Args:
        values: In 0..1, in random order; along the last axis.
        bound: In 0..1. For bets on a mean below it give ``1 - values`` and ``1 - bound``.
        total: How many values there are in all, where the mean of these very values is asked for and they come
            without replacement; ``None`` asks for the mean that they are draws of.

    Returns:
        Of the shape of ``values``; infinite from where a mean up to the bound has become impossible.
    """
    x = column(values)
    fair = _fair(x, bound, total)
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = np.where(fair > _ROUNDING, x / np.maximum(fair, _ROUNDING) - 1.0, 0.0)
    logs = [np.cumsum(np.log1p(stake * gain), axis=-1) for stake in STAKES]
    found = np.logaddexp.reduce(logs, axis=0) - math.log(len(STAKES))
    if total is None:
        return np.asarray(found, dtype=np.float64)
    impossible = np.cumsum(x, axis=-1) > total * bound + _ROUNDING  # whatever is still to come
    return np.asarray(np.where(impossible, np.inf, found), dtype=np.float64)


_ROUNDING = 1e-9


def _fair(x: Column, bound: float, total: int | None) -> Column:
    """Return what the mean of each next value is if that of all is the bound."""
    if total is None:
        return np.full(x.shape, bound)
    before = np.cumsum(x, axis=-1) - x
    rest = total - np.arange(x.shape[-1], dtype=np.float64)
    return np.asarray((total * bound - before) / rest, dtype=np.float64)


class ShownSoFar(NamedTuple):
    """What a sequence shows of a mean and a bound.

    Attributes:
        above: Least p-value so far of "the mean is at most the bound". ``below``: of "it is at least the bound". Valid
            at every look: ``1 / capital``.
    """

    above: float
    below: float


def shown_by(low: Column, high: Column, bound: float, *, total: int | None = None) -> ShownSoFar:
    """Return what values show, each known up to its two ends: what is open counts against every decision.

    Args:
        low: Each value, or the least that it can be. ``high``: or the greatest.
        high: Likewise.
        bound: In 0..1.
        total: As of ``log_capital``.
    """
    above = log_capital(low, bound, total=total)
    below = log_capital(1.0 - column(high), 1.0 - bound, total=total)
    return ShownSoFar(*(math.exp(-max(0.0, float(logs.max(initial=0.0)))) for logs in (above, below)))


def confidence_sequence(
    low: Column, high: Column, *, alpha: float = 0.05, total: int | None = None
) -> tuple[float, float]:
    """Return the interval for the mean that holds at every look with a chance of ``1 - alpha``.

    The bounds that neither of the two bettors (each with half of the error) has shown to be wrong so far.

    Args:
        low: As of ``shown_by``. ``high``: likewise.
        high: Likewise.
        alpha: Of both sides together.
        total: As of ``log_capital``.
    """
    rich = math.log(2 / alpha)

    def end(values: Column) -> float:
        """Return the greatest bound that bets on a mean above it have shown to be too low."""
        at, top = 0.0, 1.0
        for _ in range(_HALVINGS):
            middle = (at + top) / 2
            shown = float(log_capital(values, middle, total=total).max(initial=0.0)) >= rich
            at, top = (middle, top) if shown else (at, middle)
        return at

    return end(column(low)), 1.0 - end(1.0 - column(high))


_HALVINGS = 30


def bernstein_sequence(values: Column, *, alpha: float = 0.05, total: int | None = None) -> tuple[Column, Column]:
    """Return both ends of the empirical Bernstein sequence after each value: wider, and what the bets are checked by.

    ``sum(l_i x_i) / sum(l_i) +- (log(2 / alpha) + sum 4 (x_i - m_(i-1))^2 psi(l_i)) / sum(l_i)`` with
    ``psi(l) = (-log(1 - l) - l) / 4`` and ``l_i = min(1/2, sqrt(2 log(2 / alpha) / (s^2_(i-1) i log(1 + i))))``.

    Args:
        values: As of ``log_capital``.
        alpha: Of both sides together.
        total: As of ``log_capital``.
    """
    x = column(values)
    count = np.arange(1, x.shape[-1] + 1, dtype=np.float64)
    means = (0.5 + np.cumsum(x, axis=-1)) / (count + 1)
    before = np.concatenate([np.full((*x.shape[:-1], 1), 0.5), means[..., :-1]], axis=-1)
    variances = (0.25 + np.cumsum((x - means) ** 2, axis=-1)) / (count + 1)
    known = np.concatenate([np.full((*x.shape[:-1], 1), 0.25), variances[..., :-1]], axis=-1)
    weight = np.minimum(0.5, np.sqrt(2 * math.log(2 / alpha) / (known * count * np.log1p(count))))
    psi = (-np.log1p(-weight) - weight) / 4
    spent = math.log(2 / alpha) + np.cumsum(4 * (x - before) ** 2 * psi, axis=-1)
    if total is None:
        centre, reach = np.cumsum(weight * x, axis=-1), np.cumsum(weight, axis=-1)
    else:
        rest = total - count + 1
        seen = np.cumsum(x, axis=-1) - x
        centre = np.cumsum(weight * (x + seen / rest), axis=-1)
        reach = np.cumsum(weight * (1 + (count - 1) / rest), axis=-1)
    low = np.maximum.accumulate(np.maximum(0.0, (centre - spent) / reach), axis=-1)
    high = np.minimum.accumulate(np.minimum(1.0, (centre + spent) / reach), axis=-1)
    return low, high
