"""The items of a run: a table of any size, narrowed by what its address says."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from aiohttp import web

from judgebench.errors import JudgebenchError, UsageError
from judgebench.query import EXCERPT, ItemLine, RunQuery, Trait
from judgebench.records.run import ViewerColumns
from judgebench.store.journal import DamagedError, Decoder
from judgebench.store.run_folder import RunFolder
from judgebench.viewer import figures
from judgebench.viewer.chosen import ALWAYS, COUNT_NAMES, ONLY, Chosen, item_address
from judgebench.viewer.library import KnownRun
from judgebench.viewer.site import ViewerSite

_LINES = 50
"""Items of one page."""
_GROUPS = 12
_TRAITS = 4
_END = 34
"""Characters of an answer's end in the table."""
_TEXTS = ("question", "answer", "reasoning", "reply")
"""Words of a condition that searches in texts: to count its groups would be to search all of them."""
_QUESTION, _ALIKE = 160, 40
"""Characters of a question in the table, and of a beginning that all have, which is shown with them."""
_COLUMNS = ("tokens", "latency", "tries", "length", "score", "reason", "label", "gold")
"""What a reader can have beside the fields of the samples."""
_FIELDS = 2
"""Fields of the samples that have a column of their own."""
_SORTS = {
    "": "as in the data", "-length": "longest answer first", "length": "shortest answer first",
    "score": "lowest score first", "-score": "highest score first", "-latency": "slowest first",
    "-tokens": "most tokens first", "random": "at random",
}  # fmt: skip


class Chip(NamedTuple):
    """One choice with the number of its items."""

    words: str
    number: int | None
    address: str
    chosen: bool


class ShownLine(NamedTuple):
    """An item in the table, with its address and what of its texts is shown."""

    line: ItemLine
    address: str
    question: str
    answer: str


def page(site: ViewerSite, request: web.Request) -> web.Response:
    """Return a page of the list."""
    run = site.run(request)
    chosen = Chosen.of(request.query)
    declared = _declared(run, chosen.row)
    wanted = ",".join(request.query.getall("columns", []))[:1000]
    chosen = msgspec.structs.replace(chosen, columns=wanted, sort=chosen.sort or declared.sort)
    columns = wanted.split(",") if wanted else declared.columns
    offset = min(_whole(request.query.get("offset", "")), 10**12) // _LINES * _LINES
    asks = site.query(run)
    labels = tuple(_state(path) for path in sorted((run.folder / "labels").glob("*.jsonl")))
    values: dict[str, Any] = {"wrong_filter": "", "hint": "", "lines": [], "total": 0, "exact": True, "groups": []}
    values |= {"traits": [], "counting": ""}
    counts: dict[str, int] = {}
    base = f"/runs/{run.key}/items"
    try:
        every = chosen.filter(narrowed=False)
        counts = site.kept(("counts", run.folder, every, labels), asks, "", lambda: asks.counts(every), small=True)
        found = asks.page(chosen.filter(), offset, _LINES)
        by = chosen.by or "reason"
        quick = not chosen.text and not any(name in chosen.where for name in _TEXTS)
        wanted_ones = chosen.filter()
        key = "groups", run.folder, wanted_ones, by, labels
        tallied = site.kept(key, asks, "", lambda: asks.groups(wanted_ones, by), small=True) if quick else []
        groups = [(value, count) for value, count in tallied if value not in {None, ""}]
        values |= {
            "lines": _shown(run, chosen, found.rows),
            "total": found.total,
            "exact": found.exact,
            "counting": "" if found.exact else f"{base}/count{chosen.query()}",
            "traits": _traits(site, asks, run, chosen, labels) if quick and 0 < found.total < counts["all"] else [],
            "groups": [
                (str(value), count, _group_address(run, chosen, by, value)) for value, count in groups[:_GROUPS]
            ],
        }
    except UsageError as error:
        values |= {"wrong_filter": error.message, "hint": error.hint}
    rows = asks.rows
    return site.page(
        "items.html",
        current="items",
        run=run,
        chosen=chosen,
        chips=_chips(base, chosen, counts),
        parts=[(words, base + address) for _, words, address in chosen.parts],
        base=base,
        offset=offset,
        step=_LINES,
        models=list(dict.fromkeys(one.model for one in rows)),
        row_names=list(dict.fromkeys(one.row for one in rows)),
        sorts=_SORTS,
        fields=asks.fields,
        columns=[name for name in columns if name in {*asks.fields, *_COLUMNS}] or asks.fields[:_FIELDS],
        can_be_columns=[*asks.fields, *_COLUMNS],
        next_field=_next_field(chosen.by, asks.fields),
        problems=asks.problems,
        keys=[
            ("j k", "next, previous"),
            ("enter", "open"),
            ("1 2", "choices"),
            ("g", "count by"),
            ("/", "search"),
            ("esc", "run"),
            ("?", "keys"),
        ],
        cells=_cells,
        **values,
    )


def count(site: ViewerSite, request: web.Request) -> web.Response:
    """Return how many items of a search are in its next part, as JSON: the page asks for one part after the other."""
    asks = site.query(site.run(request))
    after = request.query.get("after", "")
    known = int(after) if after.isdecimal() and len(after) < 19 else -1
    part = asks.count_part(Chosen.of(request.query).filter(), known)
    # a place may be too great for a number of JavaScript
    said = {**part._asdict(), "after": None if part.after is None else str(part.after)}
    return web.Response(body=msgspec.json.encode(said), content_type="application/json", charset="utf-8")


