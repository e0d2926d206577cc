"""Rules of a gate decided while items come in, in random order: what each item says of a rule, and what all say so far.

An item counts when it and all before it in the order are done, whoever was answered first: long answers come late, and
a run that stops at the quick ones would be about these. A verdict that is not there enters by its two ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from judgebench.metrics.statistics.betting import confidence_sequence, shown_by
from judgebench.metrics.statistics.multiple import holm
from judgebench.metrics.statistics.paired import (
    ALPHA,
    LEAST_QUESTIONS,
    DropDecision,
    drop_decision,
    without_shift,
)
from judgebench.metrics.statistics.prediction_powered import Column, column
from judgebench.trust.comparing import ComparedSide
from judgebench.trust.judged import JudgedAnswer, JudgedRow

Ends = tuple[float, float]
"""The least and the greatest that an item may count, in 0..1; the same where it is known."""
Item = tuple[str, Sequence[JudgedAnswer]]
"""What names an item in every run, and its verdicts, one for each repeat."""


class RuleSequence(NamedTuple):
    """What the items so far say of one rule.

    Attributes:
        low: The least that each may count. ``high``: the greatest.
        bound: In 0..1.
        wants_above: Whether the rule holds above the bound; else below.
        total: How many items there are, where the rule is about their very mean; ``None`` where it is about what they
            are a sample of.
        drifted: What the judge's shift leaves of a decision; ``None`` where nothing is compared.
    """

    low: Column
    high: Column
    bound: float
    wants_above: bool
    total: int | None = None
    drifted: Callable[[DropDecision], DropDecision] | None = None

    def interval(self, alpha: float = ALPHA) -> Ends:
        """Return the interval for the mean that holds at every look."""
        return confidence_sequence(self.low, self.high, alpha=alpha, total=self.total)


def decided_so_far(rules: Sequence[RuleSequence], *, alpha: float = ALPHA) -> list[DropDecision]:
    """Return what is decided of each rule; the chance that any decision is ever wrong is at most ``alpha``.

    Half of it is for the looks on the way, the other half is left to the whole set, if it comes to that. A rule fails
    falsely with a chance that all rules share (Holm); that they all pass falsely takes each of them to do so.

    Args:
        rules: All rules of a gate.
        alpha: Of the whole gate, for either way of being wrong.
    """
    shown = [shown_by(one.low, one.high, one.bound, total=one.total) for one in rules]
    holds = [said.above if one.wants_above else said.below for one, said in zip(rules, shown, strict=True)]
    broken = holm([said.below if one.wants_above else said.above for one, said in zip(rules, shown, strict=True)])
    found: list[DropDecision] = []
    for one, kept, lost in zip(rules, holds, broken, strict=True):
        decision: DropDecision = "cannot tell"
        if min(kept, lost) <= alpha / 2:
            decision = "pass" if kept <= lost else "fail"
        if decision != "cannot tell" and one.drifted is not None:
            decision = one.drifted(decision)
        found.append(decision)
    return found


def share_sequence(
    items: Sequence[Item], ends_of: Callable[[JudgedAnswer], Ends], bound: float, *, above: bool, total: int | None
) -> RuleSequence:
    """Return what items say of a rule about a mean over them.

    Args:
        items: In random order, up to the first that is not done.
        ends_of: What one verdict counts.
        bound: In 0..1.
        above: Whether the rule holds above it.
        total: As of ``RuleSequence``.
    """
    each = [[ends_of(verdict) for verdict in verdicts] for _, verdicts in items]
    low, high = (column([sum(pair[end] for pair in pairs) / len(pairs) for pairs in each]) for end in (0, 1))
    return RuleSequence(low, high, bound, above, total)


def score_ends(row: JudgedRow, scale: Ends) -> Callable[[JudgedAnswer], Ends]:
    """Return what says how much a verdict of a row counts, between the ends of its scale.

    Args:
        row: The row.
        scale: Of its verdicts: 0 and 1 but for scores.
    """
    span = scale[1] - scale[0]

    def ends(one: JudgedAnswer) -> Ends:
        worth = row.worth(one.decision, one.score) if one.status == "ok" else None
        if worth is None:
            return 0.0, 1.0
        placed = min(1.0, max(0.0, (worth - scale[0]) / span))
        return placed, placed

    return ends


def drop_sequence(
    items: Sequence[Item], before: ComparedSide, row: JudgedRow, margin: float, scale: Ends
) -> RuleSequence:
    """Return what items say of a drop from a baseline; those that the baseline does not have are left out.

    Args:
        items: As of ``share_sequence``.
        before: The baseline.
        row: The row of the run.
        margin: The drop that is allowed, in the unit of the scale.
        scale: As of ``score_ends``.
    """
    ends = score_ends(row, scale)
    low: list[float] = []
    high: list[float] = []
    read: list[tuple[float, int, bool]] = []
    for number, (place, verdicts) in enumerate(items):
        pairs = [(one, before.answers[place, one.repeat]) for one in verdicts if (place, one.repeat) in before.answers]
        if not pairs:
            continue
        least = greatest = 0.0
        for one, other in pairs:
            same = bool(one.answer_hash) and one.answer_hash == other.answer_hash
            (now_low, now_high), (then_low, then_high) = ends(one), ends(other)
            known = now_low == now_high and then_low == then_high
            if known:
                read.append((now_low - then_low, number, same))
            if same and not known:
                continue  # the same answer is as good as itself, whatever nobody could read
            least += (now_low - then_high) / len(pairs)
            greatest += (now_high - then_low) / len(pairs)
        low.append((least + 1) / 2)
        high.append((greatest + 1) / 2)
    part = margin / (scale[1] - scale[0])
    unread = 1 - len(read) / max(1, sum(len(verdicts) for _, verdicts in items))

    def drifted(decision: DropDecision) -> DropDecision:
        """Return what the judge's shift on equal answers leaves of a decision."""
        if not read:
            return decision
        differences, questions, same = (np.asarray(values, dtype=np.float64) for values in zip(*read, strict=True))
        unmoved = without_shift(differences, questions, same, scale=1.0)
        if unmoved is None or unmoved.shift.questions < LEAST_QUESTIONS:
            return decision
        if decision == "pass" and not unmoved.moved():
            return decision
        rest = drop_decision(unmoved.rest, part, room=(-unread, unread))
        return decision if rest == decision else "cannot tell"

    return RuleSequence(column(low), column(high), (1 - part) / 2, wants_above=True, drifted=drifted)
