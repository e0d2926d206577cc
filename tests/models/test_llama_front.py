"""What stands before llama.cpp: which calls it makes of a request, and that a reply depends on the request alone."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from judgebench.config.resolve import load_run
from judgebench.errors import ConfigError, MissingDataError, MissingExtraError
from judgebench.models.llama_cpp import LlamaCppServer, adapter_file
from judgebench.models.llama_front import Front, fixed_start, listen, starts_folder
from judgebench.records.request import Selection

START = "Each question has a short answer.\n\nQ: How many legs has a horse?\nA: 4\n\n"


class StandIn:
    """A llama.cpp with one slot, whose replies tell what they were computed from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.slot: list[str] = []
        self.lora = ""
        self.calls: list[str] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read() or b"{}")
        self.calls.append(f"{request.path_qs}{' ' + body['filename'] if 'filename' in body else ''}")
        if request.path == "/slots/0":
            file = self.folder / body["filename"]
            if request.query["action"] == "save":
                file.write_text(json.dumps(self.slot))
            else:
                self.slot = json.loads(file.read_text())
            return web.json_response({})
        if request.path == "/events":
            stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await stream.prepare(request)
            for number in range(3):
                await stream.write(f"data: {number}\n\n".encode())
            return stream
        if request.path not in {"/completion", "/v1/completions"}:
            return web.json_response({"path": request.path})
        lora = json.dumps(body.get("lora"))
        if lora != self.lora or not body["cache_prompt"]:
            self.slot = []
        self.lora = lora
        prompt = body["prompt"]
        known = "".join(self.slot)
        self.slot = [*self.slot, prompt.removeprefix(known)] if known and prompt.startswith(known) else [prompt]
        return web.json_response({"computed": self.slot, "lora": body.get("lora")})


Ask = Callable[[str, dict[str, Any]], Awaitable[Any]]


def with_front(
    folder: Path, work: Callable[[Ask, StandIn], Awaitable[None]], adapters: list[str] | None = None
) -> None:
    async def run() -> None:
        behind = StandIn(folder)
        inner = web.Application()
        inner.router.add_route("*", "/{path:.*}", behind.handle)
        inner_runner = web.AppRunner(inner)
        await inner_runner.setup()
        await web.TCPSite(inner_runner, "127.0.0.1", 0).start()
        front = Front(f"http://127.0.0.1:{inner_runner.addresses[0][1]}", adapters or [], folder)
        runner = await listen(front, "127.0.0.1", 0)
        address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with aiohttp.ClientSession() as session:

            async def ask(path: str, body: dict[str, Any]) -> Any:
                async with session.post(f"{address}{path}", json=body) as reply:
                    text = await reply.text()
                    return json.loads(text) if reply.content_type == "application/json" else text

            await work(ask, behind)
        await runner.cleanup()
        await inner_runner.cleanup()

    asyncio.run(run())


def test_the_start_of_a_prompt_is_all_before_its_last_blank_line() -> None:
    assert fixed_start(f"{START}Q: What is a quark?\nA:") == START
    assert fixed_start("Q: one line\nA:") == ""
    assert fixed_start("short\n\nQ:") == "", "not worth a file"
    assert fixed_start(f"{START}\n\n") == "", "nothing follows"


def test_a_start_is_computed_once_and_then_restored(tmp_path: Path) -> None:
    async def work(ask: Ask, behind: StandIn) -> None:
        first = await ask("/v1/completions", {"prompt": f"{START}Q: a\nA:"})
        second = await ask("/v1/completions", {"prompt": f"{START}Q: b\nA:"})
        assert first["computed"] == [START, "Q: a\nA:"]
        assert second["computed"] == [START, "Q: b\nA:"]
        kinds = [call.split(" ")[0] for call in behind.calls]
        assert kinds == [
            "/completion", "/slots/0?action=save", "/v1/completions", "/slots/0?action=restore", "/v1/completions",
        ]  # fmt: skip

    with_front(tmp_path, work)


def test_replies_do_not_depend_on_order_or_on_other_requests(tmp_path: Path) -> None:
    bodies = [
        {"prompt": f"{start}Q: {text}\nA:", "model": model}
        for start in (START, "", START.replace("horse", "spider"))
        for text in ("a", "ab", "abc")
        for model in ("base", "judge")
    ]
    found: list[dict[str, Any]] = []
    for seed in range(4):
        folder = tmp_path / str(seed)
        folder.mkdir()
        replies: dict[str, Any] = {}

        async def work(ask: Ask, behind: StandIn, seed: int = seed, replies: dict[str, Any] = replies) -> None:
            order = bodies * 2
            random.Random(seed).shuffle(order)
            answers = await asyncio.gather(*(ask("/v1/completions", body) for body in order))
            for body, answer in zip(order, answers, strict=True):
                assert replies.setdefault(json.dumps(body), answer) == answer

        with_front(folder, work, adapters=["judge"])
        found.append(replies)
    assert all(one == found[0] for one in found)


