"""Between bytes on the wire and values: JSON both ways, and the events of a stream (WHATWG HTML, "Server-sent events").

The parser of events takes bytes as they arrive, cut anywhere, and gives whole events. Comments, ``id`` and ``retry``
fields, CR, LF and CRLF, data over several lines and a byte order mark are handled as the standard says.

Text that comes from a service is untrusted: lone surrogates (which UTF-8 cannot hold) and NUL become U+FFFD.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

import msgspec

_BOM = b"\xef\xbb\xbf"


class Event(NamedTuple):
    """One event: its data lines joined by line feeds, and its type (empty for ``message``)."""

    data: str
    type: str = ""


class EventParser:
    """Turns pieces of a stream into events."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[str] = []
        self._type = ""
        self._started = False

    def feed(self, piece: bytes) -> list[Event]:
        """Take the next bytes; returns the events that they complete."""
        if self._started and not self._rest and not self._data and not self._type:
            whole = _whole_events(piece)
            if whole is not None:
                return whole
        buffer = self._rest + piece
        if not self._started:
            if len(buffer) < len(_BOM) and _BOM.startswith(buffer):
                self._rest = buffer
                return []
            buffer = buffer.removeprefix(_BOM)
            self._started = True
        if b"\r" in buffer:
            # A CR at the very end may be the first half of a CRLF: it is kept for the next piece.
            held = b"\r" if buffer.endswith(b"\r") else b""
            buffer = buffer[: len(buffer) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n") + held
        *lines, self._rest = buffer.split(b"\n")
        events: list[Event] = []
        for line in lines:
            if line:
                self._line(line)
            else:
                self._dispatch(events)
        return events

    def close(self) -> list[Event]:
        """Take the end of the stream; the standard drops an event that is not closed by a blank line.

        ``[DONE]`` without its blank line is let through, because it carries nothing that could be cut.
        """
        if self._rest.rstrip(b"\r"):
            self._line(self._rest.rstrip(b"\r"))
        self._rest = b""
        if [line.strip() for line in self._data] != ["[DONE]"]:
            self._data.clear()
        events: list[Event] = []
        self._dispatch(events)
        return events

    def _line(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" ").decode("utf-8", "replace"))
        elif name == b"event":
            self._type = value.removeprefix(b" ").decode("utf-8", "replace")

    def _dispatch(self, events: list[Event]) -> None:
        if self._data:
            kind = "" if self._type == "message" else self._type
            events.append(Event("\n".join(self._data), kind))
            self._data = []
        self._type = ""


def _whole_events(piece: bytes) -> list[Event] | None:
    """Return the events of a piece that is nothing but events of one data line each, as most are; else ``None``."""
    if not piece.endswith(b"\n\n") or b"\r" in piece:
        return None
    events = []
    for block in piece[:-2].split(b"\n\n"):
        if not block.startswith(b"data: ") or b"\n" in block:
            return None
        events.append(Event(block[6:].decode("utf-8", "replace")))
    return events


class LineParser:
    """Turns pieces of a stream of JSON lines (``application/x-ndjson``, Ollama) into events of one line each."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> list[Event]:
        """Take the next bytes; returns the lines that they complete."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        return [Event(line.decode("utf-8", "replace")) for line in lines if line.strip()]

    def close(self) -> list[Event]:
        """Take the end of the stream; a last line without a line end may be cut, and is dropped unless it is whole."""
        rest, self._rest = self._rest.strip(), b""
        return [Event(rest.decode("utf-8", "replace"))] if rest.endswith(b"}") else []


PARSERS: dict[str, type[EventParser | LineParser]] = {
    "text/event-stream": EventParser,
    "application/x-ndjson": LineParser,
    "application/jsonl": LineParser,
}
"""How a streamed reply is cut into events, by its content type."""


_UNSAFE = re.compile("[\x00\ud800-\udfff]")
DEEPEST = 128
"""Levels of a reply's JSON; services have some ten. What works through a value level by level stands on this bound."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def clean(text: str) -> str:
    """Return the text with NUL and lone surrogates replaced by U+FFFD."""
    return _UNSAFE.sub("�", text)


def encode(body: Any) -> bytes:
    """Return a request body as JSON; lone surrogates in it are replaced."""
    try:
        return _encode(body)
    except UnicodeEncodeError:
        return _encode(_clean_deep(msgspec.to_builtins(body)))


def as_utf8(body: bytes, charset: str | None) -> bytes:
    """Return a body in UTF-8: from the character set that its header names, where it is no UTF-8 as it stands.

    Services name a character set by habit and send UTF-8 all the same, so what can be read as UTF-8 is that.
    """
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return body.decode(charset or "utf-8").encode()
        except (LookupError, UnicodeError):
            return body
    return body


def decode(body: bytes | str) -> Any:
    """Return the decoded JSON with clean text.

    Raises:
        ValueError: The body is no JSON.
    """
    try:
        value = _decoded(body)
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error
    if _may_be_deep(body) and _is_deep(value):
        raise ValueError("the JSON is nested too deeply")
    return value


def _may_be_deep(body: bytes | str) -> bool:
    """Whether a body has as many brackets as a value that is nested too deeply; costs two searches."""
    if isinstance(body, str):
        return body.count("[") + body.count("{") > DEEPEST
    return body.count(b"[") + body.count(b"{") > DEEPEST


def _is_deep(value: Any) -> bool:
    """Whether a value has more levels than ``DEEPEST``."""
    level = [value]
    for _ in range(DEEPEST + 1):
        inner: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                inner += one.values()
            elif isinstance(one, list):
                inner += one
        if not inner:
            return False
        level = inner
    return True


def _decoded(body: bytes | str) -> Any:
    try:
        value = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _decode_leniently(body)
    marker: Any = "\\u0000" if isinstance(body, str) else b"\\u0000"
    return _clean_deep(value) if marker in body else value


def _decode_leniently(body: bytes | str) -> Any:
    """Decode what the fast decoder refuses and services do send.

    That is a byte order mark, lone surrogates, bad UTF-8, NaN and Infinity.
    """
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    return _clean_deep(json.loads(text.removeprefix("\ufeff")))


def _clean_deep(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_clean_deep(item) for item in value]
    if isinstance(value, dict):
        return {clean(name) if isinstance(name, str) else name: _clean_deep(item) for name, item in value.items()}
    return value
