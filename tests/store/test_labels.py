"""Labels are added and never changed, and belong to the text of an answer."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from judgebench.errors import DataError
from judgebench.records.facts import Label, answer_hash
from judgebench.store.labels import append_labels, read_labels, valid_labels


def label(**more: Any) -> Label:
    return Label(**{"answer_hash": answer_hash("42"), "id": 3, "annotator": "ada", "decision": "correct", **more})


def test_labels_are_read_as_they_were_added(tmp_path: Path) -> None:
    path = tmp_path / "labels/toy.jsonl"
    assert list(read_labels(path)) == []
    written = [label(), label(annotator="bob", decision=None, score=4.0, comment="Nearly.", split="test", blind=True)]
    append_labels(path, written[:1])
    append_labels(path, written[1:])
    assert list(read_labels(path)) == written
    assert json.loads(path.read_text().splitlines()[0])["decision"] == "correct"


def test_of_one_annotators_labels_the_last_counts(tmp_path: Path) -> None:
    path = tmp_path / "toy.jsonl"
    append_labels(path, [label(), label(annotator="bob"), label(decision="incorrect"), label(id=4)])
    valid = valid_labels(read_labels(path))
    assert [(one.id, one.annotator, one.decision) for one in valid.values()] == [
        (3, "ada", "incorrect"),
        (3, "bob", "correct"),
        (4, "ada", "correct"),  # the same text in answer to another question
    ]


def test_two_spellings_of_a_name_are_one_annotator_who_is_called_as_at_first(tmp_path: Path) -> None:
    path = tmp_path / "toy.jsonl"
    append_labels(
        path, [label(annotator="Ada L"), label(annotator="ada  l ", id=4), label(annotator="ADA L", score=None)]
    )
    valid = valid_labels(read_labels(path))
    assert [(one.id, one.annotator) for one in valid.values()] == [(3, "Ada L"), (4, "Ada L")]


def test_an_answer_is_named_by_its_text_alone() -> None:
    assert answer_hash("42") == hashlib.sha256(b"42").hexdigest()[:32]
    assert answer_hash("a", "b") == hashlib.sha256(b"a\0b").hexdigest()[:32]
    assert answer_hash("a", "b") != answer_hash("b", "a") != answer_hash("ba")
    assert answer_hash("\ud800")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"decision": None}, "needs a decision or a score"),
        ({"score": 1.0}, "needs a decision or a score"),
        ({"probability": 0.0}, "probability 0.0"),
        ({"probability": 1.5}, "probability 1.5"),
        ({"annotator": ""}, "names no annotator"),
    ],
)
def test_a_label_that_says_nothing_is_refused(tmp_path: Path, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        append_labels(tmp_path / "toy.jsonl", [label(), label(**wrong)])
    assert not (tmp_path / "toy.jsonl").exists()


def test_a_torn_last_line_is_passed_over_and_a_damaged_one_is_told(tmp_path: Path) -> None:
    path = tmp_path / "toy.jsonl"
    append_labels(path, [label()])
    with path.open("ab") as file:
        file.write(b'{"answer_hash":')
    assert list(read_labels(path)) == [label()]
    append_labels(path, [label(id=4)])
    assert [one.id for one in read_labels(path)] == [3, 4]
    path.write_bytes(path.read_bytes().rstrip(b"\n"))  # an editor has taken the line break away
    assert [one.id for one in read_labels(path)] == [3, 4]
    append_labels(path, [label(id=5)])
    assert [one.id for one in read_labels(path)] == [3, 4, 5]
    path.write_bytes(b'{"id": 1}\n' + path.read_bytes())
    with pytest.raises(DataError, match=r"toy\.jsonl, line 1: this is no label"):
        list(read_labels(path))
