"""Every form in which files hold pictures; texts with places for them; and what is refused, named and counted."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from judgebench.content.attachments import Attachments
from judgebench.content.parts import Image, Interleaved, Text
from judgebench.content.prompts import prompt_for
from judgebench.datasets.samples import samples_of
from judgebench.errors import DataError
from judgebench.judges.core.contract import method_from
from judgebench.records.flow import Sample
from judgebench.records.run import DatasetConfig, Options, Typed
from judgebench.stages.asks import benchmark_case
from tests.pixels import drawn, read


def dataset(path: Path, kind: str, **keys: Any) -> DatasetConfig:
    prompt = keys.pop("prompt", [{"role": "user", "content": "{picture}{question}"}])
    keys = {"path": str(path), "input_columns": ["question"], "image_columns": ["picture"], **keys}
    return DatasetConfig(abbr="d", loader=Typed(type=f"judgebench.datasets.{kind}", options=keys), prompt=prompt)


def shown(data: DatasetConfig, folder: Path) -> list[list[str]]:
    """Return what each sample's prompt shows: its texts, and what its pictures say, read from the store."""
    store = Attachments(folder / "kept")
    found = []
    for sample in samples_of(data, Options(), store):
        (message,) = prompt_for(data, sample, "chat")
        content = message["content"] if isinstance(message["content"], list) else [{"text": message["content"]}]
        found.append([read(store.read(part["sha256"])) if "sha256" in part else part["text"] for part in content])
    return found


def encoded(text: str) -> str:
    return base64.b64encode(drawn(text)).decode()


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_row_of_vlmevalkit_may_name_the_picture_of_another_row(tmp_path: Path) -> None:
    rows = [("7", encoded("seven"), "a"), ("8", "7", "b"), ("9", "10", "c"), ("10", encoded("ten"), "d")]
    path = tmp_path / "d.tsv"
    path.write_text("index\tpicture\tquestion\n" + "".join("\t".join(row) + "\n" for row in rows))
    data = dataset(path, "CsvDataset", delimiter="\t", shared_images="index", id_column="index")
    assert shown(data, tmp_path) == [["seven", "a"], ["seven", "b"], ["ten", "c"], ["ten", "d"]]
    path.write_text(path.read_text() + "11\t99\te\n")
    with pytest.raises(DataError, match="names the row '99', and no row has that name in the column 'index'"):
        shown(data, tmp_path)
    path.write_text("index\tpicture\tquestion\n1\t2\ta\n2\t3\tb\n3\t1\tc\n")
    with pytest.raises(DataError, match="has no image of its own to share"):
        shown(data, tmp_path)


def test_parquet_holds_pictures_and_lists_of_them(tmp_path: Path) -> None:
    both = [{"bytes": drawn("one"), "path": None}, {"bytes": drawn("two"), "path": "x.png"}]
    rows = [{"question": "a", "picture": both}, {"question": "b", "picture": [{"bytes": drawn("three"), "path": None}]}]
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "d.parquet")
    data = dataset(tmp_path / "d.parquet", "ParquetDataset")
    assert shown(data, tmp_path) == [["one", "two", "a"], ["three", "b"]]


def test_a_json_list_in_a_column_is_several_pictures(tmp_path: Path) -> None:
    for name in ("x", "y"):
        (tmp_path / f"{name}.png").write_bytes(drawn(name))
    rows = [{"question": "a", "picture": ["x.png", "y.png"]}, {"question": "b", "picture": '["y.png"]'}]
    assert shown(dataset(write(tmp_path / "d.jsonl", *rows), "JsonlDataset"), tmp_path) == [["x", "y", "a"], ["y", "b"]]
    write(tmp_path / "d.jsonl", {"question": "a", "picture": "[x.png]"})
    with pytest.raises(DataError, match="begins as a list and is no JSON list"):
        shown(dataset(tmp_path / "d.jsonl", "JsonlDataset"), tmp_path)


