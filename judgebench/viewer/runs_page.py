"""The list of runs."""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

from aiohttp import web
from markupsafe import Markup

from judgebench.records.figures import Metric
from judgebench.viewer import figures
from judgebench.viewer.library import KnownRun
from judgebench.viewer.plots import intervals, mark_of
from judgebench.viewer.run_page import priced, sides_and_total
from judgebench.viewer.site import ViewerSite

_TREND = 8
"""Runs of one dataset, at most, whose figures are drawn below each other."""


class Headline(NamedTuple):
    """A headline number of a run: of which model on which row."""

    row: str
    model: str
    metric: Metric
    name: str


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
        groups=[(name, members, _trend(members)) for name, members in groups],
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


def _trend(members: list[ListedRun]) -> Markup:
    """Return a drawing of the first headline over the runs of a group; nothing for a single run."""
    first = next((one.headlines[0] for one in members if one.headlines), None)
    if first is None:
        return Markup()
    models = list(dict.fromkeys(headline.model for one in members for headline in one.headlines))
    marks = [
        mark_of(
            f"{_short_date(one.run)} · {headline.model}",
            headline.metric,
            models.index(headline.model),
            f"/runs/{one.run.key}",
        )
        for one in members[:_TREND]
        for headline in one.headlines
        if headline.row == first.row
    ]
    with_it = {mark.href for mark in marks}
    return intervals(marks, f"{first.name} of {first.row} over the runs") if len(with_it) > 1 else Markup()
