"""Where the bytes of images come from, what is refused, and how the store keeps them."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from judgebench.content.attachments import Attachments, image_of, with_media
from judgebench.content.media import MediaSource, image_type
from judgebench.datasets.samples import samples_of, stamp_of
from judgebench.errors import ConfigError, DataError, DiskError
from judgebench.models.access import check_takes, model_config
from judgebench.records.flow import Request, Sample
from judgebench.records.run import DatasetConfig, Options, Typed

PNG = b"\x89PNG\r\n\x1a\n and so on"
JPEG = b"\xff\xd8\xff and so on"
SHA = hashlib.sha256(PNG).hexdigest()


def source(value: Any, folder: Path | str = "") -> MediaSource:
    return MediaSource(value=value, folder=str(folder), place="data.jsonl:1", column="picture")


def dataset(path: Path, kind: str = "JsonlDataset", **keys: Any) -> DatasetConfig:
    keys = {"path": str(path), "input_columns": ["question"], "image_columns": ["picture"], **keys}
    return DatasetConfig(abbr="d", loader=Typed(type=f"judgebench.datasets.{kind}", options=keys))


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_equal_bytes_stand_once_and_come_back_by_their_hash(tmp_path: Path) -> None:
    store = Attachments(tmp_path / "attachments")
    assert store.put(PNG) == store.put(bytes(PNG)) == SHA
    assert store.read(SHA) == PNG
    assert [path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()] == [
        Path("attachments", SHA[:2], SHA)
    ]


def test_bytes_that_were_changed_are_never_sent_and_are_written_again(tmp_path: Path) -> None:
    store = Attachments(tmp_path)
    store.put(PNG)
    store.path(SHA).write_bytes(b"\x89PNG\r\n\x1a\n and so ON")
    with pytest.raises(DiskError, match="was changed"):
        store.read(SHA)
    store.put(PNG)
    assert store.read(SHA) == PNG


@pytest.mark.parametrize("name", ["../../etc/passwd", "A" * 64, "", f"{'a' * 64}\n"])
def test_only_a_hash_names_an_attachment(tmp_path: Path, name: str) -> None:
    with pytest.raises(DiskError, match="is no SHA-256"):
        Attachments(tmp_path).read(name)


def test_a_request_takes_along_the_bytes_that_its_prompt_names(tmp_path: Path) -> None:
    store = Attachments(tmp_path)
    store.put(PNG)
    part = {"type": "image", "sha256": SHA, "media_type": "image/png"}
    request = Request(prompt=[{"role": "user", "content": [part, part]}], attachments=str(tmp_path))
    assert with_media(request).media == {SHA: PNG}
    text = Request(prompt="q")
    assert with_media(text) is text


@pytest.mark.parametrize(
    "value",
    [
        base64.b64encode(PNG).decode(),
        f"data:image/png;base64,{base64.b64encode(PNG).decode()}",
        f"data:image/jpeg;base64,{base64.b64encode(PNG).decode()}",
        PNG,
        {"bytes": PNG, "path": "x.png"},
        "shots/x.png",
        {"bytes": None, "path": "shots/x.png"},
    ],
)
def test_every_form_of_an_image_gives_one_reference(tmp_path: Path, value: Any) -> None:
    (tmp_path / "shots").mkdir()
    (tmp_path / "shots" / "x.png").write_bytes(PNG)
    found = image_of(source(value, tmp_path), None)
    assert (found.sha256, found.media_type) == (SHA, "image/png")  # by the bytes, whatever the row says of them


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("/etc/passwd.png", "leads out of the data file's folder"),
        ("../x.png", "leads out of the data file's folder"),
        ("https://example.org/x.png", "is an address, and addresses are never opened"),
        ("file:///etc/passwd", "is an address"),
        ("lost.png", "there is no file"),
        ("text.png", "no PNG, JPEG, GIF, WebP or BMP image"),
        ("/etc/passwd", "is no base64 text|no PNG"),
        ("not base64!", "is no base64 text"),
        (base64.b64encode(b"<script>").decode(), "no PNG"),
        (5, "it holds int"),
        ({"path": None}, "it holds NoneType"),
    ],
)
def test_what_is_no_image_of_the_dataset_is_refused_with_row_and_column(tmp_path: Path, value: Any, why: str) -> None:
    (tmp_path / "text.png").write_text("root:x:0:0")
    with pytest.raises(DataError, match=rf"data.jsonl:1: the column 'picture' must hold an image, but .*({why})"):
        image_of(source(value, tmp_path), None)


def test_rows_of_the_hub_have_no_files_beside_them() -> None:
    with pytest.raises(DataError, match="rows of the hub have no files beside them"):
        image_of(source("x.png"), None)


@pytest.mark.parametrize(
    ("data", "kind"),
    [(PNG, "image/png"), (JPEG, "image/jpeg"), (b"GIF89a", "image/gif"), (b"RIFF1234WEBP", "image/webp"), (b"", "")],
)
def test_the_bytes_say_what_they_are(data: bytes, kind: str) -> None:
    assert image_type(data) == kind


def test_only_the_chosen_rows_are_read_and_the_image_counts_as_content(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(PNG)
    rows = [{"question": "q", "picture": "x.png"}, {"question": "q", "picture": "lost.png"}]
    data = dataset(write(tmp_path / "d.jsonl", rows))
    store = Attachments(tmp_path / "kept")
    (first,) = samples_of(data, Options(num_prompts=1), store)
    assert store.read(first.fields["picture"].sha256) == PNG
    stamp = stamp_of(data, Options())
    (tmp_path / "x.png").write_bytes(JPEG)
    (changed,) = samples_of(data, Options(num_prompts=1))
    assert changed.uid != first.uid
    assert stamp_of(data, Options()) != stamp


def test_a_shuffle_of_many_rows_keeps_their_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("judgebench.datasets.columns.IN_MEMORY", 2)
    (tmp_path / "x.png").write_bytes(PNG)
    rows = [{"question": str(i), "picture": "x.png"} for i in range(5)]
    found = list(samples_of(dataset(write(tmp_path / "d.jsonl", rows)), Options(shuffle=1)))
    assert {sample.fields["picture"].sha256 for sample in found} == {SHA}


def test_parquet_columns_hold_bytes(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    rows = [
        {"question": "q", "picture": {"bytes": PNG, "path": "x.png"}},
        {"question": "r", "picture": {"bytes": JPEG}},
    ]
    parquet.write_table(arrow.Table.from_pylist(rows), tmp_path / "d.parquet")
    found: list[Sample] = list(samples_of(dataset(tmp_path / "d.parquet", "judge_samples.JudgeSamples"), Options()))
    assert [sample.fields["picture"].media_type for sample in found] == ["image/png", "image/jpeg"]


def test_images_of_the_hub_come_as_they_were_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("datasets")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(hub.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.delenv("JB_DATA_DIR", raising=False)
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    features = {"question": {"dtype": "string", "_type": "Value"}, "shot": {"_type": "Image"}}
    table = arrow.Table.from_pylist([{"question": "q", "shot": {"bytes": PNG, "path": "x.png"}}])
    (tmp_path / "repository").mkdir()
    parquet.write_table(
        table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})}),
        tmp_path / "repository" / "test.parquet",
    )
    place = {"path": str(tmp_path / "repository"), "rename": {"shot": "picture"}}
    (sample,) = samples_of(dataset(tmp_path / "mine.jsonl", hub=place), Options())
    assert sample.fields["picture"].sha256 == SHA


def test_a_transcript_is_a_field_or_an_answer_as_text(tmp_path: Path) -> None:
    talk = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    path = write(tmp_path / "d.jsonl", [{"question": "q", "talk": talk, "told": json.dumps(talk)}])
    keys: dict[str, Any] = {"image_columns": [], "transcript_columns": ["talk", "told"], "answer_columns": ["told"]}
    (sample,) = samples_of(dataset(path, **keys), Options())
    assert sample.fields == {"question": "q", "talk": "[user]\nq\n\n[assistant]\na"}
    assert sample.answers == ["[user]\nq\n\n[assistant]\na"]
    write(path, [{"question": "q", "talk": "q", "told": talk}])
    with pytest.raises(DataError, match=r"d.jsonl:1: the column 'talk' must hold a list of messages"):
        list(samples_of(dataset(path, **keys), Options()))


@pytest.mark.parametrize("kind", ["VLLMCustomAPI", "HuggingFaceChat"])
def test_a_model_type_that_takes_text_says_so(kind: str) -> None:
    part = {"type": "image", "sha256": SHA, "media_type": "image/png"}
    config = model_config({"type": kind, "abbr": "m", "path": "p"})
    with pytest.raises(ConfigError, match=rf"part of type 'image', and the model 'm' \({kind}\) takes text alone"):
        check_takes(config, [{"role": "user", "content": [part]}], where="datasets.d.prompt")
    check_takes(config, [{"role": "user", "content": [{"type": "text", "text": "q"}]}], where="datasets.d.prompt")
