"""The conditions of a gate: how they are written, and what in a run they address.

``[<model>:]<row>.<metric>`` addresses one metric of one row, of one model or of all. A metric is one of the result's
metrics, a share of the planned items in percent (``scored``, ``unparsed``, ``failed``, ``judge_failed``,
``prediction_failed``, ``not_judged``, ``truncated``), a number of items (the same with ``_count``), or a figure of the
judge's diagnostics (``agreement``, ``kappa``, ``false_positive_rate``, ...), or what people's labels and a baseline say
of the judge (``label_agreement``, ``winning_rate``, ``judge_shift``, ...). ``accuracy/category=algebra`` is a metric,
or such a share, of one slice.
"""

from __future__ import annotations

import difflib
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

from judgebench.errors import UnknownNameError, UsageError, how_many
from judgebench.records.corrected import CorrectedScore
from judgebench.records.diagnostics import Diagnostics
from judgebench.records.flow import Counts, Metric, Slice

OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}
_CONDITION = re.compile(r"\s*(?P<target>.+?)\s*(?P<op>>=|<=|>|<)\s*(?P<threshold>[^<>=]+?)\s*")
_SLIPS = {"=>": ">=", "=<": "<=", "≥": ">=", "≤": "<="}
"""What is typed for an operator, with the operator that is meant."""
_SLIP = re.compile(r"(=>|=<|≥|≤)[^<>=≥≤]*$")
_SHARES = ("scored", "unparsed", "failed", "judge_failed", "prediction_failed", "not_judged", "truncated")
_IN_PERCENT = ("accuracy", "agreement", "rate", "share", "consistency", "precision", "recall", "f1")
"""Last words of metrics that are shares."""
_ALSO_IN_PERCENT = frozenset({*_SHARES, "avg", "pass", "cons", "maj_correct", "robustness", "longer_wins", "extracted"})


class Condition(NamedTuple):
    """One condition.

    Attributes:
        target: What it addresses; ``scored`` alone addresses every result.
        op: ``>=``, ``>``, ``<=`` or ``<``.
        threshold: In the metric's unit; percent for shares.
        marked: Whether it was written with ``%``.
    """

    target: str
    op: str
    threshold: float
    marked: bool = False

    def holds(self, value: float) -> bool:
        """Return whether a value satisfies the condition."""
        return OPERATORS[self.op](value, self.threshold)

    def __str__(self) -> str:
        return f"{self.target} {self.op} {self.threshold:g}"


def parse_condition(text: str, kind: Literal["min", "max"]) -> Condition:
    """Return a condition such as ``aime2025-judge.accuracy>=80``.

    Args:
        text: The condition; a threshold may say ``%``.
        kind: ``min`` takes ``>=`` and ``>``, ``max`` takes ``<=`` and ``<``.

    Raises:
        UsageError: It is not a condition, is of the other kind, or its threshold is not a percentage.
    """
    if slip := slipped[1] if (slipped := _SLIP.search(text)) else "":
        raise UsageError(
            f"The condition {text!r} cannot be read: {slip!r} is not an operator.",
            hint=f"Write it with {_SLIPS[slip]}: {text.replace(slip, _SLIPS[slip])!r}",
        )
    match = _CONDITION.fullmatch(text)
    try:
        threshold = float(match["threshold"].removesuffix("%")) if match else math.nan
    except ValueError:
        threshold = math.nan
    wanted = (">=", ">") if kind == "min" else ("<=", "<")
    if match is None or not math.isfinite(threshold):
        raise UsageError(
            f"The condition {text!r} cannot be read; it should be [<model>:]<row>.<metric>{wanted[0]}<number>.",
            hint=f"For example: --{kind} 'aime2025-judge.{'accuracy>=80' if kind == 'min' else 'unparsed<=2'}'",
        )
    if match["op"] not in wanted:
        other = "max" if kind == "min" else "min"
        raise UsageError(
            f"The condition {text!r} of --{kind} should compare with {' or '.join(wanted)}.",
            hint=f"Write it with {wanted[0]}, or give it as --{other} {text!r}.",
        )
    condition = Condition(match["target"], match["op"], threshold, marked=match["threshold"].endswith("%"))
    if in_percent(match["target"].partition("/")[0].rpartition(".")[2]):
        check_percent(condition, text)
    return condition


