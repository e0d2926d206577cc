"""Decides whether quality dropped from a baseline: on paired items, whatever the judge did, and not by chance.

Several drops share the level of 5% by Holm's method, so that an unchanged model fails at most one gate in twenty.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from judgebench.errors import UnknownNameError, UsageError, how_many
from judgebench.metrics.statistics.intervals import t_quantile
from judgebench.metrics.statistics.multiple import holm
from judgebench.metrics.statistics.paired import ALPHA, LEAST_QUESTIONS, decided_drop, drop_p_value
from judgebench.report.conditions import AllowedDrop, Condition, RowFacts
from judgebench.report.gate import Check, facts_of
from judgebench.report.results import printable
from judgebench.store.run_folder import RunFolder
from judgebench.trust.comparing import RowComparison, compare_runs


class Measured(NamedTuple):
    """One allowed drop and what the two runs say; ``why`` is the reason where they say nothing."""

    allowed: AllowedDrop
    model: str
    compared: RowComparison | None
    why: str = ""


def drop_checks(
    run_dir: Path, baseline: Path, allowed: Sequence[AllowedDrop], facts: Sequence[RowFacts]
) -> list[Check]:
    """Return the decisions about drops from a baseline.

    Args:
        run_dir: The run that is decided on.
        baseline: The run that was before.
        allowed: The drops that are allowed.
        facts: What the run's results offer; a stale one cannot pass.

    Raises:
        UnknownNameError: Neither run has such a row.
        ReuseError: The baseline is no run.
    """
    before = {(one.model, one.row): one for one in facts_of(baseline)}
    now = {(one.model, one.row): one for one in facts if not one.group}
    compared = _compared(RunFolder(baseline), RunFolder(run_dir))
    measured = [one for drop in allowed for one in _measured(drop, before, now, compared)]
    decidable = [one.compared for one in measured if one.compared is not None]
    values = [_p_value(one) for one in measured if one.compared is not None]
    adjusted = dict(zip(map(id, decidable), holm(values), strict=True))
    return [_check(one, adjusted[id(one.compared)] if one.compared is not None else 1.0) for one in measured]


def _compared(baseline: RunFolder, run: RunFolder) -> dict[tuple[str, str], RowComparison]:
    try:
        found = compare_runs(baseline, run)
    except UsageError:
        return {}
    return {(one.second.row.model, one.second.row.row): one for one in found}


def _measured(
    drop: AllowedDrop,
    before: dict[tuple[str, str], RowFacts],
    now: dict[tuple[str, str], RowFacts],
    compared: dict[tuple[str, str], RowComparison],
) -> list[Measured]:
    names = [name for name in {**now, **before} if name[1] == drop.row and drop.model in {"", name[0]}]
    if not names:
        rows = ", ".join(dict.fromkeys(f"{model}:{row}" for model, row in {**now, **before}))
        raise UnknownNameError(
            f"The drop {str(drop)!r} matches nothing in these runs.", hint=f"Their results: {rows or 'none'}."
        )
    return [_one(drop, name, before, now, compared) for name in names]


def _one(
    drop: AllowedDrop,
    name: tuple[str, str],
    before: dict[tuple[str, str], RowFacts],
    now: dict[tuple[str, str], RowFacts],
    compared: dict[tuple[str, str], RowComparison],
) -> Measured:
    for facts, which in ((now, "this run"), (before, "the baseline")):
        if name not in facts:
            return Measured(drop, name[0], None, f"{which} has no result")
        if facts[name].why:
            return Measured(drop, name[0], None, f"in {which} {facts[name].why}")
    found = compared.get(name)
    if found is None or found.difference is None:
        return Measured(drop, name[0], None, "the runs have no verdicts on the same items")
    if found.metric != drop.metric:
        return Measured(drop, name[0], None, f"its verdicts give {found.metric}, and not {drop.metric}")
    return Measured(drop, name[0], found)


def _factor(found: RowComparison) -> float:
    return 1.0 if found.kind == "score" else 100.0


def _margin(one: Measured) -> float:
    """Return the allowed drop in the unit of the difference."""
    assert one.compared is not None
    if one.allowed.relative:
        return one.allowed.margin / 100 * abs(one.compared.means[0])
    return one.allowed.margin / _factor(one.compared)


def _p_value(one: Measured) -> float:
    found = one.compared
    assert found is not None
    assert found.difference is not None
    return drop_p_value(found.difference, found.unmoved, _margin(one), found.room)


def _check(one: Measured, p_value: float) -> Check:
    place = f"{one.model}:{one.allowed.row}.{one.allowed.metric}"
    found = one.compared
    if found is None or found.difference is None:
        condition = Condition(f"{place} drop", "<=", one.allowed.margin)
        message = printable(f"{place}: the drop cannot be measured: {one.why}", 600)
        return Check(condition, one.model, one.allowed.row, _title(one), "cannot tell", None, None, None, None, message)
    margin, factor = _margin(one), _factor(found)
    decision = decided_drop(found.difference, found.unmoved, margin, room=found.room)
    shared = decision == "fail" and p_value > ALPHA
    if shared:
        decision = "cannot tell"
    low, high = found.difference.interval(1 - 2 * ALPHA)
    reach = (-factor * (high + found.room[1]) + 0.0, -factor * (low + found.room[0]) + 0.0)  # no minus before a zero
    value = -factor * found.difference.value + 0.0
    allowed = factor * margin
    distance = min(abs(end - allowed) for end in reach) if decision != "cannot tell" else None
    said = [
        f"{place} {factor * found.means[0]:.2f} -> {factor * found.means[1]:.2f}",
        f"{how_many(found.difference.n, 'item')} of both runs",
        f"dropped by {value:.2f}, one-sided 95% limits {reach[0]:.2f} and {reach[1]:.2f}",
        f"allowed {allowed:.4g}",
    ]
    said += _why(found, margin, shared=shared, decision=decision)
    condition = Condition(f"{place} drop", "<=", allowed)
    return Check(
        condition,
        one.model,
        one.allowed.row,
        _title(one),
        decision,
        value,
        reach[0],
        reach[1],
        distance,
        printable("; ".join(said), 900),
    )


def _title(one: Measured) -> str:
    return f"{one.allowed.metric} drop"


def _why(found: RowComparison, margin: float, *, shared: bool, decision: str) -> list[str]:
    """Return what a reader must know about a decision."""
    said = []
    factor, difference, unmoved = _factor(found), found.difference, found.unmoved
    assert difference is not None
    if unmoved is not None and unmoved.moved():
        said.append(
            f"the judge moved by {factor * unmoved.shift.value:+.2f} on the {unmoved.shift.n} answers that are the "
            f"same in both; without that the drop is {-factor * unmoved.rest.value:.2f}"
        )
    if found.only_first or found.only_second:
        said.append(
            f"only in one: {how_many(found.only_first, 'item')} of the baseline and {found.only_second} of this run"
        )
    if found.unread:
        said.append(f"{how_many(found.unread, 'item is', 'items are')} unread or failed in one of them")
    if decision == "cannot tell":
        if difference.questions < LEAST_QUESTIONS:
            said.append(f"fewer than {LEAST_QUESTIONS} questions are in both")
        elif shared:
            said.append("with several drops tested at once this may be chance (Holm)")
        elif abs(difference.value + margin) > 0 and difference.stderr > 0:
            wide = difference.stderr * t_quantile(1 - ALPHA, max(1, difference.questions - 1))
            needed = math.ceil(difference.questions * (wide / abs(difference.value + margin)) ** 2)
            if needed > difference.questions:
                said.append(f"some {needed} questions would decide, if the difference stays what it is")
    return said
