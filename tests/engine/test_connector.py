"""What the engine knows of aiohttp's insides, and the first contact with a service."""

from __future__ import annotations

import asyncio
import inspect
import json
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import BaseConnector

from judgebench.engine.client import Traffic, open_client
from judgebench.errors import EndpointError
from judgebench.models.access import model_config
from judgebench.records.flow import Reply, Request
from judgebench.testing.faultservice import FaultService, closed_port


def config(url: str, **keys: Any) -> Any:
    raw = {"type": "VLLMCustomAPIChat", "abbr": "m", "model": "m", "url": url, "backoff": 0.01, "patience": 30.0}
    return model_config({**raw, **keys})


def response(text: str, status: str = "200 OK") -> bytes:
    body = json.dumps({"choices": [{"index": 0, "message": {"content": text}, "finish_reason": "stop"}]}).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def read_question(reader: asyncio.StreamReader) -> str:
    """Return the next question on a connection; empty when it was closed."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return ""
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    return str(json.loads(await reader.readexactly(length))["messages"][0]["content"])


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Turns:
    """What client and service tell each other: an answer was taken, all was sent that comes by itself."""

    def __init__(self) -> None:
        self.taken = asyncio.Event()
        self.sent = asyncio.Event()


async def asked_in_turn(serve: Serve, turns: Turns, questions: list[str]) -> list[Reply]:
    """Ask one question after the other; before each, whatever the service has sent by itself has come in."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    replies = []
    async with open_client(config(f"http://127.0.0.1:{port}", retry=0), Traffic()) as client:
        for question in questions:
            replies.append(await client.ask(Request(prompt=question)))
            turns.taken.set()
            await turns.sent.wait()
            turns.sent.clear()
            for _ in range(10):  # on loopback what was written can be read in the next turn of the event loop
                await asyncio.sleep(0.001)
    server.close()
    return replies


@pytest.mark.parametrize("status", ["200 OK", "408 Request Time-out"])
def test_an_answer_that_nobody_asked_for_is_never_taken_for_the_next_questions(status: str) -> None:
    asked, turns = [], Turns()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while question := await read_question(reader):
            asked.append(question)
            writer.write(response(f"answer to {question}"))
            await turns.taken.wait()  # the connection is kept by then
            turns.taken.clear()
            writer.write(response("an answer to nothing", status))
            turns.sent.set()
        writer.close()

    replies = asyncio.run(asyncio.wait_for(asked_in_turn(serve, turns, ["one", "two", "three"]), 60))
    assert [reply.text for reply in replies] == ["answer to one", "answer to two", "answer to three"]
    assert asked == ["one", "two", "three"]


def test_a_connection_on_which_nothing_came_is_used_again() -> None:
    connections, turns = [], Turns()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        while question := await read_question(reader):
            writer.write(response(f"answer to {question}"))
            turns.sent.set()
        writer.close()

    replies = asyncio.run(asyncio.wait_for(asked_in_turn(serve, turns, ["one", "two", "three"]), 60))
    assert [reply.text for reply in replies] == ["answer to one", "answer to two", "answer to three"]
    assert len(connections) == 1


def test_the_doors_of_aiohttp_that_are_used_are_there_and_used_by_itself() -> None:
    """Fails where a release of aiohttp changes what ``engine/aiohttp_internals.py`` rests on."""
    assert inspect.iscoroutinefunction(BaseConnector._get)
    assert inspect.iscoroutinefunction(aiohttp.TCPConnector._create_connection)
    connect = inspect.getsource(BaseConnector.connect)
    assert "await self._get(" in connect
    assert "await self._create_connection(" in connect
    assert isinstance(ResponseHandler.should_close, property)
    assert isinstance(ResponseHandler.read_timeout, property)
    assert ResponseHandler.read_timeout.fset is not None
    assert list(inspect.signature(ResponseHandler.start_timeout).parameters) == ["self"]


def test_a_service_that_went_away_after_it_had_listed_its_models_is_waited_for() -> None:
    async def main(service: FaultService, port: int) -> Reply:
        traffic = Traffic()
        async with open_client(config(service.url, model=""), traffic) as client:
            await asyncio.to_thread(service.stop)
            asking = asyncio.ensure_future(client.ask(Request(prompt="q")))
            while not traffic.faults and not asking.done():  # noqa: ASYNC110 - no event tells of a fault
                await asyncio.sleep(0.01)
            with FaultService(port=port):
                return await asking

    with FaultService(port=closed_port()) as service:  # nobody else is given it while the service is away
        reply = asyncio.run(main(service, service.port))
    assert (reply.status, reply.text) == ("ok", "q")


def test_a_service_that_stays_away_after_it_had_listed_its_models_is_gone_when_patience_ends() -> None:
    async def main(service: FaultService) -> None:
        async with open_client(config(service.url, model="", patience=0.5), Traffic()) as client:
            await asyncio.to_thread(service.stop)
            await client.ask(Request(prompt="q"))

    with FaultService() as service, pytest.raises(EndpointError, match=r"no longer answers: \d+ failures in a row"):
        asyncio.run(main(service))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a full queue of connections is refused or grows")
def test_one_late_connection_of_the_first_burst_does_not_end_the_run() -> None:
    """A queue of one: the first connection is made, the others are not before somebody takes it out."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while question := await read_question(reader):
            writer.write(response(question))
        writer.close()

    async def main() -> list[Reply]:
        traffic = Traffic()
        with socket.create_server(("127.0.0.1", 0), backlog=0) as queue:
            url = f"http://127.0.0.1:{queue.getsockname()[1]}"
            limits = {"connect": 0.3, "first_byte": 60.0}
            async with open_client(config(url, batch_size=8, retry=9, timeouts=limits), traffic) as client:
                asking = asyncio.gather(*(client.ask(Request(prompt=f"q{nth}")) for nth in range(8)))
                while not traffic.faults and not asking.done():  # noqa: ASYNC110 - no event tells of a fault
                    await asyncio.sleep(0.01)
                queue.listen(100)
                await asyncio.start_server(serve, sock=queue)
                return await asking

    assert sorted(reply.text for reply in asyncio.run(main())) == [f"q{nth}" for nth in range(8)]
