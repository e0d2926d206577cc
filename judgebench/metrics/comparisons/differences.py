"""How much better one model is than another on the same items, and how many items would tell two apart.

The same questions are put to both models, so their difference is surer than two separate intervals suggest: what makes
a question hard is the same for both and cancels out.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator
from itertools import groupby
from statistics import NormalDist
from typing import Literal, NamedTuple

import msgspec

from judgebench.metrics.statistics.intervals import Z95, t_quantile
from judgebench.records.figures import Metric, Unit

POWER = 0.8
"""Chance with which the number of items that is named is to show a difference as large as the one found."""


class ModelDifference(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a row's best model stands to another one.

    Attributes:
        dataset: Row name.
        by: Name of the metric.
        first: The better of the two by the row's own figures. ``second``: the other.
        kind: ``paired``: both were scored on the same items; ``separate``: they were not, or nobody knows, and the
            difference rests on their own intervals; ``head_to_head``: a judge compared their answers, and the figure is
            the share of these comparisons that the first won, a tie counting half.
        found: The difference, positive where the first is better, or the share; ``n`` counts items.
        comparisons: With how many models the first is compared: the intervals hold for all of them at once.
        first_ahead: Items on which the first is better. ``second_ahead``: likewise.
        items_needed: About how many items would tell them apart if the difference stays as it is, where these do not.
    """

    dataset: str
    by: str
    first: str
    second: str
    kind: Literal["paired", "separate", "head_to_head"]
    found: Metric
    comparisons: int = 1
    first_ahead: int = 0
    second_ahead: int = 0
    items_needed: int | None = None

    @property
    def sure(self) -> bool:
        """Whether the interval says that the first is better."""
        return self.found.ci95 is not None and self.found.ci95[0] > self.no_difference

    @property
    def no_difference(self) -> float:
        """The figure of two models that are equally good."""
        return 50.0 if self.kind == "head_to_head" else 0.0


class MeanDifference(NamedTuple):
    """A mean difference, its interval (``None`` where so few items have none), and the items that say either."""

    value: float
    ends: tuple[float, float] | None
    n: int
    ahead: int
    behind: int


def mean_difference(items: Iterable[float], *, scale: float | None, comparisons: int = 1) -> MeanDifference | None:
    """Return the mean of the differences of items with a 95% interval; ``None`` without an item.

    With a known scale the interval is the adjusted Wald interval of Bonett and Price: one item more is taken to favour
    the one entirely, and one the other, so that items which all agree do not look like certainty. (Theirs is about
    items that are right or wrong; where an item has several trials, their mean is taken for it.) Without a scale it is
    Student's. For several comparisons at once the level of each is raised by Bonferroni's rule.

    Source: D. G. Bonett and R. M. Price (2012), Adjusted Wald confidence interval for a difference of binomial
    proportions based on paired data, Journal of Educational and Behavioral Statistics 37, 479-488.

    Args:
        items: The difference of each item.
        scale: The largest difference that there can be; ``None`` where nobody knows.
        comparisons: How many such intervals must hold together.
    """
    n = ahead = behind = 0
    total = squares = 0.0
    for one in items:
        n += 1
        total += one
        squares += one * one
        ahead += one > 0
        behind += one < 0
    if not n:
        return None
    return MeanDifference(total / n, _ends(total / n, squares, n, scale, comparisons), n, ahead, behind)


def _ends(value: float, squares: float, n: int, scale: float | None, comparisons: int) -> tuple[float, float] | None:
    level = 1 - 0.025 / comparisons
    if scale is not None:
        middle = value * n / (n + 2)
        variance = (squares + 2 * scale * scale) / (n + 2) - middle * middle
        half = NormalDist().inv_cdf(level) * math.sqrt(max(0.0, variance) / (n + 2))
        return max(-scale, middle - half), min(scale, middle + half)
    spread = squares - n * value * value
    if n < 2 or spread <= 1e-12 * max(1.0, squares):
        return None
    half = t_quantile(level, n - 1) * math.sqrt(spread / (n - 1) / n)
    return value - half, value + half


