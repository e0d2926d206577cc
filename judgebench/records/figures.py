"""What the numbers of a result are."""

from __future__ import annotations

import msgspec


class Metric(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One number of a result.

    Attributes:
        value: In percent for shares, else in the metric's own unit; ``None`` where undefined.
        n: How many items it rests on.
        stderr: Standard error, in the unit of ``value``.
        ci95: 95% interval.
        bounds: What the value would be if every unscored item were worst or best; ``None`` where it has no meaning.
        note: Why the value is undefined, or what a reader must know.
    """

    value: float | None
    n: int = 0
    stderr: float | None = None
    ci95: tuple[float, float] | None = None
    bounds: tuple[float, float] | None = None
    note: str = ""


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
