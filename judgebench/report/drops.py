"""Decides whether quality dropped from a baseline: on paired items, whatever the judge did, and not by chance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from judgebench.errors import UnknownNameError, how_many
from judgebench.metrics.statistics.paired import (
    ALPHA,
    LEAST_QUESTIONS,
    PairedMean,
    Unmoved,
    decided_drop,
    drop_p_value,
)
from judgebench.report.allowed_drops import EVERY, AllowedDrop
from judgebench.report.checks import Check, LostItem
from judgebench.report.conditions import Condition, RowFacts
from judgebench.report.results import printable
from judgebench.trust.baselines import Name, of_slice, slices_in
from judgebench.trust.comparing import ComparedSide, RowComparison, compare_sides

Sides = Mapping[Name, tuple[ComparedSide, ComparedSide]]
"""Baseline and run by the run's model and row."""


class Measured(NamedTuple):
    """One allowed drop and what the two runs say.

    Attributes:
        allowed: The drop, of one slice where it is one of slices.
        model: The tested model.
        compared: ``None`` where they say nothing; ``why`` is the reason.
    """

    allowed: AllowedDrop
    model: str
    compared: RowComparison | None
    why: str = ""

    @property
    def place(self) -> str:
        """What is measured, as conditions name it."""
        return f"{self.model}:{self.allowed.row}.{self.allowed.sliced}"

    @property
    def factor(self) -> float:
        """From the unit of the difference to that of the metric."""
        return 1.0 if self.compared is not None and self.compared.kind == "score" else 100.0

    @property
    def margin(self) -> float:
        """The allowed drop in the unit of the difference."""
        if self.allowed.relative and self.compared is not None:
            return self.allowed.margin / 100 * abs(self.compared.means[0])
        return self.allowed.margin / self.factor


class Difference(NamedTuple):
    """What a drop is decided on.

    Attributes:
        mean: Run minus baseline. ``unmoved``: what the same answers say of the judge.
        room: What the unread could change.
        labels: Labelled pairs by which it is corrected; 0 where it is the judge's own.
    """

    mean: PairedMean
    unmoved: Unmoved | None
    room: tuple[float, float]
    labels: int = 0


def measured_drops(
    drop: AllowedDrop, before: Mapping[Name, str], now: Mapping[Name, RowFacts], sides: Sides
) -> list[Measured]:
    """Return what the baseline and the run say about an allowed drop, for every model and slice that it is about.

    Args:
        drop: The drop that is allowed.
        before: What the baseline has, each with the reason why nothing can be decided on it; mostly empty.
        now: What the run's results offer; a stale one cannot pass.
        sides: The verdicts of both.

    Raises:
        UnknownNameError: Neither has such a row, or no answer is in the slice.
    """
    names = [name for name in {**now, **before} if name[1] == drop.row and drop.model in {"", name[0]}]
    if not names:
        rows = ", ".join(dict.fromkeys(f"{model}:{row}" for model, row in {**now, **before}))
        raise UnknownNameError(
            f"The drop {str(drop)!r} matches nothing in these runs.", hint=f"Their results: {rows or 'none'}."
        )
    return [one for name in names for one in _of_name(drop, name, before, now, sides)]


def _of_name(
    drop: AllowedDrop, name: Name, before: Mapping[Name, str], now: Mapping[Name, RowFacts], sides: Sides
) -> Iterator[Measured]:
    why = ""
    if name not in now:
        why = "this run has no result"
    elif now[name].why:
        why = f"in this run {now[name].why}"
    elif name not in before and name not in sides:
        why = "the baseline has no result"
    elif before.get(name):
        why = f"in the baseline {before[name]}"
    elif name not in sides:
        why = "the runs have no verdicts on the same items"
    if why:
        yield Measured(drop, name[0], None, why)
        return
    first, second = sides[name]
    values = [drop.value]
    if drop.by and drop.value == EVERY:
        values = slices_in(second, drop.by)
    for value in values:
        one = drop._replace(value=value)
        parts = of_slice(first, second, drop.by, value) if drop.by else (first, second)
        if drop.by and not parts[1].answers:
            known = ", ".join(repr(text) for text in slices_in(second, drop.by)[:8])
            raise UnknownNameError(
                f"The drop {str(drop)!r} is about a slice that no answer is in.",
                hint=f"Values of {drop.by!r}: {known}" if known.strip("'") else f"No sample has {drop.by!r}.",
            )
        found = compare_sides(*parts)
        if found is None or found.difference is None:
            yield Measured(one, name[0], None, "the runs have no verdicts on the same items")
        elif found.metric != drop.metric:
            yield Measured(one, name[0], None, f"its verdicts give {found.metric}, and not {drop.metric}")
        else:
            yield Measured(one, name[0], found)


def difference_of(found: RowComparison) -> Difference:
    """Return what a drop is decided on: the difference that labels correct where there are enough, else the judge's."""
    assert found.difference is not None
    if (fixed := found.corrected) is not None and fixed.stderr > 0:
        mean = PairedMean(fixed.value, fixed.stderr, fixed.n, found.difference.n)
        return Difference(mean, None, found.room, labels=fixed.n)
    return Difference(found.difference, found.unmoved, found.room)


