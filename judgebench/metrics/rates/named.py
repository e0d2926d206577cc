"""From the name of a metric in a config to the function that computes it, and which end of the metric is the good one.

A metric is a function of a ``Tally`` that returns a ``Metric``. The shipped ones stand in ``metrics.table`` under the
function's name. ``<name>@k`` means the function ``<name>_at_k(tally, k)`` and gives one number per k; ``<name>@n``
means ``<name>_at_n(tally)``, where n is the number of repeats. A dotted path names a function anywhere else. Only what
a config names is imported.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from typing import Any, Self, TypeVar

from judgebench import plugins
from judgebench.errors import ConfigError
from judgebench.metrics.contract import UNDECLARED, FigureKind, Measure, described, figures_of
from judgebench.metrics.rates.tally import GRADES, Tally, outcome_of
from judgebench.metrics.table import METRICS
from judgebench.records.figures import Better, FigureTable, Unit
from judgebench.records.flow import Counts, Metric, Sample, Verdict
from judgebench.records.pairs import NUMERALS, PREFERENCES

F = TypeVar("F", bound=Callable[..., Any])


def metric(*, better: Better, unit: Unit = "percent") -> Callable[[F], F]:
    """Declare what a metric's number is; models are ranked by a headline only where more of it is better.

    It stands above a metric's function: ``@metric(better="high")``.

    Args:
        better: Which end is good.
        unit: What the number counts.
    """

    def declare(function: F) -> F:
        function.kind = FigureKind(unit, better)  # type: ignore[attr-defined]
        return function

    return declare


RUNS_AVERAGE = "accuracy (n runs average)"
_AT = re.compile(r"(.+)@(n|k|[1-9]\d*)")
_RUNS = re.compile(r"accuracy \((n|\d+) runs average\)")

_WRITTEN_OTHERWISE = ("accuracy_n_runs_average",)

MetricFunction = Callable[..., Metric]


def metric_names() -> list[str]:
    """Return the names that a config may use, as a config writes them."""
    names = []
    for function in METRICS:
        base, _, suffix = function.rpartition("_at_")
        names.append(f"{base}@{suffix}" if base else function)
    return sorted(RUNS_AVERAGE if name == "accuracy_n_runs_average" else name for name in names)


def compute(tally: Tally, names: Sequence[str] = (), ks: Sequence[int] = ()) -> dict[str, Metric]:
    """Return the named metrics of a tally, in the order of the names.

    Args:
        tally: What was counted.
        names: As in a config; empty takes ``default_metrics``.
        ks: The ks of ``pass@k`` and the like; empty takes the number of repeats.

    Raises:
        ConfigError: A name that is no metric.
    """
    found: dict[str, Metric] = {}
    for name in names or default_metrics(tally):
        for printed, function, k in _expand(name, tally.repeats, ks):
            value = function(tally) if k is None else function(tally, k)
            found[printed] = described(value, getattr(function, "kind", UNDECLARED))
    return found


class NamedMetrics(Measure):
    """The metrics that a dataset names, as one measure: a tally for all that are functions of it, and the others.

    Args:
        names: As in a config; empty takes ``default_metrics`` of what was counted.
        ks: The ks of ``pass@k`` and the like.
        repeats: Planned repeats per sample.
        scale: Ends of the scale of the verdicts' scores, where they are declared.
        compared: Whether the verdicts are about two answers.

    Raises:
        ConfigError: A name that is no metric.
    """

    def __init__(
        self,
        names: Sequence[str] = (),
        ks: Sequence[int] = (),
        *,
        repeats: int = 1,
        scale: tuple[float, float] | None = None,
        compared: bool = False,
    ) -> None:
        self.tally = Tally(repeats, scale=scale)
        self.names = list(names)
        self._ks = list(ks)
        self._compared = compared
        self._own = {name: made for name in names if (made := _measure(name)) is not None}

    def add(self, sample: Sample, repeat: int, verdict: Verdict, rule: Verdict | None = None) -> None:
        """Count one answer, and feed it to the metrics that count by themselves."""
        self.tally.add(outcome_of(sample.id, repeat, verdict, rule=rule, compared=self._compared))
        for own in self._own.values():
            own.add(sample, repeat, verdict, rule)

    def merge(self, later: Self) -> None:
        """Take in what was counted about the samples that follow."""
        self.tally.merge(later.tally)
        for name, own in self._own.items():
            own.merge(later._own[name])

    def result(self) -> dict[str, Metric]:
        """Return the metrics in the order of the names."""
        return self.figures_named(self.names or default_metrics(self.tally))

    def figures_named(self, names: Sequence[str]) -> dict[str, Metric]:
        """Return some metrics: a slice has those of the whole, whatever its own verdicts look like."""
        found: dict[str, Metric] = {}
        for name in names:
            own = self._own.get(name)
            found |= compute(self.tally, [name], self._ks) if own is None else figures_of(own)
        return found

    def identity(self) -> dict[str, Any]:
        """Return what decides the metrics that count by themselves; the others are their names."""
        return {name: own.identity() for name, own in self._own.items()}

    def table(self) -> FigureTable | None:
        """Return the table of the first metric that has one."""
        return next((table for own in self._own.values() if (table := own.table()) is not None), None)


def _measure(name: str) -> Measure | None:
    """Return a metric that counts by itself; ``None`` for a function of the tally."""
    if "@" in name or _RUNS.fullmatch(name):
        return None
    found = _load(name, name)
    if not (isinstance(found, type) and issubclass(found, Measure)):
        return None
    made: Measure = plugins.make(name, {}, "metrics", where=f"metrics: {name!r}")
    return made


def better_of(name: str) -> Better:
    """Return which end of a metric is good, given its name as a config writes it or as a result prints it.

    ``None`` where neither end is, or nobody has declared it: a function of the user's own declares it as the shipped
    ones do, by ``metric``.

    Raises:
        ConfigError: A name that is no metric.
    """
    runs = _RUNS.fullmatch(name)
    at = _AT.fullmatch(name)
    if runs:
        function = _load("accuracy_n_runs_average", name)
    elif at and _known(f"{at[1]}_at_n"):
        function = _load(f"{at[1]}_at_n", name)
    else:
        function = _load(f"{at[1]}_at_k" if at else name, name)
    kind: FigureKind = getattr(function, "kind", UNDECLARED)
    return kind.better


def check_names(names: Sequence[str], repeats: int) -> None:
    """Look up every name of a config, so that a misspelt one is reported before anything is asked.

    Raises:
        ConfigError: A name that is no metric.
    """
    for name in names:
        _expand(name, repeats, ())


def result(tally: Tally, names: Sequence[str] = (), ks: Sequence[int] = ()) -> tuple[dict[str, Metric], Counts]:
    """Return a result's metrics, the headline first, and its counts; see ``compute``."""
    return compute(tally, names, ks), tally.counts()


