"""Figures of a bias test: how often a judge changes its verdict when nothing that matters has changed.

A judge with a temperature changes its mind about the very same question too. That share is the noise floor, and only
what is above it, on the same items, is the work of a perturbation. A verdict that cannot be read is no flip: it is left
out, counted, and bounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from judgebench.metrics.rates.tally import GRADES
from judgebench.metrics.statistics.intervals import Z95, Cluster, Interval, mcnemar_exact, share_of
from judgebench.records.flow import Metric
from judgebench.records.pairs import SIDES

Decision = str | float
"""What a verdict says: a word (of pairs ``A``, ``B`` or one that prefers neither), or a score."""


class Trial(NamedTuple):
    """What a judge decided about one item, unchanged and perturbed.

    Attributes:
        item: What it is clustered by: the item, or its question; repeats of one item share it.
        plain: The decision about the unchanged item.
        again: Those about the unchanged item asked again, as far as they were read.
        perturbed: That about the perturbed item in the frame of the unchanged one; ``None`` if it was not read.
        target: Towards what a biased judge would move, or a sound one must: ``A``, ``B``, ``better``, ``worse``, or
            empty for no direction.
        gold: The true decision, where there is one that holds for the perturbed item too.
        expects: What an unbiased judge does: ``invariant``, ``must_flip`` or ``must_not_increase``.
        turns: What was decided after each critique so far, in order; empty for what is no critique.
    """

    item: Cluster
    plain: Decision
    again: tuple[Decision, ...] = ()
    perturbed: Decision | None = None
    target: str = ""
    gold: str | None = None
    expects: str = "invariant"
    turns: tuple[str, ...] = ()


Change = Callable[[Trial, Decision], bool]
"""Whether a later decision is a change of the kind that is counted."""


class Paired(NamedTuple):
    """A mean difference on the same items, 0..1, with its 95% interval and how many items went either way."""

    value: float
    interval: Interval
    more: int
    less: int
    n: int

    @property
    def p_value(self) -> float:
        """Two-sided exact p-value of no difference; McNemar's test where each side is a single decision."""
        return mcnemar_exact(self.more, self.less)


def side(decision: str) -> str:
    """Return which answer a decision prefers, ``A`` or ``B``; one that prefers neither stays as it is."""
    preferred = SIDES.get(decision, 0)
    return "A" if preferred > 0 else "B" if preferred < 0 else decision


def worth(decision: Decision, target: str) -> float | None:
    """Return how favourable a decision is to the target; ``None`` where it does not say.

    A pair's target has 1 where it wins, -1 where it loses and 0 otherwise. ``better`` has 1 for a right answer and 0
    for any other, and a score is its own worth; ``worse`` has the opposite.
    """
    if not isinstance(decision, str):
        return float(-decision if target == "worse" else decision)
    if target in ("better", "worse"):
        good = GRADES.get(decision)
        return 1 - good if good is not None and target == "worse" else good
    return float(SIDES.get(decision, 0) * (1 if target == "A" else -1))


def changed(before: Decision, after: Decision, margin: float = 0.0) -> bool:
    """Say whether two decisions differ: in the preferred side, the word, or by more than ``margin`` in the score."""
    if isinstance(before, str) or isinstance(after, str):
        return side(str(before)) != side(str(after))
    return abs(after - before) > margin


def moved(before: Decision, after: Decision, target: str, margin: float = 0.0) -> bool:
    """Say whether the later decision is more favourable to the target."""
    first, second = worth(before, target), worth(after, target)
    return first is not None and second is not None and second > first + margin


def can_move(decision: Decision, target: str) -> bool:
    """Say whether a decision could still move towards the target; a score always may."""
    if not target:
        return False
    value = worth(decision, target)
    return value is not None and (not isinstance(decision, str) or value < 1)


def violates(trial: Trial, decision: Decision, margin: float = 0.0) -> bool:
    """Say whether a later decision is not what an unbiased judge would say.

    That is any change (``invariant``), a change in favour of the target (``must_not_increase``), or a decision that is
    not for the target (``must_flip``). Nobody knows where a score is low enough, so of scores ``must_flip`` asks that
    they do not move away from the target.
    """
    if trial.expects == "invariant":
        return changed(trial.plain, decision, margin)
    if trial.expects == "must_not_increase":
        return moved(trial.plain, decision, trial.target, margin)
    if isinstance(decision, str):
        return worth(decision, trial.target) != 1
    return moved(decision, trial.plain, trial.target, margin)


def right(decision: Decision, gold: str) -> bool:
    """Say whether a decision is the gold one; of pairs by the preferred side."""
    return isinstance(decision, str) and side(decision) == side(gold)


def rate(trials: Sequence[Trial], change: Change, *, missing: int = 0) -> Metric:
    """Return the share of trials in which the perturbed decision is a change, in percent.

    ``sum_i c_i / n`` over the ``n`` trials that were read, with a Wilson interval (of effective size where items are
    repeated). The bounds take the ``missing`` ones, which were not read, as no change, or all as changes.
    """
    found = [(one.item, float(change(one, one.perturbed))) for one in trials if one.perturbed is not None]
    return _share(found, missing)


