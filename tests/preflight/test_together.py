"""Trial requests end within their limit, whatever the service does."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from judgebench.models.access import model_config
from judgebench.models.contract import ServiceConfig
from judgebench.preflight.trial_calls import TrialCall, TrialService, ask_all
from judgebench.records.flow import Request
from judgebench.testing.faultservice import FaultService

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
GOOD = b'{"data": [{"id": "m"}]}'
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(GOOD), GOOD)


def config(url: str, **keys: Any) -> ServiceConfig:
    raw = {"type": "VLLMCustomAPIChat", "abbr": "m", "model": "m", "url": url, "timeouts": {"total": 0.5}}
    made = model_config({**raw, **keys})
    assert isinstance(made, ServiceConfig)
    return made


@contextmanager
def dripping(start: bytes, drip: bytes) -> Iterator[str]:
    """A service that answers every request by a start and then a byte at a time, without end."""
    over = threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection:
            try:
                connection.recv(65536)
                connection.sendall(start)
                while not over.is_set():
                    connection.sendall(drip)
                    time.sleep(0.05)
            except OSError:
                return

    def accept() -> None:
        while not over.is_set():
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=accept, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            over.set()
            server.shutdown(socket.SHUT_RDWR)


def served(url: str, **keys: Any) -> list[str]:
    def ask(trial: TrialCall) -> list[str]:
        trial.check_model()
        reply = trial.ask(Request(prompt=[{"role": "user", "content": "q"}]))
        return [f"{reply.status} {reply.error.kind}: {reply.error.message}" if reply.error else reply.text]

    return ask_all([TrialService(config=config(url, **keys), ask=ask)], lambda _: None)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("start", "drip"),
    [(b"", b"H"), (HEAD, b"X"), (HEAD + b"\r\n", b" "), (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n")],
    ids=["status line", "headers", "body until the end", "body in chunks"],
)
def test_a_service_that_drips_is_too_slow_and_not_refused(start: bytes, drip: bytes) -> None:
    with dripping(start, drip) as url:
        assert served(url) == ["failed timeout: no reply within 0.5 s"]


def test_a_service_that_answers_is_not_given_up() -> None:
    with FaultService(lambda body: "fine", model="m") as service:
        assert served(service.url, timeouts={"total": 60.0}) == ["fine"]


def test_the_hold_on_a_tls_connection_ends_it() -> None:
    """A handshake that drips; TLS takes the socket away from the object that the library has made."""
    with dripping(b"\x16\x03\x03\x40\x00", b"\x00") as url:
        assert served(url.replace("http:", "https:"), verify_tls=False) == ["failed timeout: no reply within 0.5 s"]
