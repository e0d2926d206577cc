"""What a judge said of pairs: of each presentation of a pair, and of all scored comparisons of a result, in columns.

Pair scores and rankings over all models are made of them, and they tell about their judge: does it keep to its word
when the answers change places?
"""

from __future__ import annotations

import itertools
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from judgebench.metrics.comparisons.style import FEATURES, style_of
from judgebench.metrics.statistics.intervals import ClusterGroup, clustered_share
from judgebench.records.findings import PooledOutcome
from judgebench.records.flow import Metric, Verdict
from judgebench.records.pairs import PREFERENCES, SIDES


class PairPresentation(NamedTuple):
    """One presentation of a pair.

    Attributes:
        presentation: Name of the presentation.
        swapped: Whether the second answer was shown first.
        side: 1 the item's first answer won, -1 its second, 0 neither; ``None`` where no verdict could be read.
        decision: As read, in the frame of what was shown.
    """

    presentation: str
    swapped: bool
    side: int | None
    decision: str | None

    @property
    def first_shown(self) -> int | None:
        """Side of the answer that was shown first: 1 it won, -1 it lost, 0 a tie."""
        return None if self.side is None else -self.side if self.swapped else self.side


def side_of(decision: str | None) -> int | None:
    """Return which answer a decision prefers, ``None`` for no decision."""
    return None if decision is None else SIDES.get(decision, 0)


def pair_presentations(verdict: Verdict) -> list[PairPresentation]:
    """Return the presentations of a pair behind a verdict, in their order; none where nothing was compared.

    Presentations that grade a single answer do not name a winner and are not comparisons.
    """
    presentations = verdict.presentations
    if len({one.presentation for one in presentations}) > 1 and not any(
        one.order or one.decision for one in presentations
    ):
        return []
    found = []
    for one in presentations:
        decision = one.decision if one.status == "ok" else None
        swapped = one.order == "BA"
        side = side_of(decision)
        found.append(
            PairPresentation(one.presentation, swapped, -side if side is not None and swapped else side, decision)
        )
    return found


def outcomes_of(verdict: Verdict, otherwise: float) -> list[PooledOutcome]:
    """Return the outcomes that a comparison pools.

    Args:
        verdict: On the comparison.
        otherwise: The one outcome, of weight 1, of a verdict that pools none.
    """
    pooled = verdict.outcomes
    return pooled if any(one.weight > 0 for one in pooled) else [PooledOutcome(outcome=otherwise)]


class ScoredComparison(NamedTuple):
    """One scored comparison.

    Attributes:
        id: ``Sample.id``. ``repeat``: repetition of the tested model's answer.
        outcome: 1 the tested model won, 0.5 a tie, 0 it lost; of an aggregation that pools outcomes, their mean.
        weight: How many outcomes that is, or what they weigh.
        style: Features of the tested model's answer; see ``style.FEATURES``.
        other_style: Likewise of the answer it was compared with.
    """

    id: int
    repeat: int
    outcome: float
    weight: float
    style: tuple[int, ...]
    other_style: tuple[int, ...]


class Orders(NamedTuple):
    """What showing the answers in some order came to in one comparison.

    Attributes:
        id: ``Sample.id``.
        agree: Whether both orders say the same; ``None`` where it was not judged in both.
        first_shown_won: Decided presentations that the answer shown first won. ``decided``: all decided presentations.
    """

    id: int
    agree: bool | None
    first_shown_won: int
    decided: int


