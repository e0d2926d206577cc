"""What comes before and after an item in a list of any length, and which of the list it is."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from judgebench.query.filters import BY_PLACE, Filter, SqlSelection
from judgebench.query.index_tables import ROW_BITS
from judgebench.query.opened import OpenedIndex
from judgebench.query.shapes import ItemKey
from judgebench.query.tallies import tallied
from judgebench.query.where import SqlCondition, combined


class Neighbours(NamedTuple):
    """Where an item stands in a list; nothing of it where it is not in the list.

    Attributes:
        before: What comes before it. ``after``: after it. ``None`` at the ends of the list.
        number: Which of the list it is, from 1; 0 where that was not counted, as in a search in texts.
    """

    before: ItemKey | None = None
    after: ItemKey | None = None
    number: int = 0


def neighbours_of(opened: OpenedIndex, chosen: Filter, key: ItemKey) -> Neighbours:
    """Return the neighbours of an item, found by its place in the order and not by walking to it.

    Args:
        opened: The index.
        chosen: The list.
        key: The item.
    """
    selection = opened.selection(chosen)
    pos = opened.number_of(key)
    condition = selection.condition
    terms = ", ".join(one.sql for one in selection.order)
    place = opened.connection.execute(
        f"SELECT {terms} FROM items WHERE pos = ? AND {condition.sql}", (pos, *condition.values)
    ).fetchone()
    if pos is None or place is None:
        return Neighbours()
    preceding, following = (selection.beyond(place, backwards=backwards) for backwards in (True, False))
    return Neighbours(
        _next(opened, selection, preceding, backwards=True),
        _next(opened, selection, following, backwards=False),
        0 if condition.reads_texts else 1 + _number_before(opened, chosen, selection, preceding, pos),
    )


def _next(opened: OpenedIndex, selection: SqlSelection, beyond: SqlCondition, *, backwards: bool) -> ItemKey | None:
    there = selection._replace(
        condition=combined("AND", [beyond, selection.condition]),
        candidates=combined("AND", [beyond, selection.candidates]),
    )
    found = opened.select(there, "row, id, repeat", limit=1, backwards=backwards).fetchone()
    return opened.key(*found) if found else None


def _number_before(
    opened: OpenedIndex, chosen: Filter, selection: SqlSelection, preceding: SqlCondition, pos: int
) -> int:
    """Return how many of a list come before an item."""
    whole_rows = msgspec.structs.replace(chosen, row="", model="", judge="") == Filter()
    if whole_rows and selection.order == BY_PLACE:  # the items of a row are numbered without a gap
        row = pos >> ROW_BITS
        (first,) = opened.connection.execute("SELECT min(pos) FROM items WHERE pos >= ?", (row << ROW_BITS,)).fetchone()
        rows_before = combined("AND", [SqlCondition("row < ?", (row,)), selection.candidates])
        ((number,),) = tallied(opened.connection, "count(*)", rows_before)
        return int(number or 0) + pos - int(first)
    before = combined("AND", [preceding, selection.candidates])
    (number,) = opened.connection.execute(f"SELECT count(*) FROM items WHERE {before.sql}", before.values).fetchone()
    return int(number)
