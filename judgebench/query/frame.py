"""Items as one flat table, for data frames and for what is exported: a column for each field, with one type."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal

import msgspec

from judgebench.content.parts import in_words
from judgebench.query.filters import Filter
from judgebench.query.run_query import RunQuery
from judgebench.query.shapes import Item

ColumnType = Literal["string", "int64", "double", "bool"]
"""As Arrow names it."""

_VERDICT: dict[str, ColumnType] = {
    "model": "string", "row": "string", "dataset": "string", "judge": "string", "id": "int64", "repeat": "int64",
    "key": "string", "status": "string", "decision": "string", "score": "double", "reason": "string", "wrong": "bool",
    "unread": "bool", "failed": "bool", "truncated": "bool", "flipped": "bool", "against_rule": "bool",
    "against_judges": "bool", "rule_decision": "string", "rule_score": "double", "gold": "string", "label": "string",
    "length": "int64", "tokens": "int64", "latency": "double", "tries": "int64",
}  # fmt: skip
_TEXTS: tuple[str, ...] = ("question", "reference", "answer", "reasoning", "judge_prompt", "judge_reply")
"""Empty for a dataset with ``shareable=False``, as are its fields, ``key``, ``gold`` and ``reason``."""


def columns_of(query: RunQuery) -> dict[str, ColumnType]:
    """Return the columns of a run's table with their types; a field named as another column gets ``fields.`` before."""
    fields: dict[str, ColumnType] = {}
    for name, kinds in query.field_types().items():
        kind: ColumnType = "string"
        if kinds == {"integer"}:
            kind = "int64"
        elif kinds and kinds <= {"integer", "real"}:
            kind = "double"
        fields[_column(name)] = kind
    return {**_VERDICT, **dict.fromkeys(_TEXTS, "string"), **fields}


def _column(field: str) -> str:
    return f"fields.{field}" if field in _VERDICT or field in _TEXTS else field


def rows_of(query: RunQuery, chosen: Filter, withheld: Collection[str] = ()) -> Iterator[dict[str, Any]]:
    """Yield the chosen items as rows of the table, texts in full; memory does not grow with their number.

    Args:
        query: The run.
        chosen: Which items.
        withheld: Datasets whose texts stay out.
    """
    types = columns_of(query)
    for one in query.items(chosen):
        yield row_of(one, types, withheld)


def row_of(one: Item, types: Mapping[str, ColumnType], withheld: Collection[str] = ()) -> dict[str, Any]:
    """Return an item as a row of the table.

    Args:
        one: The item.
        types: Columns with their types, as ``columns_of`` gives them.
        withheld: Datasets whose texts stay out.
    """
    line = one.line
    row: dict[str, Any] = dict.fromkeys(types)
    row |= {name: getattr(line, name) for name in _VERDICT}
    if line.dataset in withheld:
        return row | dict.fromkeys(("key", "gold", "reason"))
    for name, value in line.fields.items():
        row[_column(name)] = _typed(value, types[_column(name)])
    return row | {
        "gold": _text(line.gold),
        "question": one.question or None,
        "reference": _text(one.reference),
        "answer": one.answer if one.prediction is not None else None,
        "reasoning": one.reasoning or None,
        "judge_prompt": _one_or_all([in_words(call.prompt) for call in one.calls]),
        "judge_reply": _one_or_all([call.reply for call in one.calls]),
    }


def _one_or_all(texts: list[str]) -> str | None:
    """Return the only text; several as a JSON list."""
    return (texts[0] if len(texts) == 1 else _text(texts)) if texts else None


def _typed(value: Any, kind: ColumnType) -> Any:
    if kind == "string":
        return _text(value)
    return float(value) if kind == "double" else value


def _text(value: Any) -> str | None:
    """Return a text as it is and anything else as JSON."""
    return value if value is None or isinstance(value, str) else msgspec.json.encode(value).decode()
