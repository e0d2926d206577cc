"""Items that are no rows of a file: lists in an object or in a row, tables beside, tables of text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from judgebench.datasets.judge_samples import JudgeSamples
from judgebench.errors import DataError
from judgebench.records.flow import Sample


def samples(folder: Path, files: dict[str, Any], **keys: Any) -> list[Sample]:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    keys = {"input_columns": ["q"], "answer_columns": ["a"], "gold_column": "g", "key": "{row}", **keys}
    return list(JudgeSamples(msgspec.convert(keys, JudgeSamples.Config)).samples(folder))


def row(number: int) -> dict[str, Any]:
    return {"q": f"q{number}", "a": f"a{number}", "g": "A"}


@pytest.mark.parametrize(
    ("content", "rows_at", "parts"),
    [
        ({"one": [row(0), row(1)], "two": [row(2)]}, "*", ["one", "one", "two"]),
        ({"one": row(0), "two": row(1), "three": row(2)}, "*", ["one", "two", "three"]),
        ({"part": "file", "rows": [row(0), row(1), row(2)]}, "rows", ["file"] * 3),
    ],
)
def test_rows_inside_of_an_object(content: Any, rows_at: str, parts: list[str], tmp_path: Path) -> None:
    found = samples(tmp_path, {"f.json": content}, path="f.json", rows_at=rows_at, meta_columns=["part"])
    assert [(one.key, one.fields["q"], one.meta["part"]) for one in found] == [
        (str(number), f"q{number}", part) for number, part in enumerate(parts)
    ]


@pytest.mark.parametrize(
    ("content", "rows_at", "said"),
    [
        ({"rows": [row(0), 3]}, "rows", r"f\.json:1: an object was expected in 'rows', not 3"),
        ({"other": [row(0)]}, "rows", r"f\.json:1: the key 'rows' must hold a list of objects, not None"),
        ({"rows": []}, "rows", r"must hold a list of objects, not \[\]"),
        ({"one": ["text"]}, "*", r"f\.json:0: an object was expected in '\*', not 'text'"),
    ],
)
def test_what_is_no_row_inside_of_an_object_is_refused(content: Any, rows_at: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        samples(tmp_path, {"f.json": content}, path="f.json", rows_at=rows_at)


def test_one_item_for_each_entry_of_a_column(tmp_path: Path) -> None:
    rows = [{"id": "x", "q": "q", "g": "A", "best": {"t": "b"}, "losers": [{"t": "l0"}, {"t": "l1"}]}]
    keys = {"each": "losers", "key": "{id}-{entry}", "answer_columns": ["best.t", "losers.t"]}
    found = samples(tmp_path, {"f.json": rows}, path="f.json", **keys)
    assert [(one.key, one.answers) for one in found] == [("x-0", ["b", "l0"]), ("x-1", ["b", "l1"])]
    by_name = [{"q": "q", "a": "a", "g": {"clear": "A", "right": "B"}}]
    found = samples(tmp_path, {"f.json": by_name}, path="f.json", each="g", key="{entry}")
    assert [(one.key, one.gold) for one in found] == [("clear", "A"), ("right", "B")]
    with pytest.raises(DataError, match=r"f\.json:0: the column 'losers' must hold a list or an object, not \[\]"):
        samples(tmp_path, {"f.json": [{**rows[0], "losers": []}]}, path="f.json", **keys)


LABELS = "q1 0 p1 3\nq1 0 p2 0\n"
KEYS: dict[str, Any] = {
    "path": "labels.txt",
    "columns": ["query", "zero", "passage", "g"],
    "joins": [
        {"path": "queries.tsv", "on": "query", "by": "id", "columns": ["id", "q"]},
        {"path": "passages.jsonl", "on": "passage", "by": "docid", "take": ["a"]},
    ],
    "key": "{query}-{passage}",
}
PASSAGES = [{"docid": f"p{number}", "a": f"text {number}"} for number in (1, 2)]
TABLES = {
    "labels.txt": LABELS,
    "queries.tsv": "q1\twhat is it?\n",
    "passages.jsonl": "".join(json.dumps(one) + "\n" for one in PASSAGES),
}


def test_columns_from_tables_beside(tmp_path: Path) -> None:
    found = samples(tmp_path, TABLES, **KEYS)
    assert [(one.key, one.fields["q"], one.answers, one.gold) for one in found] == [
        ("q1-p1", "what is it?", ["text 1"], "3"),
        ("q1-p2", "what is it?", ["text 2"], "0"),
    ]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("labels.txt", LABELS + "q1 0 p9 1\n", r"labels\.txt:3: the column 'passage' names 'p9', and .*passages"),
        (
            "labels.txt",
            LABELS + "q1 0 p1\n",
            r"labels\.txt:3: 4 fields between tabs or blanks .* and 3 found",
        ),
        ("labels.txt", "\n", r"labels\.txt is empty"),
        ("queries.tsv", "q1\twhat\nq1\tagain\n", r"queries\.tsv:2: a previous row has the 'id' 'q1' too"),
        ("passages.jsonl", '{"docid": "p1", "b": 1}\n', r"passages\.jsonl:1: the column 'a' is missing"),
        ("passages.jsonl", '{"a": "1"}\n', r"passages\.jsonl:1: the column 'docid', which names the row, is missing"),
    ],
)
def test_a_bad_row_of_a_table_is_named(name: str, text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        samples(tmp_path, {**TABLES, name: text}, **KEYS)


def test_files_in_folders_of_any_depth(tmp_path: Path) -> None:
    files = {"set/a/x.json": [row(0)], "set/b.json": [row(1)], "set/a/deep/y.json": [row(2)]}
    found = samples(tmp_path, files, path="set/{split}.json", splits=["**"], key="{split}/{row}")
    assert [one.key for one in found] == ["a/deep/y/0", "a/x/0", "b/0"]
