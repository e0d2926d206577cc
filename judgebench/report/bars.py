"""Small drawings in the report: a value with its interval on an axis, in classes that its style sheet colours."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from judgebench.records.figures import Metric

_WIDTH, _HEIGHT = 300, 18


class Axis(NamedTuple):
    """What the left and the right end of every bar of a table stand for, and where its marks are."""

    low: float
    high: float
    marks: tuple[float, ...]

    def at(self, value: float) -> float:
        """Return where a value is, in pixels from the left."""
        inside = min(max(value, self.low), self.high)
        return 4 + (inside - self.low) / (self.high - self.low) * (_WIDTH - 8)


PERCENT = Axis(0.0, 100.0, (0.0, 25.0, 50.0, 75.0, 100.0))


def axis_of(metrics: Iterable[Metric]) -> Axis:
    """Return the axis of some numbers: of percentages all of it, else from the least to the greatest end."""
    known = [one for one in metrics if one.value is not None and math.isfinite(one.value)]
    if known and all(one.unit == "percent" for one in known):
        return PERCENT
    ends = [end for one in known for end in (one.value, *(one.ci95 or ())) if end is not None and math.isfinite(end)]
    if not ends:
        return PERCENT
    low, high = min(ends), max(ends)
    if high - low < 1e-9:
        low, high = low - 1, high + 1
    room = 0.04 * (high - low)
    return Axis(low - room, high + room, ())


def bar(metric: Metric, axis: Axis, series: int = 0) -> str:
    """Return a drawing of a number with its interval; empty where it has no value.

    Args:
        metric: The number.
        axis: Of all numbers of the table.
        series: Number of its colour.
    """
    if metric.value is None or not math.isfinite(metric.value):
        return ""
    middle = _HEIGHT / 2
    parts = [f'<line class="track" x1="4" x2="{_WIDTH - 4}" y1="{middle:g}" y2="{middle:g}"/>']
    parts += [_mark(axis.at(mark)) for mark in axis.marks]
    if metric.ci95 is not None and all(map(math.isfinite, metric.ci95)):
        low, high = (f"{axis.at(end):.1f}" for end in metric.ci95)
        parts.append(f'<line class="iv s{series % SERIES}" x1="{low}" x2="{high}" y1="{middle:g}" y2="{middle:g}"/>')
    parts.append(f'<circle class="dot s{series % SERIES}" cx="{axis.at(metric.value):.1f}" cy="{middle:g}" r="4.5"/>')
    return f'<svg class="bar" viewBox="0 0 {_WIDTH} {_HEIGHT}" aria-hidden="true">{"".join(parts)}</svg>'


def _mark(x: float) -> str:
    return f'<line class="tick" x1="{x:.1f}" x2="{x:.1f}" y1="4" y2="{_HEIGHT - 4}"/>'


SERIES = 5
"""Colours of models; a sixth one has that of the first."""
