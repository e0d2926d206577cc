"""The difference of two verdicts on the same items: how large, how sure, and whether quality dropped.

Where few questions change, their variance says nothing of those that could have: 20 questions without a change leave
room for 12 in 100. So the interval of a bounded difference is never shorter than that of the shares that went down and
up, each by Wilson, put together.

Sources: the clustered difference is a mean over questions (W. G. Cochran 1977, Sampling Techniques); non-inferiority
and two one-sided tests: D. J. Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15, 657-680; the
interval of a difference of two shares from those of each: R. G. Newcombe (1998), Statistics in Medicine 17, 873-890.
"""

from __future__ import annotations

import math
from fractions import Fraction
from statistics import NormalDist
from typing import Literal, NamedTuple

import numpy as np

from judgebench.metrics.statistics.intervals import t_cdf, t_quantile, wilson
from judgebench.metrics.statistics.prediction_powered import Column, column

LEAST_QUESTIONS = 10
"""Aligned questions below which a comparison decides nothing."""
ALPHA = 0.05

DropDecision = Literal["pass", "fail", "cannot tell"]

_SUREST = 8.0
"""Standard normal quantile beyond which no p-value is told apart."""
_HALVINGS = 40
_MOST_TIMES = 1e6
"""Times as many questions as there are, beyond which nobody wants to know how many would decide."""


class ChangedShare(NamedTuple):
    """How much of a bounded difference goes one way.

    Attributes:
        share: Mean of what changed this way, as a part of the whole scale.
        size: How many changes of the whole scale, or none, would tell as much.
    """

    share: float
    size: float

    def reach(self, z: float) -> tuple[float, float]:
        """Return how far down, and up, the share may be (Wilson)."""
        low, high = wilson(self.share, self.size, z=z)
        return self.share - low, high - self.share


class PairedMean(NamedTuple):
    """How much the second is above the first, over the items that both decided.

    Attributes:
        value: Mean difference. ``stderr``: its standard error over questions; 0 where no item differs.
        questions: Clusters.
        n: Pairs.
        scale: Greatest possible difference of a pair; ``None`` where nobody knows it.
        lost: What went down. ``gained``: what went up. Both where there is a scale.
    """

    value: float
    stderr: float
    questions: int
    n: int
    scale: float | None = None
    lost: ChangedShare = ChangedShare(0.0, 1.0)
    gained: ChangedShare = ChangedShare(0.0, 1.0)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return Student's t interval, and where there is a scale not less than that of what went down and up."""
        reach = self.stderr * t_quantile(0.5 + level / 2, max(1, self.questions - 1))
        low, high = self._changed(NormalDist().inv_cdf(0.5 + level / 2))
        return min(self.value - reach, low), max(self.value + reach, high)

    def below(self, bound: float) -> float:
        """Return the one-sided p-value of "the difference is at least ``bound``"; small where it lies below."""
        return max(_student(self, bound), self._by_changes(bound, 1))

    def above(self, bound: float) -> float:
        """Return the one-sided p-value of "the difference is at most ``bound``"; small where it lies above."""
        return max(_student(self._replace(value=-self.value), -bound), self._by_changes(bound, 0))

    def _changed(self, z: float) -> tuple[float, float]:
        """Return the ends that the shares which went down and up leave open."""
        if self.scale is None:
            return self.value, self.value
        (lost_low, lost_high), (gained_low, gained_high) = self.lost.reach(z), self.gained.reach(z)
        return (
            max(-self.scale, self.value - self.scale * math.hypot(gained_low, lost_high)),
            min(self.scale, self.value + self.scale * math.hypot(gained_high, lost_low)),
        )

    def _by_changes(self, bound: float, end: int) -> float:
        """Return the one-sided p-value at which the lower (0) or upper (1) end of the changes is the bound; else 0."""
        if self.scale is None or ((self.value >= bound) if end else (self.value <= bound)):
            return 0.0
        at, top = 0.0, _SUREST
        for _ in range(_HALVINGS):
            middle = (at + top) / 2
            reached = self._changed(middle)[end]
            at, top = (middle, top) if (reached < bound if end else reached > bound) else (at, middle)
        return NormalDist().cdf(-at)

    def questions_to_decide(self, bound: float, level: float = 0.9) -> int | None:
        """Return how many questions in all put the whole interval on one side of a bound, if they are like these.

        ``None`` where no number does: the difference is the bound.
        """
        at, top = 1.0, _MOST_TIMES
        if not _decides(_times(self, top), bound, level):
            return None
        for _ in range(_HALVINGS):
            middle = math.sqrt(at * top)
            at, top = (at, middle) if _decides(_times(self, middle), bound, level) else (middle, top)
        return math.ceil(self.questions * top - 1e-6)

    def smallest_visible(self, power: float = 0.8) -> float:
        """Return the least difference that this comparison would have seen so often, two-sided at 5%."""
        return self.stderr * (t_quantile(0.975, max(1, self.questions - 1)) + NormalDist().inv_cdf(power))

    def questions_to_see(self, difference: float, power: float = 0.8) -> int | None:
        """Return how many questions in all would show a difference so often, if they vary as these do.

        ``None`` where these do not vary, or there is no difference.
        """
        if self.stderr <= 0 or difference == 0:
            return None
        needed = self.questions * (self.smallest_visible(power) / abs(difference)) ** 2
        return math.ceil(needed - 1e-9)


