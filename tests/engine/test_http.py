"""The engine against a real loopback service that misbehaves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from judgebench.engine.client import Traffic, open_client
from judgebench.engine.worker_pool import run_pool
from judgebench.errors import EndpointError
from judgebench.models.access import model_config
from judgebench.records.flow import Reply, Request
from judgebench.testing.faultservice import TRANSIENT, FaultService, closed_port, http_status, mixed, slow_bytes


def config(url: str | list[str], **keys: Any) -> Any:
    raw = {
        "type": "VLLMCustomAPIChat",
        "abbr": "m",
        "model": "test-model",
        "url": url,
        "backoff": 0.01,
        "patience": 1.0,
    }
    return model_config({**raw, **keys})


def ask_all(url: str | list[str], prompts: list[str], traffic: Traffic | None = None, **keys: Any) -> list[Reply]:
    """Ask every prompt, in parallel up to batch_size; replies in order."""

    async def main() -> list[Reply]:
        declared = config(url, **keys)
        replies: dict[int, Reply] = {}
        async with open_client(declared, traffic or Traffic()) as client:

            async def work(job: tuple[int, str]) -> None:
                replies[job[0]] = await client.ask(Request(prompt=job[1]))

            await run_pool(enumerate(prompts), work, concurrency=declared.batch_size)
        return [replies[nth] for nth in range(len(prompts))]

    return asyncio.run(main())


def ask_one(service: FaultService, **keys: Any) -> Reply:
    """Ask once, after a first good request, so that the service counts as reachable and the key as good."""
    return asyncio.run(first_and_then(service, **keys))


async def first_and_then(service: FaultService, **keys: Any) -> Reply:
    async with open_client(config(service.url, **keys), Traffic()) as client:
        assert (await client.ask(Request(prompt="first"))).status == "ok"
        return await client.ask(Request(prompt="räksmörgås och te"))


def after_first(fault: Any) -> Callable[[Any], Any]:
    """Every request but the one for "first" meets the fault."""
    return lambda seen: None if seen.prompt == "first" else fault


def once_after_first(fault: Any) -> Callable[[Any], Any]:
    """The first request for the second prompt meets the fault, its repeats do not."""
    return lambda seen: fault if seen.prompt != "first" and seen.nth == 0 else None


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", [*TRANSIENT, "error_in_200", "not_object", "wrong_type"])
def test_transient_faults_are_repeated_until_all_is_well(fault: str, stream: bool) -> None:
    with FaultService(faults=once_after_first(fault)) as service:
        reply = ask_one(service, stream=stream)
        assert (reply.status, reply.text, reply.tries) == ("ok", "räksmörgås och te", 2)
        assert service.counts["räksmörgås och te"] == 2


@pytest.mark.parametrize("fault", ["sse_cut", "sse_reset", "sse_no_end", "sse_error"])
def test_a_broken_stream_is_asked_again_with_a_fresh_buffer(fault: str) -> None:
    with FaultService(faults=once_after_first(fault)) as service:
        reply = ask_one(service, stream=True)
    assert (reply.status, reply.text, reply.tries) == ("ok", "räksmörgås och te", 2)


@pytest.mark.parametrize(
    ("fault", "kind", "requests"),
    [
        ("429", "rate_limit", 3),
        ("500", "server", 3),
        ("502", "server", 3),
        ("503", "server", 3),
        ("504", "server", 3),
        ("400", "bad_request", 1),
        ("context_length", "context_length", 1),
        ("401", "auth", 1),
        ("403", "auth", 1),
        ("404_model", "not_found", 1),
        ("reset_before", "connection", 3),
        ("reset_in_body", "connection", 3),
        ("truncated_body", "connection", 3),
        ("invalid_json", "bad_reply", 3),
        ("html", "bad_reply", 3),
        ("not_object", "bad_reply", 3),
        ("wrong_type", "bad_reply", 3),
        ("no_message", "bad_reply", 3),
        ("content_number", "bad_reply", 3),
        ("error_in_200", "server", 3),
        ("empty_choices", "empty_reply", 2),
        ("content_null", "empty_reply", 2),
        ("content_empty", "empty_reply", 2),
        ("tool_calls", "empty_reply", 2),
        ("content_filter", "content_filter", 1),
    ],
)
def test_lasting_faults_become_precise_failures(fault: str, kind: str, requests: int) -> None:
    with FaultService(faults=after_first(fault)) as service:
        reply = ask_one(service, retry=2)
        assert service.counts["räksmörgås och te"] == requests
    assert reply.status == "failed"
    assert reply.error is not None
    assert reply.error.kind == kind
    assert reply.error.message
    assert reply.tries == requests
    if fault.isdigit():
        assert reply.error.http_status == int(fault)


@pytest.mark.parametrize("fault", ["sse_cut", "sse_reset", "sse_no_end"])
def test_a_stream_that_always_breaks_is_a_failure(fault: str) -> None:
    with FaultService(faults=after_first(fault)) as service:
        reply = ask_one(service, stream=True, retry=1)
    assert reply.error is not None
    assert (reply.error.kind, reply.tries) == ("truncated_stream", 2)


@pytest.mark.parametrize("fault", ["gzip", "text_plain", "no_usage", "odd_usage", "other_model", "length"])
def test_harmless_oddities_are_read(fault: str) -> None:
    with FaultService(faults=after_first(fault)) as service:
        reply = ask_one(service)
    assert (reply.status, reply.text, reply.tries) == ("ok", "räksmörgås och te", 1)
    assert reply.finish_reason == ("length" if fault == "length" else "stop")
    assert reply.served_model == ("another-model" if fault == "other_model" else "test-model")
    assert (reply.usage is None) == (fault == "no_usage")


@pytest.mark.parametrize("fault", ["sse_dressed", "sse_double_usage"])
def test_legal_streams_are_read(fault: str) -> None:
    with FaultService(faults=after_first(fault)) as service:
        reply = ask_one(service, stream=True)
    assert (reply.status, reply.text, reply.tries) == ("ok", "räksmörgås och te", 1)
    assert reply.usage is not None
    assert reply.usage.completion_tokens == 3


def test_retry_zero_still_asks_once() -> None:
    with FaultService(faults=after_first("503")) as service:
        reply = ask_one(service, retry=0)
        assert service.counts["räksmörgås och te"] == 1
    assert reply.status == "failed"


@pytest.mark.parametrize("asked", ["0.3", "date+1.9"])
def test_retry_after_is_honoured_and_recorded(asked: str) -> None:
    with FaultService(faults=once_after_first(http_status(429, retry_after=asked))) as service:
        reply = ask_one(service)
        first, second = (seen.at for seen in service.requests[1:])
    assert reply.status == "ok"
    assert second - first >= (0.3 if asked == "0.3" else 0.8)  # a date has whole seconds
    assert reply.waited >= 0.3 or asked != "0.3"  # until a date it is the less the later it is read
    assert reply.waited > 0


LIMITS: list[tuple[Any, str, bool]] = [
    ("never", "first_byte", False),
    ("never", "total", False),
    (slow_bytes(30.0), "between_bytes", False),
    (slow_bytes(0.01), "total", False),
    ("sse_stall", "between_bytes", True),
]


def test_time_limits_of_each_phase() -> None:
    """One limit at a time is short, and it is the one that ends the wait; a good reply stays well below it."""
    long = {"connect": 60.0, "first_byte": 60.0, "between_bytes": 60.0, "total": 60.0}

    async def main() -> list[Reply]:
        short = [(fault, {"stream": stream, "timeouts": {**long, name: 0.7}}) for fault, name, stream in LIMITS]
        return await asyncio.gather(*[first_and_then(services[fault], retry=0, **keys) for fault, keys in short])

    with ExitStack() as stack:
        services = {fault: stack.enter_context(FaultService(faults=after_first(fault))) for fault, _, _ in LIMITS}
        replies = asyncio.run(main())
    for reply in replies:
        assert reply.error is not None
        assert reply.error.kind == "timeout"
        assert 0.6 < reply.latency < 30


def test_refused_on_the_first_request_stops_at_once_with_one_sentence() -> None:
    port = closed_port()
    begin = time.monotonic()
    with pytest.raises(EndpointError) as caught:
        ask_all(f"http://127.0.0.1:{port}", ["a"] * 100, batch_size=8)
    assert time.monotonic() - begin < 30
    assert f"127.0.0.1:{port}" in caught.value.message
    assert "'m'" in caught.value.message
    assert "--override '*.m.url=" in caught.value.hint


@pytest.mark.parametrize("fault", ["401", "403", "404_model"])
def test_refusal_on_the_first_request_stops_at_once(fault: str) -> None:
    with FaultService(faults=lambda seen: fault) as service:
        with pytest.raises(EndpointError) as caught:
            ask_all(service.url, ["a"] * 1000, batch_size=4)
        assert len(service.requests) <= 4
    assert "HTTP 40" in caught.value.message


def test_a_service_that_goes_for_good_is_reported_once_and_fails_no_item() -> None:
    with FaultService() as service:
        url = service.url

        async def main() -> list[Reply]:
            found = []
            async with open_client(config(url, patience=0.5), Traffic()) as client:
                found.append(await client.ask(Request(prompt="x")))
                service.stop()

                async def work(nth: int) -> None:
                    found.append(await client.ask(Request(prompt=str(nth))))

                with pytest.raises(EndpointError, match="no longer answers"):
                    await run_pool(range(10_000), work, concurrency=8)
            return found

        begin = time.monotonic()
        replies = asyncio.run(main())
    assert time.monotonic() - begin < 60
    assert [reply.status for reply in replies] == ["ok"]


def test_a_service_that_comes_back_costs_no_item() -> None:
    port = closed_port()
    with FaultService(port=port) as service:
        url = service.url

        async def main() -> list[Reply]:
            found = []
            async with open_client(config(url, patience=20.0, batch_size=8), Traffic()) as client:
                await client.ask(Request(prompt="x"))
                service.stop()

                async def work(nth: int) -> None:
                    found.append(await client.ask(Request(prompt=str(nth))))

                running = asyncio.ensure_future(run_pool(range(50), work, concurrency=8))
                await asyncio.sleep(0.4)
                with FaultService(port=port):
                    await running
            return found

        replies = asyncio.run(main())
    assert len(replies) == 50
    assert {reply.status for reply in replies} == {"ok"}


@pytest.mark.parametrize("stream", [False, True])
def test_a_third_of_mixed_faults_loses_and_mixes_up_nothing(stream: bool) -> None:
    traffic = Traffic()
    prompts = [f"question {nth}" for nth in range(300)]
    with FaultService(faults=mixed(0.3, seed=5), answer=lambda body: body["messages"][0]["content"] + "!") as service:
        replies = ask_all(service.url, prompts, traffic, batch_size=16, retry=12, backoff=0.005, stream=stream)
        assert len(service.requests) == traffic.post
        assert set(service.answered.values()) == {1}
    assert [reply.text for reply in replies] == [prompt + "!" for prompt in prompts]
    assert traffic.ok == 300
    assert traffic.post == 300 + sum(traffic.faults.values())
    assert 60 < traffic.retries <= sum(traffic.faults.values())  # probes of an open breaker are no item's repeats
    assert traffic.figures()["extra_requests"] == traffic.retries
    assert traffic.in_flight == traffic.waiting == 0
    assert traffic.note == ""


def test_never_more_in_flight_than_batch_size_even_if_asked_in_parallel() -> None:
    async def main(url: str) -> None:
        async with open_client(config(url, batch_size=3), Traffic()) as client:
            await asyncio.gather(*[client.ask(Request(prompt=str(nth))) for nth in range(20)])

    with FaultService(latency=0.05) as service:
        asyncio.run(main(service.url))
        assert service.most_in_flight == 3
        assert len(service.requests) == 20


def test_adaptive_limit_follows_what_the_service_bears() -> None:
    traffic = Traffic()

    def crowded(seen: Any) -> str | None:
        return "429" if traffic.in_flight > 8 else None  # as sent: a busy service may come to see them one by one

    with FaultService(latency=0.01, faults=crowded) as service:
        replies = ask_all(
            service.url,
            [str(nth) for nth in range(400)],
            traffic,
            batch_size=64,
            adaptive=True,
            retry=20,
            backoff=0.05,
        )
    assert {reply.status for reply in replies} == {"ok"}
    assert traffic.limit <= 20
    assert traffic.retries < 200


def test_empty_model_name_is_asked_for_once() -> None:
    with FaultService(model="served-name") as service:
        replies = ask_all(service.url, ["a", "b", "c"], model="", batch_size=2)
        assert service.model_listings == 1
        assert {seen.body["model"] for seen in service.requests} == {"served-name"}
    assert {reply.served_model for reply in replies} == {"served-name"}


def test_key_goes_out_and_never_into_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "sk-very-secret-1234567890"
    monkeypatch.setenv("TEST_KEY", secret)
    echo = http_status(400, message=f"you sent Bearer {secret}")
    with FaultService(api_key=secret, faults=after_first(echo)) as service:
        reply = ask_one(service, api_key="${TEST_KEY}")
        assert service.requests[0].headers["Authorization"] == f"Bearer {secret}"
    assert reply.error is not None
    assert secret not in reply.error.message
    refusing = FaultService(faults=lambda seen: http_status(401, message=f"bad key {secret}"))
    with refusing as service, pytest.raises(EndpointError) as caught:
        ask_all(service.url, ["a"], api_key="${TEST_KEY}")
    assert secret not in str(caught.value)


def test_redirects_are_not_followed() -> None:
    with FaultService() as elsewhere:

        async def moved(call: Any) -> Any:
            from aiohttp import web

            return web.Response(status=307, headers={"Location": elsewhere.url + "/v1/chat/completions"})

        with FaultService(faults=lambda seen: moved) as service, pytest.raises(EndpointError):
            ask_all(service.url, ["a"], api_key="sk-some-key")
        assert elsewhere.requests == []


def test_hostile_text_is_made_storable() -> None:
    body = rb'{"choices":[{"message":{"content":"a\u0000b\ud800c\u001b[31m"},"finish_reason":"stop"}]}'
    from judgebench.testing.faultservice.faults import raw

    with FaultService(faults=after_first(raw(body))) as service:
        reply = ask_one(service)
    assert reply.text == "a\ufffdb\ufffdc\x1b[31m"
    reply.text.encode("utf-8")


def test_ten_megabytes_are_read_and_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultService(answer=lambda body: "x" * 10_000_000) as service:
        assert len(ask_all(service.url, ["a"])[0].text) == 10_000_000
        monkeypatch.setattr("judgebench.engine.http.REPLY_LIMIT", 1_000_000)
        for stream in (False, True):
            reply = ask_all(service.url, ["a"], stream=stream)[0]
            assert reply.error is not None
            assert (reply.error.kind, reply.tries) == ("bad_reply", 1)
            assert "larger" in reply.error.message


def test_a_cancelled_request_leaves_nothing_behind() -> None:
    async def main(url: str) -> tuple[Traffic, Reply]:
        traffic = Traffic()
        async with open_client(config(url, batch_size=1), traffic) as client:
            running = asyncio.ensure_future(client.ask(Request(prompt="slow")))
            await asyncio.sleep(0.1)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            assert traffic.in_flight == 0
            return traffic, await client.ask(Request(prompt="fast"))

    with FaultService(faults=lambda seen: "never" if seen.prompt == "slow" else None) as service:
        traffic, reply = asyncio.run(main(service.url))
    assert reply.text == "fast"
    assert (traffic.ok, traffic.failed) == (1, 0)


def test_connections_are_kept_alive() -> None:
    seen_ports = set()

    def answer(body: Any) -> str:
        return "x"

    def note(seen: Any) -> None:
        seen_ports.add(seen.client)

    with FaultService(answer=answer, faults=note) as service:
        ask_all(service.url, ["a"] * 40, batch_size=4)
    assert len(seen_ports) <= 4
