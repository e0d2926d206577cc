"""What stands in the place of a file of ours and is none is never followed, waited for or misread."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from judgebench.errors import DiskError
from judgebench.identity.questions import FileIdentity, read_identity, write_identity
from judgebench.records.flow import Prediction, Reply
from judgebench.stages.following import Follower
from judgebench.store.journal import DamagedError, Decoder, Journal, mend, open_file, read_file, write_atomically
from judgebench.store.lock import hold
from judgebench.store.recorded import Recorded, compact, copy_aside, records
from judgebench.store.replies import ReplyCache

LINE = msgspec.json.encode(
    Prediction(data_abbr="d", id=0, uid="aa", success=True, status="ok", uuid="bb", origin_prompt="p", prediction="x")
)


def link(place: Path) -> None:
    place.symlink_to(place.parent.parent / "outside")


KINDS: dict[str, Callable[[Path], None]] = {"link": link, "pipe": os.mkfifo, "folder": Path.mkdir}
WORDS = {"link": "symbolic link", "pipe": "named pipe", "folder": "it is a folder"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["rb", "r+b", "ab"])
def test_only_a_regular_file_is_opened(tmp_path: Path, kind: str, mode: str) -> None:
    place = tmp_path / "run" / "file"
    place.parent.mkdir()
    KINDS[kind](place)
    with pytest.raises(OSError, match=WORDS[kind]):
        open_file(place, mode)  # type: ignore[arg-type]
    with pytest.raises(OSError, match=WORDS[kind]):
        read_file(place)
    assert not (tmp_path / "outside").exists()


async def append(place: Path) -> None:
    async with Journal(place):
        pass


def lock(place: Path) -> None:
    with hold(place, "jb"):
        pass


def holder(place: Path) -> None:
    lock(place.with_name(place.name.removesuffix(".holder")))


def put_aside(place: Path) -> None:
    damaged = place.with_name(place.name.removesuffix(".damaged"))
    damaged.write_bytes(b"rubbish\n" + LINE + b"\n")
    compact(damaged)


def replace(place: Path) -> None:
    source = place.with_name("source.jsonl")
    source.write_bytes(LINE + b"\n")
    copy_aside(source, [0], place)


DOORS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "mend": ("d.jsonl", mend),
    "journal": ("d.jsonl", lambda place: asyncio.run(append(place))),
    "recorded": ("d.jsonl", lambda place: Recorded(place, Prediction)),
    "records": ("d.jsonl", lambda place: list(records(place, Prediction))),
    "follower": ("d.jsonl", lambda place: Follower(place, Prediction).new()),
    "damaged": ("d.jsonl.damaged", put_aside),
    "replaced": ("d.jsonl.replaced", replace),
    "asked": ("d.json", read_identity),
    "lock": (".lock", lock),
    "holder": (".lock.holder", holder),
    "replies": ("replies.sqlite", lambda place: ReplyCache(place.parent)),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("door", DOORS)
def test_each_place_of_a_file_of_ours_is_checked_with_one_sentence(tmp_path: Path, door: str, kind: str) -> None:
    name, enter = DOORS[door]
    place = tmp_path / "run" / name
    place.parent.mkdir()
    KINDS[kind](place)
    with pytest.raises(DiskError, match=WORDS[kind]):
        enter(place)
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_file_written_whole_takes_the_place_of_what_was_there(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "run" / "d.json"
    place.parent.mkdir()
    KINDS[kind](place)
    write_atomically(place, b"new")
    assert place.is_file()
    assert not place.is_symlink()
    assert not (tmp_path / "outside").exists()


DAMAGED = [b"", b"{", b'{"status": "ok\xff"}', b'{"status": 7}', b"[" * 100_000 + b"]" * 100_000, b"\x00" * 9]


@pytest.mark.parametrize("data", DAMAGED)
def test_rubbish_is_one_kind_of_error(data: bytes) -> None:
    with pytest.raises(DamagedError):
        Decoder(Reply)(data)


@pytest.mark.parametrize("data", DAMAGED)
def test_a_damaged_record_of_the_settings_counts_as_none(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "d.json"
    write_identity(path, FileIdentity(settings={"a": 1}))
    path.write_bytes(data)
    assert read_identity(path) is None


@pytest.mark.parametrize("data", DAMAGED)
def test_a_damaged_reply_of_the_cache_is_asked_again(tmp_path: Path, data: bytes) -> None:
    import sqlite3

    cache = ReplyCache(tmp_path)
    cache.put("aa", Reply(status="ok", text="x"))
    with sqlite3.connect(cache.path) as base:
        base.execute("UPDATE replies SET reply = ?", (data,))
    assert cache.get("aa") is None
    cache.put("aa", Reply(status="ok", text="y"))
    assert cache.get("aa") == Reply(status="ok", text="y")
    cache.close()