def _student(mean: PairedMean, bound: float) -> float:
    """Return Student's one-sided p-value of "the difference is at least ``bound``"."""
    if mean.stderr <= 0:
        return 1.0 if mean.value >= bound else 0.0
    return t_cdf((mean.value - bound) / mean.stderr, max(1, mean.questions - 1))


def _times(mean: PairedMean, factor: float) -> PairedMean:
    """Return what so many times as many questions would show."""
    lost, gained = (ChangedShare(one.share, one.size * factor) for one in (mean.lost, mean.gained))
    questions = round(mean.questions * factor)
    return mean._replace(stderr=mean.stderr / math.sqrt(factor), questions=questions, lost=lost, gained=gained)


def _decides(mean: PairedMean, bound: float, level: float) -> bool:
    low, high = mean.interval(level)
    return low >= bound or high < bound


def paired_mean(differences: Column, questions: Column, *, scale: float | None = None) -> PairedMean | None:
    """Return the mean difference with its error over questions; ``None`` for fewer than two questions.

    Args:
        differences: Second minus first, one for each pair.
        questions: Of each pair.
        scale: Greatest possible difference: 1 for shares; ``None`` or 0 where nobody knows it.
    """
    d = column(differences)
    names, position = np.unique(questions, return_inverse=True)
    if len(names) < 2:
        return None
    mean = float(d.mean())
    sums = np.bincount(position, d - mean)
    stderr = math.sqrt(len(names) / (len(names) - 1) * float(sums @ sums)) / len(d)
    if not scale:
        return PairedMean(mean, stderr, len(names), len(d))
    net = np.bincount(position, d) * len(names) / (scale * len(d))
    lost, gained = (_changed_share(np.maximum(0.0, part)) for part in (-net, net))
    return PairedMean(mean, stderr, len(names), len(d), scale, lost, gained)


def _changed_share(parts: Column) -> ChangedShare:
    """Return the mean of what each question changed one way; changes of a part of the scale tell more than whole ones.

    Args:
        parts: Of the scale, from 0.
    """
    share = min(1.0, float(parts.mean()))
    binary, spread = share * (1 - share), float(parts.var())
    size = len(parts) * (binary / spread if min(binary, spread) > 1e-12 else 1.0)
    return ChangedShare(share, size)


class Unmoved(NamedTuple):
    """What the items with equal answers (anchors) say of the judge, and the difference without that.

    Attributes:
        shift: How much the judge's verdicts moved on them.
        share: Of all pairs.
        rest: The difference without the judge's shift, if the judge moved as much on the other answers.
    """

    shift: PairedMean
    share: float
    rest: PairedMean

    def moved(self) -> bool:
        """Return whether the judge moved: the 95% interval of its shift holds no 0."""
        low, high = self.shift.interval()
        return self.shift.questions >= LEAST_QUESTIONS and not low <= 0 <= high


def without_shift(
    differences: Column, questions: Column, anchors: Column, *, scale: float | None = None
) -> Unmoved | None:
    """Return what equal answers say of the judge; ``None`` where fewer than two questions have any.

    The same answer should have the same verdict, so a difference there is the judge's and not the tested model's. With
    share ``a``, ``rest = (1 - a) (mean over the other pairs - mean over the anchors)``: the difference, less the shift
    of the judge on all pairs. Its error is that of both means over questions.

    Args:
        differences: Second minus first.
        questions: Of each pair.
        anchors: 1 where both answers are the same.
        scale: As of ``paired_mean``.
    """
    d, same = column(differences), column(anchors) > 0
    shift = paired_mean(d[same], questions[same], scale=scale)
    if shift is None:
        return None
    share = float(same.mean())
    if share == 1.0:
        return Unmoved(shift, share, PairedMean(0.0, 0.0, shift.questions, len(d)))
    names, position = np.unique(questions, return_inverse=True)
    others = float(d[~same].mean())
    influence = np.where(same, -(1 - share) * (d - shift.value) / same.sum(), (d - others) / len(d))
    sums = np.bincount(position, influence)
    stderr = math.sqrt(len(names) / (len(names) - 1) * float(sums @ sums))
    return Unmoved(shift, share, PairedMean((1 - share) * (others - shift.value), stderr, len(names), len(d)))