class ComparisonColumns:
    """Columns of comparisons, about 65 bytes each, and how the order of the answers moved the judge."""

    def __init__(self) -> None:
        self._ids = array("q")
        self._repeats = array("H")
        self._outcomes = array("d")
        self._weights = array("d")
        self._styles = array("q")
        self._agree = array("b")  # whether the orders agree; -1 where it was not judged in both
        self._shown_first = array("H")  # presentations that the first shown answer won; of those decided
        self._decided = array("H")

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[ScoredComparison]:
        width = len(FEATURES)
        for at, (id_, repeat) in enumerate(zip(self._ids, self._repeats, strict=True)):
            styles = self._styles[2 * width * at : 2 * width * (at + 1)]
            yield ScoredComparison(
                id_, repeat, self._outcomes[at], self._weights[at], tuple(styles[:width]), tuple(styles[width:])
            )

    def add(self, id_: int, repeat: int, verdict: Verdict, answers: tuple[str, str]) -> None:
        """Take in the verdict on one comparison; one that names no winner is left out.

        Args:
            id_: ``Sample.id``.
            repeat: Repetition.
            verdict: The decision about the pair.
            answers: The tested model's answer, and the one that it was compared with.
        """
        worth = PREFERENCES.get(verdict.decision or "") if verdict.status == "ok" else None
        if worth is None:
            return
        pooled = outcomes_of(verdict, worth)
        weight = sum(one.weight for one in pooled)
        self._ids.append(id_)
        self._repeats.append(repeat)
        self._outcomes.append(sum(one.weight * one.outcome for one in pooled) / weight)
        self._weights.append(weight)
        for answer in answers:
            self._styles.extend(style_of(answer))
        sides = [comparison for comparison in pair_presentations(verdict) if comparison.side is not None]
        both = {comparison.swapped for comparison in sides} == {True, False}
        shown = [comparison.first_shown for comparison in sides if comparison.first_shown]
        self._show(
            len({comparison.side for comparison in sides}) == 1 if both else -1,
            sum(side > 0 for side in shown),
            len(shown),
        )

    def add_decision(self, id_: int, repeat: int, *, right: bool) -> None:
        """Take in whether a judge under test was right about an item: a comparison with gold."""
        self._ids.append(id_)
        self._repeats.append(repeat)
        self._outcomes.append(float(right))
        self._weights.append(1.0)
        self._styles.extend([0] * 2 * len(FEATURES))
        self._show(-1, 0, 0)

    def orders(self) -> Iterator[Orders]:
        """Yield what the orders of showing came to, comparison by comparison."""
        for id_, agree, won, decided in zip(self._ids, self._agree, self._shown_first, self._decided, strict=True):
            yield Orders(id_, None if agree < 0 else bool(agree), won, decided)

    def merge(self, later: ComparisonColumns) -> None:
        """Take in the comparisons of the samples that follow."""
        self._ids.extend(later._ids)
        self._repeats.extend(later._repeats)
        self._outcomes.extend(later._outcomes)
        self._weights.extend(later._weights)
        self._styles.extend(later._styles)
        self._agree.extend(later._agree)
        self._shown_first.extend(later._shown_first)
        self._decided.extend(later._decided)

    def _show(self, agree: int, won: int, decided: int) -> None:
        self._agree.append(agree)
        self._shown_first.append(won)
        self._decided.append(decided)


def orders_of(compared_columns: ComparisonColumns) -> dict[str, Metric]:
    """Return the judge's diagnostics as far as comparisons show it, empty where nothing was compared.

    ``consistency``: share of the pairs judged in both orders on which the orders agree. ``first_shown_rate``: share of
    the decided presentations that the first shown answer won, 50 for a fair judge. ``longer_preferred``: share of the
    decided pairs of unequal length that the longer answer won; a judge near 100 may be measuring length. The intervals
    are clustered by question: its presentations, and its repeats, are no independent trials.
    """
    if not len(compared_columns):
        return {}
    return {
        "consistency": _share(
            ((one.id, one.agree is not None, one.agree or 0) for one in compared_columns.orders()),
            "no pair was judged in both orders",
        ),
        "first_shown_rate": _share(
            ((one.id, one.decided, one.first_shown_won) for one in compared_columns.orders()),
            "no presentation was decided",
        ),
        "longer_preferred": _share(
            (
                (comparison.id, 1, (comparison.outcome > 0.5) == (comparison.style[0] > comparison.other_style[0]))
                for comparison in _unequal(compared_columns)
            ),
            "no decided pair of unequal length",
        ),
    }


def _unequal(compared_columns: ComparisonColumns) -> Iterator[ScoredComparison]:
    return (
        comparison
        for comparison in compared_columns
        if comparison.outcome != 0.5 and comparison.style[0] != comparison.other_style[0]
    )


def _share(trials: Iterable[tuple[int, int, int]], why: str) -> Metric:
    """Return hits over trials, given ``(id, trials, hits)`` with those of one id one after another."""
    clusters: Counter[tuple[int, int]] = Counter()
    for _, own in itertools.groupby(trials, key=lambda one: one[0]):
        counts = list(own)
        clusters[sum(trials for _, trials, _ in counts), sum(hits for _, _, hits in counts)] += 1
    groups = [ClusterGroup(trials, hits, times) for (trials, hits), times in clusters.items() if trials]
    return clustered_share(groups) if groups else Metric(value=None, note=why)
