"""Items for programs and for spreadsheets: JSON and CSV; and counts by the values of a field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from judgebench.query import Filter, Item, RunQuery


def whole_json(one: Item) -> Iterator[str]:
    """Yield all about an item as one JSON object."""
    import msgspec

    yield msgspec.json.format(msgspec.json.encode(one), indent=2).decode()


def listed(query: RunQuery, chosen: Filter, offset: int, limit: int | None, *, as_csv: bool) -> Iterator[str]:
    """Yield a line for each item, JSON or CSV.

    Args:
        query: The run.
        chosen: Which items.
        offset: How many of them are passed over.
        limit: How many are shown; ``None`` for all.
        as_csv: Whether lines are CSV, under a line of names.
    """
    import msgspec

    lines = islice(query.lines(chosen, texts=True), offset, None if limit is None else offset + limit)
    if not as_csv:
        yield from (msgspec.json.encode(line).decode() for line in lines)
        return
    fields = query.fields
    own = item_columns()
    yield csv_line([*own, *(name if name not in own else f"fields.{name}" for name in fields)])
    for line in lines:
        yield csv_line([*(getattr(line, name) for name in own), *(line.fields.get(name) for name in fields)])


def item_columns() -> list[str]:
    """Return the columns of a table of items, before the fields of the samples."""
    from judgebench.query import ItemLine

    return [name for name in ItemLine.__struct_fields__ if name != "fields"]


def csv_line(values: Sequence[Any]) -> str:
    """Return a line of CSV; a list or an object stands in it as JSON."""
    import csv
    import io

    import msgspec

    plain = [
        value if value is None or isinstance(value, str | int | float) else msgspec.json.encode(value).decode()
        for value in values
    ]
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(plain)
    return line.getvalue()


def grouped(groups: list[tuple[Any, int]], by: str, command: str, *, as_json: bool) -> Iterator[str]:
    """Yield how many items there are of each value of a field, and the command that shows them.

    Args:
        groups: Values with their numbers.
        by: Name of the field.
        command: What shows all of them.
        as_json: Whether as JSON, an object for each value.
    """
    import json
    import shlex

    from judgebench.errors import one_line

    if as_json:
        yield from (json.dumps({"value": value, "items": number}, ensure_ascii=False) for value, number in groups)
        return
    for value, number in groups:
        said = "none" if value is None else json.dumps(value, ensure_ascii=False)
        condition = f"{by} == {said}"
        shown = f"{command} --where {shlex.quote(condition)}" if "--where" not in command else command
        yield f"{number:>8,}  {one_line(said, limit=60)}    {shown}"
    if not groups:
        yield "No item fits."
