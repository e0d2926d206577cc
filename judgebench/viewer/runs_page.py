"""The list of runs."""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple
from urllib.parse import urlencode

from aiohttp import web
from markupsafe import Markup

from judgebench.records.figures import Metric
from judgebench.viewer import figures
from judgebench.viewer.library import KnownRun
from judgebench.viewer.run_page import priced, sides_and_total
from judgebench.viewer.site import ViewerSite
from judgebench.viewer.trend import Point, trend

_TREND = 20
"""Runs of one dataset, at most, over which a figure is drawn, the newest."""
_MODELS = 8
"""Models of one drawing, at most."""


class Headline(NamedTuple):
    """A headline number of a run: of which model on which row."""

    row: str
    model: str
    metric: Metric
    name: str


class RunTrend(NamedTuple):
    """A headline over the runs of a group.

    Attributes:
        title: Which. ``choices``: what else can be drawn: its name, its address, and whether it is this one.
        left_out: Models that are not drawn.
    """

    title: str
    drawing: Markup
    choices: list[tuple[str, str, bool]]
    left_out: int


class ListedRun(NamedTuple):
    """A run in the list, with its headline numbers."""

    run: KnownRun
    headlines: list[Headline]
    lasted: str
    price: str


def page(site: ViewerSite, request: web.Request) -> web.Response:
    """Return the list of runs, those that hold the words of the search."""
    words = request.query.get("q", "")[:200]
    runs = site.library.runs()
    found = [_listed(run) for run in runs if run.holds(words)]
    groups = [
        (name, list(members))
        for name, members in groupby(sorted(found, key=lambda one: _group(one.run)), key=lambda one: _group(one.run))
    ]
    groups.sort(key=lambda group: max(one.run.started or one.run.name for one in group[1]), reverse=True)
    return site.page(
        "runs.html",
        current="runs",
        words=words,
        known=len(runs),
        groups=[(name, members, _trend(members, request.query.get("trend", ""), words)) for name, members in groups],
        keys=[("/", "search"), ("j k", "next, previous"), ("enter", "open"), ("?", "keys")],
    )


def _listed(run: KnownRun) -> ListedRun:
    facts = [one for one in (run.summary.results if run.summary else []) if one.kind == "result"]
    price = priced(sides_and_total(facts)[1])
    return ListedRun(run, headlines_of(run), figures.lasted(run.started, run.ended), price)


def headlines_of(run: KnownRun) -> list[Headline]:
    """Return the headline numbers of a run, as its newest summary has them."""
    if run.summary is None:
        return []
    return [
        Headline(row.dataset, model, cell.metric, row.metric)
        for row in run.summary.rows
        if row.headline
        for model, cell in row.cells.items()
        if cell.metric is not None and cell.metric.value is not None
    ]


def _group(run: KnownRun) -> str:
    return ", ".join(sorted(run.datasets)) or "other folders"


def _short_date(run: KnownRun) -> str:
    date, _, clock = figures.when(run.started).partition(", ")
    return f"{' '.join(date.split()[:2])}, {clock}" if clock else run.name


def _trend(members: list[ListedRun], wanted: str, words: str) -> RunTrend | None:
    """Return a drawing of one headline over the runs of a group; nothing where no headline has two runs.

    Args:
        members: The runs, the newest first.
        wanted: Which headline: its row and metric, as an address names them.
        words: Of the search.
    """
    runs = members[:_TREND][::-1]
    having: dict[tuple[str, str], set[str]] = {}
    for one in runs:
        for headline in one.headlines:
            having.setdefault((headline.row, headline.name), set()).add(one.run.key)
    names = {f"{row}|{name}": (row, name) for (row, name), keys in having.items() if len(keys) > 1}
    if not names:
        return None
    row, metric = names.get(wanted) or next(iter(names.values()))
    lines: dict[str, list[Point]] = {}
    for at, one in enumerate(runs):
        for headline in one.headlines:
            if (headline.row, headline.name) == (row, metric):
                low, high = headline.metric.ci95 or (None, None)
                ends = f", 95% interval {said}" if (said := figures.interval(headline.metric)) else ""
                text = f"{headline.model}, {one.run.name}: {figures.figure(headline.metric)}{ends}"
                point = Point(at, headline.metric.value or 0.0, low, high, text, f"/runs/{one.run.key}")
                lines.setdefault(headline.model, []).append(point)
    title = f"{metric.replace('_', ' ')} of {row} over {len(runs)} runs"
    choices = [
        (f"{name.replace('_', ' ')} of {of}", f"/?{urlencode({'q': words, 'trend': key})}", (of, name) == (row, metric))
        for key, (of, name) in names.items()
    ]
    drawing = trend(list(lines.items())[:_MODELS], [_short_date(one.run) for one in runs], title)
    return RunTrend(title, drawing, choices if len(choices) > 1 else [], max(0, len(lines) - _MODELS))
