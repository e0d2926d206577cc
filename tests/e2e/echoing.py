"""A service, and a proxy, that repeats all it was sent in every place of its replies: headers, body and address."""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote


class EchoingService:
    """Answers on a free loopback port whatever is asked, in the way that ``way`` names; a context manager.

    Args:
        way: From the number of the question (the last number of the prompt) to a name in ``WAYS``.
    """

    def __init__(self, way: Callable[[int], str]) -> None:
        self.way = way
        self.seen: list[str] = []
        self.ways: set[str] = set()
        service = self

        class Handler(_Handler):
            owner = service

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    owner: EchoingService

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""

    def do_GET(self) -> None:
        """List a model."""
        said = self.told({})
        self.owner.seen.append(said)
        entry = {"id": "m", "object": "model", "owned_by": said}
        self.reply(200, {"object": "list", "data": [entry], said: said})

    def do_POST(self) -> None:
        """Answer a question."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        said = self.told(body)
        self.owner.seen.append(said)
        numbers = re.findall(r"twice (\d+)", json.dumps(body["messages"]))
        way = self.owner.way(int(numbers[-1])) if numbers else "text"
        self.owner.ways.add(way)
        WAYS[way](self, said)

    def told(self, body: dict[str, Any]) -> str:
        """All that came: address, header lines, their Basic pairs in clear, parameters; plain, quoted and escaped."""
        lines = [self.path, *(f"{name}: {value}" for name, value in self.headers.items())]
        for value in self.headers.values():
            for word in value.split():
                try:
                    lines.append(base64.b64decode(word, validate=True).decode())
                except (binascii.Error, ValueError):
                    continue
        lines += [word for line in lines for word in re.split(r"[\s;,=]+", line)]
        lines.append(json.dumps({key: value for key, value in body.items() if key != "messages"}))
        plain = "\n".join(lines)
        return "\n".join((plain, quote(plain, safe=""), html.escape(plain), json.dumps(plain).replace("/", "\\/")))

    def reply(
        self, status: int, payload: Any, kind: str = "application/json", reason: str = "", **headers: str
    ) -> None:
        """Send a reply that ends the connection."""
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self.send_response(status, reason or None)
        for name, value in {"Content-Type": kind, "Connection": "close", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def events(self, payloads: list[Any], *, end: bytes = b"data: [DONE]\n\n", cut: int = 7) -> None:
        """Send a stream of events in pieces that are cut anywhere."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        raw = b"".join(
            one if isinstance(one, bytes) else b"data: " + json.dumps(one).encode() + b"\n\n" for one in payloads
        )
        for at in range(0, len(raw), max(cut, len(raw) // 40)):
            self.wfile.write(raw[at : at + max(cut, len(raw) // 40)])
            self.wfile.flush()
        self.wfile.write(end)


def whole(said: str, **choice: Any) -> dict[str, Any]:
    """A good reply that says it all in every field around the choice."""
    message = {"role": "assistant", "content": said, "reasoning_content": said}
    return {
        "id": said,
        "object": "chat.completion",
        "model": said,
        "system_fingerprint": said,
        "choices": [{"index": 0, "finish_reason": "stop", "message": message, **choice}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, said: 1},
    }


def chunk(delta: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """One event of a stream."""
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": None}], **rest}


def pieces(said: str, size: int = 13) -> list[str]:
    """A text in pieces, as a stream or tokens cut it."""
    return [said[at : at + size] for at in range(0, len(said), size)]


def _logprobs(said: str) -> dict[str, Any]:
    tokens = [*pieces(said), said]
    return {
        "content": [
            {"token": token, "logprob": -0.1, "top_logprobs": [{"token": token, "logprob": -0.1}]} for token in tokens
        ]
    }


def _calls(said: str) -> list[dict[str, Any]]:
    return [{"index": 0, "function": {"name": said, "arguments": piece}} for piece in pieces(said)]


def _unhttp(handler: _Handler, said: str) -> None:
    handler.wfile.write(f"HTTP/1.1 200 OK\r\nX y{said.splitlines()[-1][:200]}\r\n\r\n".encode())


def _error(status: int) -> Callable[[_Handler, str], None]:
    def answer(handler: _Handler, said: str) -> None:
        error = {"message": said, "type": said, "code": said, "param": said}
        handler.reply(status, {"error": error, said: said}, reason=said.splitlines()[1])

    return answer


def _cut_error(handler: _Handler, said: str) -> None:
    """Errors whose words are cut to a length in the middle of a secret."""
    lines = [line for line in said.splitlines() if line]
    handler.reply(400, {"error": {"message": "".join(f"{'y' * 290}{line} " for line in lines[-3:])}})


def _stream(handler: _Handler, said: str) -> None:
    reasoning = [chunk({"reasoning_content": piece}) for piece in pieces(said)]
    handler.events([*reasoning, *(chunk({"content": piece}) for piece in pieces(said)), chunk({}, model=said)])


WAYS: dict[str, Callable[[_Handler, str], None]] = {
    "text": lambda handler, said: handler.reply(200, whole(said)),
    "finish": lambda handler, said: handler.reply(200, whole(said, finish_reason=said)),
    "logprobs": lambda handler, said: handler.reply(200, whole("yes", logprobs=_logprobs(said))),
    "parts": lambda handler, said: handler.reply(
        200, whole("", message={"content": [{"type": "text", "text": piece} for piece in pieces(said)]})
    ),
    "tools": lambda handler, said: handler.reply(
        200, whole("", message={"content": "x", "tool_calls": _calls(said), said: {said: [said]}})
    ),
    "refusal": lambda handler, said: handler.reply(200, whole("", message={"content": None, "refusal": said})),
    "choice": lambda handler, said: handler.reply(200, {"choices": [said]}),
    "content": lambda handler, said: handler.reply(200, whole("", message={"content": {said: said}})),
    "keys": lambda handler, said: handler.reply(200, {said: said}),
    "list": lambda handler, said: handler.reply(200, [said]),
    "text page": lambda handler, said: handler.reply(200, f"<p>{said}".encode(), f"text/{said.split()[-1][:40]}"),
    "error inside": lambda handler, said: handler.reply(200, {"error": {"message": said, "code": said}}),
    "cut error": _cut_error,
    "400": _error(400),
    "429": _error(429),
    "500": _error(500),
    "407": _error(407),
    "page 502": lambda handler, said: handler.reply(502, f"<html>{said}".encode(), "text/html"),
    "redirect": lambda handler, said: handler.reply(302, {}, Location=f"http://x.invalid{said.splitlines()[0]}"),
    "no HTTP": _unhttp,
    "stream": _stream,
    "stream in one": lambda handler, said: handler.events([chunk({"content": said}, model=said), chunk({}, x=said)]),
    "stream cut": lambda handler, said: handler.events([chunk({"content": piece}) for piece in pieces(said)], end=b""),
    "stream finish": lambda handler, said: handler.events(
        [chunk({"content": "a"}), {"choices": [{"delta": {}, "finish_reason": said}], "system_fingerprint": said}]
    ),
    "stream logprobs": lambda handler, said: handler.events(
        [
            {"choices": [{"delta": {"content": one["token"]}, "logprobs": {"content": [one]}, "finish_reason": None}]}
            for one in _logprobs(said)["content"]
        ]
    ),
    "stream tools": lambda handler, said: handler.events(
        [chunk({"content": "x"}), *(chunk({"tool_calls": [call]}) for call in _calls(said))]
    ),
    "stream refusal": lambda handler, said: handler.events([chunk({"refusal": piece}) for piece in pieces(said)]),
    "stream error": lambda handler, said: handler.events([{"error": {"message": said, "code": said}}]),
    "error event": lambda handler, said: handler.events([f"event: error\ndata: {said.splitlines()[-1]}\n\n".encode()]),
    "event of no JSON": lambda handler, said: handler.events([f"data: {line}\n\n".encode() for line in said.split()]),
    "event list": lambda handler, said: handler.events([[said]]),
}
"""What a service answers that repeats ``said``."""