def test_a_folder_of_pictures_is_a_dataset(tmp_path: Path) -> None:
    for name in ("cats/b.png", "cats/a.png", "dogs/c.png"):
        path = tmp_path / "all" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(drawn(name))
    (tmp_path / "all" / "notes.txt").write_text("no picture")
    prompt = [{"role": "user", "content": "{image}"}]
    keys = {"input_columns": [], "image_columns": ["image"], "id_column": "file"}
    data = dataset(tmp_path / "all", "ImageFolder", prompt=prompt, **keys)
    assert shown(data, tmp_path) == [["cats/a.png"], ["cats/b.png"], ["dogs/c.png"]]
    data = dataset(tmp_path / "all", "ImageFolder", output_column="label", **keys)
    assert [(one.key, one.reference) for one in samples_of(data, Options(num_prompts=1))] == [("cats/a.png", "cats")]


PLACES = {"placeholders": True, "image_columns": ["one", "two"], "images_optional": True}


def test_pictures_stand_at_their_places(tmp_path: Path) -> None:
    pictures = {"one": encoded("1st"), "two": encoded("2nd")}
    rows = [
        {"question": "Is <image 2> left of <image 1>?", **pictures},
        {"question": "<image> then <image>", **pictures},
        {"question": "What is in <image 1>?", "one": encoded("alone")},
        {"question": "No picture."},
    ]
    prompt = [{"role": "user", "content": "Q: {question}"}]
    data = dataset(write(tmp_path / "d.jsonl", *rows), "JsonlDataset", prompt=prompt, **PLACES)
    assert shown(data, tmp_path) == [
        ["Q: Is ", "2nd", " left of ", "1st", "?"],
        ["Q: ", "1st", " then ", "2nd"],
        ["Q: What is in ", "alone", "?"],
        ["Q: No picture."],
    ]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {"question": "<image 3>", "one": "1", "two": "2"},
            "jsonl:1: .* holds '<image 3>', and the row has 2 images",
        ),
        ({"question": "<image 1>", "one": "1", "two": "2"}, "no text holds '<image 2>', so nobody would see it"),
        ({"question": "<image 1>"}, "holds '<image 1>', and the row has no image"),
        ({"question": "What?", "one": "1"}, "the row has 1 image, and no text holds '<image 1>'"),
    ],
)
def test_a_place_without_a_picture_and_a_picture_without_a_place_are_named(
    tmp_path: Path, row: dict[str, Any], message: str
) -> None:
    row = {name: value if name == "question" else encoded(value) for name, value in row.items()}
    with pytest.raises(DataError, match=message):
        shown(dataset(write(tmp_path / "d.jsonl", row), "JsonlDataset", **PLACES), tmp_path)


def test_the_judge_sees_a_question_with_its_pictures_at_their_places() -> None:
    picture = Image(sha256="a" * 64, media_type="image/png")
    pieces = [Text(text="Is "), picture, Text(text=" a cat?")]
    sample = Sample(id=0, uid="u", fields={"question": Interleaved(pieces=pieces), "one": picture}, answers=["yes"])
    keys = {"parser": {"type": "score_line", "low": 1, "high": 5}, "aggregate": {"type": "first", "unread": "unparsed"}}
    prompt = [{"role": "user", "content": "Question: {question}\nAnswer: {answer}"}]
    method = method_from("DeclaredJudge", {**keys, "presentations": [{"prompt": prompt}]}, where="method")
    ((_, rendered),) = method.prompts(benchmark_case(sample, 0))
    first, middle, last = rendered[0]["content"]
    assert (first["text"], middle["sha256"], last["text"]) == ("Question: Is ", "a" * 64, " a cat?\nAnswer: yes")


def test_pictures_that_cannot_be_used_are_counted(tmp_path: Path) -> None:
    names = ["a.png", "cut.png", "c.png", "bomb.png", "lost.png"]
    for name in ("a.png", "c.png"):
        (tmp_path / name).write_bytes(drawn(name))
    (tmp_path / "cut.png").write_bytes(drawn("cut")[:-30])
    (tmp_path / "bomb.png").write_bytes(drawn("b")[:16] + b"\xff" * 8 + drawn("b")[24:])
    data = dataset(write(tmp_path / "d.jsonl", *({"question": "q", "picture": name} for name in names)), "JsonlDataset")
    with pytest.raises(DataError, match=r"d.jsonl:2: .* cut off\. 3 of 5 rows have an image that cannot be used\."):
        shown(data, tmp_path)
