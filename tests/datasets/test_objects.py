"""Rows of published files: JSONL, a JSON list, objects one after the other, Parquet; same content, same rows."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from judgebench.datasets.objects import objects_of
from judgebench.errors import DataError
from tests.datasets.sources import written

ROWS: list[dict[str, Any]] = [{"id": 1, "text": "a {brace}\nand more"}, {"id": 2, "text": '"q"', "list": [[1], []]}]


def values(path: Path) -> list[Any]:
    return [row.values for row in objects_of(path)]


def test_every_form_of_a_file_gives_the_same_rows(tmp_path: Path) -> None:
    lines = "".join(json.dumps(row) + "\n" for row in ROWS)
    forms = {
        "a.jsonl": lines,
        "list.json": json.dumps(ROWS, indent=4),
        "lines.json": lines,
        "spread.json": "\n\n".join(json.dumps(row, indent=2) for row in ROWS),
        "close.json": "".join(json.dumps(row) for row in ROWS),
        "marked.json": "\ufeff" + json.dumps(ROWS),
    }
    for name, text in forms.items():
        assert values(written(tmp_path, text, name)) == ROWS, name
    assert values(written(tmp_path, gzip.compress(json.dumps(ROWS).encode()), "list.json.gz")) == ROWS
    parquet.write_table(pa.Table.from_pylist([{"id": 1, "list": [["a"], []]}, {"id": 2, "list": None}]),
                        tmp_path / "rows.parquet")  # fmt: skip
    assert values(tmp_path / "rows.parquet") == [{"id": 1, "list": [["a"], []]}, {"id": 2, "list": None}]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
OBJECTS = st.dictionaries(st.text(), JSON, max_size=3)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # each example writes the file anew
@given(st.lists(OBJECTS, min_size=1, max_size=4), st.sampled_from(["", "\n", " \n\t"]))
def test_objects_one_after_the_other_are_read_whatever_they_hold(
    tmp_path: Path, rows: list[dict[str, Any]], between: str
) -> None:
    path = tmp_path / "rows.json"
    path.write_text(between.join(json.dumps(row) for row in rows) + between, "utf-8")
    assert values(path) == rows


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", "", "is empty"),
        ("a.json", "[]", "empty list"),
        ("a.json", '[{"a": 1}, 3]', r"a\.json:1: an object was expected in the list, not int"),
        ("a.json", '[{"a": 1}', "a JSON list of objects was expected"),
        ("a.json", '{"a": 1}\n\n{"a": }', r"a\.json:3: a JSON object was expected to begin here"),
        ("a.json", '{"a": 1}\n7', r"a\.json:2: an object was expected, not int"),
        ("a.json", '{"a": NaN}', "NaN is no JSON"),
        ("a.json", b'{"a": "\xff"}', "not valid UTF-8"),
        ("a.json", "[" * 100_000, "expected"),
        ("a.json", '{"a":' * 100_000, "expected"),
        ("a.parquet", "no parquet at all", "cannot be read as Parquet"),
    ],
)
def test_what_is_no_row_is_one_error_that_names_the_place(
    name: str, content: str | bytes, message: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=message):
        values(written(tmp_path, content, name))


def test_a_parquet_file_without_rows_is_an_error(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"a": pa.array([], pa.int64())}), tmp_path / "none.parquet")
    with pytest.raises(DataError, match="has no rows"):
        values(tmp_path / "none.parquet")
