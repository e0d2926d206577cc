"""A run that works, followed: what its ``events.jsonl`` gains is sent to the page as it is written."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from aiohttp import web

from judgebench.errors import ReuseError
from judgebench.records.events import DoneEvent, Event, LaunchEvent, ProgressEvent, TaskEvent
from judgebench.store.journal import DamagedError, Decoder, open_file
from judgebench.store.lock import holder_of
from judgebench.store.manifest import read_manifest
from judgebench.store.run_folder import RunFolder
from judgebench.viewer.guard import HEADERS
from judgebench.viewer.library import links_in
from judgebench.viewer.site import ViewerSite

_PAUSE = 0.3
"""Seconds between two looks at the file."""
_QUIET = 15.0
"""Seconds after which a line that says nothing keeps the connection open."""
_GONE_FOR = 3.0
"""Seconds for which nobody holds the run before it is taken for ended without a word."""
_AT_ONCE = 1 << 20
_DECODE: Decoder[Event] = Decoder(Event)  # type: ignore[arg-type]


async def events(site: ViewerSite, request: web.Request) -> web.StreamResponse:
    """Send the events of a run until it ends: ``task``, ``results``, ``note`` and, last, ``end``."""
    run = await site.aside(site.run, request)
    response = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream"})
    await response.prepare(request)
    with contextlib.suppress(ConnectionResetError):
        if links_in(run.folder):
            await _send(response, "end", {"text": "The run folder holds symbolic links; it is not followed."})
        else:
            await _follow(response, run.folder)
    return response


async def _follow(response: web.StreamResponse, folder: Path) -> None:
    tail = EventTail(folder / "events.jsonl")
    quiet = gone = 0.0
    try:
        while True:
            lines = tail.lines()
            for one in lines:
                if isinstance(one, DoneEvent):
                    await _written(folder)
                    await _send(response, "end", {"text": _ended(one)})
                    return
                if isinstance(one, TaskEvent | ProgressEvent):
                    await _send(response, "task", _shown(one))
                    if isinstance(one, TaskEvent) and one.status == "finish" and one.stage in {"extract", "summarize"}:
                        await _send(response, "results", {"task": one.task})
            quiet = 0.0 if lines else quiet + _PAUSE
            gone = gone + _PAUSE if holder_of(RunFolder(folder)) is None else 0.0
            if gone > _GONE_FOR:
                await _send(response, "end", {"text": "Nobody works on the run any more. Go on with: jb --reuse"})
                return
            if quiet > _QUIET:
                quiet = 0.0
                await response.write(b": still here\n\n")
            await asyncio.sleep(_PAUSE)
    finally:
        tail.close()


async def _written(folder: Path) -> None:
    """Wait until ``run.json`` says how the run ended, which it does right after the last event."""
    for _ in range(int(_GONE_FOR / _PAUSE)):
        with contextlib.suppress(ReuseError):
            if read_manifest(RunFolder(folder)).state != "running":
                return
        await asyncio.sleep(_PAUSE)


class EventTail:
    """Reads what a file of events gains, from the beginning of the newest invocation.

    Args:
        path: The file; it may come later.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._rest = b""
        self._begun = False

    def lines(self) -> list[Event]:
        """Return the events that came since; at first, of each task only how it stands."""
        found: list[Event] = []
        for line in self._complete():
            with contextlib.suppress(DamagedError):
                one = _DECODE(line)
                if isinstance(one, LaunchEvent):
                    found.clear()
                else:
                    found.append(one)
        if not self._begun:
            self._begun = bool(found)
            last = {one.task: one for one in found if isinstance(one, TaskEvent | ProgressEvent)}
            done = [one for one in found if isinstance(one, DoneEvent)]
            return [*last.values(), *done[-1:]]
        return found

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _complete(self) -> Iterator[bytes]:
        if self._file is None:
            try:
                self._file = open_file(self._path, "rb")
            except OSError:
                return
        while data := self._file.read(_AT_ONCE):
            *lines, self._rest = (self._rest + data).split(b"\n")
            yield from (line for line in lines if line)


def _shown(one: TaskEvent | ProgressEvent) -> dict[str, Any]:
    return {
        "task": one.task,
        "done": one.done,
        "total": one.total,
        "fail": one.fail,
        "status": one.status if isinstance(one, TaskEvent) else "running",
    }


def _ended(one: DoneEvent) -> str:
    words = {
        "done": "The run is done.",
        "waiting": "Answers are still to come. Fetch them with: jb --reuse",
        "interrupted": "The run was interrupted. Go on with: jb --reuse",
    }
    return words.get(one.status, f"The run ended: {one.status} (exit code {one.exit_code}).")


async def _send(response: web.StreamResponse, name: str, data: dict[str, Any]) -> None:
    await response.write(b"event: " + name.encode() + b"\ndata: " + msgspec.json.encode(data) + b"\n\n")
