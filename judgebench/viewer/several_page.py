"""More than two runs, models or judges side by side: who decides otherwise about which item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlencode

from aiohttp import web

from judgebench.viewer import figures
from judgebench.viewer.aligned import Side, SideItem, items_of
from judgebench.viewer.chosen import item_address
from judgebench.viewer.library import KnownRun
from judgebench.viewer.sides import SIDES_AT_MOST, choices_of, put_side_by_side, value_of, with_ends
from judgebench.viewer.site import ViewerSite

_LINES = 50
_KINDS = {
    "": "not the same verdict everywhere",
    "wrong": "wrong on every side",
    "one": "wrong on one side alone",
    "all": "all",
    "part": "not on every side",
}
"""Which items are listed, and how that is called."""


class ShownSide(NamedTuple):
    """A side in the table above the items.

    Attributes:
        number: From 1.
        side: The side.
        means: Its score and that of the first side, on the questions that both have; empty for the first.
        difference: Its score less that of the first. ``interval``: of that, with the number of questions.
        lost: Items that are right on the first side and wrong here. ``won``: the other way round.
        address: Of the comparison with the first side.
    """

    number: int
    side: Side
    means: tuple[str, str]
    difference: str
    interval: str
    lost: int
    won: int
    address: str


class ShownItem(NamedTuple):
    """An item: its name, its first address, and on each side its verdict and address."""

    name: str
    repeat: int
    address: str
    cells: list[tuple[SideItem | None, str]]


def page_of(site: ViewerSite, runs: Sequence[KnownRun], sides: list[Side], request: web.Request) -> web.Response:
    """Return the comparison of three sides or more."""
    kind = request.query.get("only", "")
    kind = kind if kind in _KINDS else ""
    lines: dict[tuple[int, int], list[SideItem | None]] = {}
    for number, side in enumerate(sides):
        for key, one in _items(site, side).items():
            lines.setdefault(key, [None] * len(sides))[number] = one
    chosen = {name: [one for one in lines.values() if _is(name, one)] for name in _KINDS}
    listed = chosen[kind]
    text = request.query.get("offset", "")
    offset = min(int(text) if text.isdecimal() and len(text) < 10 else 0, len(listed)) // _LINES * _LINES
    base: list[tuple[str, str]] = [("a", value_of(sides[0])), ("b", value_of(sides[1]))]
    base += [("more", value_of(side)) for side in sides[2:]]

    def address(**more: str | int) -> str:
        return f"/compare?{urlencode([*base, *((name, value) for name, value in more.items() if value)])}"

    return site.page(
        "several.html",
        current="compare",
        run=sides[0].run,
        sides=[_side(site, number, sides[0], side) for number, side in enumerate(sides)],
        values=[value_of(side) for side in sides],
        room=len(sides) < SIDES_AT_MOST,
        choices=choices_of(site, runs, [side.run for side in sides]),
        total=len(lines),
        everywhere=sum(None not in one for one in lines.values()),
        chips=[(words, len(chosen[name]), address(only=name), name == kind) for name, words in _KINDS.items()],
        items=[_item(sides, one) for one in listed[offset : offset + _LINES]],
        listed=len(listed),
        offset=offset,
        before=address(only=kind, offset=offset - _LINES) if offset else "",
        after=address(only=kind, offset=offset + _LINES) if offset + _LINES < len(listed) else "",
        keys=[("j k", "next, previous"), ("enter", "open"), ("n b", "next and previous page"), ("?", "keys")],
    )


def _items(site: ViewerSite, side: Side) -> dict[tuple[int, int], SideItem]:
    return site.kept(("items", side.run.folder, side.model, side.row), side.asks, side.row, lambda: items_of(side))


def _is(kind: str, line: list[SideItem | None]) -> bool:
    there = [one for one in line if one is not None]
    if kind == "all":
        return True
    if kind == "part":
        return len(there) < len(line)
    wrong = sum(one.wrong for one in there)
    if kind == "wrong":
        return wrong == len(line)
    if kind == "one":
        return wrong == 1 and len(there) == len(line)
    return len({one.said for one in there}) > 1


def _side(site: ViewerSite, number: int, first: Side, side: Side) -> ShownSide:
    if not number:
        return ShownSide(1, side, ("", ""), "", "", 0, 0, "")
    aligned, found = put_side_by_side(site, first, side)
    counts = aligned.counts()
    means = "", ""
    difference = interval = ""
    if found is not None and found.difference is not None:
        factor, unit = (1.0, "scale") if found.kind == "score" else (100.0, "percent")
        theirs, own = (figures.number(factor * mean, unit) for mean in found.means)
        means = own, theirs
        difference, interval = with_ends(found.difference, factor, unit)
    address = f"/compare?{urlencode({'a': value_of(first), 'b': value_of(side)})}"
    return ShownSide(number + 1, side, means, difference, interval, counts["lost"], counts["won"], address)


def _item(sides: list[Side], line: list[SideItem | None]) -> ShownItem:
    known = next(one for one in line if one is not None)
    cells = [
        (one, item_address(side.run.key, one.key) if one is not None else "")
        for side, one in zip(sides, line, strict=True)
    ]
    return ShownItem(known.name, known.key.repeat, next(address for _, address in cells if address), cells)
