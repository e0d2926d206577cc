"""What the numbers of a result are."""

from __future__ import annotations

from typing import Literal

import msgspec

Unit = Literal[
    "", "percent", "points", "scale", "count", "coefficient", "probability", "rating", "place", "characters", "nats"
]
"""``percent`` of 0 to 100; ``points``: a difference of two; ``scale``: the judge's own; ``coefficient``: kappa,
correlations; ``rating``: on the scale of Elo's; empty where nobody says."""

Better = Literal["high", "low"] | None
"""``high``: more is better; ``low``: less is; ``None``: neither end is good by itself, as with a rate of ties."""


class Metric(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One number of a result.

    Attributes:
        value: In percent for shares, else in the metric's own unit; ``None`` where undefined.
        n: How many items it rests on.
        stderr: Standard error, in the unit of ``value``.
        ci95: 95% interval.
        bounds: Least and greatest value that the unscored items allow; ``None`` where they have no meaning.
        note: Why the value is undefined, or what a reader must know.
        unit: What the value counts.
        better: Which end is good.
    """

    value: float | None
    n: int = 0
    stderr: float | None = None
    ci95: tuple[float, float] | None = None
    bounds: tuple[float, float] | None = None
    note: str = ""
    unit: Unit = ""
    better: Better = None

    def worst_and_best(self) -> tuple[float, float] | None:
        """Return the bounds with the worse end first."""
        if self.bounds is None or self.better != "low":
            return self.bounds
        return self.bounds[1], self.bounds[0]


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many items ended in which state; ``planned`` is the sum of the five states."""

    planned: int = 0
    ok: int = 0
    unparsed: int = 0
    judge_failed: int = 0
    prediction_failed: int = 0
    not_judged: int = 0
    truncated: int = 0
    """Predictions that ended with ``finish_reason=length`` (they may be scored all the same)."""


class Slice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The part of a result that is about the samples with one value in a field.

    Attributes:
        by: The field, as the dataset's ``by`` names it.
        value: Its value as text; ``None`` for samples that have none.
        counts: How many items of the slice ended in which state.
        metrics: The result's metrics over the slice alone, by name.
    """

    by: str
    value: str | None = None
    counts: Counts
    metrics: dict[str, Metric]

    def named(self, metric: str) -> str:
        """Return what a metric of this slice is called: ``accuracy/category=algebra``."""
        return f"{metric}/{self.by}={self.value or ''}"


class TableColumn(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One column of a table of figures.

    Attributes:
        header: Its head; a line break in it is a place to wrap.
        figure: Name of the figure in parts whose values it holds; else of a whole figure, the same in every line.
        show: The value, its interval, or the value as a whole number or as a p-value.
    """

    header: str
    figure: str
    show: Literal["value", "interval", "count", "p"] = "value"


class FigureTable(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How figures in parts (``flip_rate/bandwagon``) are shown: one line for each part.

    Attributes:
        title: What the table shows.
        model: Head of the column of models.
        part: Head of the column of parts.
        columns: The others.
    """

    title: str
    model: str = "model"
    part: str
    columns: list[TableColumn]
