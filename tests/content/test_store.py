"""Where the bytes of images come from, what is refused, and how the store keeps them."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from judgebench.content.attachments import Attachments, image_of, with_media
from judgebench.content.image_files import image_type
from judgebench.content.media import MediaSource
from judgebench.datasets.samples import samples_of, stamp_of
from judgebench.errors import ConfigError, DataError, DiskError
from judgebench.models.access import check_takes, model_config
from judgebench.records.flow import Request, Sample
from judgebench.records.run import DatasetConfig, Options, Typed
from tests.e2e.test_images import png

PNG = png(0)
JPEG = b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x01\x00\x01\x01\x01\x11\x00\xff\xd9"
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
    store.path(SHA).write_bytes(PNG[:-1] + b"x")
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
        ("/etc/passwd.png", "leads out of the folder of the images"),
        ("../x.png", "leads out of the folder of the images"),
        ("shots/../../x.png", "leads out of the folder of the images"),
        ("x\0.png", "cannot be followed"),
        ("", "is empty"),
        (b"", "is empty"),
        ("https://example.org/x.png", "is an address, and addresses are never opened"),
        ("file:///etc/passwd", "is an address"),
        ("http://127.0.0.1:9/x.png", "is an address"),
        ("/dev/zero", "is no base64 text"),
        ("lost.png", "there is no file"),
        ("text.png", "no PNG, JPEG, GIF, WebP or BMP image"),
        ("/etc/passwd", "is no base64 text|no PNG"),
        ("not base64!", "is no base64 text"),
        (PNG[:-20], "is a PNG image that was cut off"),
        (JPEG[:-2], "is a JPEG image that was cut off"),
        (PNG[:16] + b"\0\x01\x86\xa0" * 2 + PNG[24:], "claims 100000 x 100000 pixels.*decompression bomb"),
        (PNG[:16] + bytes(8) + PNG[24:], "has no pixels"),
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


def test_no_link_leads_out_of_the_folder_of_the_images(tmp_path: Path) -> None:
    folder, outside = tmp_path / "data", tmp_path / "private"
    (folder / "shots").mkdir(parents=True)
    outside.mkdir()
    (outside / "x.png").write_bytes(PNG)
    (folder / "shots" / "y.png").write_bytes(PNG)
    for name, target in {
        "file.png": "../private/x.png",
        "folder": "../private",
        "chain.png": "file.png",
        "absolute.png": str(outside / "x.png"),
        "circle.png": "circle.png",
        "inside.png": "shots/y.png",
        "device.png": "/dev/zero",
    }.items():
        (folder / name).symlink_to(target)
    for value in ("file.png", "folder/x.png", "chain.png", "absolute.png", "circle.png", "device.png"):
        with pytest.raises(DataError, match=r"out of the folder of the images|cannot be followed|cannot be read"):
            image_of(source(value, folder), None)
    assert image_of(source("inside.png", folder), None).sha256 == SHA
    (tmp_path / "link").symlink_to(folder)  # the user's own link to the dataset
    assert image_of(source("shots/y.png", tmp_path / "link"), None).sha256 == SHA


def test_the_hubs_cache_links_from_a_revision_to_its_blobs_and_no_further(tmp_path: Path) -> None:
    revision = tmp_path / "datasets--a--b" / "snapshots" / "1f"
    revision.mkdir(parents=True)
    (tmp_path / "x.png").write_bytes(PNG)
    (tmp_path / "datasets--a--b" / "blobs").mkdir()
    (tmp_path / "datasets--a--b" / "blobs" / "0a").write_bytes(PNG)
    (revision / "shot.png").symlink_to("../../blobs/0a")
    (revision / "far.png").symlink_to("../../../x.png")
    (revision / "near.png").symlink_to("../../near.png")
    (tmp_path / "datasets--a--b" / "near.png").write_bytes(PNG)
    assert image_of(source("shot.png", revision), None).sha256 == SHA
    for value in ("far.png", "near.png"):
        with pytest.raises(DataError, match="through a link"):
            image_of(source(value, revision), None)
    (tmp_path / "datasets--a--b" / "blobs").rename(tmp_path / "elsewhere")
    (tmp_path / "datasets--a--b" / "blobs").symlink_to(tmp_path / "elsewhere")  # an archive may bring such a link
    with pytest.raises(DataError, match="through a link"):
        image_of(source("shot.png", revision), None)


def test_what_is_no_plain_file_is_neither_waited_for_nor_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "folder.png").mkdir()
    with (tmp_path / "huge.png").open("wb") as file:
        file.write(PNG)
        file.truncate(10 << 30)  # takes no room on the disk
    with socket.socket(socket.AF_UNIX) as listening:
        monkeypatch.chdir(tmp_path)  # the name of a socket must be short
        listening.bind("socket.png")
        for value, why in {
            "pipe.png": "is a named pipe or a device",
            "folder.png": "is a folder",
            "socket.png": "is a named pipe or a device",
            "huge.png": "the image has 10240.0 MiB, and at most 64 are taken",
        }.items():
            with pytest.raises(DataError, match=why):
                image_of(source(value, tmp_path), None)


def test_a_text_too_long_for_an_image_is_not_decoded() -> None:
    with pytest.raises(DataError, match=r"the image has 96\.\d MiB, and at most 64 are taken"):
        image_of(source("A" * (129 << 20)), None)


def test_images_may_lie_in_a_folder_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "shots").mkdir()
    (tmp_path / "shots" / "x.png").write_bytes(PNG)
    (tmp_path / "y.png").write_bytes(PNG)
    (tmp_path / "data").mkdir()
    path = write(tmp_path / "data" / "d.jsonl", [{"question": "q", "picture": "x.png"}])
    for folder in ("../shots", str(tmp_path / "shots")):
        (sample,) = samples_of(dataset(path, image_folder=folder), Options())
        assert sample.fields["picture"].sha256 == SHA
    write(path, [{"question": "q", "picture": "../y.png"}])
    with pytest.raises(DataError, match="leads out of the folder of the images"):
        list(samples_of(dataset(path, image_folder="../shots"), Options()))


def test_two_letters_make_no_image_of_a_text() -> None:
    head = (54).to_bytes(4, "little") + (40).to_bytes(4, "little")
    assert image_type(b"BM" + bytes(4) + bytes(4) + head + bytes(40)) == "image/bmp"
    assert image_type(b"BM is not only the name of a museum, it may begin any text") == ""


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
    monkeypatch.setattr("judgebench.datasets.selection.PICTURES_IN_MEMORY", 2)
    (tmp_path / "x.png").write_bytes(PNG)
    forms = [base64.b64encode(PNG).decode(), "x.png"]
    rows = [{"question": str(i), "picture": forms[i % 2]} for i in range(5)]
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
