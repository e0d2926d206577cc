"""One condition on one result: it passes, it fails, or nobody can tell yet, and then what would decide it.

A condition passes when the whole 95% interval satisfies it, and still would if every unscored item were worst. It
fails when nothing of that range satisfies it. Else the run cannot tell: neither passing nor failing would be honest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Literal, NamedTuple

from judgebench.errors import how_many
from judgebench.metrics.statistics.intervals import Z95
from judgebench.records.figures import Metric
from judgebench.report.conditions import Addressed, Condition, check_percent
from judgebench.report.gate_file import Tier
from judgebench.report.results import printable

Decision = Literal["pass", "fail", "cannot tell"]


class LostItem(NamedTuple):
    """An item that has become worse than in the baseline.

    Attributes:
        id: In this run. ``repeat``: of the tested model.
        before: What the baseline says of it. ``after``: what this run says.
        same_answer: Whether the answers are equal, so that only the judge has changed.
    """

    id: int
    repeat: int
    before: str
    after: str
    same_answer: bool


class Check(NamedTuple):
    """One line of a gate on one result.

    Attributes:
        low: Least value that sampling and the unscored items allow; ``None`` where unknown.
        margin: Distance to the threshold, in the metric's unit: how far a pass is safe, how far a fail falls short.
        message: The decision as a sentence.
        tier: How much it counts.
        missing: Whether there is no number to decide on.
        p_value: Of "it is not broken", for a line that rests on an estimate; small where it is broken.
        lost: Items that have become worse than in the baseline. ``gained``: how many have become better.
    """

    condition: Condition
    model: str
    row: str
    name: str
    decision: Decision
    value: float | None
    low: float | None
    high: float | None
    margin: float | None
    message: str
    tier: Tier = "critical"
    missing: bool = False
    p_value: float | None = None
    lost: Sequence[LostItem] = ()
    gained: int = 0


def check(condition: Condition, found: Addressed, *, on: Literal["interval", "value"] = "interval") -> Check:
    """Decide one condition on one result."""
    place = f"{found.model}:{found.row}.{found.name}"
    metric = found.metric
    if metric is not None and metric.unit == "percent":
        check_percent(condition, str(condition))
    if metric is None or metric.value is None or math.isnan(metric.value):
        why = found.why or (metric.note if metric is not None else "") or "it is undefined"
        return _undecided(condition, found, f"{place}: there is no number: {why}", missing=True)
    if found.exact or on == "value":
        ends: tuple[float, float] | None = (metric.value, metric.value)
    else:
        ends = metric.ci95
    if ends is None:
        message = f"{place} = {metric.value:.2f} has no interval to decide on; --on value decides on the number itself"
        return _undecided(condition, found, message)
    reach = _with_unscored(ends, metric, found)
    decision = decide(condition, reach)
    nearest = min(abs(end - condition.threshold) for end in reach)
    return Check(
        condition=condition,
        model=found.model,
        row=found.row,
        name=found.name,
        decision=decision,
        value=metric.value,
        low=reach[0],
        high=reach[1],
        margin=nearest if decision != "cannot tell" else None,
        message=printable(_explain(condition, found, decision, metric.value, ends, reach), 700),
        p_value=None if ends[0] == ends[1] else _p_value(condition, metric.value, reach),
    )


def decide(condition: Condition, reach: tuple[float, float]) -> Decision:
    """Return whether all, nothing or a part of a range satisfies a condition."""
    held = [condition.holds(end) for end in reach]
    if all(held):
        return "pass"
    return "cannot tell" if any(held) else "fail"


def _undecided(condition: Condition, found: Addressed, message: str, *, missing: bool = False) -> Check:
    value = found.metric.value if found.metric is not None else None
    return Check(
        condition, found.model, found.row, found.name, "cannot tell", value, None, None, None, printable(message, 700),
        missing=missing,
    )  # fmt: skip


def _p_value(condition: Condition, value: float, reach: tuple[float, float]) -> float:
    """Return the one-sided p-value of "the condition holds": 0.025 where the better end of the range touches the bound.

    The range is made wider or narrower about the value until it does: the interval turned into a test.
    """
    upper = condition.op in (">=", ">")
    short = condition.threshold - value if upper else value - condition.threshold
    half = reach[1] - value if upper else value - reach[0]
    if half <= 0:
        return 1.0 if condition.holds(value) else 0.0
    return 1.0 - NormalDist().cdf(Z95 * short / half)


def _with_unscored(ends: tuple[float, float], metric: Metric, found: Addressed) -> tuple[float, float]:
    if metric.bounds is None or found.exact or not found.open_items or found.corrected:
        return ends  # a corrected interval holds the unscored items already
    return min(ends[0], metric.bounds[0]), max(ends[1], metric.bounds[1])


def _explain(
    condition: Condition,
    found: Addressed,
    decision: Decision,
    value: float,
    ends: tuple[float, float],
    reach: tuple[float, float],
) -> str:
    """Return the decision as a sentence, with by how much."""
    exact = ends[0] == ends[1]
    number = f"{found.model}:{found.row}.{found.name} = {value:.2f}"
    if found.corrected:
        number += f" ({found.corrected})"
    if not exact:
        number += f", 95% interval {ends[0]:.2f} .. {ends[1]:.2f}"
    wanted = f"wanted {condition.op} {condition.threshold:g}"
    distance = abs(value - condition.threshold)
    opened = f"{found.open_items} unscored items allow {reach[0]:.2f} .. {reach[1]:.2f}"
    if decision == "fail":
        nearest = min(abs(end - condition.threshold) for end in reach)
        end = "" if exact and reach == ends else f"; even the nearest end of the interval misses it by {nearest:.2f}"
        return f"{number}: {wanted}, missed by {distance:.2f}{end}"
    if decision == "pass":
        unbounded = found.open_items and not found.exact and (found.metric is None or found.metric.bounds is None)
        unbounded = unbounded and not found.corrected
        note = f"; what its {found.open_items} unscored items could change is not known" if unbounded else ""
        return f"{number}: {wanted}{note}{_against(condition, found.metric)}"
    if decide(condition, ends) == "cannot tell":
        why = "the interval lies on both sides of the bound" + (f", and {opened}" if reach != ends else "")
        return f"{number}: {wanted}, {why}{_more(condition, found, value, ends)}"
    return f"{number}: {wanted}, the scored items alone would {decide(condition, ends)}, but {opened}"


def _more(condition: Condition, found: Addressed, value: float, ends: tuple[float, float]) -> str:
    """Say how many more items, or labels, would decide, if the value stays what it is: intervals shrink with a root."""
    distance = abs(value - condition.threshold)
    half = ends[1] - value if condition.threshold > value else value - ends[0]
    count = found.labels or (found.metric.n if found.metric is not None else 0)
    if not distance or not count or half <= distance:
        return ""
    more = math.ceil(count * (half / distance) ** 2) - count
    if more > MOST_WANTED:
        return "; it is too close to the bound to be decided by more items"
    return f"; some {more:,} more {'labels' if found.labels else 'items'} would decide, if the value stays what it is"


MOST_WANTED = 1_000_000
"""Further items beyond which nobody is told to ask for them."""


def _against(condition: Condition, metric: Metric | None) -> str:
    """Say that a condition which holds asks for the worse end, as a slip of --min for --max does."""
    wanted = "high" if condition.op in (">=", ">") else "low"
    if metric is None or metric.better in (None, wanted):
        return ""
    return f" (note: {'less' if metric.better == 'low' else 'more'} of it is better)"


def shared_by_several(one: Check, count: int) -> Check:
    """Return a failed check as undecided: of several at once one may look broken by chance."""
    said = f"{one.message}; with {how_many(count, 'rule')} tested at once this may be chance (Holm)"
    return one._replace(decision="cannot tell", margin=None, message=said)
