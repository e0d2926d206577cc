"""A drawing of a metric over runs: a line for each model, with the interval of each run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from markupsafe import Markup

from judgebench.viewer.plots import short_name, ticks

_WIDTH, _LEFT, _RIGHT = 640, 44, 16
_HEIGHT = 150
_LEGEND = 18
"""Height of a line of the legend."""
_NAMES = 4
"""Names in a line of the legend."""
_LABELS = 8
"""Dates below the drawing, at most."""
_APART = 5.0
"""How far the intervals of two models stand apart in one run."""


class Point(NamedTuple):
    """One figure of a model.

    Attributes:
        at: Number of the run, from 0. ``text``: run and figure in words.
    """

    at: int
    value: float
    low: float | None
    high: float | None
    text: str
    href: str


def trend(lines: Sequence[tuple[str, Sequence[Point]]], dates: Sequence[str], title: str) -> Markup:
    """Return the drawing.

    Args:
        lines: Each model with its points.
        dates: Of the runs, the oldest first.
        title: What it shows, for those who do not see it.
    """
    ends = [
        end for _, points in lines for one in points for end in (one.low, one.high, one.value)
        if end is not None and math.isfinite(end)
    ]  # fmt: skip
    if not ends:
        return Markup()
    marks = ticks(min(ends), max(ends))
    top = _LEGEND * -(-len(lines) // _NAMES) + 8
    room = (_WIDTH - _LEFT - _RIGHT) / len(dates)

    def y(value: float) -> str:
        share = (min(max(value, marks[0]), marks[-1]) - marks[0]) / (marks[-1] - marks[0])
        return f"{top + (1 - share) * _HEIGHT:.1f}"

    def x(at: int, series: int = 0) -> float:
        return _LEFT + (at + 0.5) * room + (series - (len(lines) - 1) / 2) * min(_APART, room / (len(lines) + 1))

    axis = Markup(
        '<line class="axis" x1="{left}" x2="{right}" y1="{y}" y2="{y}"/>'
        '<text class="value light" x="{text}" y="{below}">{t}</text>'
    )
    parts = [
        axis.format(
            left=_LEFT, right=_WIDTH - _RIGHT, y=y(tick), text=_LEFT - 6, below=float(y(tick)) + 4, t=f"{tick:g}"
        )
        for tick in marks
    ]
    every = -(-len(dates) // _LABELS)
    parts += [
        Markup('<text class="tick" x="{:.1f}" y="{}">{}</text>').format(x(at), top + _HEIGHT + 18, date)
        for at, date in enumerate(dates)
        if (len(dates) - 1 - at) % every == 0
    ]
    for number, (name, points) in enumerate(lines):
        kind = f"s{number % 4}{' hollow' if number // 4 % 2 else ''}"
        at, down = 10 + number % _NAMES * (_WIDTH // _NAMES), 12 + number // _NAMES * _LEGEND
        parts.append(
            Markup('<circle class="dot {}" cx="{}" cy="{}" r="4.5"/><text x="{}" y="{}">{}</text>').format(
                kind, at, down - 4, at + 10, down, short_name(name, 22)
            )
        )
        shown = [one for one in points if math.isfinite(one.value)]
        way = " ".join(f"{x(one.at, number):.1f},{y(one.value)}" for one in shown)
        parts.append(Markup('<polyline class="way s{}" points="{}"/>').format(number % 4, way))
        parts += [_point(one, x(one.at, number), y, kind) for one in shown]
    return Markup('<svg class="plot" viewBox="0 0 {} {}" role="group" aria-label="{}">{}</svg>').format(
        _WIDTH, top + _HEIGHT + 26, title, Markup().join(parts)
    )


def _point(one: Point, x: float, y: Callable[[float], str], kind: str) -> Markup:
    interval = Markup()
    if one.low is not None and one.high is not None:
        interval = Markup('<line class="interval {}" x1="{:.1f}" x2="{:.1f}" y1="{}" y2="{}"/>').format(
            kind, x, x, y(one.low), y(one.high)
        )
    dot = Markup('<circle class="dot {}" cx="{:.1f}" cy="{}" r="4.5"/>').format(kind, x, y(one.value))
    return Markup('<a href="{}" aria-label="{}">{}{}<title>{}</title></a>').format(
        one.href, one.text, interval, dot, one.text
    )
