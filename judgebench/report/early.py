"""The rules of a gate on a run that asks in random order and may not have asked everything: decided by sequences.

What is done so far is then a random part of what is planned, and a sequence may be looked at after every item. So a run
that stopped as soon as its gate was decided, or that a limit stopped, is decided on without its rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from judgebench.metrics.statistics.paired import ALPHA, DropDecision
from judgebench.report.allowed_drops import AllowedDrop
from judgebench.report.checks import Check
from judgebench.report.conditions import Condition
from judgebench.report.gate_file import GateRule
from judgebench.report.results import printable
from judgebench.trust.baselines import Name, parts_of
from judgebench.trust.comparing import ComparedSide
from judgebench.trust.judged import JudgedAnswer, JudgedRow
from judgebench.trust.sequences import (
    Ends,
    Item,
    RuleSequence,
    decided_so_far,
    drop_sequence,
    score_ends,
    share_sequence,
)

SHARE = (0.0, 1.0)
"""Scale of what right and wrong, or a preference, counts."""
_MEANS = re.compile(r"accuracy|accuracy \(\d+ runs average\)|avg@\d+|win_rate")
_STATUSES: Mapping[str, Sequence[str]] = {
    "scored": ("ok",),
    "unparsed": ("unparsed",),
    "failed": ("judge_failed", "prediction_failed"),
    "judge_failed": ("judge_failed",),
    "prediction_failed": ("prediction_failed",),
}
DECIDABLE = ("accuracy", "win_rate", *_STATUSES)
"""What can be decided while a run goes on, and drops of the first two."""


class RowItems(NamedTuple):
    """What a row has so far.

    Attributes:
        row: The row.
        items: In random order, up to the first that is not done.
        planned: How many there are in all.
    """

    row: JudgedRow
    items: Sequence[Item]
    planned: int

    @property
    def whole(self) -> bool:
        """Whether every item is done."""
        return len(self.items) >= self.planned


class EarlyRule(NamedTuple):
    """One rule on one row.

    Attributes:
        rule: The rule.
        name: The tested model and the row.
        metric: As the rule calls it.
        items: What the row has so far.
        sequence: What that says of the rule.
    """

    rule: GateRule
    name: Name
    metric: str
    items: RowItems
    sequence: RuleSequence


def items_of(side: ComparedSide) -> RowItems:
    """Return what a row of a run in random order has so far: its verdicts are written in that order."""
    by_place: dict[str, list[JudgedAnswer]] = {}
    for (place, _), one in side.answers.items():
        by_place.setdefault(place, []).append(one)
    done: list[Item] = []
    for place, verdicts in by_place.items():
        if any(one.status == "not_judged" for one in verdicts):
            break
        done.append((place, verdicts))
    return RowItems(side.row, done, len(by_place))


def rules_on(
    rules: Sequence[GateRule], rows: Mapping[Name, RowItems], before: Mapping[Name, ComparedSide], *, on: str
) -> list[EarlyRule]:
    """Return every rule that counts and can be decided on the way, on each row that it is about.

    Args:
        rules: Of the gate.
        rows: What the rows have so far.
        before: The baseline.
        on: As the gate says it: the value of all planned items, or what they are a sample of.
    """
    counting = [rule for rule in rules if rule.tier != "advisory"]
    return [one for rule in counting for name in rows for one in _on_row(rule, name, rows[name], before, on)]


def decisions_on(rules: Sequence[EarlyRule], *, alpha: float = ALPHA) -> list[DropDecision]:
    """Return what is decided of each rule so far."""
    return decided_so_far([one.sequence for one in rules], alpha=alpha)


def about(that: Condition | AllowedDrop, name: Name) -> str | None:
    """Return the metric of a row that a rule is about; ``None`` where it is about another row."""
    model, row = name
    if isinstance(that, AllowedDrop):
        return that.sliced if that.row == row and that.model in {"", model} else None
    if that.target == "scored":
        return "scored"
    prefixes = [prefix for prefix in (f"{model}:{row}.", f"{row}.") if that.target.startswith(prefix)]
    return that.target.removeprefix(prefixes[0]) if prefixes else None


def decidable(that: Condition | AllowedDrop, metric: str) -> bool:
    """Return whether a rule about a metric can be decided on the way."""
    if isinstance(that, AllowedDrop):
        return that.metric != "mean_score" and that.value != "*"
    base, _, part = metric.partition("/")
    return _MEANS.fullmatch(base) is not None or (base in _STATUSES and not part)


def _on_row(
    rule: GateRule, name: Name, found: RowItems, before: Mapping[Name, ComparedSide], on: str
) -> Iterator[EarlyRule]:
    that, metric = rule.that, about(rule.that, name)
    if metric is None or not decidable(that, metric):
        return
    base, _, part = metric.partition("/")
    items = found.items
    if part:
        by, _, value = part.partition("=")
        items = [item for item in items if any(value in parts_of(one, by) for one in item[1])]
    if isinstance(that, AllowedDrop):
        if name in before:
            margin = _margin(that, before[name], found.row)
            yield EarlyRule(rule, name, metric, found, drop_sequence(items, before[name], found.row, margin, SHARE))
        return
    exact = base in _STATUSES
    above = that.op in {">=", ">"}
    ends = score_ends(found.row, SHARE)
    if exact:
        wanted = _STATUSES[base]

        def ends(one: JudgedAnswer) -> Ends:
            counts = float(one.status in wanted)
            return counts, counts

    total = found.planned if not part and (exact or on == "value") else None
    sequence = share_sequence(items, ends, that.threshold / 100, above=above, total=total)
    yield EarlyRule(rule, name, metric, found, sequence)


def _margin(drop: AllowedDrop, before: ComparedSide, row: JudgedRow) -> float:
    if not drop.relative:
        return drop.margin / 100
    worths = [
        worth
        for one in before.answers.values()
        if one.status == "ok" and (worth := row.worth(one.decision, one.score)) is not None
    ]
    return drop.margin / 100 * (sum(worths) / len(worths) if worths else 0.0)


def early_check(one: EarlyRule, decision: DropDecision) -> Check:
    """Return the decision about a rule as a check."""
    that, (model, row) = one.rule.that, one.name
    low, high = one.sequence.interval()
    count = len(one.sequence.low)
    middle = float((one.sequence.low + one.sequence.high).mean()) / 2 if count else None
    drop = isinstance(that, AllowedDrop)
    if isinstance(that, AllowedDrop):
        low, high = (100 * (1 - 2 * end) for end in (high, low))
        value = None if middle is None else 100 * (1 - 2 * middle)
        allowed = 100 * (1 - 2 * one.sequence.bound)
        condition = Condition(f"{model}:{row}.{one.metric} drop", "<=", allowed)
        wanted = f"allowed {allowed:.4g}"
    else:
        low, high = 100 * low, 100 * high
        value = None if middle is None else 100 * middle
        condition, wanted = that, f"wanted {that.op} {that.threshold:g}"
    name = f"{one.metric} drop" if drop else one.metric
    said = [
        f"{model}:{row}.{name} = {'-' if value is None else f'{value + 0.0:.2f}'}",
        f"on {count:,} of {one.items.planned:,} items, asked in random order",
        f"95% interval at every look {low + 0.0:.2f} .. {high + 0.0:.2f}",
        wanted,
    ]
    if decision == "cannot tell":
        said.append("not decided yet; jb --reuse asks on")
    return Check(
        condition=condition,
        model=model,
        row=row,
        name=name,
        decision=decision,
        value=value,
        low=low,
        high=high,
        margin=None,
        message=printable("; ".join(said), 700),
        tier=one.rule.tier,
    )
