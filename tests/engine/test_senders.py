"""Sending spread over processes: every request is answered once, counted once, and no process is left behind."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from judgebench.engine.client import Traffic, open_client
from judgebench.engine.senders import PARALLEL_FROM, senders_for
from judgebench.errors import EndpointError, InternalError
from judgebench.models.access import model_config
from judgebench.records.flow import Reply, Request
from judgebench.testing.faultservice import Fault, FaultService, closed_port, http_status, prompt_text
from tests.engine.test_http import ask_all as ask

KEYS = {"type": "VLLMCustomAPIChat", "abbr": "m", "model": "test-model", "backoff": 0.01, "patience": 1.0}


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


def config(url: str, **keys: Any) -> Any:
    return model_config({**KEYS, "url": url, "batch_size": 8, "senders": 2, **keys})


def children() -> list[int]:
    """Return the sending processes of this process that are still there."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if parent == os.getpid() and b"judgebench.engine.sender" in command:
                found.append(int(entry.name))
    return found


def ask_all(url: str, prompts: list[str], traffic: Traffic | None = None, **keys: Any) -> list[Reply]:
    """Ask every prompt through two processes, which have ended afterwards."""
    found = ask(url, prompts, traffic, **{"batch_size": 8, "senders": 2, **keys})
    assert children() == []
    return found


@pytest.mark.parametrize("stream", [False, True])
def test_every_request_is_answered_once_and_counted_once(stream: bool) -> None:
    prompts = [f"fråga {nth}\n\udcff\0 {'x' * 5000}" for nth in range(40)]
    traffic = Traffic()
    with FaultService(answer=lambda body: "svar\n" + prompt_text(body).partition("\n")[0], latency=0.02) as service:
        replies = ask_all(service.url, prompts, traffic, stream=stream)
        assert len(service.requests) == 40
    assert [reply.text for reply in replies] == [f"svar\nfråga {nth}" for nth in range(40)]
    assert (traffic.post, traffic.recv, traffic.ok, traffic.failed, traffic.in_flight) == (40, 40, 40, 0, 0)
    assert traffic.limit == 8


def test_repeats_and_faults_of_all_processes_are_summed() -> None:
    def first_try_fails(seen: Any) -> Fault | None:
        return http_status(503) if seen.nth == 0 else None

    traffic = Traffic()
    with FaultService(faults=first_try_fails) as service:
        replies = ask_all(service.url, [f"p{nth}" for nth in range(20)], traffic)
    assert {reply.status for reply in replies} == {"ok"}
    assert {reply.tries for reply in replies} == {2}
    assert (traffic.ok, traffic.retries, traffic.faults) == (20, 20, {"server": 20})


def test_the_first_process_asks_for_the_name_and_the_others_are_told() -> None:
    with FaultService(model="served") as service:
        ask_all(service.url, ["a", "b", "c"], model="", senders=3)
        assert service.model_listings == 1
        assert {one.body["model"] for one in service.requests if one.body} == {"served"}


@pytest.mark.parametrize(("status", "said"), [(401, "refuses the key"), (404, "does not serve the model")])
def test_a_service_that_serves_nobody_ends_it_with_the_same_sentence(status: int, said: str) -> None:
    with FaultService(faults=lambda seen: http_status(status)) as service, pytest.raises(EndpointError, match=said):
        ask_all(service.url, ["a", "b"])
    assert children() == []


def test_a_service_that_is_not_there_ends_it() -> None:
    with pytest.raises(EndpointError, match="cannot be reached"):
        ask_all(f"http://127.0.0.1:{closed_port()}", ["a"], model="")
    assert children() == []


def test_a_process_that_dies_ends_it_and_the_others() -> None:
    async def main(url: str) -> None:
        async with open_client(config(url), Traffic()) as client:
            asking = [asyncio.ensure_future(client.ask(Request(prompt=str(nth)))) for nth in range(8)]
            while len(service.requests) < 8:  # noqa: ASYNC110 - they come in on another thread
                await asyncio.sleep(0.01)
            os.kill(children()[0], signal.SIGKILL)
            await asyncio.gather(*asking)

    with FaultService(latency=30) as service, pytest.raises(InternalError, match="ended by itself"):
        asyncio.run(main(service.url))
    assert children() == []


@pytest.mark.parametrize(
    ("batch_size", "senders", "least", "most"),
    [
        (1, 0, 1, 1),
        (PARALLEL_FROM - 1, 0, 1, 1),
        (PARALLEL_FROM, 0, 1, 2),
        (100_000, 0, 1, 8),
        (4, 3, 3, 3),
        (2, 9, 2, 2),
        (9999, 5000, 2, 64),
    ],
)
def test_how_many_processes_send(batch_size: int, senders: int, least: int, most: int) -> None:
    assert least <= senders_for(config("http://127.0.0.1:1", batch_size=batch_size, senders=senders)) <= most
