"""Nothing known is asked: identical questions of a task, and questions of earlier runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from judgebench.engine.client import Traffic, open_caching_client
from judgebench.errors import DiskError
from judgebench.models.access import model_config
from judgebench.records.flow import Reply, Request
from judgebench.store.replies import FILE, ReplyCache
from judgebench.testing.faultservice import FaultService
from tests.e2e.harness import Bench


def ask_all(
    service: FaultService, requests: list[Request], *, dedup: bool = False, cache: str = "", **more: bool
) -> list[Reply]:
    config = model_config(
        {"type": "VLLMCustomAPIChat", "abbr": "m", "model": "m", "url": service.url, "batch_size": 8, "retry": 0}
    )

    async def work() -> list[Reply]:
        async with open_caching_client(config, Traffic(), dedup=dedup, cache=cache, **more) as client:
            return list(await asyncio.gather(*[client.ask(request) for request in requests]))

    return asyncio.run(work())


def request(text: str, temperature: float | None = 0, nth: int = 0) -> Request:
    params = {} if temperature is None else {"temperature": temperature}
    return Request(prompt=[{"role": "user", "content": text}], params=params, nth=nth)


def numbered() -> Callable[[dict[str, object]], str]:
    """Answers that tell how many went before."""
    count = iter(range(1000))
    return lambda body: f"answer {next(count)}"


def test_identical_questions_are_asked_once_when_temperature_is_zero() -> None:
    with FaultService(numbered(), model="m") as service:
        replies = ask_all(service, [request("a")] * 20 + [request("b")], dedup=True)
        assert len(service.requests) == 2
    assert len({reply.text for reply in replies[:20]}) == 1
    assert sorted(reply.tries for reply in replies) == [0] * 19 + [1, 1]


@pytest.mark.parametrize("temperature", [0.7, None])
def test_sampled_answers_are_all_asked_for(temperature: float | None) -> None:
    with FaultService(numbered(), model="m") as service:
        replies = ask_all(service, [request("a", temperature)] * 5, dedup=True)
        assert len(service.requests) == 5
    assert len({reply.text for reply in replies}) == 5


def test_a_failure_is_nobody_elses_answer() -> None:
    with FaultService(numbered(), model="m", faults=["500", "500"]) as service:
        replies = ask_all(service, [request("a")] * 6, dedup=True)
        assert len(service.requests) == 3
    assert sorted(reply.status for reply in replies) == ["failed", "failed", "ok", "ok", "ok", "ok"]


def test_the_cache_answers_in_the_next_run_and_keeps_repeats_apart(tmp_path: Path) -> None:
    wanted = [request("a", 0.7), request("a", 0.7, nth=1), request("b", 0.7)]
    with FaultService(numbered(), model="m") as service:
        first = ask_all(service, wanted, cache=str(tmp_path))
        again = ask_all(service, [*wanted, request("a", 0.8)], cache=str(tmp_path))
        assert len(service.requests) == 4
    assert [reply.text for reply in again[:3]] == [reply.text for reply in first]
    assert len({reply.text for reply in again}) == 4
    assert [reply.tries for reply in again] == [0, 0, 0, 1]
    assert [reply.latency for reply in again[:3]] == [0.0] * 3


def test_failures_are_not_cached(tmp_path: Path) -> None:
    with FaultService(numbered(), model="m", faults=["500"]) as service:
        assert ask_all(service, [request("a")], cache=str(tmp_path))[0].status == "failed"
        assert ask_all(service, [request("a")], cache=str(tmp_path))[0].status == "ok"
        assert len(service.requests) == 2


def test_a_cache_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("this is no database, but long enough to look like a file of some kind " * 20)
    with pytest.raises(DiskError, match="cannot be used"):
        ReplyCache(tmp_path)


def test_what_is_asked_afresh_is_asked_and_its_replies_are_kept(tmp_path: Path) -> None:
    with FaultService(numbered(), model="m") as service:
        first = ask_all(service, [request("a")], cache=str(tmp_path))
        afresh = ask_all(service, [request("a")] * 2, cache=str(tmp_path), dedup=True, afresh=True)
        later = ask_all(service, [request("a")], cache=str(tmp_path))
        assert len(service.requests) == 3
    assert [reply.tries for reply in afresh] == [1, 1]
    assert first[0].text not in {reply.text for reply in afresh}
    assert later[0].text in {reply.text for reply in afresh}


def test_judging_afresh_asks_the_judge_whatever_the_cache_knows(bench: Bench) -> None:
    bench.judge_keys = {"generation_kwargs": {"temperature": 0}}
    bench.write()
    assert bench.jb("--cache", "cache").code == 0
    before = bench.judged()
    done = bench.jb("--cache", "cache", "--dedup", "--reuse", "--rejudge", "--no-preflight")
    assert done.code == 0, done.text
    assert bench.judged() == {number: 2 * count for number, count in before.items()}
    assert {row.get("tries", 1) for row in bench.rows("toy-judge")} == {1}


@pytest.mark.parametrize("flags", [["--dedup"], ["--cache", "cache"]])
def test_a_warm_up_is_no_measured_answer(bench: Bench, flags: list[str]) -> None:
    bench.model_keys = {"generation_kwargs": {"temperature": 0}}
    bench.write()
    done = bench.jb("--num-warmups", "2", *flags, "--no-preflight", dataset="toy_gen")
    assert done.code == 0, done.text
    assert sum(bench.asked().values()) == 8
    assert {row.get("tries", 1) for row in bench.rows("toy")} == {1}
