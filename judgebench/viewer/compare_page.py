"""Two runs, two models or two judges side by side: what flipped first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from aiohttp import web
from markupsafe import Markup

from judgebench.errors import JudgebenchError
from judgebench.query import Item
from judgebench.report.compared import in_sentences
from judgebench.report.results import read_result
from judgebench.store.run_folder import RunFolder
from judgebench.trust.comparing import RowComparison
from judgebench.viewer import figures, several_page
from judgebench.viewer.aligned import KINDS, Aligned, Pair, Side
from judgebench.viewer.chosen import item_address
from judgebench.viewer.other_figures import other_figures
from judgebench.viewer.settings import SettingDifferences, differences
from judgebench.viewer.sides import choices_of, named_sides, put_side_by_side, side_named, value_of, with_ends
from judgebench.viewer.site import ViewerSite
from judgebench.viewer.text_difference import difference

_LINES = 20
_LEFT_OUT = 20
"""Items of one side alone that are listed."""


class ShownPair(NamedTuple):
    """A pair as the page shows it."""

    pair: Pair
    name: str
    addresses: tuple[str, str]
    answers: Markup | None
    replies: Markup | None


def page(site: ViewerSite, request: web.Request) -> web.Response:
    """Return the comparison of two sides."""
    query = request.query
    runs = site.library.runs()
    first = side_named(site, runs, query.get("a", ""), None)
    second = side_named(site, runs, query.get("b", ""), first)
    more = [value for value in query.getall("more", []) if value]
    if more and first is not None and second is not None:
        return several_page.page_of(site, runs, [first, second, *named_sides(site, runs, more, first)], request)
    kind = query.get("only", "")
    values: dict[str, Any] = {"aligned": None}
    if first is not None and second is not None:
        aligned, figures_of_both = put_side_by_side(site, first, second)
        pairs = aligned.of(kind)
        offset = min(_whole(query.get("offset", "")), len(pairs)) // _LINES * _LINES
        values = {
            "aligned": aligned,
            "pairs": [_shown(first, second, pair) for pair in pairs[offset : offset + _LINES]],
            "offset": offset,
            "total": len(pairs),
            "step": _LINES,
            "chips": _chips(first, second, kind, aligned),
            "settings": _settings(first, second),
            "said": _said(figures_of_both),
            "cards": _cards(figures_of_both),
            "others": other_figures(aligned),
            "exchange": _address(second, first, only=kind),
            "before": _address(first, second, only=kind, offset=offset - _LINES) if offset else "",
            "after": _address(first, second, only=kind, offset=offset + _LINES) if offset + _LINES < len(pairs) else "",
            "only_first": [_name(first, one.key) for one in aligned.only_first[:_LEFT_OUT]],
            "only_second": [_name(second, one.key) for one in aligned.only_second[:_LEFT_OUT]],
        }
    chosen = first or second
    return site.page(
        "compare.html",
        current="compare",
        run=chosen.run if chosen else None,
        first=first,
        second=second,
        values=(value_of(first), value_of(second)),
        choices=choices_of(site, runs, [side.run for side in (first, second) if side is not None]),
        keys=[("j k", "next, previous"), ("enter", "open"), ("x", "exchange"), ("?", "keys")],
        **values,
    )


def _address(first: Side, second: Side, **more: str | int) -> str:
    values: dict[str, str | int] = {"a": value_of(first), "b": value_of(second), **more}
    values = {name: value for name, value in values.items() if value}
    return f"/compare?{urlencode(values)}"


def _chips(first: Side, second: Side, kind: str, aligned: Aligned) -> list[tuple[str, int, str, bool]]:
    counts = aligned.counts()
    flips = counts["lost"] + counts["won"] + counts["other"]
    chips = [("other verdict", flips, _address(first, second), kind not in KINDS)]
    return chips + [
        (words, counts[name], _address(first, second, only=name), kind == name)
        for name, words in KINDS.items()
        if counts[name] or kind == name
    ]


def _cards(found: RowComparison | None) -> list[tuple[str, str, str]]:
    """Return what stands in large figures: its name, the figure, and what is below it."""
    if found is None or found.difference is None:
        return []
    factor = 1.0 if found.kind == "score" else 100.0
    unit = "scale" if found.kind == "score" else "percent"
    means = [figures.number(factor * mean, unit) for mean in found.means]
    cards = [
        (f"first: {found.first.row.model} · {found.first.row.row}", means[0], found.first.run),
        (f"second: {found.second.row.model} · {found.second.row.row}", means[1], found.second.run),
        ("difference, same questions", *with_ends(found.difference, factor, unit)),
    ]
    if found.unmoved is not None:
        cards.append(("the judge, on equal answers", *with_ends(found.unmoved.shift, factor, unit)))
    return cards


def _said(found: RowComparison | None) -> list[str]:
    """Return what there is to say; what differs and what is not aligned stands on the page already."""
    if found is None:
        return ["The two sides say nothing of one kind, so no number can be subtracted."]
    lines = in_sentences(found._replace(changed=[], only_first=0, only_second=0))[1:]
    return [_typeset(line.strip()) for line in lines]


def _typeset(line: str) -> str:
    """Return a sentence of the terminal with the signs that a page has for its numbers."""
    line = re.sub(r"(?<=\d)\.\.(?=[+-]?\d)", " to ", line.replace(" -> ", " → "))
    return re.sub(r"(?<![\w.])-(?=\d)", "−", line)


def _settings(first: Side, second: Side) -> SettingDifferences:
    """Return what decides a score and differs, and what is the same."""
    found = differences(_identity(first), _identity(second))
    if first.model != second.model:
        found.differ.insert(0, ("model", first.model, second.model))
    return found


def _identity(side: Side) -> Mapping[str, Any]:
    try:
        result = read_result(RunFolder(side.run.folder).result(side.model, side.row), details=False)
    except JudgebenchError:
        return {}
    return result.identity


def _shown(first: Side, second: Side, pair: Pair) -> ShownPair:
    items = [
        side.asks.item(side.row, one.key.id, one.key.repeat, model=side.model)
        for side, one in ((first, pair.first), (second, pair.second))
    ]
    one, two = items
    answers = difference(one.answer, two.answer) if one.answer != two.answer else None
    replies = [_replies(item) for item in items]
    return ShownPair(
        pair=pair,
        name=one.line.key or str(one.line.id),
        addresses=(item_address(first.run.key, pair.first.key), item_address(second.run.key, pair.second.key)),
        answers=answers,
        replies=difference(*replies) if replies[0] != replies[1] else None,
    )


def _replies(item: Item) -> str:
    return "\n\n".join(call.reply for call in item.calls)


def _name(side: Side, key: Any) -> tuple[str, str]:
    return item_address(side.run.key, key), str(key.id)


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0