def test_more_starts_than_are_kept_are_computed_again(tmp_path: Path) -> None:
    async def work(ask: Ask, behind: StandIn) -> None:
        for _ in range(2):
            for number in range(12):
                start = START.replace("4", str(number))
                assert (await ask("/v1/completions", {"prompt": f"{start}Q"}))["computed"] == [start, "Q"]

    with_front(tmp_path, work)
    assert len(list(tmp_path.iterdir())) == 8


def test_a_request_for_an_adapter_gets_that_adapter_alone(tmp_path: Path) -> None:
    async def work(ask: Ask, behind: StandIn) -> None:
        for model, scales in (("judge", [0.0, 1.0]), ("other", [1.0, 0.0]), ("gemma", [0.0, 0.0])):
            reply = await ask("/v1/completions", {"prompt": "x", "model": model})
            assert [one["scale"] for one in reply["lora"]] == scales
        own = [{"id": 0, "scale": 0.5}]
        assert (await ask("/v1/completions", {"prompt": "x", "lora": own}))["lora"] == own

    with_front(tmp_path, work, adapters=["other", "judge"])


def test_everything_else_goes_through(tmp_path: Path) -> None:
    async def work(ask: Ask, behind: StandIn) -> None:
        assert await ask("/v1/models", {}) == {"path": "/v1/models"}
        assert await ask("/events", {}) == "data: 0\n\ndata: 1\n\ndata: 2\n\n"

    with_front(tmp_path, work)


def test_folders_of_processes_that_are_gone_are_removed(tmp_path: Path) -> None:
    gone = tmp_path / "starts" / "999999999"
    gone.mkdir(parents=True)
    (gone / "x").write_text("x")
    own = starts_folder(tmp_path)
    assert own.is_dir()
    assert not gone.exists()


def test_an_adapter_must_have_a_file_and_a_name(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"lora: the adapter 'mine' has no file '/nowhere/a\.gguf'"):
        adapter_file("mine", "/nowhere/a.gguf")
    with pytest.raises(ConfigError, match="cannot name an adapter"):
        adapter_file("a=b", str(tmp_path))
    model, adapter = tmp_path / "own.gguf", tmp_path / "adapter.gguf"
    model.touch()
    adapter.touch()
    pytest.importorskip("xllamacpp", reason="the extra `local` is not installed")
    command = LlamaCppServer().command(
        host="::1", port=9, options={"lora": {"mine": str(adapter)}}, model_path=str(model)
    )
    assert command[command.index("--lora") + 1] == f"mine={adapter}"


def test_the_weights_behind_a_name_are_those_of_its_adapter_on_the_file_that_is_checked(tmp_path: Path) -> None:
    adapter = tmp_path / "adapter.gguf"
    adapter.write_bytes(b"one")
    options = {"sha256": "ab" * 32, "lora": {"mine": str(adapter)}}
    first = LlamaCppServer.weights(options, "mine")
    assert LlamaCppServer.weights(options, "base") == "ab" * 8
    assert first not in {"", "ab" * 8}
    assert LlamaCppServer.weights({**options, "sha256": "cd" * 32}, "mine") != first
    adapter.write_bytes(b"two")
    assert LlamaCppServer.weights(options, "mine") not in {"", first}
    adapter.unlink()
    assert LlamaCppServer.weights(options, "mine") == ""
    assert LlamaCppServer.weights({}, "mine") == ""


def test_the_judge_of_the_demo_and_its_tested_model_say_their_weights() -> None:
    plan = load_run(Selection(models=["gemma3_270m"], datasets=["demo_facts_llmjudge"]))
    base = plan.models["gemma3-270m"]["weights"]
    assert base == "a5fd3b62230aa5ec"
    assert plan.datasets["demo_facts"].judges[0].model["weights"] not in {"", base}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the wheel brings it along")
def test_a_slim_image_without_openmp_is_told_what_to_install_before_anything_is_launched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("xllamacpp", reason="the extra `local` is not installed")
    monkeypatch.setattr("judgebench.models.llama_cpp._OPENMP", "libgomp-of-nobody.so.1")
    model = tmp_path / "own.gguf"
    model.touch()
    with pytest.raises(MissingExtraError, match="needs the system library libgomp-of-nobody") as caught:
        LlamaCppServer().command(host="::1", port=9, options={}, model_path=str(model))
    assert "apt-get install libgomp1" in caught.value.hint
