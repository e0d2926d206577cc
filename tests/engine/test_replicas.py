"""Replicas of one model: the least busy is asked, one that fails is left out and taken back."""

from __future__ import annotations

import asyncio
import time

import pytest

from judgebench.engine.client import Traffic, open_client
from judgebench.engine.limits import Breaker
from judgebench.engine.replicas import Replica, least_busy
from judgebench.errors import EndpointError
from judgebench.models.addresses import base_url, base_urls
from judgebench.records.flow import Request
from judgebench.testing.faultservice import FaultService, closed_port
from tests.engine.test_http import ask_all, config

PROMPTS = [f"question {number}" for number in range(24)]


def replica(number: int, *, in_flight: int = 0) -> Replica:
    made = Replica(f"http://127.0.0.1:{number}", Breaker(patience=5.0, soft=30))
    made.in_flight = in_flight
    return made


def test_the_least_busy_is_asked_and_the_one_that_failed_only_where_no_other_answers() -> None:
    busy, idle = replica(1, in_flight=3), replica(2, in_flight=1)
    assert least_busy([busy, idle], 0.0) == (idle, 0.0)
    assert least_busy([busy, idle], 0.0, idle) == (busy, 0.0)
    assert least_busy([idle], 0.0, idle) == (idle, 0.0)


def test_one_that_has_given_up_is_tried_now_and_then_while_others_answer() -> None:
    gone, works = replica(1), replica(2)
    gone.breaker.gone = object()  # type: ignore[assignment]
    assert least_busy([gone, works], 10.0) == (works, 0.0)
    assert gone.breaker.gone is None
    assert not gone.breaker.works
    assert least_busy([gone, works], 10.1) == (works, 0.0)
    assert least_busy([gone, works], 20.0) == (gone, 0.0)  # one request tries it
    assert least_busy([gone, works], 20.0) == (works, 0.0)  # and no second
    gone.breaker.succeeded()
    assert gone.breaker.works


def urls(*services: FaultService) -> list[str]:
    return [service.url for service in services]


def asked(service: FaultService) -> int:
    return len(service.requests)


def test_requests_are_spread_and_each_is_sent_once() -> None:
    with FaultService(latency=0.05) as one, FaultService(latency=0.05) as two:
        replies = ask_all(urls(one, two), PROMPTS, batch_size=8)
        assert [reply.text for reply in replies] == PROMPTS
        assert asked(one) + asked(two) == len(PROMPTS)
        assert asked(one) >= 4  # of the first eight every other one
        assert asked(two) >= 4


@pytest.mark.parametrize("retry", [0, 2])
def test_one_that_nobody_reaches_is_left_out(retry: int) -> None:
    with FaultService() as works:
        dead = f"http://127.0.0.1:{closed_port()}"
        replies = ask_all([dead, works.url], PROMPTS, batch_size=4, retry=retry)
        assert [reply.text for reply in replies] == PROMPTS
        assert asked(works) == len(PROMPTS)


def test_one_that_answers_nothing_usable_costs_no_item() -> None:
    for fault in ("401", "reset_before", "500"):
        with FaultService(faults=lambda seen, fault=fault: fault) as bad, FaultService() as works:
            replies = ask_all(urls(bad, works), PROMPTS, batch_size=4, retry=0)
            assert [reply.text for reply in replies] == PROMPTS
            assert asked(works) == len(PROMPTS)


def test_one_that_comes_back_is_taken_back() -> None:
    async def main() -> None:
        with FaultService() as works:
            place = closed_port()  # nobody else is given it while the service is away
            with FaultService(port=place):
                pass
            async with open_client(config([f"http://127.0.0.1:{place}", works.url]), Traffic()) as client:
                assert (await client.ask(Request(prompt="while it is away"))).text == "while it is away"
                with FaultService(port=place) as again:
                    end = time.monotonic() + 60
                    while not asked(again):
                        assert time.monotonic() < end
                        assert (await client.ask(Request(prompt="afterwards"))).status == "ok"
                        await asyncio.sleep(0.02)

    asyncio.run(main())


def test_where_none_answers_the_run_ends_in_one_sentence() -> None:
    dead = [f"http://127.0.0.1:{closed_port()}" for _ in range(2)]
    with pytest.raises(EndpointError, match=r"cannot be reached"):
        ask_all(dead, PROMPTS, batch_size=4)


def test_replicas_serve_one_model() -> None:
    with FaultService(model="a") as one, FaultService(model="b") as two:
        with pytest.raises(EndpointError, match=r"serves 'a' and .* serves 'b': they are no replicas"):
            ask_all(urls(one, two), PROMPTS, model="")
        dead = f"http://127.0.0.1:{closed_port()}"
        assert ask_all([dead, two.url], PROMPTS[:1], model="")[0].status == "ok"


def test_addresses_of_a_list_and_of_launched_replicas() -> None:
    several = config(["http://a:1/v1/", "http://b:2"])
    assert base_urls(several) == ["http://a:1/v1", "http://b:2"]
    assert base_url(several) == "http://a:1/v1"