def mcnemar_mid_p(only_first: int, only_second: int) -> float:
    """Return McNemar's mid-p: the exact two-sided p-value, with half the weight of what was seen.

    It is less cautious than the exact test, which is never above its level but often far below.

    Source: M. W. Fagerland, S. Lydersen and P. Laake (2013), BMC Medical Research Methodology 13, 91.
    """
    discordant = only_first + only_second
    if discordant == 0:
        return 1.0
    least = min(only_first, only_second)
    seen = math.comb(discordant, least)
    if only_first == only_second:
        return 1.0 - float(Fraction(seen, 2 ** (discordant + 1)))
    tails = 2 * sum(math.comb(discordant, one) for one in range(least)) + seen
    return min(1.0, float(Fraction(tails, 2**discordant)))


def drop_decision(
    mean: PairedMean, margin: float, *, alpha: float = ALPHA, room: tuple[float, float] = (0.0, 0.0)
) -> DropDecision:
    """Return whether quality dropped by more than a margin.

    ``pass``: the lower end of the one-sided interval is above ``-margin`` (non-inferior). ``fail``: the upper end is
    below it, so that quality dropped by more. Else the runs cannot tell. An unchanged model fails with at most
    ``alpha``.

    Args:
        mean: Second minus first.
        margin: The drop that is allowed, from 0.
        alpha: Of each one-sided test.
        room: How much lower, and how much higher, the difference could be for what is unread.
    """
    if mean.questions < LEAST_QUESTIONS:
        return "cannot tell"
    low, high = mean.interval(1 - 2 * alpha)
    if low + room[0] >= -margin:
        return "pass"
    return "fail" if high + room[1] < -margin else "cannot tell"


def equivalence_p_value(mean: PairedMean, margin: float, room: tuple[float, float] = (0.0, 0.0)) -> float:
    """Return the p-value of "they differ by the margin or more": the greater of two one-sided tests (Schuirmann 1987).

    Where it is at most 5%, the 90% interval lies within the margin both ways.

    Args:
        mean: Second minus first.
        margin: Differences below it do not matter; above 0.
        room: How much lower, and higher, the difference could be for what is unread.
    """
    low, high = mean.value + room[0], mean.value + room[1]
    return max(mean._replace(value=low).above(-margin), mean._replace(value=high).below(margin))


def decided_drop(
    mean: PairedMean,
    unmoved: Unmoved | None,
    margin: float,
    *,
    alpha: float = ALPHA,
    room: tuple[float, float] = (0.0, 0.0),
) -> DropDecision:
    """Return whether the tested model dropped by more than a margin, whatever the judge did meanwhile.

    ``fail`` needs the difference and, where enough answers are the same in both, the difference without the judge's
    shift to be below the margin. ``pass`` needs the difference to be above it and, where the judge has moved, that
    without the shift too. So a judge that became stricter fails nobody, and one that became more lenient hides no drop.

    Args:
        mean: As of ``drop_decision``; likewise ``margin``, ``alpha`` and ``room``.
        unmoved: What equal answers say. Where all answers are equal, the tested model has not changed, and what could
            have changed on other questions does not count.
        margin: The drop that is allowed.
        alpha: Of each one-sided test.
        room: What the unread could change.
    """
    if unmoved is not None and unmoved.share == 1.0:
        mean = mean._replace(scale=None)
    plain = drop_decision(mean, margin, alpha=alpha, room=room)
    if unmoved is None or unmoved.shift.questions < LEAST_QUESTIONS or plain == "cannot tell":
        return plain
    rest = drop_decision(unmoved.rest, margin, alpha=alpha, room=room)
    matters = plain == "fail" or unmoved.moved()
    return plain if not matters or rest == plain else "cannot tell"


def drop_p_value(mean: PairedMean, unmoved: Unmoved | None, margin: float, room: tuple[float, float]) -> float:
    """Return the p-value of "no drop by more than the margin": at most ``alpha`` where ``decided_drop`` fails.

    Where enough answers are the same in both, it is the greater of those with and without the judge's shift.
    """
    found = mean.below(-margin - room[1])
    if unmoved is None or unmoved.shift.questions < LEAST_QUESTIONS:
        return found
    return max(found, unmoved.rest.below(-margin - room[1]))