def default_metrics(tally: Tally) -> list[str]:
    """Return the metrics of a result whose config names none.

    Right-or-wrong verdicts give ``accuracy``, or with n repeats ``accuracy (n runs average)``, ``avg@n``, ``pass@k``,
    ``cons@k`` and ``maj_correct@k``; comparisons give ``win_rate`` (the decisions ``1`` and ``2``, which
    may be points of a scale, only where two answers were compared); scores with no such decision ``mean_score``.
    """
    decisions = set(tally.decisions())
    if decisions & (PREFERENCES.keys() if tally.compared else PREFERENCES.keys() - NUMERALS):
        return ["win_rate"]
    if not decisions & GRADES.keys() and tally.has_scores():  # decisions may be the points of a scale
        return ["mean_score"]
    return [RUNS_AVERAGE, "avg@n", "pass@k", "cons@k", "maj_correct@k"] if tally.repeats > 1 else ["accuracy"]


def _expand(name: str, repeats: int, ks: Sequence[int]) -> list[tuple[str, MetricFunction, int | None]]:
    """Return the printed names, functions and ks that one name of a config stands for."""
    runs = _RUNS.fullmatch(name)
    if runs and runs[1] in ("n", str(repeats)):
        return [(f"accuracy ({repeats} runs average)", _load("accuracy_n_runs_average", name), None)]
    at = _AT.fullmatch(name)
    if at is None:
        if name.lower() in _WRITTEN_OTHERWISE or name.lower().endswith(("_at_k", "_at_n")):
            raise _unknown(name)
        return [(name, _load(name, name), None)]
    base, suffix = at[1], at[2]
    if _known(f"{base}_at_n") and suffix in ("n", str(repeats)):
        return [(f"{base}@{repeats}", _load(f"{base}_at_n", name), None)]
    function = _load(f"{base}_at_k", name)
    wanted = [int(suffix)] if suffix.isdigit() else [repeats] if suffix == "n" else list(ks) or [repeats]
    return [(f"{base}@{k}", function, k) for k in wanted]


def _known(function: str) -> bool:
    return function in METRICS


def _load(function: str, written: str) -> MetricFunction:
    slug = function.lower().replace("-", "_")
    name = slug if slug in METRICS else function
    if "." not in name and name not in METRICS and plugins.brought("metrics", name) is None:
        raise _unknown(written)
    found: MetricFunction = plugins.load(name, "metrics", where=f"metrics: {written!r}")
    if not callable(found):
        raise ConfigError(f"metrics: {written!r} is no function.", hint="See docs/extending.md.")
    return found


def _unknown(written: str) -> ConfigError:
    near = difflib.get_close_matches(written, metric_names(), n=3, cutoff=0.4)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"Known metrics: {', '.join(metric_names())}."
    return ConfigError(f"There is no metric {written!r}.", hint=f"{hint} {plugins.unusable()}".strip())
