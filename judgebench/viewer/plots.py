"""Drawings in the page: a value with its interval, and a bar of parts.

Two kinds of marks are all that the pages need, so they are written here instead of by a library. They carry classes and
no style: the stylesheet colours them in light and dark, and the policy of the pages forbids style in the markup.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from judgebench.records.figures import Metric
from judgebench.viewer.figures import figure

_WIDTH, _RIGHT, _LINE = 640, 58, 26
"""Width of the drawing, of the numbers at its right end, and height of a line."""
_LETTER, _LETTERS = 6.8, 36
"""Width of a letter of a name, with some room, and letters of a name at most."""


_BINS = 32


class Mark(NamedTuple):
    """One line of a drawing of intervals.

    Attributes:
        name: What it is about.
        value: Where the dot is. ``low``, ``high``: ends of the interval, where there is one.
        text: The value as text.
        series: Number of its colour, from 0.
        href: Where its name leads.
        hollow: Whether the dot is a ring: the same figure by other means.
    """

    name: str
    value: float
    low: float | None
    high: float | None
    text: str
    series: int = 0
    href: str = ""
    hollow: bool = False


def mark_of(name: str, metric: Metric, series: int, href: str = "") -> Mark:
    """Return the line of a metric that has a value."""
    low, high = metric.ci95 or (None, None)
    return Mark(name, metric.value or 0.0, low, high, figure(metric), series, href)


def intervals(marks: Sequence[Mark], title: str) -> Markup:
    """Return a drawing with a dot and an interval for each mark, on one axis.

    Args:
        marks: The lines, from above.
        title: What it shows, for those who do not see it.
    """
    shown = [mark for mark in marks if math.isfinite(mark.value)]
    if not shown:
        return Markup()
    ends = [
        end for mark in shown for end in (mark.low, mark.high, mark.value) if end is not None and math.isfinite(end)
    ]
    marked = ticks(min(ends), max(ends))
    first, last = marked[0], marked[-1]
    bottom = _LINE * len(shown) + 8
    left = max(90, 16 + _LETTER * max(len(short_name(mark.name)) for mark in shown))

    def x(value: float) -> str:
        inside = min(max(value, first), last)
        return f"{left + (inside - first) / (last - first) * (_WIDTH - left - _RIGHT):.1f}"

    parts = [
        Markup(
            '<line class="axis" x1="{x}" x2="{x}" y1="4" y2="{y}"/><text class="tick" x="{x}" y="{below}">{t}</text>'
        ).format(x=x(tick), y=bottom, below=bottom + 15, t=f"{tick:g}".replace("-", "−"))
        for tick in marked
    ]
    for at, mark in enumerate(shown):
        y = _LINE * at + 18
        name = Markup('<text class="name" x="0" y="{}">{}{}</text>').format(
            y + 4,
            short_name(mark.name),
            Markup("<title>{}</title>").format(mark.name) if len(mark.name) > _LETTERS else "",
        )
        if mark.href:
            name = Markup('<a href="{}">{}</a>').format(mark.href, name)
        parts.append(name)
        if mark.low is not None and mark.high is not None:
            parts.append(
                Markup('<line class="interval s{s}" x1="{a}" x2="{b}" y1="{y}" y2="{y}"/>').format(
                    s=mark.series % 4, a=x(mark.low), b=x(mark.high), y=y
                )
            )
        kind = f"s{mark.series % 4}{' hollow' if mark.hollow else ''}"
        parts.append(Markup('<circle class="dot {}" cx="{}" cy="{}" r="4.5"/>').format(kind, x(mark.value), y))
        parts.append(Markup('<text class="value" x="{}" y="{}">{}</text>').format(_WIDTH, y + 4, mark.text))
    return Markup('<svg class="plot" viewBox="0 0 {} {}" role="{}" aria-label="{}">{}</svg>').format(
        _WIDTH, bottom + 22, "group" if any(mark.href for mark in shown) else "img", title, Markup().join(parts)
    )


def histogram(values: Sequence[float], title: str) -> Markup:
    """Return a drawing of how often values fall into which range; the last holds all above the 99th percentile, too.

    Args:
        values: The values.
        title: What it shows, for those who do not see it.
    """
    finite = sorted(value for value in values if math.isfinite(value))
    if not finite:
        return Markup()
    low, high = finite[0], finite[min(len(finite) - 1, math.ceil(0.99 * len(finite)) - 1)]
    marked = ticks(low, high)
    first, last = marked[0], marked[-1]
    counts = [0] * _BINS
    for value in finite:
        counts[min(_BINS - 1, int((value - first) / (last - first) * _BINS))] += 1
    width, tallest = _WIDTH / _BINS, max(counts)
    one_bar = Markup(
        '<rect class="count" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}</title></rect>'
    )
    heights = [90 * count / tallest for count in counts]
    bars = [
        one_bar.format(at * width + 1, 98 - height, width - 2, height, counts[at])
        for at, height in enumerate(heights)
        if height
    ]
    for tick in marked:
        x = (tick - first) / (last - first) * _WIDTH
        anchor = "first" if tick == first else "last" if tick == last else ""
        bars.append(Markup('<text class="tick {}" x="{:.1f}" y="114">{:g}</text>').format(anchor, x, tick))
    return Markup('<svg class="plot" viewBox="0 0 {} 120" role="img" aria-label="{}">{}</svg>').format(
        _WIDTH, title, Markup().join(bars)
    )


def bar(parts: Sequence[tuple[str, int]], title: str) -> Markup:
    """Return a bar of parts, each with its class; parts of 0 are left out, and the smallest is still seen.

    Args:
        parts: Class and size of each part, from the left.
        title: What it shows, for those who do not see it.
    """
    total = sum(size for _, size in parts)
    if not total:
        return Markup()
    widths = [(kind, max(200 * size / total, 1.5)) for kind, size in parts if size]
    scale = 200 / sum(width for _, width in widths)
    at, drawn = 0.0, Markup()
    for kind, width in widths:
        drawn += Markup('<rect class="{}" x="{:.2f}" y="0" width="{:.2f}" height="8"/>').format(kind, at, width * scale)
        at += width * scale
    return Markup(
        '<svg class="bar" viewBox="0 0 200 8" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(title, drawn)


def ticks(low: float, high: float) -> list[float]:
    """Return round numbers from below ``low`` to above ``high``, three to seven of them."""
    if high - low < 1e-9:
        low, high = low - 1, high + 1
    raw = (high - low) / 4
    size = 10 ** math.floor(math.log10(raw))
    step = next(one * size for one in (1, 2, 2.5, 5, 10) if raw <= one * size)
    first = math.floor(low / step + 1e-9)
    last = math.ceil(high / step - 1e-9)
    return [round(step * at, 10) for at in range(first, last + 1)]


def short_name(name: str, letters: int = _LETTERS) -> str:
    """Return a name with so many letters at most."""
    return name if len(name) <= letters else f"{name[: letters - 1]}…"
