"""The ways in which a service misbehaves, one function each."""

from __future__ import annotations

import asyncio
import copy
import random
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import msgspec
from aiohttp import web

from judgebench.testing.faultservice.replies import chunks, sse, whole


@dataclass(frozen=True)
class Call:
    """A request under way: what was asked and what a good service would answer."""

    request: web.Request
    body: dict[str, Any]
    answer: Any
    model: str

    def reply(self) -> dict[str, Any]:
        """The good reply, to be spoiled."""
        return copy.deepcopy(whole(self.body, self.answer, self.model))


Fault = Callable[[Call], Awaitable[web.StreamResponse]]


def json_reply(payload: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """A JSON response."""
    return web.Response(
        body=msgspec.json.encode(payload), status=status, content_type="application/json", headers=headers
    )


def http_status(status: int, *, retry_after: str = "", code: str = "", message: str = "scripted fault") -> Fault:
    """An HTTP error with the usual error object; ``retry_after`` in seconds, or ``date+2`` for a date in 2 seconds."""

    async def fault(_call: Call) -> web.StreamResponse:
        headers = {}
        if retry_after:
            headers["Retry-After"] = _retry_after(retry_after)
        error = {"message": message, "type": "invalid_request_error", "code": code or status}
        return json_reply({"error": error}, status=status, headers=headers)

    return fault


def _retry_after(text: str) -> str:
    if not text.startswith("date+"):
        return text
    return format_datetime(datetime.now(UTC) + timedelta(seconds=float(text[5:])), usegmt=True)


def spoiled(change: Callable[[dict[str, Any]], None]) -> Fault:
    """The good reply with something changed, with status 200."""

    async def fault(call: Call) -> web.StreamResponse:
        reply = call.reply()
        change(reply)
        return json_reply(reply)

    return fault


def raw(body: bytes, content_type: str = "application/json") -> Fault:
    """A fixed body with status 200."""

    async def fault(_call: Call) -> web.StreamResponse:
        return web.Response(body=body, content_type=content_type)

    return fault


def abort(request: web.Request) -> None:
    """Cut the connection with a reset instead of an orderly end."""
    transport = request.transport
    if transport is None:
        return
    sock = transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def reset_before(call: Call) -> web.StreamResponse:
    """The connection is reset before any byte of the reply."""
    abort(call.request)
    return web.Response()


async def reset_in_body(call: Call) -> web.StreamResponse:
    """The connection is reset after half of the body."""
    response = await _half(call)
    abort(call.request)
    return response


async def truncated_body(call: Call) -> web.StreamResponse:
    """The connection is closed in good order after half of the announced body."""
    response = await _half(call)
    if call.request.transport is not None:
        call.request.transport.close()
    return response


async def _half(call: Call) -> web.StreamResponse:
    payload = msgspec.json.encode(call.reply())
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(payload))})
    await response.prepare(call.request)
    await response.write(payload[: len(payload) // 2])
    await asyncio.sleep(0.02)  # let the half leave before the connection goes
    return response


async def never(_call: Call) -> web.StreamResponse:
    """No answer at all."""
    await asyncio.sleep(3600)
    return web.Response()


def slow_bytes(gap: float) -> Fault:
    """One byte of the body every ``gap`` seconds."""

    async def fault(call: Call) -> web.StreamResponse:
        payload = msgspec.json.encode(call.reply())
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(payload))})
        await response.prepare(call.request)
        for byte in payload:
            await response.write(bytes([byte]))
            await asyncio.sleep(gap)
        return response

    return fault


async def gzipped(call: Call) -> web.StreamResponse:
    """A good reply, compressed."""
    response = json_reply(call.reply())
    response.enable_compression(web.ContentCoding.gzip)
    return response


async def text_plain(call: Call) -> web.StreamResponse:
    """A good JSON reply that is announced as plain text."""
    return web.Response(body=msgspec.json.encode(call.reply()), content_type="text/plain")


def streamed(pieces: Callable[[Call], list[bytes]], *, gap: float = 0.0, end: str = "close") -> Fault:
    """An event stream made of the given pieces; ``end="reset"`` resets the connection after the last."""

    async def fault(call: Call) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(call.request)
        for piece in pieces(call):
            await response.write(piece)
            await asyncio.sleep(gap)
        if end == "reset":
            await asyncio.sleep(0.02)
            abort(call.request)
        return response

    return fault


def good_events(call: Call) -> list[bytes]:
    """The events of the good reply, with ``[DONE]``."""
    return sse(chunks(call.body, call.answer, call.model))


