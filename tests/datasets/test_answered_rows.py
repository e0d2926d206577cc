"""Files of answers as samples: formats, whose row is about what, and what is refused."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from judgebench.datasets.answered_rows import AnsweredRows, AnsweredRowsConfig
from judgebench.errors import DataError, MissingDataError


def jsonl(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def loader(path: Path, **keys: Any) -> AnsweredRows:
    given = {"input_columns": ["q"], "answer_column": "a", **keys}
    return AnsweredRows(AnsweredRowsConfig(path=str(path), **given))


def row(q: str, a: Any, **more: Any) -> dict[str, Any]:
    return {"q": q, "a": a, **more}


def test_without_ids_and_models_every_row_is_a_sample(tmp_path: Path) -> None:
    made = loader(jsonl(tmp_path / "f.jsonl", row("x", "1"), row("x", "1"), row("y", "2")))
    samples = list(made.samples())
    assert [(one.id, one.fields, one.key) for one in samples] == [
        (0, {"q": "x"}, None),
        (1, {"q": "x"}, None),
        (2, {"q": "y"}, None),
    ]
    assert made.count() == 3
    assert [one.name for one in made.answered()] == ["0", "1", "2"]


def test_models_answer_the_same_samples_and_a_question_asked_twice_is_two(tmp_path: Path) -> None:
    given = [
        row("x", "1", m="A"),
        row("x", "2", m="A"),
        row("x", "3", m="B"),
        row("y", "4", m="B"),
        row("x", "5", m="B"),
    ]
    made = loader(jsonl(tmp_path / "f.jsonl", *given), model_column="m")
    assert [(one.model, one.number, one.answer) for one in made.answered()] == [
        ("A", 0, "1"), ("A", 1, "2"), ("B", 0, "3"), ("B", 2, "4"), ("B", 1, "5"),
    ]  # fmt: skip
    assert [(one.id, one.fields["q"]) for one in made.samples()] == [(0, "x"), (1, "x"), (2, "y")]
    assert made.count() == 3
    assert made.survey().models == ["A", "B"]


def test_the_same_question_with_another_reference_is_another_sample(tmp_path: Path) -> None:
    given = [row("x", "1", m="A", r="one"), row("x", "2", m="B", r="two")]
    made = loader(jsonl(tmp_path / "f.jsonl", *given), model_column="m", output_column="r")
    assert [one.number for one in made.answered()] == [0, 1]


@pytest.mark.parametrize("models", [{}, {"model_column": "m"}])
def test_the_uid_covers_the_answers(tmp_path: Path, models: dict[str, str]) -> None:
    def uids(answer: str) -> list[str]:
        given = [row("x", "1", id=1, m="A"), row("y", answer, id=2, m="A")]
        return [one.uid for one in loader(jsonl(tmp_path / "f.jsonl", *given), id_column="id", **models).samples()]

    before, after = uids("2"), uids("3")
    assert before[0] == after[0]
    assert before[1] != after[1]


def test_what_is_no_answer(tmp_path: Path) -> None:
    given = [row("x", ""), row("x", " \n"), row("x", None), {"q": "x"}, row("x", 0), row("x", False), row("x", 1.5)]
    made = loader(jsonl(tmp_path / "f.jsonl", *given))
    assert [one.answer for one in made.answered()] == [None, None, None, None, "0", "false", "1.5"]
    assert made.survey()[:2] == (7, 4)


@pytest.mark.parametrize(("value", "said"), [(["a"], "a list"), ({"a": 1}, "an object")])
def test_an_answer_is_a_text(tmp_path: Path, value: Any, said: str) -> None:
    made = loader(jsonl(tmp_path / "f.jsonl", row("x", "1"), row("y", value)))
    with pytest.raises(DataError, match=rf"f.jsonl:2: the column 'a' holds {said}; a text was expected"):
        list(made.answered())


@pytest.mark.parametrize("value", [None, "", " ", ["A"]])
def test_a_row_says_whose_answer_it_holds(tmp_path: Path, value: Any) -> None:
    made = loader(jsonl(tmp_path / "f.jsonl", row("x", "1", m="A"), row("y", "2", m=value)), model_column="m")
    with pytest.raises(DataError, match=r"f.jsonl:2: the column 'm' is empty or holds no text"):
        list(made.answered())


def test_an_id_names_one_row_of_a_model(tmp_path: Path) -> None:
    good = [row("x", "1", id="i", m="A"), row("x", "2", id="i", m="B")]
    keys = {"id_column": "id", "model_column": "m"}
    assert loader(jsonl(tmp_path / "f.jsonl", *good), **keys).count() == 1
    made = loader(jsonl(tmp_path / "f.jsonl", *good, row("x", "3", id="i", m="A")), **keys)
    with pytest.raises(DataError, match=r"f.jsonl:3: the id 'i' stands in row 1 of the model 'A' too"):
        made.count()


def test_columns_that_differ_between_models_are_told(tmp_path: Path) -> None:
    given = [row("x", "1", m="A", level=1, seconds=3), row("x", "2", m="B", level=1, seconds=4)]
    made = loader(jsonl(tmp_path / "f.jsonl", *given), model_column="m", meta_columns=["level", "seconds"])
    assert made.survey().varying == ["seconds"]


def test_parquet_gives_what_json_could_have_held(tmp_path: Path) -> None:
    path = tmp_path / "f.parquet"
    table = {
        "q": ["x", "y"],
        "a": ["1", None],
        "score": [float("nan"), 2.5],
        "when": [dt.datetime(2026, 1, 2, 3, 4, 5), None],  # noqa: DTZ001 - a file may hold such
        "tags": [["t", "u"], []],
        "raw": [b"\x01\xff", None],
        "__index_level_0__": [7, 8],
    }
    parquet.write_table(pa.table(table), path)
    first, second = loader(path).answered()
    assert first.row.values == {
        "q": "x", "a": "1", "score": None, "when": "2026-01-02 03:04:05", "tags": ["t", "u"], "raw": "01ff",
    }  # fmt: skip
    assert (second.answer, second.row.values["score"], second.row.place) == (None, 2.5, f"{path}:2")
    assert AnsweredRows.columns(path) == ["q", "a", "score", "when", "tags", "raw"]


def test_a_file_that_is_no_parquet_is_told(tmp_path: Path) -> None:
    path = tmp_path / "f.parquet"
    path.write_text("q,a\nx,1\n")
    with pytest.raises(DataError, match=r"f\.parquet is no Parquet file that can be read: ") as caught:
        list(loader(path).answered())
    assert not caught.value.message.endswith("..")
    assert ".jsonl" in caught.value.hint


def test_columns_of_jsonl_are_those_of_all_first_rows(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "f.jsonl", {"q": "x"}, {"q": "y", "a": "1"})
    assert AnsweredRows.columns(path) == ["q", "a"]


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError):
        list(loader(tmp_path / "none.jsonl").samples())