def separate_difference(first: Metric, second: Metric, *, comparisons: int = 1) -> Metric:
    """Return by how much the first is better than the second, of two metrics that rest on different items.

    The interval is made of both metrics' own: ``d - sqrt((a - a_low)^2 + (b_high - b)^2)``, and likewise above. For
    several comparisons at once it is widened as Bonferroni's rule widens a normal interval.

    Source: G. Y. Zou and A. Donner (2008), Statistics in Medicine 27, 1693-1702 (MOVER).
    """
    turn = -1.0 if first.better == "low" else 1.0
    value = turn * ((first.value or 0.0) - (second.value or 0.0))
    ends = None
    if first.ci95 is not None and second.ci95 is not None:
        wider = NormalDist().inv_cdf(1 - 0.025 / comparisons) / Z95
        a, b = (one.value or 0.0 for one in (first, second))
        least = math.hypot(a - first.ci95[0], second.ci95[1] - b)
        most = math.hypot(first.ci95[1] - a, b - second.ci95[0])
        below, above = (least, most) if turn > 0 else (most, least)
        ends = (value - wider * below, value + wider * above)
    return Metric(value=value, n=min(first.n, second.n), ci95=ends, unit=_unit_of_difference(first.unit))


def _unit_of_difference(unit: Unit) -> Unit:
    return "points" if unit in ("percent", "") else unit


def items_needed(difference: float, ends: tuple[float, float], n: int) -> int | None:
    """Return about how many items tell a difference from none; ``None`` where there is none to tell.

    An interval of half-width ``h`` over ``n`` items has the half-width ``h sqrt(n / m)`` over ``m``. In four runs of
    five it excludes 0 if the difference is ``(z(0.975) + z(0.8)) / z(0.975)`` times as large as that, so
    ``m = n (1.43 h / d)^2``, given with two digits.

    Source: E. Miller (2024), Adding Error Bars to Evals, arXiv:2411.00640, section 5 (sample size for a power of 80%).

    Args:
        difference: What was found.
        ends: Its 95% interval.
        n: The items that it rests on.
    """
    half = (ends[1] - ends[0]) / 2
    if abs(difference) < 1e-9 * max(1.0, half):
        return None
    return two_digits(n * ((1 + NormalDist().inv_cdf(POWER) / Z95) * half / abs(difference)) ** 2, above=n)


def items_for_width(half: float, wanted: float, n: int) -> int:
    """Return about how many items give an interval of this half-width: ``n (half / wanted)^2``, with two digits.

    Source: the width of an interval of a mean falls with the root of the number of items (W. G. Cochran 1977, Sampling
    Techniques, 3rd ed., chapter 4).
    """
    return two_digits(n * (half / wanted) ** 2, above=n)


def two_digits(count: float, *, above: int = 0) -> int:
    """Return a count rounded up to two digits, always more than ``above``."""
    whole = max(math.ceil(count), above + 1)
    step: int = 10 ** max(0, len(str(whole)) - 2)
    return -(-whole // step) * step


class Worths(NamedTuple):
    """What the trials of a model are worth, in the order of items and repeats; more is better.

    Attributes:
        trials: Item and repeat of each, as one number. ``worths``: likewise.
    """

    trials: array[int]
    worths: array[float]

    @classmethod
    def of(cls, trials: Iterable[tuple[int, int, float]]) -> Worths:
        """Return the worths of trials that are given by item, repeat and worth, in any order."""
        made = cls(array("q"), array("d"))
        for item, at, worth in trials:
            made.trials.append(item * _REPEATS + at)
            made.worths.append(worth)
        known = made.trials
        if all(known[at] < known[at + 1] for at in range(len(known) - 1)):
            return made
        order = sorted(range(len(known)), key=known.__getitem__)
        return cls(array("q", (known[at] for at in order)), array("d", (made.worths[at] for at in order)))

    def minus(self, other: Worths) -> Iterator[float]:
        """Yield the difference of each item over the trials that both have."""
        return (math.fsum(some) / len(some) for some in self._items(other))

    def items(self) -> Iterator[float]:
        """Yield the worth of each item."""
        by_item = groupby(zip(self.trials, self.worths, strict=True), key=lambda one: one[0] // _REPEATS)
        for _, trials in by_item:
            some = [worth for _, worth in trials]
            yield math.fsum(some) / len(some)

    def _items(self, other: Worths) -> Iterator[list[float]]:
        theirs = 0
        item, some = -1, list[float]()
        for trial, worth in zip(self.trials, self.worths, strict=True):
            while theirs < len(other.trials) and other.trials[theirs] < trial:
                theirs += 1
            if theirs == len(other.trials) or other.trials[theirs] != trial:
                continue
            if trial // _REPEATS != item and some:
                yield some
                some = []
            item = trial // _REPEATS
            some.append(worth - other.worths[theirs])
        if some:
            yield some


_REPEATS = 1 << 20
"""More repeats than any run has."""
