"""How long the answers of a run are and how long they took."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from aiohttp import web
from markupsafe import Markup

from judgebench.query import Filter, ItemLine, RunQuery
from judgebench.viewer import figures
from judgebench.viewer.plots import histogram
from judgebench.viewer.site import ViewerSite

_MOST = 20_000
"""Answers of one model to one dataset that are looked at; of more, so many at random."""


class Spread(NamedTuple):
    """How a measure is spread over the answers of a model to a dataset.

    Attributes:
        words: What is measured. ``quantiles``: the median and what stands above it, in words.
    """

    words: str
    drawing: Markup
    quantiles: list[tuple[str, str]]


class AnswerSpreads(NamedTuple):
    """The answers of one model to one dataset.

    Attributes:
        n: How many were looked at. ``total``: how many there are.
    """

    model: str
    dataset: str
    n: int
    total: int
    spreads: list[Spread]


def page(site: ViewerSite, request: web.Request) -> web.Response:
    """Return the page of lengths and times."""
    run = site.run(request)
    asks = site.query(run)
    rows: dict[tuple[str, str], str] = {}
    for one in asks.rows:
        if one.predictions is not None:
            rows.setdefault((one.model, one.dataset), one.row)
    found = [
        site.kept(("timing", run.folder, model, row), asks, row, partial(_spreads, asks, model, dataset, row))
        for (model, dataset), row in rows.items()
    ]
    return site.page("timing.html", current="run", run=run, found=found, keys=[("i", "items"), ("?", "keys")])


def _spreads(asks: RunQuery, model: str, dataset: str, row: str) -> AnswerSpreads:
    found = asks.page(Filter(row=row, model=model, sort="random"), 0, _MOST, texts=False)
    lines = found.rows
    rates = [line.tokens / line.latency for line in lines if line.tokens and line.latency]
    measures: list[tuple[str, list[float], str]] = [
        ("tokens of an answer", [float(line.tokens) for line in lines if line.tokens is not None], "count"),
        ("seconds of an answer", _latencies(lines), "seconds"),
        ("tokens a second", rates, "count"),
        ("characters of an answer", [float(line.length) for line in lines if line.length is not None], "count"),
    ]
    spreads = [
        Spread(words, histogram(values, f"{words}, {model} on {dataset}"), _quantiles(values, unit))
        for words, values, unit in measures
        if values
    ]
    return AnswerSpreads(model, dataset, len(lines), found.total, spreads)


def _latencies(lines: Sequence[ItemLine]) -> list[float]:
    return [line.latency for line in lines if line.latency]


def _quantiles(values: Sequence[float], unit: str) -> list[tuple[str, str]]:
    ordered = sorted(values)
    say = figures.seconds if unit == "seconds" else figures.short

    def at(share: float) -> str:
        return say(ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)])

    return [("median", at(0.5)), ("90%", at(0.9)), ("99%", at(0.99)), ("most", say(ordered[-1]))]
