"""What a trial call sends and reads, by Python's own client."""

from __future__ import annotations

import gzip
import socket
import threading
import zlib
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from judgebench.preflight.http_calls import TRANSPORT_ERRORS, TrialHttp

BODY = b'{"a": "' + b"x" * 5000 + b'"}'


@contextmanager
def answering(*replies: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A service that gives one reply after the other, each on a connection of its own; and what it was sent."""
    seen: list[bytes] = []

    def serve() -> None:
        for reply in replies:
            connection, _ = server.accept()
            with connection:
                head = b""
                while b"\r\n\r\n" not in head:
                    head += connection.recv(65536)
                seen.append(head)
                connection.sendall(reply)

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}", seen


def calls(*, proxy: str | None = None, most: int = 1 << 20, **headers: str) -> TrialHttp:
    return TrialHttp(headers=headers, seconds=20, connecting=5, tls=None, proxy=proxy, most=most)


def reply(body: bytes, *lines: str, length: int | None = None) -> bytes:
    head = [
        "HTTP/1.1 200 OK",
        "Content-Type: text/x",
        f"Content-Length: {len(body) if length is None else length}",
        *lines,
    ]
    return "\r\n".join([*head, "", ""]).encode() + body


@pytest.mark.parametrize(
    ("coding", "packed"),
    [("identity", BODY), ("gzip", gzip.compress(BODY)), ("deflate", zlib.compress(BODY))],
    ids=["identity", "gzip", "deflate"],  # gzip's bytes hold the second at which they were made
)
def test_a_body_is_read_in_every_coding_that_is_asked_for_and_no_further_than_its_limit(coding, packed) -> None:
    with answering(*[reply(packed, f"Content-Encoding: {coding}")] * 2) as (place, _):
        assert calls().call("GET", f"http://{place}/x") == (200, "text/x", BODY)
        assert 100 < len(calls(most=100).call("GET", f"http://{place}/x").body) <= 70_000


def test_a_body_that_breaks_off_is_no_reply() -> None:
    with answering(reply(BODY, length=len(BODY) + 1)) as (place, _), pytest.raises(TRANSPORT_ERRORS, match="broke off"):
        calls().call("GET", f"http://{place}/")


def test_address_headers_and_user_are_sent_as_the_run_sends_them() -> None:
    with answering(reply(b"{}"), reply(b"{}")) as (place, seen):
        calls(**{"X-Key": "ü", "content-type": "a/b"}).call("POST", f"http://me:p%40ss@{place}/a b?q=ü#no", b"{}")
        calls(Authorization="Bearer k").call("POST", f"http://me@{place}", b"{}")
    first, second = (one.split(b"\r\n") for one in seen)
    assert first[0] == b"POST /a%20b?q=%C3%BC HTTP/1.1"
    assert f"Host: {place}".encode() in first
    assert "X-Key: ü".encode() in first
    assert b"Authorization: Basic " + b64encode(b"me:p@ss") in first
    assert [line for line in first if line.lower().startswith(b"content-type")] == [b"content-type: a/b"]
    assert second[0] == b"POST / HTTP/1.1"
    assert b"Authorization: Bearer k" in second
    assert b"Content-Type: application/json" in second


def test_a_proxy_is_given_the_whole_address_and_its_own_password() -> None:
    with answering(reply(b"{}")) as (place, seen):
        calls(proxy=f"http://u:s%20x@{place}").call("GET", "http://me:p@model.invalid:81/v1")
    lines = seen[0].split(b"\r\n")
    assert lines[0] == b"GET http://model.invalid:81/v1 HTTP/1.1"
    assert b"Host: model.invalid:81" in lines
    assert b"Proxy-Authorization: Basic " + b64encode(b"u:s x") in lines


def test_a_proxy_that_refuses_the_tunnel_is_told() -> None:
    with (
        answering(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n") as (place, seen),
        pytest.raises(OSError, match="the proxy answered CONNECT with 407 Who are you"),
    ):
        calls(proxy=f"http://u:p@{place}", **{"X-Key": "secret"}).call("GET", "https://model.invalid/v1")
    assert seen[0].startswith(b"CONNECT model.invalid:443 HTTP/1.1\r\n")
    assert b"secret" not in seen[0]


@pytest.mark.parametrize(
    ("url", "headers"),
    [("http://127.0.0.1:1/", {"X-Key": "a\nb: c"}), ("http://127.0.0.1:1/", {}), ("http://a..b/", {})],
    ids=["a line break", "nobody there", "no host"],
)
def test_what_cannot_be_sent_is_one_kind_of_error_that_repeats_no_header(url: str, headers: dict[str, str]) -> None:
    with pytest.raises(TRANSPORT_ERRORS) as caught:
        calls(**headers).call("GET", url)
    assert "b: c" not in str(caught.value)