def check_percent(condition: Condition, written: str) -> None:
    """Refuse a condition on a share whose threshold is none.

    Args:
        condition: The condition.
        written: How it is shown.

    Raises:
        UsageError: It is not a percentage.
    """
    least = condition.op in (">=", ">")
    if slip := percent_slip(condition.threshold, least=least, marked=condition.marked):
        raise UsageError(
            f"The condition {written!r} cannot be right: {slip}.",
            hint="Shares are given in percent, from 0 to 100.",
        )


def in_percent(metric: str) -> bool:
    """Return whether a metric is a share, by its name; of one that is not known to be, nothing is said."""
    name = re.split(r"[/@ ]", metric, maxsplit=1)[0]
    return name in _ALSO_IN_PERCENT or (name.endswith(_IN_PERCENT) and not name.startswith("delta_"))


def percent_slip(value: float, *, least: bool, marked: bool = False) -> str:
    """Return what is wrong with a bound on a percentage, as the end of a sentence; empty where nothing is.

    Args:
        value: The bound.
        least: Whether it is a lower bound. At most 1 percent of something is often asked for, at least 1 percent never.
        marked: Whether it was written with ``%``, so that no share is meant.
    """
    if not 0 <= value <= 100:
        return f"a percentage lies between 0 and 100, and {value:g} does not"
    if not marked and (0 < value < 1 or (value == 1 and least)):
        return f"{value:g} percent? Write {100 * value:g}, or {value:g}% if that is what is asked for"
    return ""


class Addressed(NamedTuple):
    """One metric of one result that a condition addresses.

    Attributes:
        metric: ``None`` where the result lacks it; ``why`` says so.
        exact: Whether it is a fact about the run instead of an estimate.
        open_items: Planned items without a decision.
        corrected: How the score was corrected by people's labels; empty for one that was not.
        labels: On how many labels it rests, where it was.
    """

    model: str
    row: str
    name: str
    metric: Metric | None
    exact: bool = False
    open_items: int = 0
    why: str = ""
    corrected: str = ""
    labels: int = 0


class RowFacts(NamedTuple):
    """What one model's result in one row offers to conditions; ``why`` is the reason of a result that is not there."""

    model: str
    row: str
    metrics: Mapping[str, Metric]
    counts: Counts | None
    diagnostics: Diagnostics
    why: str = ""
    group: bool = False
    slices: Sequence[Slice] = ()
    trust: Mapping[str, Metric] = {}
    corrected: CorrectedScore | None = None

    def lookup(self, name: str) -> Figure:
        """Return what a condition's name means; without a metric where there is none of that name."""
        if (found := _figure(name, self.metrics, self.counts)) is not None:
            return found
        for part in self.slices:
            whole = name.removesuffix(part.named(""))
            if whole != name and (found := _figure(whole, part.metrics, part.counts)) is not None:
                return found
        found_metric = self.trust.get(name) or self.diagnostics.figures().get(name)
        return Figure(found_metric, exact=False, counts=self.counts if name not in self.trust else None)

    def names(self) -> list[str]:
        """Return the metric names that conditions may use."""
        shares = [*_SHARES, *(f"{share}_count" for share in _SHARES)] if self.counts is not None else []
        in_parts = [part.named(name) for part in self.slices for name in (*part.metrics, *shares)]
        return list(dict.fromkeys([*self.metrics, *shares, *self.diagnostics.figures(), *self.trust, *in_parts]))


class Figure(NamedTuple):
    """What a name in a condition means in one result.

    Attributes:
        metric: ``None`` where there is none.
        exact: Whether it is a fact about the run instead of an estimate.
        counts: Of the items that it is about.
    """

    metric: Metric | None
    exact: bool
    counts: Counts | None


