"""What the chosen verdicts have in common that the others have not: where to look first for a cause."""

from __future__ import annotations

import json
import keyword
import math
import sqlite3
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from judgebench.query.tallies import is_tallied, tallied
from judgebench.query.where import COLUMN_NAMES, TEXT_NAMES, SqlCondition, compiled

_FLAGS = ("truncated", "flipped", "against_rule", "against_judges", "unread", "failed")
_NAMED = ("model", "row", "decision", "reason", "rule")
_VALUES_AT_MOST = 12
"""Values of one field that are looked at, the most frequent among the chosen."""
_WEIGHT = 4.0
"""Least weight: twice that is about chi-square with one degree of freedom, so chance gives it once in 200 times."""


class Trait(NamedTuple):
    """Something that is more frequent among the chosen than among all.

    Attributes:
        where: The expression that says it.
        among: How many of the chosen have it; ``chosen``: of how many.
        overall: How many of all have it; ``all``: of how many.
    """

    where: str
    among: int
    chosen: int
    overall: int
    all: int

    @property
    def weight(self) -> float:
        """How much it tells: the chosen times the divergence (Kullback and Leibler) of their share from that of all."""
        here, overall = self.among / self.chosen, self.overall / self.all
        if here <= overall:
            return 0.0
        rest = (self.chosen - self.among) * math.log((1 - here) / (1 - overall)) if here < 1 else 0.0
        return self.among * math.log(here / overall) + rest


def traits_of(
    index: sqlite3.Connection,
    chosen: SqlCondition,
    base: SqlCondition,
    fields: Mapping[str, str],
    *,
    left_out: tuple[str, ...] = (),
    lengths: bool = True,
) -> list[Trait]:
    """Return what the chosen have in common, the most telling first.

    Args:
        index: The index.
        chosen: Condition of the chosen.
        base: Of those that they are held against.
        fields: Fields of the samples by name, with their columns.
        left_out: Names that say nothing, because the chosen are chosen by them.
        lengths: Whether lengths are looked at: every item is, for that.
    """
    expressions = [*(name for name in _FLAGS if name not in left_out), *(_ends(index, base) if lengths else [])]
    for name in _NAMED:
        if name not in left_out:
            expressions.extend(_values(index, chosen, name, COLUMN_NAMES[name]))
    for name, column in fields.items():
        plain = name.isidentifier() and not keyword.iskeyword(name) and name not in (*COLUMN_NAMES, *TEXT_NAMES)
        shown = name if plain else f"fields[{json.dumps(name, ensure_ascii=False)}]"
        expressions.extend(_values(index, chosen, shown, column))
    if not expressions:
        return []
    conditions = [compiled(one, fields) for one in expressions]
    among, in_all = (_counts(index, one, conditions) for one in (chosen, base))
    found = [
        Trait(where, number, among[0], overall, in_all[0])
        for where, number, overall in zip(expressions, among[1:], in_all[1:], strict=True)
        if number >= 2
    ]
    return sorted((one for one in found if one.weight >= _WEIGHT), key=lambda one: -one.weight)


def _counts(index: sqlite3.Connection, base: SqlCondition, conditions: list[SqlCondition]) -> list[int]:
    """Return how many there are, and for how many of them each condition holds."""
    numbers: dict[int, int] = {}
    for quick in (True, False):  # what the tallies do not know is counted apart, so that the rest stays quick
        of = [at for at, one in enumerate(conditions) if is_tallied(index, one) == quick]
        sums = ", ".join(["count(*)", *(f"count(*) FILTER (WHERE {conditions[at].sql})" for at in of)])
        values = tuple(value for at in of for value in conditions[at].values)
        if of or quick:
            ((all_of_them, *some),) = tallied(index, sums, base, values=values)
            numbers |= {-1: int(all_of_them)} | dict(zip(of, map(int, some), strict=True))
    return [numbers[at] for at in range(-1, len(conditions))]


def _ends(index: sqlite3.Connection, all: SqlCondition) -> Iterator[str]:
    """Yield what says that an answer is among the longest or the shortest tenth."""
    lengths = index.execute(
        f"SELECT length, count(*) FROM items WHERE {all.sql} AND length IS NOT NULL GROUP BY 1 ORDER BY 1", all.values
    ).fetchall()
    number = sum(count for _, count in lengths)
    if number < 20:
        return
    for sign, ordered in ((">=", reversed(lengths)), ("<=", iter(lengths))):
        left = number // 10
        for length, count in ordered:
            if left < count:
                yield f"length {sign} {length}"
                break
            left -= count


def _values(index: sqlite3.Connection, chosen: SqlCondition, name: str, column: str) -> Iterator[str]:
    """Yield what says that a column has one of the values that are frequent among the chosen."""
    tail = f"AND {column} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC LIMIT {_VALUES_AT_MOST}"
    for value, number in tallied(index, f"{column}, count(*)", chosen, tail):
        if number > 1:
            yield f"{name} == {json.dumps(value, ensure_ascii=False)}"
