"""From the name of a metric in a config to the function that computes it, and which end of the metric is the good one.

A metric is a function of a ``Tally`` that returns a ``Metric``. The shipped ones stand in ``metrics.table`` under the
function's name. ``<name>@k`` means the function ``<name>_at_k(tally, k)`` and gives one number per k; ``<name>@n``
means ``<name>_at_n(tally)``, where n is the number of repeats. A dotted path names a function anywhere else. Only what
a config names is imported.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

from judgebench import plugins
from judgebench.errors import ConfigError
from judgebench.metrics.rates.tally import GRADES, Tally
from judgebench.metrics.table import METRICS
from judgebench.records.flow import Counts, Metric
from judgebench.records.pairs import NUMERALS, PREFERENCES

Better = Literal["high", "low"] | None
"""``high``: more is better; ``low``: less is; ``None``: neither end is good by itself, as with a rate of ties."""

F = TypeVar("F", bound=Callable[..., Any])


def metric(*, better: Better) -> Callable[[F], F]:
    """Declare which end of a metric is good; models are ranked by a headline only where more is better.

    It stands above a metric's function: ``@metric(better="high")``.
    """

    def declare(function: F) -> F:
        function.better = better  # type: ignore[attr-defined]
        return function

    return declare


def declared(figures: Mapping[str, Better], name: str) -> Better:
    """Return which end of a score's figure is good; one in parts (``accuracy/math``) goes by the name of the whole.

    A figure that is not declared has no good end that anybody knows of.
    """
    return figures[name] if name in figures else figures.get(name.partition("/")[0])


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
            found[printed] = function(tally) if k is None else function(tally, k)
    return found


def better_of(name: str) -> Better:
    """Return which end of a metric is good, given its name as a config writes it or as a result prints it.

    ``None`` where neither end is, or nobody has declared it: a function of the user's own declares it as the shipped
    ones do (``judgebench.metrics.rates.named``).

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
    return getattr(function, "better", None)


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