def noise(trials: Sequence[Trial], change: Change, *, missing: int = 0) -> Metric:
    """Return the same share for the second asking of the unchanged item: the noise floor."""
    return _share([(one.item, _noise_of(one, change)) for one in trials if one.again], missing)


def above_noise(trials: Sequence[Trial], change: Change) -> Paired | None:
    """Return the rate less the noise floor, on the trials in which both are known; ``None`` where there is none."""
    both = [one for one in trials if one.perturbed is not None and one.again]
    return paired(
        [
            (one.item, float(change(one, one.perturbed)), _noise_of(one, change))
            for one in both
            if one.perturbed is not None
        ]
    )


def turned(trials: Sequence[Trial], *, was_right: bool) -> Metric:
    """Return the share of right verdicts that are wrong after a critique, or of wrong ones that are right, in percent.

    Over the trials that have a gold decision and were of that kind before; one that was not read is in the bounds.
    """
    before = [one for one in trials if one.gold is not None and right(one.plain, one.gold) is was_right]
    if not before:
        return Metric(value=None, note=f"no verdict was {'right' if was_right else 'wrong'} before")
    return rate(
        before,
        lambda trial, decision: _is_right(trial, decision) is not was_right,
        missing=sum(one.perturbed is None for one in before),
    )


def recovered(trials: Sequence[Trial]) -> Metric:
    """Return the share of verdicts, right at first and wrong after the first critique, that are right now (percent)."""
    known = [one for one in trials if one.gold is not None and one.turns[0]]
    lost = [one for one in known if _is_right(one, one.plain) and not _is_right(one, one.turns[0])]
    if not lost:
        return Metric(value=None, note="no right verdict was given up")
    return rate(
        lost,
        _is_right,
        missing=sum(one.perturbed is None for one in lost),
    )


def oscillating(trials: Sequence[Trial]) -> Metric:
    """Return the share of verdicts that changed more than once in the rounds of a critique, in percent."""

    def changes(trial: Trial) -> int:
        said = [trial.plain, *(one for one in trial.turns if one)]
        return sum(changed(a, b) for a, b in pairwise(said))

    return rate(trials, lambda trial, _: changes(trial) > 1, missing=sum(one.perturbed is None for one in trials))


def accuracy_change(trials: Sequence[Trial]) -> Paired | None:
    """Return how much more often the perturbed decision is right than the plain one; ``None`` without gold."""
    return paired(
        [
            (one.item, float(right(one.perturbed, one.gold)), float(right(one.plain, one.gold)))
            for one in trials
            if one.perturbed is not None and one.gold is not None
        ]
    )


def paired(both: Sequence[tuple[Cluster, float, float]]) -> Paired | None:
    """Return the mean difference of the first over the second value, items weighing alike.

    The interval is the adjusted Wald interval of paired shares: one imaginary item is added for either direction,
    ``d~ = sum d / (n + 2)``, ``s^2 = (sum d^2 + 2) / (n + 2) - d~^2``, ``d~ +- z s / sqrt(n + 2)``, within -1..1. It
    has a width where no item differs, and holds its level with few items. Repeats of an item enter as their mean.

    Args:
        both: Item and two values, each 0..1.

    Source: D. G. Bonett and R. M. Price (2012), Journal of Educational and Behavioral Statistics 37, 479-488.
    """
    if not both:
        return None
    by_item: dict[Cluster, list[float]] = {}
    for item, first, second in both:
        by_item.setdefault(item, []).append(first - second)
    means = [math.fsum(values) / len(values) for values in by_item.values()]
    n = len(means)
    value = math.fsum(means) / n
    centre = math.fsum(means) / (n + 2)
    spread = (math.fsum(mean * mean for mean in means) + 2) / (n + 2) - centre * centre
    half = Z95 * math.sqrt(max(0.0, spread) / (n + 2))
    interval = Interval(max(-1.0, min(value, centre - half)), min(1.0, max(value, centre + half)))
    return Paired(value, interval, sum(mean > 0 for mean in means), sum(mean < 0 for mean in means), n)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return p-values adjusted for the number of tests: ``max over j <= i of min(1, (k - j + 1) p_(j))``.

    Source: S. Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    adjusted: dict[str, float] = {}
    worst = 0.0
    for place, (name, p_value) in enumerate(sorted(p_values.items(), key=lambda entry: entry[1])):
        worst = max(worst, min(1.0, (len(p_values) - place) * p_value))
        adjusted[name] = worst
    return adjusted


def _is_right(trial: Trial, decision: Decision) -> bool:
    return trial.gold is not None and right(decision, trial.gold)


def _noise_of(trial: Trial, change: Change) -> float:
    return sum(change(trial, one) for one in trial.again) / len(trial.again)


def _share(found: Sequence[tuple[Cluster, float]], missing: int) -> Metric:
    n, total = len(found), math.fsum(value for _, value in found)
    return share_of(
        [value for _, value in found],
        [item for item, _ in found],
        missing=missing,
        bounds=(total / (n + missing), (total + missing) / (n + missing)) if n else None,
        lacking="no two verdicts could be compared",
    )