def _cut(call: Call) -> list[bytes]:
    events = good_events(call)
    return [*events[:2], events[2][: len(events[2]) // 2]]


def _without_end(call: Call) -> list[bytes]:
    events = [e for e in chunks(call.body, call.answer, call.model) if not _finishes(e)]
    return sse(events, done=False)


def _finishes(event: dict[str, Any]) -> bool:
    return not event["choices"] or event["choices"][0]["finish_reason"] is not None


def _dressed(call: Call) -> list[bytes]:
    """Comments, CRLF, an event name, an id, data over several lines, and UTF-8 split anywhere: all legal."""
    wire = b": keep-alive\r\n\r\n"
    for line in good_events(call):
        payload = line.removeprefix(b"data: ").strip()
        wire += b": comment\r\nevent: message\r\nid: 7\r\n"
        if payload.startswith(b"{"):
            cut = payload.index(b",") + 1  # after a comma JSON allows a line break
            wire += b"data: " + payload[:cut] + b"\r\ndata:" + payload[cut:] + b"\r\n\r\n"
        else:
            wire += b"data:" + payload + b"\r\n\r\n"
    return [wire[i : i + 3] for i in range(0, len(wire), 3)]


def _error_event(call: Call) -> list[bytes]:
    error = {"error": {"message": "engine died", "type": "server_error", "code": 500}}
    return [*good_events(call)[:2], *sse([error], done=False)]


def _double_usage(call: Call) -> list[bytes]:
    events = chunks({**call.body, "stream_options": {"include_usage": True}}, call.answer, call.model)
    return sse([*events, events[-1]])


def _drop(*path: str | int) -> Callable[[dict[str, Any]], None]:
    def change(reply: dict[str, Any]) -> None:
        place: Any = reply
        for step in path[:-1]:
            place = place[step]
        place.pop(path[-1], None)

    return change


def _choice(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda reply: reply["choices"][0].update(changes)


def _said(**changes: Any) -> Callable[[dict[str, Any]], None]:
    def change(reply: dict[str, Any]) -> None:
        choice = reply["choices"][0]
        if "message" in choice:
            choice["message"].update(changes)
        else:
            choice["text"] = changes.get("content")

    return change


def _tool_calls(reply: dict[str, Any]) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    reply["choices"][0] |= {"message": {"role": "assistant", "content": None, "tool_calls": [call]}}
    reply["choices"][0]["finish_reason"] = "tool_calls"


CONTEXT_TOO_LONG = "This model's maximum context length is 4096 tokens. However, your messages resulted in 9000 tokens."

FAULTS: dict[str, Fault] = {
    "429": http_status(429, code="rate_limit_exceeded"),
    "429_seconds": http_status(429, retry_after="1"),
    "429_date": http_status(429, retry_after="date+1"),
    "500": http_status(500),
    "502": http_status(502),
    "503": http_status(503),
    "504": http_status(504),
    "400": http_status(400, message="unknown parameter"),
    "401": http_status(401, code="invalid_api_key", message="Incorrect API key provided"),
    "403": http_status(403, message="not allowed"),
    "404_model": http_status(404, code="model_not_found", message="The model `x` does not exist"),
    "context_length": http_status(400, code="context_length_exceeded", message=CONTEXT_TOO_LONG),
    "reset_before": reset_before,
    "reset_in_body": reset_in_body,
    "truncated_body": truncated_body,
    "invalid_json": raw(b'{"choices": [{"message": {"content": "x"'),
    "html": raw(b"<html><body>Gateway says hello</body></html>", "text/html"),
    "wrong_type": spoiled(lambda reply: reply["choices"].__setitem__(0, "not a choice")),
    "not_object": raw(b'["a", "list"]'),
    "error_in_200": raw(b'{"error": {"message": "overloaded inside", "type": "server_error", "code": 503}}'),
    "empty_choices": spoiled(lambda reply: reply.update(choices=[])),
    "content_null": spoiled(_said(content=None)),
    "content_empty": spoiled(_said(content="")),
    "content_number": spoiled(_said(content=7)),
    "no_message": spoiled(_drop("choices", 0, "message")),
    "no_usage": spoiled(_drop("usage")),
    "odd_usage": spoiled(lambda reply: reply.update(usage={"prompt_tokens": "many", "completion_tokens": None})),
    "length": spoiled(_choice(finish_reason="length")),
    "content_filter": spoiled(_choice(finish_reason="content_filter")),
    "tool_calls": spoiled(_tool_calls),
    "text_plain": text_plain,
    "other_model": spoiled(lambda reply: reply.update(model="another-model")),
    "never": never,
    "slow_bytes": slow_bytes(0.05),
    "gzip": gzipped,
    "sse_cut": streamed(_cut),
    "sse_reset": streamed(_cut, end="reset"),
    "sse_no_end": streamed(_without_end),
    "sse_dressed": streamed(_dressed),
    "sse_error": streamed(_error_event),
    "sse_double_usage": streamed(_double_usage),
    "sse_stall": streamed(lambda call: good_events(call)[:2], gap=30.0),
}
"""By name; ``"never"`` and ``"sse_stall"`` need a client with a time limit."""

TRANSIENT = (
    "429",
    "500",
    "502",
    "503",
    "504",
    "reset_before",
    "reset_in_body",
    "truncated_body",
    "invalid_json",
    "html",
)
"""Those after which asking again is right, whether streamed or not."""


def mixed(share: float, *, seed: int = 0, kinds: tuple[str, ...] = TRANSIENT) -> Callable[[Any], str | None]:
    """Spoil the given share of requests with one of ``kinds`` each; deterministic in the order of requests."""
    dice = random.Random(seed)
    return lambda _seen: dice.choice(kinds) if dice.random() < share else None
