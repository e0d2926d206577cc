"""Two sides of a comparison, item by item: the same question by what it says, whatever its number in either run.

A side is one result row of one model of one run, so two runs, two models and two judges are compared alike.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from judgebench.errors import DAMAGED
from judgebench.query import Filter, ItemKey, ItemLine, RunQuery
from judgebench.store.journal import open_file
from judgebench.viewer.library import KnownRun

KINDS: dict[str, str] = {
    "lost": "lost",
    "won": "won",
    "other": "other verdict otherwise",
    "drift": "same answer, other verdict",
    "reworded": "wrong in both, other answer",
    "same": "same verdict",
}
"""How the two sides of an item can stand to each other, and how that is called."""


class Side(NamedTuple):
    """One side.

    Attributes:
        run: The run. ``asks``: what answers questions about it.
        row: Name of the result row. ``model``: abbr of the tested model.
    """

    run: KnownRun
    asks: RunQuery
    row: str
    model: str

    @property
    def name(self) -> str:
        """How it is called where there is little room."""
        return f"{self.model} · {self.row} · {self.run.name}"


class SideItem(NamedTuple):
    """An item of one side: how it is called, its verdict, a number that its answer alone has, and what it took."""

    key: ItemKey
    name: str
    status: str
    decision: str | None
    score: float | None
    wrong: bool
    answer: int
    length: int | None
    tokens: int | None
    latency: float | None

    @property
    def said(self) -> tuple[str, str | None, float | None]:
        """What the verdict is."""
        return self.status, self.decision, self.score


class Pair(NamedTuple):
    """The same question on both sides, and how they stand to each other (``KINDS``)."""

    first: SideItem
    second: SideItem
    kind: str


class Aligned(NamedTuple):
    """Two sides put side by side.

    Attributes:
        pairs: The questions of both. ``only_first``, ``only_second``: of one alone.
    """

    pairs: list[Pair]
    only_first: list[SideItem]
    only_second: list[SideItem]

    def of(self, kind: str) -> list[Pair]:
        """Return the pairs of one kind; of none, those with other verdicts, what was lost first."""
        if kind in KINDS:
            return [pair for pair in self.pairs if kind in {pair.kind, "drift" if drifted(pair) else ""}]
        order = {"lost": 0, "won": 1, "other": 2}
        found = [pair for pair in self.pairs if pair.kind in order]
        return sorted(found, key=lambda pair: order[pair.kind])

    def counts(self) -> dict[str, int]:
        """Return the number of pairs of each kind."""
        return {kind: len(self.of(kind)) for kind in KINDS}


def drifted(pair: Pair) -> bool:
    """Say whether the judge decides otherwise about an answer that is word for word the same."""
    return pair.first.answer == pair.second.answer and pair.first.said != pair.second.said


def align(first: Side, second: Side) -> Aligned:
    """Put two sides side by side."""
    ours, theirs = items_of(first), items_of(second)
    pairs = [Pair(one, theirs[key], _kind(one, theirs[key])) for key, one in ours.items() if key in theirs]
    return Aligned(
        pairs=pairs,
        only_first=[one for key, one in ours.items() if key not in theirs],
        only_second=[one for key, one in theirs.items() if key not in ours],
    )


def _kind(first: SideItem, second: SideItem) -> str:
    if first.status == second.status == "ok" and (first.wrong, second.wrong) in {(False, True), (True, False)}:
        return "lost" if second.wrong else "won"
    if first.said != second.said:
        return "other"
    return "reworded" if first.wrong and first.answer != second.answer else "same"


class _AlignedText(msgspec.Struct, gc=False):
    """What aligns a record of an answer, or of a judge call where the items bring the answers along."""

    id: int
    uid: str
    repeat: int = 0
    status: str = ""
    prediction: str = ""


def items_of(side: Side) -> dict[tuple[int, int], SideItem]:
    """Return the items of a side by hash of the question and number of the repetition."""
    texts = _texts(side)
    found: dict[tuple[int, int], SideItem] = {}
    for line in side.asks.lines(Filter(row=side.row, model=side.model)):
        uid, answer = texts.get((line.id, line.repeat), (_number_of(line), 0))
        entry = SideItem(
            line.name, line.key or str(line.id), line.status, line.decision, line.score, line.wrong, answer,
            line.length, line.tokens, line.latency or None,
        )  # fmt: skip
        found.setdefault((uid, line.repeat), entry)
    return found


def _number_of(line: ItemLine) -> int:
    """Return a number for an item of which no text is there: nothing but its place says which it is."""
    return -1 - line.id


def _texts(side: Side) -> dict[tuple[int, int], tuple[int, int]]:
    source = next(one for one in side.asks.rows if (one.row, one.model) == (side.row, side.model))
    path, answers = source.predictions or source.calls, source.predictions is not None
    found: dict[tuple[int, int], tuple[int, int]] = {}
    decode = msgspec.json.Decoder(_AlignedText).decode
    for raw in _lines(path):
        with contextlib.suppress(*DAMAGED):
            one = decode(raw)
            if one.status == "ok" or (one.id, one.repeat) not in found:
                found[one.id, one.repeat] = int(one.uid[:16], 16), hash(one.prediction) if answers else 0
    return found


def _lines(path: Path | None) -> Iterator[bytes]:
    if path is None:
        return
    try:
        with open_file(path, "rb") as file:
            yield from (line for line in file if line.endswith(b"\n"))
    except OSError:
        return
