"""Which verdicts are wanted, in which order; compiled to SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from judgebench.errors import UsageError
from judgebench.query.regexes import checked_regex
from judgebench.query.sources import Source
from judgebench.query.where import (
    FLAGS,
    OF_TEXTS,
    TEXT_NAMES,
    SqlCondition,
    check_texts,
    column_of,
    combined,
    compiled,
)

Disagreement = Literal["", "any", "rule", "judges"]

CHIPS: Mapping[str, str] = {"all": "1", **FLAGS}
"""What ``RunQuery.counts`` counts beside the labelled ones, with the condition of each."""

LABELLED = "pos IN (SELECT pos FROM labels)"

_TROUBLE = "(wrong OR flipped OR against_rule OR against_judges OR status != 'ok')"
"""Of what the index ``by_trouble`` is: a query uses that only where it names this very condition."""


class Filter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Which verdicts are wanted, in which order. What is empty, ``False`` or ``None`` asks for nothing.

    Attributes:
        row: Name of a result row, or of a dataset for all of its rows. ``model``, ``judge``: abbrs.
        id: ``Sample.id``, of one sample alone.
        status: As of a verdict. ``decision``: likewise. ``label``: a person's decision.
        score_from: Least score. ``score_to``: greatest; both ends count.
        wrong: The answer is called wrong; in a benchmark of judges, the verdict is.
        unread: The reply states no verdict that can be read.
        disagree: Judge against ``rule``, ``judges`` against each other, or ``any`` of both.
        flipped: The judge changed its mind when the answers changed places.
        truncated: The answer was cut off by the token limit.
        failed: The model or the judge gave no usable reply. ``not_judged``: there is no verdict yet.
        labelled: A person has decided about the answer.
        length_from: Least number of characters of the answer. ``length_to``: greatest.
        where: An expression (``where.py``).
        text: Text to be found, whatever its case. ``regex``: regular expression to be found, case as written.
        search_in: Which texts are searched: ``question``, ``answer``, ``reasoning``, ``reply``; empty for all.
        sort: Name of a field, or ``random``; with ``-`` before it the greatest first. Empty: rows, and samples in each.
    """

    row: str = ""
    model: str = ""
    judge: str = ""
    id: int | None = None
    status: str = ""
    decision: str = ""
    label: str = ""
    score_from: float | None = None
    score_to: float | None = None
    wrong: bool = False
    unread: bool = False
    disagree: Disagreement = ""
    flipped: bool = False
    truncated: bool = False
    failed: bool = False
    not_judged: bool = False
    labelled: bool = False
    length_from: int | None = None
    length_to: int | None = None
    where: str = ""
    text: str = ""
    regex: str = ""
    search_in: tuple[str, ...] = ()
    sort: str = ""


class OrderTerm(NamedTuple):
    """A term of ``ORDER BY``.

    Attributes:
        sql: By what. ``falls``: whether the greatest comes first.
    """

    sql: str
    falls: bool = False


BY_PLACE = (OrderTerm("pos"),)
"""The order of the table itself."""


class SqlSelection(NamedTuple):
    """A filter in SQL.

    Attributes:
        condition: Of the lines that are wanted.
        order: Terms of ``ORDER BY``; no two lines are alike in all of them.
        candidates: As ``condition``, without what is searched in texts.
    """

    condition: SqlCondition
    order: tuple[OrderTerm, ...]
    candidates: SqlCondition

    def ordered(self, *, backwards: bool = False) -> str:
        """Return the terms as SQL has them."""
        return ", ".join(f"{one.sql}{' DESC' if one.falls != backwards else ''}" for one in self.order)

    def beyond(self, place: Sequence[Any], *, backwards: bool = False) -> SqlCondition:
        """Return the condition of what comes after a place in the order, or before it; it may be null, which is no.

        Args:
            place: The values of the terms there.
            backwards: Before it.
        """
        sql = ""
        values: list[Any] = []
        for term, value in reversed(list(zip(self.order, place, strict=True))):
            further = f"{term.sql} {'<' if term.falls != backwards else '>'} ?"
            sql = f"({further} OR ({term.sql} IS ? AND {sql}))" if sql else further
            values[:0] = [value, value] if values else [value]
        return SqlCondition(sql, tuple(values))


def selection_of(chosen: Filter, sources: Sequence[Source], fields: Mapping[str, str]) -> SqlSelection:
    """Return a filter in SQL.

    Args:
        chosen: The filter.
        sources: The result rows of the run, by number.
        fields: Fields of the samples by name, with their columns.

    Raises:
        UsageError: It names what the run does not hold.
    """
    check_texts(*(value for value in msgspec.structs.astuple(chosen) if isinstance(value, str)))
    parts = [part for part in (_of_rows(chosen, sources), *_of_flags(chosen), *_of_values(chosen)) if part is not None]
    if chosen.where.strip():
        parts.append(compiled(chosen.where, fields))
    parts.extend(_of_texts(chosen))
    candidates = combined("AND", [part for part in parts if not part.reads_texts])
    return SqlSelection(combined("AND", parts), _order(chosen.sort, fields), candidates)


