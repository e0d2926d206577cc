"""The one contract of all that computes figures: metrics, and the scores of benchmarks of judges.

A measure is fed one planned answer after another: the sample, the verdict about it, and what the rule says beside it.
It merges with one of its kind that has seen the answers that follow, so a slice and a part of an extraction need
nothing else. Of every figure it declares the unit and which end is good, and it may declare a table. A function of the
tally of outcomes is the short form of a metric (``judgebench.metrics.rates.named``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, Self

import msgspec

from judgebench.errors import ConfigError
from judgebench.records.figures import Better, FigureTable, Metric, Unit
from judgebench.records.flow import Sample, Verdict


class FigureKind(NamedTuple):
    """What a figure is: its unit, and which end is good (``None``: neither by itself, as with a rate of ties)."""

    unit: Unit = ""
    better: Better = None


UNDECLARED = FigureKind()
"""A figure of which nobody says anything."""


def kinds(*names: str, unit: Unit = "percent", better: Better) -> dict[str, FigureKind]:
    """Return the declaration of figures of one kind."""
    return dict.fromkeys(names, FigureKind(unit, better))


def kind_in(declared: Mapping[str, FigureKind], name: str) -> FigureKind:
    """Return what is declared of a figure; one in parts (``accuracy/math``) goes by the name of the whole."""
    return declared[name] if name in declared else declared.get(name.partition("/")[0], UNDECLARED)


class NoMeasureOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of a measure that has none."""


class Measure(ABC):
    """Computes figures from verdicts; see the module's docstring.

    Attributes:
        Config: Its keys in a config.
        figures: What each figure is, by name; a figure in parts goes by the name of the whole. Models are ranked by a
            headline of which more is better, and by nothing else.
        compares_with_gold: Whether ``right`` tells; judges under test are then compared item by item.
    """

    Config: ClassVar[type[msgspec.Struct]] = NoMeasureOptions
    figures: ClassVar[Mapping[str, FigureKind]] = {}
    compares_with_gold: ClassVar[bool] = False

    @abstractmethod
    def add(self, sample: Sample, repeat: int, verdict: Verdict, rule: Verdict | None = None) -> None:
        """Take in one planned answer; each (sample, repeat) once.

        Args:
            sample: The sample.
            repeat: Number of the tested model's repetition.
            verdict: What became of it; not always ``ok``.
            rule: What the rule says about the same answer, where there is one.
        """

    @abstractmethod
    def merge(self, later: Self) -> None:
        """Take in what another of the same keys was fed, about the samples that follow."""

    @abstractmethod
    def result(self) -> dict[str, Metric]:
        """Return the figures by name, the headline first."""

    @abstractmethod
    def identity(self) -> dict[str, Any]:
        """Return what decides the figures (formula, what an unread verdict counts as), as JSON values."""

    def table(self) -> FigureTable | None:
        """Return how its figures in parts are shown in a summary; ``None`` where they have no table of their own."""
        return None

    def right(self, sample: Sample, verdict: Verdict) -> bool | None:  # noqa: ARG002 - those that can tell need them
        """Say whether a judge under test is right about a sample; ``None`` where nothing can tell."""
        return None


def figures_of(measure: Measure) -> dict[str, Metric]:
    """Return the figures of a measure, each with its unit and its good end.

    A measure that gives none has one figure of no value, so that a result always has a headline.

    Raises:
        ConfigError: It gives something else than metrics.
    """
    found = measure.result()
    name = type(measure).__name__
    strange = next((figure for figure, one in found.items() if not isinstance(one, Metric)), None)
    if strange is not None:
        kind = type(found[strange]).__name__
        raise ConfigError(f"score: {name}.result() gives {strange!r} as {kind}, not as a Metric.")
    if not found:
        return {"score": Metric(value=None, note=f"{name} gave no figure")}
    return {figure: described(one, kind_in(measure.figures, figure)) for figure, one in found.items()}


def described(metric: Metric, kind: FigureKind) -> Metric:
    """Return a figure with its unit and its good end, where it does not say them itself."""
    if metric.unit or metric.better is not None or kind == UNDECLARED:
        return metric
    return msgspec.structs.replace(metric, unit=kind.unit, better=kind.better)