def _of_these(found: RowComparison) -> Difference:
    """Return the difference on these very items, as the judge sees them: nothing is left to chance."""
    assert found.difference is not None
    mean, unmoved = found.difference._replace(stderr=0.0, scale=None), found.unmoved
    rest = unmoved and unmoved._replace(rest=unmoved.rest._replace(stderr=0.0))
    return Difference(mean, rest if rest and rest.moved() else None, found.room)


def drop_check(one: Measured, *, alpha: float = ALPHA, on: Literal["interval", "value"] = "interval") -> Check:
    """Return the decision about one allowed drop.

    Args:
        one: What the runs say.
        alpha: Of each of the two one-sided tests.
        on: ``value`` decides about these very items: chance does not count, what is unread does, and so does a judge
            that moved.
    """
    found = one.compared
    if found is None or found.difference is None:
        condition = Condition(f"{one.place} drop", "<=", one.allowed.margin)
        message = printable(f"{one.place}: the drop cannot be measured: {one.why}", 700)
        title = _title(one)
        return Check(
            condition, one.model, one.allowed.row, title, "cannot tell", None, None, None, None, message, missing=True
        )
    used, margin, factor = difference_of(found) if on == "interval" else _of_these(found), one.margin, one.factor
    decision = decided_drop(used.mean, used.unmoved, margin, alpha=alpha, room=used.room)
    low, high = used.mean.interval(1 - 2 * alpha)
    reach = (-factor * (high + used.room[1]) + 0.0, -factor * (low + used.room[0]) + 0.0)  # no minus before a zero
    value, allowed = -factor * used.mean.value + 0.0, factor * margin
    said = [
        f"{one.place} {factor * found.means[0]:.2f} -> {factor * found.means[1]:.2f}",
        f"{how_many(found.difference.n, 'item')} of both runs",
        f"dropped by {value:.2f}"
        + (f", corrected by {how_many(used.labels, 'labelled pair')}" if used.labels else "")
        + (
            f", one-sided {100 * (1 - alpha):.4g}% limits {reach[0]:.2f} and {reach[1]:.2f}" if on == "interval" else ""
        ),
        f"allowed {allowed:.4g}",
        *_why(found, used, margin, factor, decision=decision, alpha=alpha),
    ]
    lost = tuple(lost_items(found))
    return Check(
        condition=Condition(f"{one.place} drop", "<=", allowed),
        model=one.model,
        row=one.allowed.row,
        name=_title(one),
        decision=decision,
        value=value,
        low=reach[0],
        high=reach[1],
        margin=min(abs(end - allowed) for end in reach) if decision != "cannot tell" else None,
        message=printable("; ".join(said), 1000),
        p_value=drop_p_value(used.mean, used.unmoved, margin, used.room) if on == "interval" else None,
        lost=lost,
        gained=found.gained,
    )


def lost_items(found: RowComparison) -> Iterator[LostItem]:
    """Yield the items that have become worse, those with another answer first: there the tested model has changed."""
    flips = sorted(found.flips, key=lambda flip: (flip.same_answer, flip.other_id, flip.repeat))
    for flip in flips:
        before, after = _worth(found, flip.first), _worth(found, flip.second)
        if before is not None and after is not None and after < before:
            yield LostItem(flip.other_id, flip.repeat, flip.first, flip.second, flip.same_answer)


def _worth(found: RowComparison, said: str) -> float | None:
    if found.kind != "score":
        return found.first.row.worth(said, None)
    try:
        return float(said)
    except ValueError:  # the status of one without a score
        return None


def _title(one: Measured) -> str:
    return f"{one.allowed.sliced} drop"


def _why(
    found: RowComparison, used: Difference, margin: float, factor: float, *, decision: str, alpha: float
) -> list[str]:
    """Return what a reader must know about a decision."""
    said = []
    if used.unmoved is not None and used.unmoved.moved():
        said.append(
            f"the judge moved by {factor * used.unmoved.shift.value:+.2f} on the {used.unmoved.shift.n} answers that "
            f"are the same in both; without that the drop is {-factor * used.unmoved.rest.value:.2f}"
        )
    if found.only_first or found.only_second:
        said.append(
            f"only in one: {how_many(found.only_first, 'item')} of the baseline and {found.only_second} of this run"
        )
    if found.unread:
        said.append(f"{how_many(found.unread, 'item is', 'items are')} unread or failed in one of them")
    if decision != "cannot tell":
        return said
    mean = used.mean
    if mean.questions < LEAST_QUESTIONS:
        said.append(f"fewer than {LEAST_QUESTIONS} questions are in both")
    elif (needed := mean.questions_to_decide(-margin, 1 - 2 * alpha)) is not None and mean.questions < needed:
        what = "labelled pairs" if used.labels else "questions"
        said.append(f"some {needed:,} {what} would decide, if the difference stays what it is")
    return said