class _ShownDataset(msgspec.Struct):
    viewer: ViewerColumns = ViewerColumns()


class _ShownPlan(msgspec.Struct):
    """The part of a plan that says how lists of items are shown."""

    datasets: dict[str, _ShownDataset] = {}


_PLAN = Decoder(_ShownPlan)


def _declared(run: KnownRun, row: str) -> ViewerColumns:
    """Return what the config of a row's dataset says of its list; of several datasets what the first says."""
    dataset = next((one.dataset for one in (run.manifest.rows if run.manifest else []) if row in {"", one.row}), "")
    with contextlib.suppress(OSError, DamagedError, JudgebenchError):
        plans = RunFolder(run.folder).plans()
        return _PLAN.read(plans[-1]).datasets.get(dataset, _ShownDataset()).viewer if plans else ViewerColumns()
    return ViewerColumns()


def _cells(line: ItemLine, columns: list[str]) -> list[str]:
    """Return what a line says in each of the columns."""
    said = []
    for name in columns:
        value = line.fields[name] if name in line.fields else getattr(line, name, None) if name in _COLUMNS else None
        if name == "latency" and isinstance(value, float):
            value = figures.seconds(value)
        said.append("" if value is None else f"{value:g}" if isinstance(value, float) else str(value))
    return said


def _state(path: Path) -> tuple[str, int]:
    """Return what changes when a file of labels does: it only grows."""
    with contextlib.suppress(OSError):
        return path.name, path.lstat().st_size
    return path.name, -1


def _chips(base: str, chosen: Chosen, counts: dict[str, int]) -> list[Chip]:
    shown = [*ALWAYS, *([chosen.only] if chosen.only and chosen.only not in ALWAYS else [])]
    chips = [Chip("all", counts.get("all"), base + chosen.query(only="", by=""), not chosen.only)]
    for name in shown:
        count = counts.get(COUNT_NAMES.get(name, name)) if name in ALWAYS else None
        chips.append(Chip(ONLY[name], count, base + chosen.query(only=name, by=""), chosen.only == name))
    return [one for one in chips if one.number != 0 or one.chosen]


def _shown(run: KnownRun, chosen: Chosen, lines: list[ItemLine]) -> list[ShownLine]:
    questions = own_parts(lines)
    return [
        ShownLine(line, item_address(run.key, line.name, chosen.query()), question, _end_of(line.answer))
        for line, question in zip(lines, questions, strict=True)
    ]


def own_parts(lines: Sequence[ItemLine]) -> list[str]:
    """Return the part of each question that tells it from the others.

    What the questions of a dataset begin with alike, such as examples and an instruction, is left out; of a single
    long question, and of one that was shortened within its beginning, the end is shown.
    """
    by_dataset: dict[str, set[str]] = {}
    for line in lines:
        by_dataset.setdefault(line.dataset, set()).add(line.question)
    alike = {dataset: _alike(questions) for dataset, questions in by_dataset.items()}
    return [_own_part(line.question, alike[line.dataset]) for line in lines]


def _alike(questions: set[str]) -> int | None:
    """Return how many characters of questions are the same words at their beginning; of one nobody knows."""
    if len(questions) < 2:
        return None
    # the first and the last in order differ before any others do
    first, last = min(questions), max(questions)
    same = next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    return max(first.rfind(" ", 0, same), first.rfind("\n", 0, same)) + 1


def _own_part(question: str, alike: int | None) -> str:
    if len(question) <= _QUESTION:
        return " ".join(question.split())
    if alike is None or alike >= EXCERPT // 2:
        return f"…{' '.join(question[-_QUESTION:].split())}"
    own = question[alike:] if alike > _ALIKE else question
    return ("…" if own is not question else "") + " ".join(own[:_QUESTION].split())


def _traits(site: ViewerSite, asks: RunQuery, run: KnownRun, chosen: Chosen, labels: object) -> list[tuple[Trait, str]]:
    """Return what is more frequent in the list than outside of it, each with the address of the items that have it."""
    wanted = chosen.filter()
    found = site.kept(
        ("traits", run.folder, wanted, labels), asks, "", lambda: asks.in_common(wanted, lengths=False), small=True
    )
    said = []
    for one in found:
        where = f"({chosen.where}) and {one.where}" if chosen.where else one.where
        if one.where not in chosen.where:
            said.append((one, f"/runs/{run.key}/items{chosen.query(where=where, by='')}"))
    return said[:_TRAITS]


def _next_field(by: str, fields: list[str]) -> str:
    """Return by what the list is tallied after this: the fields of the samples first."""
    order = [*fields, "decision", "status", "model", "row", "reason"]
    return order[(order.index(by) + 1) % len(order)] if by in order else order[0]


def _end_of(text: str) -> str:
    words = " ".join(text[-300:].split())
    return words if len(words) <= _END and len(text) <= 300 else f"…{words[-_END:]}"


def _group_address(run: KnownRun, chosen: Chosen, by: str, value: Any) -> str:
    import json

    base = f"/runs/{run.key}/items"
    if by == "reason":
        return base + chosen.query(reason=str(value), by="")
    if by in {"model", "row", "judge"}:
        return base + chosen.query(**{by: str(value)}, by="")
    named = by if by.isidentifier() else f"fields[{json.dumps(by)}]"
    condition = f"{named} == {json.dumps(value)}"
    return base + chosen.query(where=f"({chosen.where}) and {condition}" if chosen.where else condition, by="")


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 14 else 0
