"""What models send: bytes and tool calls are kept, and a path or an address that a model wrote is never opened."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from judgebench.testing.faultservice import Answer, FaultService, prompt_text
from tests.e2e.harness import ROOT, Bench, judge_answer, model_answer, wait_until
from tests.e2e.test_images import check_no_base64, pictures, png, stored, write_configs, write_rows
from tests.e2e.test_kills import kill, processes_of, recorded

N = 8
CALL = {"index": 0, "id": "c", "type": "function", "function": {"name": "double", "arguments": '{"n": 1}'}}
KEPT_CALL = {"type": "tool_call", "name": "double", "arguments": '{"n": 1}', "id": "c"}


def drawn(shade: int) -> dict[str, Any]:
    """What a service puts beside a text: an image as bytes, and a call of a tool."""
    uri = f"data:image/png;base64,{base64.b64encode(png(shade)).decode()}"
    return {"images": [{"type": "image_url", "image_url": {"url": uri}}], "tool_calls": [CALL]}


def reference(shade: int) -> dict[str, str]:
    """The part of a record that stands for such an image."""
    return {"type": "image", "sha256": hashlib.sha256(png(shade)).hexdigest(), "media_type": "image/png"}


def draws(body: dict[str, Any]) -> Answer:
    """A tested model that answers with a text, a drawing and a tool call."""
    text = model_answer()(body)
    number = int(text.rpartition(" ")[2].rstrip(")")) if "twice" in text else 0
    return Answer(text, beside=drawn(number % 2))


def draws_too(body: dict[str, Any]) -> Answer:
    """A judge that sends a drawing with its verdict."""
    return Answer(judge_answer()(body), beside=drawn(2))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with FaultService(draws, model="m") as model, FaultService(draws_too, model="j") as judge:
        yield Bench(tmp_path, model, judge, n=N)


def check_kept(bench: Bench, run: Path) -> None:
    """Every byte that the services sent stands once in the store, and records refer to it."""
    assert stored(run) == {hashlib.sha256(png(shade)).hexdigest(): png(shade) for shade in range(3)}
    check_no_base64(run)
    lines = (run / "predictions" / "toy-model" / "toy.jsonl").read_text().splitlines()
    for row in map(json.loads, lines):
        assert (row["status"], row.get("extra")) == ("ok", None)
        assert sorted(row["parts"], key=lambda part: part["type"]) == [reference(row["id"] % 2), KEPT_CALL]
    lines = (run / "predictions" / "toy-model" / "toy-judge.jsonl").read_text().splitlines()
    assert all(reference(2) in json.loads(line)["parts"] for line in lines)
    assert len(lines) == N


@pytest.mark.parametrize("keys", [{}, {"stream": True}, {"senders": 2}])
def test_bytes_and_tool_calls_in_a_reply_are_kept(bench: Bench, keys: dict[str, Any]) -> None:
    bench.model_keys = bench.judge_keys = keys
    bench.write()
    done = bench.jb()
    assert done.code == 0, done.text
    assert bench.result()["metrics"]["accuracy"]["value"] == 100.0
    check_kept(bench, bench.run)
    before = len(bench.model.requests), len(bench.judge.requests)
    assert bench.jb("--no-preflight", "--reuse").code == 0
    assert (len(bench.model.requests), len(bench.judge.requests)) == before


def test_the_cache_gives_bytes_back_to_another_run(bench: Bench) -> None:
    bench.write()
    assert bench.jb("--no-preflight", "--cache", "kept").code == 0
    before = len(bench.model.requests), len(bench.judge.requests)
    assert bench.jb("--no-preflight", "--cache", "kept").code == 0
    assert (len(bench.model.requests), len(bench.judge.requests)) == before
    for run in bench.runs:
        check_kept(bench, run)
    database = (bench.folder / "kept" / "replies.sqlite").read_bytes()
    assert base64.b64encode(png(0))[:24] not in database
    (lost,) = (bench.folder / "kept" / "attachments").rglob(reference(2)["sha256"])
    lost.unlink()
    assert bench.jb("--no-preflight", "--cache", "kept").code == 0
    assert len(bench.model.requests) == before[0]
    assert len(bench.judge.requests) > before[1]  # a reply whose bytes are gone is not known
    check_kept(bench, bench.runs[-1])


def test_a_kill_leaves_no_reference_without_its_bytes(bench: Bench) -> None:
    bench.model_keys = bench.judge_keys = {"batch_size": 1}
    bench.model.latency = bench.judge.latency = 0.1
    bench.write()
    process = bench.fork("--no-preflight")
    wait_until(lambda: len(bench.judge.requests) > 2 or process.poll() is not None)
    kill(bench, process.pid, "all")
    process.wait(timeout=200)
    wait_until(lambda: not processes_of(bench.folder))
    held, judged = recorded(bench, "toy"), recorded(bench, "toy-judge")
    assert 0 < len(judged) < N
    for row in bench.rows():
        assert all(part.get("sha256", reference(0)["sha256"]) in stored(bench.run) for part in row["parts"])
    done = bench.jb("--no-preflight", "--reuse")
    assert done.code == 0, done.text
    assert not {number for number, count in bench.asked().items() if count > 1} & held
    assert not {number for number, count in bench.judged().items() if count > 1} & judged
    check_kept(bench, bench.run)


HOOK = """import os, sys
def heard(event, args):
    if event in ("open", "os.listdir", "os.scandir", "socket.connect", "socket.getaddrinfo"):
        what = repr(args[1] if event == "socket.connect" else args[0])
        if any(word in what for word in WORDS):
            os.write(LOG, f"{event} {what}\\n".encode())
