"""May a judge take the place of annotators? And how far do annotators agree among themselves.

Sources: the alternative annotator test: N. Calderon, R. Reichart and R. Dror (2025), The alternative annotator test for
LLM-as-a-judge, arXiv:2501.10970; AC1: K. L. Gwet (2008), British Journal of Mathematical and Statistical Psychology 61,
29-48.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from judgebench.metrics.statistics.intervals import t_cdf
from judgebench.metrics.statistics.multiple import benjamini_hochberg

LEAST_ITEMS = 30
"""Items that an annotator must share with others to be tested."""
EPSILON = 0.2
"""Advantage that a person is given for the judge's low price: 0.2 over experts, 0.15 over skilled, 0.1 over crowds."""
ALPHA = 0.05
PASSES = 0.5
"""Winning rate from which on the judge may replace annotators."""

Labelled = TypeVar("Labelled", bound=Hashable)
"""What names an item."""


class AnnotatorTest(NamedTuple):
    """One annotator against the judge.

    Attributes:
        items: Items with a label of the annotator's, one of somebody else's, and a verdict of the judge's.
        advantage: Share of them on which the judge agrees with the others at least as well as the annotator.
        difference: Mean of "the annotator does at least as well" minus "the judge does at least as well".
        p_value: One-sided, of "the annotator is better by at least epsilon". ``adjusted``: by Benjamini and Yekutieli.
    """

    annotator: str
    items: int
    advantage: float
    difference: float
    p_value: float
    adjusted: float

    @property
    def beaten(self) -> bool:
        """Whether the judge may stand for this annotator."""
        return self.adjusted <= ALPHA


class AlternativeAnnotator(NamedTuple):
    """What the alternative annotator test says of a judge.

    Attributes:
        winning_rate: Share of the annotators for whom the judge may stand.
        advantage: Mean over annotators of the share of items on which the judge does at least as well.
        annotators: Those with enough items.
    """

    winning_rate: float
    advantage: float
    annotators: list[AnnotatorTest]

    @property
    def passes(self) -> bool:
        """Whether the judge may replace annotators."""
        return self.winning_rate >= PASSES


def alternative_annotator(
    judge: Mapping[Labelled, float],
    people: Mapping[str, Mapping[Labelled, float]],
    *,
    numeric: bool = False,
    epsilon: float = EPSILON,
    least: int = LEAST_ITEMS,
) -> AlternativeAnnotator | None:
    """Return whether the judge may replace annotators: does it agree with the others as well as each of them does?

    Args:
        judge: What the judge says of each item.
        people: What each annotator says.
        numeric: Whether the distance counts (minus the root mean squared error) and not only equality (the accuracy).
        epsilon: The advantage that people are given.
        least: Items that an annotator must share.

    Returns:
        ``None`` where no annotator shares enough items.
    """
    found = [_tested(judge, people, name, numeric=numeric, epsilon=epsilon) for name in people]
    enough = [one for one in found if one.items >= least]
    if not enough:
        return None
    adjusted = benjamini_hochberg([one.p_value for one in enough], dependent=True)
    tested = [one._replace(adjusted=p) for one, p in zip(enough, adjusted, strict=True)]
    return AlternativeAnnotator(
        sum(one.beaten for one in tested) / len(tested), sum(one.advantage for one in tested) / len(tested), tested
    )


def _tested(
    judge: Mapping[Labelled, float],
    people: Mapping[str, Mapping[Labelled, float]],
    name: str,
    *,
    numeric: bool,
    epsilon: float,
) -> AnnotatorTest:
    judge_wins: list[bool] = []
    person_wins: list[bool] = []
    for item, own in people[name].items():
        others = [said[item] for other, said in people.items() if other != name and item in said]
        if item in judge and others:
            score, person = (_likeness(value, others, numeric=numeric) for value in (judge[item], own))
            judge_wins.append(score >= person)
            person_wins.append(person >= score)
    n = len(judge_wins)
    if not n:
        return AnnotatorTest(name, 0, 0.0, 0.0, 1.0, 1.0)
    differences = [int(person) - int(own) for person, own in zip(person_wins, judge_wins, strict=True)]
    mean = sum(differences) / n
    return AnnotatorTest(name, n, sum(judge_wins) / n, mean, _below(differences, mean, epsilon), 1.0)


def _likeness(value: float, others: Sequence[float], *, numeric: bool) -> float:
    if numeric:
        return -math.sqrt(sum((value - other) ** 2 for other in others) / len(others))
    return sum(value == other for other in others) / len(others)


def _below(differences: Sequence[int], mean: float, bound: float) -> float:
    """Return the p-value of Student's one-sided t-test that the mean is below a bound."""
    n = len(differences)
    spread = sum((one - mean) ** 2 for one in differences)
    if n < 2 or spread <= 0:
        return 0.0 if mean < bound else 1.0
    return t_cdf((mean - bound) / math.sqrt(spread / (n - 1) / n), n - 1)


def gwet_ac1(units: Sequence[Sequence[float]]) -> float | None:
    """Return Gwet's AC1 of any number of raters, with missing ratings allowed; it holds where one decision is rare.

    Args:
        units: Each item's ratings.

    Returns:
        ``None`` where fewer than two decisions occur, or no item has two ratings.
    """
    rated = [Counter(unit) for unit in units if len(unit) > 1]
    categories = {value for unit in units for value in unit}
    if not rated or len(categories) < 2:
        return None
    observed = math.fsum(
        sum(count * (count - 1) for count in unit.values()) / (unit.total() * (unit.total() - 1)) for unit in rated
    ) / len(rated)
    some = [Counter(unit) for unit in units if unit]
    shares = [math.fsum(unit[value] / unit.total() for unit in some) / len(some) for value in categories]
    chance = math.fsum(share * (1 - share) for share in shares) / (len(categories) - 1)
    return (observed - chance) / (1 - chance)


def human_ceiling(people: Mapping[str, Mapping[Labelled, float]]) -> tuple[float, int] | None:
    """Return how often an annotator agrees with most of the others, and over how many labels; ``None`` for none.

    What no judge can be expected to exceed. Labels whose others are even are left out.
    """
    agreed = n = 0
    for name, labels in people.items():
        for item, own in labels.items():
            others = Counter(said[item] for other, said in people.items() if other != name and item in said)
            ranked = others.most_common(2)
            if ranked and (len(ranked) == 1 or ranked[0][1] > ranked[1][1]):
                n += 1
                agreed += ranked[0][0] == own
    return (agreed / n, n) if n else None