def _figure(name: str, metrics: Mapping[str, Metric], counts: Counts | None) -> Figure | None:
    if name in metrics:
        return Figure(metrics[name], exact=False, counts=counts)
    if counts is not None and (fact := _fact(counts, name)) is not None:
        return Figure(Metric(value=fact, n=counts.planned), exact=True, counts=counts)
    return None


def address(condition: Condition, facts: Sequence[RowFacts], *, corrected: bool = True) -> list[Addressed]:
    """Return what a condition addresses in a run.

    Args:
        condition: The condition.
        facts: What the run offers.
        corrected: Whether a score that people's labels correct stands for the judge's own.

    Raises:
        UnknownNameError: There is no such model, row or metric; names the nearest.
    """
    if condition.target == "scored":
        return [_found(one, "scored") for one in facts if not one.group]
    matches = [(one, prefix) for one in facts for prefix in _prefixes(one) if condition.target.startswith(prefix)]
    known = [(one, prefix) for one, prefix in matches if condition.target.removeprefix(prefix) in one.names()]
    candidates = known or matches
    if not candidates:
        raise _unknown(condition, facts)
    longest = max((prefix for _, prefix in candidates), key=len)
    name = condition.target.removeprefix(longest)
    # every model of the row is held to the condition, also one whose result lacks the metric
    chosen = [one for one, prefix in matches if prefix == longest]
    if not known and any(one.counts is not None for one in chosen):
        raise _unknown(condition, facts)
    return [_found(one, name, corrected=corrected) for one in chosen]


def _prefixes(one: RowFacts) -> tuple[str, str]:
    return f"{one.row}.", f"{one.model}:{one.row}."


def _found(one: RowFacts, name: str, *, corrected: bool = False) -> Addressed:
    metric, exact, counts = one.lookup(name)
    if corrected and metric is not None and (score := one.corrected) is not None and score.metric == name:
        return _corrected(one, name, metric, score)
    open_items = counts.planned - counts.ok if counts is not None else 0
    why = one.why or ("" if metric is not None else f"the result has no {name}")
    return Addressed(one.model, one.row, name, metric, exact, open_items, why)


def _corrected(one: RowFacts, name: str, metric: Metric, score: CorrectedScore) -> Addressed:
    """Return a score as people's labels correct it; the judge's own where they do not carry that, with the reason."""
    open_items = one.counts.planned - one.counts.ok if one.counts is not None else 0
    if score.corrected is None:
        return Addressed(one.model, one.row, name, metric, open_items=open_items)
    judge = "-" if score.judge.value is None else f"{score.judge.value:.2f}"
    said = f"corrected by {how_many(score.labels, 'label')}; the judge alone says {judge}"
    return Addressed(one.model, one.row, name, score.corrected, False, open_items, corrected=said, labels=score.labels)


def _unknown(condition: Condition, facts: Sequence[RowFacts]) -> UnknownNameError:
    with_model = ":" in condition.target
    names = dict.fromkeys(
        f"{prefix}{name}"
        for one in facts
        for prefix in (_prefixes(one)[1] if with_model else _prefixes(one)[0],)
        for name in one.names()
    )
    near = difflib.get_close_matches(condition.target, names, n=3, cutoff=0.5)
    rows = ", ".join(dict.fromkeys(f"{one.model}:{one.row}" for one in facts)) or "none"
    return UnknownNameError(
        f"The condition {str(condition)!r} matches nothing in this run: there is no {condition.target!r}.",
        hint=f"Did you mean {' or '.join(near)}?" if near else f"The run's results: {rows}.",
    )


def _fact(counts: Counts, name: str) -> float | None:
    """Return a number of items, or their share of the planned ones in percent."""
    numbers = {
        "scored": counts.ok,
        "failed": counts.judge_failed + counts.prediction_failed,
        **{state: getattr(counts, state) for state in _SHARES if state not in ("scored", "failed")},
    }
    if name.endswith("_count"):
        found = numbers.get(name.removesuffix("_count"))
        return None if found is None else float(found)
    if name not in numbers:
        return None
    return 100 * numbers[name] / counts.planned if counts.planned else math.nan