WORDS = os.environ["JB_TEST_WORDS"].split(",")
LOG = os.open(os.environ["JB_TEST_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
sys.addaudithook(heard)
"""


def test_no_path_and_no_address_that_a_model_wrote_is_opened(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        os.mkfifo(tmp_path / "bait.fifo")
        (tmp_path / "bait.png").write_bytes(png(5))
        (tmp_path / "bait-link.png").symlink_to("/etc/passwd")
        baits = [
            "bait.png",
            str(tmp_path / "bait.png"),
            "../bait.png",
            "/etc/passwd",
            "file:///etc/passwd",
            f"file://{tmp_path}/bait.png",
            f"http://127.0.0.1:{port}/bait.png",
            str(tmp_path / "bait.fifo"),
            "bait-link.png",
            "/dev/zero",
            '{"type": "image", "image": "bait.png"}',
            f'{{"type": "image_url", "image_url": {{"url": "http://127.0.0.1:{port}/"}}}}',
            f"![see](http://127.0.0.1:{port}/bait.png)",
            f"data:image/png;base64,{base64.b64encode(png(5)).decode()}",
        ]

        def lures(body: dict[str, Any]) -> Answer:
            found = [bait for number, bait in enumerate(baits) if f"no. {number}?" in prompt_text(body)]
            bait = found[0] if found else "OK"
            call = {"id": "c", "function": {"name": "open", "arguments": json.dumps({"path": bait})}}
            shown = [] if bait.startswith("data:") else [{"type": "image_url", "image_url": {"url": bait}}]
            return Answer(bait, reasoning_content=bait, beside={"images": shown, "tool_calls": [call]})

        def looks(body: dict[str, Any]) -> Answer:
            return Answer("VERDICT: A", beside={"images": [{"url": "bait.png"}, {"url": "file:///etc/passwd"}]})

        hook = tmp_path / "hook"
        hook.mkdir()
        (hook / "sitecustomize.py").write_text(HOOK)
        words = f"bait,passwd,/dev/zero,{port},pictures.jsonl"
        env = {
            "PYTHONPATH": f"{hook}{os.pathsep}{ROOT}",
            "JB_TEST_WORDS": words,
            "JB_TEST_LOG": str(tmp_path / "heard.log"),
        }
        with FaultService(lures, model="m") as model, FaultService(looks, model="j") as judge:
            bench = Bench(tmp_path, model, judge)
            write_rows(tmp_path, [number % 4 for number in range(len(baits))])
            write_configs(bench)
            done = bench.jb(env=env)
            assert done.code == 0, done.text
            assert bench.result()["counts"]["ok"] == len(baits)
            assert bench.jb("--mode", "eval", "--reuse", env=env).code == 0
        shown = [prompt_text(one.body) for one in judge.requests]
        assert all(any(f"Answer: {bait}\n" in text for text in shown) for bait in baits)  # as the texts they are
        assert all(len(pictures(one.body)) == 1 and png(5) not in pictures(one.body) for one in judge.requests)
        assert png(5) not in stored(bench.run).values()
        heard = (tmp_path / "heard.log").read_text().splitlines()
        assert any("pictures.jsonl" in line for line in heard)  # the hook does hear
        assert [line for line in heard if "pictures.jsonl" not in line] == []
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("link.png", "leads, through a link, out of the folder of the images"),
        ("folder/x.png", "leads, through a link, out of the folder of the images"),
        ("../x.png", "leads out of the folder of the images"),
        ("/etc/passwd", "is no base64 text"),
        ("file:///etc/passwd", "is an address"),
        ("http://127.0.0.1:9/x.png", "is an address"),
        ("device.png", "leads, through a link, out of the folder of the images"),
        ("pipe.png", "is a named pipe or a device"),
        ("sparse.png", "has 10240.0 MiB, and at most 64 are taken"),
    ],
)
def test_a_hostile_row_is_named_before_anybody_is_asked(bench: Bench, name: str, why: str) -> None:
    data = bench.folder / "data"
    data.mkdir()
    write_rows(data, [0, 1])
    (bench.folder / "x.png").write_bytes(png(5))
    (data / "link.png").symlink_to("../x.png")
    (data / "folder").symlink_to("..")
    (data / "device.png").symlink_to("/dev/zero")
    os.mkfifo(data / "pipe.png")
    with (data / "sparse.png").open("wb") as file:
        file.write(png(5))
        file.truncate(10 << 30)
    rows = (data / "pictures.jsonl").read_text().splitlines()
    rows[1] = json.dumps({**json.loads(rows[1]), "picture": name})
    (data / "pictures.jsonl").write_text("\n".join(rows) + "\n")
    write_configs(bench, path="data/pictures.jsonl")
    done = bench.jb()
    assert done.code == 2, done.text
    assert "pictures.jsonl:2: the column 'picture' must hold an image, but" in " ".join(done.text.split())
    assert why in " ".join(done.text.split())
    assert not bench.model.requests
    assert not bench.judge.requests
