"""An incremental parser of server-sent events (WHATWG HTML, section "Server-sent events").

Bytes go in as they arrive, cut anywhere; whole events come out. Comments, ``id`` and ``retry`` fields, CR, LF and CRLF,
data over several lines and a byte order mark are handled as the standard says.
"""

from __future__ import annotations

from typing import NamedTuple

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
