"""The conditions of a gate: how they are written, and what in a run they address.

``[<model>:]<row>.<metric>`` addresses one metric of one row, of one model or of all. A metric is one of the result's
metrics, a share of the planned items in percent (``scored``, ``unparsed``, ``failed``, ``judge_failed``,
``prediction_failed``, ``not_judged``, ``truncated``), a number of items (the same with ``_count``), or a figure of the
judge's diagnostics (``agreement``, ``kappa``, ``false_positive_rate``, ...). ``accuracy/category=algebra`` is a metric,
or such a share, of one slice.
"""

from __future__ import annotations

import codecs
import difflib
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from judgebench.errors import ConfigError, UnknownNameError, UsageError
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


class AllowedDrop(NamedTuple):
    """How much lower than in the baseline a metric may be.

    Attributes:
        model: Abbr of the tested model; empty for every one of the row.
        row: The row.
        metric: ``accuracy``, ``win_rate`` or ``mean_score``.
        margin: In the metric's unit, points for shares; percent of the baseline's value where ``relative``.
    """

    model: str
    row: str
    metric: str
    margin: float
    relative: bool

    def __str__(self) -> str:
        name = f"{self.model}:{self.row}" if self.model else self.row
        return f"{name}.{self.metric}={self.margin:g}{'%' if self.relative else ''}"


DROPPABLE = ("accuracy", "win_rate", "mean_score")
"""Metrics whose drop can be measured: means over items, which two runs have in common."""


def parse_drop(text: str) -> AllowedDrop:
    """Return an allowed drop such as ``aime2025-judge.accuracy=2``; ``=5%`` is 5 percent of the baseline's value.

    Raises:
        UsageError: It is none.
    """
    target, sign, number = (part.strip() for part in text.rpartition("="))
    name, _, metric = target.rpartition(".")
    model, _, row = name.rpartition(":")
    try:
        margin = float(number.removesuffix("%"))
    except ValueError:
        margin = -1.0
    if not sign or not row or not 0 <= margin < 100:
        raise UsageError(
            f"The drop {text!r} cannot be read; it should be [<model>:]<row>.<metric>=<points from 0>.",
            hint="For example: --max-drop 'aime2025-judge.accuracy=2', or =5% for a share of the baseline's value",
        )
    if metric not in DROPPABLE:
        raise UsageError(
            f"The drop {text!r} is one of {metric!r}; drops are measured of {', '.join(DROPPABLE)}.",
            hint="For other metrics write a condition: --min or --max.",
        )
    return AllowedDrop(model, row, metric, margin, number.endswith("%"))


class GateConditions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A gate as the command line or a TOML file gives it.

    Attributes:
        min: Conditions with ``>=`` or ``>``.
        max: Conditions with ``<=`` or ``<``.
        min_scored: Least share of scored items of every result, in percent.
        on: Decide on the whole 95% interval, or on the value alone.
        baseline: The run that drops are measured from: its folder, or its name in the folder of the other run.
        max_drop: Drops that are allowed, such as ``aime2025-judge.accuracy=2``.
    """

    min: list[str] = []
    max: list[str] = []
    min_scored: float | None = None
    baseline: str = ""
    max_drop: list[str] = []
    on: Literal["interval", "value"] = "interval"

    def conditions(self) -> list[Condition]:
        """Return the parsed conditions.

        Raises:
            UsageError: A condition that cannot be read or asks for what cannot be, or none at all: such a gate would
                pass everything.
        """
        found = [parse_condition(text, "min") for text in self.min] + [
            parse_condition(text, "max") for text in self.max
        ]
        if self.min_scored is not None:
            if slip := percent_slip(self.min_scored, least=True):
                raise UsageError(f"min_scored = {self.min_scored:g}: {slip}.", hint="For example: min_scored = 98")
            found.append(Condition("scored", ">=", self.min_scored))
        drops = self.drops()
        if not found and not drops:
            raise UsageError(
                "The gate has no condition, so it would pass everything.",
                hint="For example: jb gate latest --min 'aime2025-judge.accuracy>=80' --min-scored 98",
            )
        return found

    def drops(self) -> list[AllowedDrop]:
        """Return the parsed drops.

        Raises:
            UsageError: One cannot be read, or there is no baseline to measure them from.
        """
        if bool(self.max_drop) != bool(self.baseline):
            given, lacking = ("--max-drop", "--baseline") if self.max_drop else ("--baseline", "--max-drop")
            raise UsageError(
                f"{given} needs {lacking}.", hint="For example: --baseline RUN --max-drop 'aime2025-judge.accuracy=2'"
            )
        return [parse_drop(text) for text in self.max_drop]

    def merged(self, other: GateConditions) -> GateConditions:
        """Return both gates' conditions; the other's ``min_scored`` comes first, ``on`` is this one's."""
        return GateConditions(
            min=[*self.min, *other.min],
            max=[*self.max, *other.max],
            min_scored=self.min_scored if other.min_scored is None else other.min_scored,
            on=self.on,
            baseline=other.baseline or self.baseline,
            max_drop=[*self.max_drop, *other.max_drop],
        )


def read_conditions(path: Path) -> GateConditions:
    """Read a gate from a TOML file with the keys of ``GateConditions``.

    Raises:
        ConfigError: It is missing, no TOML, or has unknown keys or wrong types.
    """
    try:
        return msgspec.toml.decode(path.read_bytes().removeprefix(codecs.BOM_UTF8), type=GateConditions)
    except OSError as error:
        reason = error.strerror or str(error)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
        reason = str(error)
    except RecursionError:
        reason = "it is nested too deeply"
    raise ConfigError(
        f"The gate file {path} cannot be used: {reason}.",
        hint="Its keys are min, max, min_scored, on, baseline and max_drop; see docs/gate.md.",
    )


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
    """

    model: str
    row: str
    name: str
    metric: Metric | None
    exact: bool = False
    open_items: int = 0
    why: str = ""


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

    def lookup(self, name: str) -> Figure:
        """Return what a condition's name means; without a metric where there is none of that name."""
        if (found := _figure(name, self.metrics, self.counts)) is not None:
            return found
        for part in self.slices:
            whole = name.removesuffix(part.named(""))
            if whole != name and (found := _figure(whole, part.metrics, part.counts)) is not None:
                return found
        return Figure(self.diagnostics.figures().get(name), exact=False, counts=self.counts)

    def names(self) -> list[str]:
        """Return the metric names that conditions may use."""
        shares = [*_SHARES, *(f"{share}_count" for share in _SHARES)] if self.counts is not None else []
        in_parts = [part.named(name) for part in self.slices for name in (*part.metrics, *shares)]
        return list(dict.fromkeys([*self.metrics, *shares, *self.diagnostics.figures(), *in_parts]))


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


def address(condition: Condition, facts: Sequence[RowFacts]) -> list[Addressed]:
    """Return what a condition addresses in a run.

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
    return [_found(one, name) for one in chosen]


def _prefixes(one: RowFacts) -> tuple[str, str]:
    return f"{one.row}.", f"{one.model}:{one.row}."


def _found(one: RowFacts, name: str) -> Addressed:
    metric, exact, counts = one.lookup(name)
    open_items = counts.planned - counts.ok if counts is not None else 0
    why = one.why or ("" if metric is not None else f"the result has no {name}")
    return Addressed(one.model, one.row, name, metric, exact, open_items, why)


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
