"""Two runs, two models or two judges side by side: what flipped first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from aiohttp import web
from markupsafe import Markup

from judgebench.errors import JudgebenchError, visible
from judgebench.metrics.statistics.paired import PairedMean
from judgebench.query import Item
from judgebench.report.compared import in_sentences
from judgebench.report.results import read_result
from judgebench.store.run_folder import RunFolder
from judgebench.trust.comparing import RowComparison, compare_runs
from judgebench.viewer import figures
from judgebench.viewer.aligned import KINDS, Aligned, Pair, Side, align
from judgebench.viewer.chosen import item_address
from judgebench.viewer.library import KnownRun
from judgebench.viewer.site import MissingError, ViewerSite
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


class SideChoice(NamedTuple):
    """One side that can be chosen: its value in the address, and how it reads."""

    value: str
    words: str


def page(site: ViewerSite, request: web.Request) -> web.Response:
    """Return the comparison of two sides."""
    query = request.query
    runs = site.library.runs()
    first = _side(site, runs, query.get("a", ""), None)
    second = _side(site, runs, query.get("b", ""), first)
    kind = query.get("only", "")
    values: dict[str, Any] = {"aligned": None}
    if first is not None and second is not None:

        def make() -> tuple[Aligned, RowComparison | None]:
            return align(first, second), _compared(first, second)

        first_key, second_key = ((side.run.folder, side.model, side.row) for side in (first, second))
        aligned, compared = site.kept(
            ("first", first_key, second_key),
            first.asks,
            first.row,
            lambda: site.kept(("second", first_key, second_key), second.asks, second.row, make),
        )
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
            "said": _said(compared),
            "cards": _cards(compared),
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
        values=(_value(first), _value(second)),
        choices=_choices(site, runs, [side.run for side in (first, second) if side is not None]),
        keys=[("j k", "next, previous"), ("enter", "open"), ("x", "exchange"), ("?", "keys")],
        **values,
    )


def _side(site: ViewerSite, runs: Sequence[KnownRun], value: str, other: Side | None) -> Side | None:
    """Return the side that an address names: ``run``, ``run|model`` or ``run|model|row``.

    What it leaves open is taken as on the other side as far as the run has it, else as something that differs.

    Raises:
        MissingError: There is no such run, model or row.
    """
    key, _, rest = value.partition("|")
    model, _, row = rest.partition("|")
    if not key and other is None:
        return None
    run = next((one for one in runs if one.key == key), None) if key else None
    if key and run is None:
        raise MissingError(f"There is no run {visible(key)[:80]!r} among those that this viewer was given.")
    if run is None:
        assert other is not None
        run = _before(runs, other.run) or other.run
    asks = site.query(run)
    rows = [one for one in asks.rows if one.model == (model or one.model) and one.row == (row or one.row)]
    if not rows:
        if not rest:
            return None
        raise MissingError(f"The run {run.name} has no row {visible(rest)[:80]!r}.")
    if other is None:
        return Side(run, asks, rows[0].row, rows[0].model)
    same_run = run.folder == other.run.folder

    def likeness(source: Any) -> tuple[bool, bool, bool]:
        same = (source.row, source.model) == (other.row, other.model)
        return not (same_run and same), source.row == other.row, source.model == other.model

    best = max(rows, key=likeness)
    return Side(run, asks, best.row, best.model)


def _before(runs: Sequence[KnownRun], run: KnownRun) -> KnownRun | None:
    """Return the run with the same datasets that came before; of none, one that came after."""
    like = [one for one in runs if one.folder != run.folder and set(one.datasets) & set(run.datasets)]
    older = [one for one in like if one.started < run.started]
    return older[0] if older else like[-1] if like else None


def _value(side: Side | None) -> str:
    return f"{side.run.key}|{side.model}|{side.row}" if side is not None else ""


def _choices(
    site: ViewerSite, runs: Sequence[KnownRun], first: Sequence[KnownRun]
) -> list[tuple[str, list[SideChoice]]]:
    """Return what can be chosen, by run: the rows of the chosen runs, of the others the run as a whole."""
    found = []
    keys = {one.key for one in first}
    for run in runs[:200]:
        sources = site.query(run).rows if run.key in keys else []
        rows = [SideChoice(f"{run.key}|{one.model}|{one.row}", f"{one.model} · {one.row}") for one in sources]
        found.append((run.name, rows or [SideChoice(run.key, "the whole run")]))
    return found


def _address(first: Side, second: Side, **more: str | int) -> str:
    values: dict[str, str | int] = {"a": _value(first), "b": _value(second), **more}
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


def _compared(first: Side, second: Side) -> RowComparison | None:
    """Return the figures that ``jb compare`` gives; ``None`` where the two say nothing of one kind."""
    runs = [RunFolder(side.run.folder) for side in (first, second)]
    names = [first.row, second.row], [first.model, second.model]
    try:
        return compare_runs(runs[0], runs[1], rows=names[0], models=names[1])[0]
    except JudgebenchError:
        return None


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
        ("difference, same questions", *_with_ends(found.difference, factor, unit)),
    ]
    if found.unmoved is not None:
        cards.append(("the judge, on equal answers", *_with_ends(found.unmoved.shift, factor, unit)))
    return cards


def _with_ends(mean: PairedMean, factor: float, unit: str) -> tuple[str, str]:
    low, high = (_signed(factor * end, unit) for end in mean.interval())
    return _signed(factor * mean.value, unit), f"{low} to {high}, {mean.questions:,} questions"


def _signed(value: float, unit: str) -> str:
    text = figures.number(value, unit)
    return f"+{text}" if value > 0 else text


def _said(found: RowComparison | None) -> list[str]:
    """Return what there is to say; what differs and what is not aligned stands on the page already."""
    if found is None:
        return ["The two sides say nothing of one kind, so no number can be subtracted."]
    return [line.strip() for line in in_sentences(found._replace(changed=[], only_first=0, only_second=0))[1:]]


def _settings(first: Side, second: Side) -> tuple[list[tuple[str, str, str]], list[str]]:
    """Return what decides a score and differs, with both values; and what is the same."""
    ours, theirs = (_flat(_identity(side)) for side in (first, second))
    keys = [key for key in dict.fromkeys([*ours, *theirs]) if key]
    differ = [(key, ours.get(key, "–"), theirs.get(key, "–")) for key in keys if ours.get(key) != theirs.get(key)]
    if first.model != second.model:
        differ.insert(0, ("model", first.model, second.model))
    return differ, [key for key in keys if ours.get(key) == theirs.get(key)]


def _identity(side: Side) -> Mapping[str, Any]:
    try:
        result = read_result(RunFolder(side.run.folder).result(side.model, side.row), details=False)
    except JudgebenchError:
        return {}
    return result.identity


def _flat(values: Mapping[str, Any], before: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in values.items():
        name = f"{before}{key}"
        if isinstance(value, Mapping):
            found |= _flat(value, f"{name}.") or {name: "–"}
        else:
            found[name] = str(value)[:200]
    return found


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
