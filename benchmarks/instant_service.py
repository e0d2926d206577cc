"""An OpenAI-compatible service that answers at once, or after ``--latency`` seconds; prints its address and serves.

Built on asyncio's protocols alone (and uvloop where it is installed): it costs a few tens of microseconds a request, so
that what is measured is the client. A body with ``"stream": true`` gets server-sent events: the first at once, the last
after the latency. ``GET /stats`` tells what it saw.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time

EVENTS = 4
"""Pieces of text in a streamed reply."""


MISSING = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
"""The reply to anything but a completion, so that no client takes another kind of request for one."""


def head(length: int) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n".encode()


def whole(body: object) -> bytes:
    data = json.dumps(body).encode()
    return head(len(data)) + data


def reply(text: str) -> bytes:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "finish_reason": "stop", "message": message, "logprobs": None}
    usage = {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25}
    return whole({"id": "x", "object": "chat.completion", "model": "instant", "choices": [choice], "usage": usage})


def events(text: str) -> tuple[bytes, bytes]:
    """Return the start of a streamed reply, and the rest of it."""
    size = -(-len(text) // EVENTS)
    pieces = [text[at : at + size] for at in range(0, len(text), size)]

    def event(delta: dict[str, str], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        data = json.dumps({"id": "x", "object": "chat.completion.chunk", "model": "instant", "choices": [choice]})
        encoded = f"data: {data}\n\n".encode()
        return f"{len(encoded):x}\r\n".encode() + encoded + b"\r\n"

    start = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    first = start + event({"role": "assistant", "content": pieces[0]})
    rest = b"".join(event({"content": piece}) for piece in pieces[1:]) + event({}, "stop")
    done = b"data: [DONE]\n\n"
    return first, rest + f"{len(done):x}\r\n".encode() + done + b"\r\n0\r\n\r\n"


class Seen:
    """What came in since the last look: requests, from when to when, connections and most requests at once."""

    def __init__(self) -> None:
        self.connections = 0
        self.open = self.most = self.requests = 0
        self.first = self.last = self.last_sent = 0.0

    def began(self) -> None:
        now = time.perf_counter()
        self.first = self.first or now
        self.last_sent = now
        self.requests += 1
        self.open += 1
        self.most = max(self.most, self.open)

    def ended(self) -> None:
        self.open -= 1
        self.last = time.perf_counter()

    def told(self) -> bytes:
        found = {
            "requests": self.requests,
            "seconds": self.last - self.first,
            "arrivals": self.last_sent - self.first,
            "first": self.first,
            "last": self.last,
            "connections": self.connections,
            "at_once": self.most,
        }
        self.__init__()  # type: ignore[misc]
        return whole(found)


async def serve(text: str, latency: float, port: int) -> None:
    answer = reply(text)
    first_event, rest = events(text)
    listing = whole({"object": "list", "data": [{"id": "instant"}]})
    loop = asyncio.get_running_loop()
    seen = Seen()

    class Connection(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport
            self.data = b""
            seen.connections += 1

        def data_received(self, data: bytes) -> None:
            self.data += data
            while (end := self.data.find(b"\r\n\r\n")) >= 0:
                headers = self.data[:end].lower()
                at = headers.find(b"content-length:")
                length = int(headers[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
                if len(self.data) < end + 4 + length:
                    return
                body = self.data[end + 4 : end + 4 + length]
                self.data = self.data[end + 4 + length :]
                if headers.startswith(b"get"):
                    self.write(seen.told() if headers.startswith(b"get /stats") else listing)
                elif not headers[: headers.find(b" http/")].endswith(b"chat/completions"):
                    self.write(MISSING)
                else:
                    self.answer(streamed=b'"stream":true' in body or b'"stream": true' in body)

        def answer(self, *, streamed: bool) -> None:
            seen.began()
            if streamed:
                self.write(first_event)
            out = rest if streamed else answer
            if latency:
                loop.call_later(latency, self.finish, out)
            else:
                self.finish(out)

        def finish(self, out: bytes) -> None:
            self.write(out)
            seen.ended()

        def write(self, out: bytes) -> None:
            if not self.transport.is_closing():
                self.transport.write(out)  # type: ignore[attr-defined]

    server = await loop.create_server(Connection, "127.0.0.1", port, backlog=8192)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--text", default="Both give the same value.\nVERDICT: A")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    try:
        import uvloop

        factory = uvloop.new_event_loop
    except ImportError:
        factory = asyncio.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(serve(options.text, options.latency, options.port))


if __name__ == "__main__":
    main()
