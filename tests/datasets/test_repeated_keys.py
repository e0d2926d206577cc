"""A key that a row has twice is refused: whichever value were taken, it might be the wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from judgebench.datasets.jsonl_file import rows_of
from judgebench.datasets.objects import objects_of
from judgebench.errors import DataError

TWICE = [
    '{"question": "1+1?", "answer": "2", "answer": "99"}',
    '{"question":"1+1?","answer":"2","answer":"2"}',
    '{"a" :1,"b":2,"b":3}',
    '{"a"\t:1, "b"  : 2, "b": 3}',
    '{"a":1,"\\u0061":2}',
    '{"question": {"text": "?", "text": "!"}, "answer": "2"}',
    '{"list": [{"x": 1, "x": 2}]}',
    '{"": 1, "": 2}',
]
ONCE = [
    '{"question": "1+1?", "answer": "2"}',
    '{"question": "a text with \\"answer\\": and \\"answer\\": in it", "answer": "2"}',
    '{"question" : {"answer" : 1}, "answer" : 2}',
    '{"a": [{"x": 1}, {"x": 2}]}',
    "{}",
]


@pytest.mark.parametrize("text", TWICE)
@pytest.mark.parametrize("layout", ["one.jsonl", "one.json", "list.json"])
def test_a_key_given_twice_is_refused_in_every_layout(tmp_path: Path, layout: str, text: str) -> None:
    path = tmp_path / layout
    path.write_text(f'[{{"a": 0}}, {text}]' if layout == "list.json" else f'{{"a": 0}}\n{text}\n')
    with pytest.raises(DataError, match=f"{layout}.*given twice"):
        list(objects_of(path))


def test_the_error_names_the_line_and_the_key(tmp_path: Path) -> None:
    path = tmp_path / "quiz.jsonl"
    path.write_text('{"question": "?", "answer": "1"}\n' + TWICE[0])
    with pytest.raises(DataError, match=r"quiz\.jsonl:2: the key 'answer' is given twice"):
        list(rows_of(path))


@pytest.mark.parametrize("text", ONCE)
def test_what_merely_looks_like_it_is_taken(tmp_path: Path, text: str) -> None:
    path = tmp_path / "quiz.jsonl"
    path.write_text(text)
    assert len(list(rows_of(path))) == 1
    path = tmp_path / "quiz.json"
    path.write_text(f"[{text}]")
    assert len(list(objects_of(path))) == 1