def _of_rows(chosen: Filter, sources: Sequence[Source]) -> SqlCondition | None:
    if not (chosen.row or chosen.model or chosen.judge):
        return None
    found = [
        number
        for number, one in enumerate(sources)
        if chosen.row in {"", one.row, one.dataset}
        and chosen.model in {"", one.model}
        and chosen.judge in {"", one.judge}
    ]
    if exact := [number for number in found if sources[number].row == chosen.row]:
        found = exact
    if not found:
        _refuse(chosen, sources)
    if len(found) == len(sources):
        return None
    return SqlCondition(f"row IN ({', '.join(map(str, found))})" if len(found) != 1 else f"row = {found[0]}")


def _refuse(chosen: Filter, sources: Sequence[Source]) -> None:
    import difflib

    kinds = {
        "row": (chosen.row, {one.row for one in sources} | {one.dataset for one in sources}),
        "model": (chosen.model, {one.model for one in sources}),
        "judge": (chosen.judge, {one.judge for one in sources if one.judge}),
    }
    for kind, (name, known) in kinds.items():
        if name and name not in known:
            near = difflib.get_close_matches(name, known, n=2)
            hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(sorted(known)) or 'none'}."
            raise UsageError(f"The run has no {kind} {name!r}.", hint=hint)
    wanted = ", ".join(f"{kind} {name}" for kind, (name, _) in kinds.items() if name)
    raise UsageError(
        f"The run has nothing of {wanted} together.",
        hint=f"There are: {', '.join(f'{one.row} of {one.model}' for one in sources)}.",
    )


def _of_flags(chosen: Filter) -> list[SqlCondition]:
    found = [SqlCondition(f"({sql})") for name, sql in FLAGS.items() if getattr(chosen, name, False)]
    if chosen.labelled:
        found.append(SqlCondition(LABELLED))
    if chosen.disagree:
        pairs = {"rule": "against_rule", "judges": "against_judges", "any": "(against_rule OR against_judges)"}
        found.append(SqlCondition(pairs[chosen.disagree]))
    if found or chosen.status not in {"", "ok"}:
        rare = chosen.wrong or chosen.unread or chosen.failed or chosen.flipped or chosen.not_judged or chosen.disagree
        if rare or chosen.status not in {"", "ok"}:
            found.append(SqlCondition(_TROUBLE))
    return found


def _of_values(chosen: Filter) -> list[SqlCondition]:
    pairs = [
        ("id = ?", chosen.id),
        ("status = ?", chosen.status or None),
        ("decision = ?", chosen.decision or None),
        ("pos IN (SELECT pos FROM labels WHERE said = ?)", chosen.label or None),
        ("score >= ?", chosen.score_from),
        ("score <= ?", chosen.score_to),
        ("length >= ?", chosen.length_from),
        ("length <= ?", chosen.length_to),
    ]
    return [SqlCondition(f"coalesce({sql}, 0)", (value,)) for sql, value in pairs if value is not None]


def _of_texts(chosen: Filter) -> list[SqlCondition]:
    if unknown := [name for name in chosen.search_in if name not in TEXT_NAMES]:
        raise UsageError(f"There is no text {unknown[0]!r} to search in.", hint=f"There are: {', '.join(TEXT_NAMES)}.")
    names = ",".join(chosen.search_in or TEXT_NAMES)
    found = []
    if chosen.text:
        found.append(SqlCondition(f"text_contains({OF_TEXTS}, ?, ?)", (names, chosen.text), reads_texts=True))
    if chosen.regex:
        checked_regex(chosen.regex)
        found.append(SqlCondition(f"text_matches({OF_TEXTS}, ?, ?)", (names, chosen.regex), reads_texts=True))
    return found


def _order(sort: str, fields: Mapping[str, str]) -> tuple[OrderTerm, ...]:
    name, falls = sort.removeprefix("-"), sort.startswith("-")
    if not name:
        return BY_PLACE
    if name == "random":  # the same at every look: neighbours stay neighbours
        return (OrderTerm("((pos * 2654435761) % 4294967291)"), *BY_PLACE)
    if name in TEXT_NAMES:
        raise UsageError(
            f"Nothing is sorted by {name!r}, a text of the run's files.", hint="Sort by length, for example."
        )
    if name == "id":  # as the index by_sample has them
        return (OrderTerm("id", falls), OrderTerm("repeat"), *BY_PLACE)
    column = column_of(name, fields)
    return (OrderTerm(f"({column} IS NULL)"), OrderTerm(column, falls), *BY_PLACE)
