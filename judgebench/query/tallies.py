"""How many items there are of each kind: counts of a run of any size without a look at each item.

The table ``tallies`` of an index has a line for each combination of what has few values (flags, status, decision,
reason, fields such as a category), with the number of its items. What names nothing else is counted in it.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection
from typing import Any

from judgebench.query.where import SqlCondition

_ALWAYS = ("row", "status", "wrong", "flipped", "truncated", "against_rule", "against_judges")
_IF_FEW = ("decision", "rule_decision", "reason", "score", "rule_score", "gold")
"""Tallied as the fields of the samples are: where they have few values."""
_LINES_AT_MOST = 5_000
_VALUES_AT_MOST = 64


def make_tallies(index: sqlite3.Connection, fields: Collection[str]) -> None:
    """Fill the table.

    Args:
        index: The index, which holds all items.
        fields: Columns of the samples' fields.
    """
    names = [*_ALWAYS, *_IF_FEW, *fields]
    left = list(range(len(names)))
    found: Counter[tuple[Any, ...]] = Counter()
    cursor = index.execute(f"SELECT {', '.join(names)} FROM items")
    while lines := cursor.fetchmany(10_000):
        found.update(lines if len(left) == len(names) else [tuple([line[at] for at in left]) for line in lines])
        while len(found) > _LINES_AT_MOST and len(left) > len(_ALWAYS):
            gone = _with_most_values(found, len(left))
            left = [at for place, at in enumerate(left) if place not in gone]
            found = _without(found, gone)
    columns = [names[at] for at in left]
    index.execute("DROP TABLE IF EXISTS tallies")
    index.execute(f"CREATE TABLE tallies ({', '.join(columns)}, n INTEGER)")
    index.executemany(
        f"INSERT INTO tallies VALUES ({', '.join('?' * (len(columns) + 1))})",
        [(*values, count) for values, count in found.items()],
    )


def _with_most_values(found: Counter[tuple[Any, ...]], width: int) -> set[int]:
    """Return the places of the columns that have many values; of none the place of the one with the most."""
    numbers = {at: len({values[at] for values in found}) for at in range(len(_ALWAYS), width)}
    many = {at for at, number in numbers.items() if number > _VALUES_AT_MOST}
    return many or {max(numbers, key=lambda at: numbers[at])}


def _without(found: Counter[tuple[Any, ...]], gone: set[int]) -> Counter[tuple[Any, ...]]:
    fewer: Counter[tuple[Any, ...]] = Counter()
    for values, count in found.items():
        fewer[tuple([value for at, value in enumerate(values) if at not in gone])] += count
    return fewer


def tallied(
    index: sqlite3.Connection, what: str, condition: SqlCondition, tail: str = "", values: tuple[Any, ...] = ()
) -> list[tuple[Any, ...]]:
    """Return what a query with ``count(*)`` in it finds: from the tallies where they know all that it names.

    Args:
        index: The index.
        what: Columns, with ``count(*)`` for numbers of items.
        condition: Of the items.
        tail: What follows the condition.
        values: Parameters in ``what``.
    """
    parameters = (*values, *condition.values)
    quick = what.replace("count(*)", "total(n)")
    try:
        lines = index.execute(f"SELECT {quick} FROM tallies AS items WHERE {condition.sql} {tail}", parameters)
    except sqlite3.OperationalError as error:
        if not str(error).startswith("no such column"):
            raise
        return index.execute(f"SELECT {what} FROM items WHERE {condition.sql} {tail}", parameters).fetchall()
    return lines.fetchall()


def is_tallied(index: sqlite3.Connection, condition: SqlCondition) -> bool:
    """Say whether the tallies know all that a condition names."""
    try:
        index.execute(f"EXPLAIN SELECT 1 FROM tallies AS items WHERE {condition.sql}", condition.values)
    except sqlite3.OperationalError:
        return False
    return True
