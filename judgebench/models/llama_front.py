"""What stands before llama.cpp's own server: adapters by name, and the fixed start of a prompt computed once.

A completion prompt of worked examples has a long start that is the same in every question. The front takes all that
stands before the last blank line as that start, has llama.cpp compute it alone, keeps what was computed in a file, and
restores the file before every question with the same start. What a reply is computed from is therefore decided by the
request alone: not by what was asked before, by what else is asked, or by whether the start was known.

Everything else goes through unchanged, one completion at a time.
"""

from __future__ import annotations

import asyncio
import collections
import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from aiohttp import ClientSession, web

_GAP = "\n\n"
_SHORTEST = 40
"""Characters of a start below which nothing is gained by keeping it."""
_KEPT = 8
"""Starts that are kept at a time."""
_COMPLETIONS = ("/completion", "/completions", "/v1/completions")
_GENERATING = (*_COMPLETIONS, "/v1/chat/completions", "/chat/completions", "/v1/responses", "/infill")
_LARGEST_BODY = 64 << 20
_NOT_PASSED_ON = {"host", "content-length", "transfer-encoding", "connection", "keep-alive"}


def fixed_start(prompt: str) -> str:
    """Return the part of a prompt that is computed alone: all before its last blank line; empty where it is short."""
    start, gap, rest = prompt.rpartition(_GAP)
    return start + gap if gap and rest.strip() and len(start) >= _SHORTEST else ""


class Front:
    """Passes requests on to llama.cpp.

    Args:
        address: Base address of llama.cpp's server, which has one slot if ``folder`` is given.
        adapters: Names of the LoRA adapters that it was started with, in order; a request names one as its ``model``.
        folder: Where computed starts are kept, llama.cpp's ``slot_save_path``; ``None`` keeps none.
    """

    def __init__(self, address: str, adapters: list[str], folder: Path | None) -> None:
        self._address = address
        self._adapters = adapters
        self._folder = folder
        self._turn = asyncio.Lock()
        self._known: collections.OrderedDict[str, None] = collections.OrderedDict()
        self._applied: str | None = None
        self._session: ClientSession | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        body = await request.read()
        if request.method != "POST" or request.path not in _GENERATING:
            return await self._pass_on(request, body)
        try:
            wanted = msgspec.json.decode(body)
        except (ValueError, RecursionError):
            return await self._pass_on(request, body)  # llama.cpp says what is wrong with it
        if not isinstance(wanted, dict):
            return await self._pass_on(request, body)
        adapter = self._with_adapter(wanted)
        prompt = wanted.get("prompt")
        start = fixed_start(prompt) if isinstance(prompt, str) and request.path in _COMPLETIONS else ""
        if self._folder is None:
            return await self._pass_on(request, msgspec.json.encode(wanted))
        async with self._turn:
            if start:
                await self._restore(start, adapter, wanted.get("lora"))
            self._applied = adapter
            return await self._pass_on(request, msgspec.json.encode(wanted | {"cache_prompt": bool(start)}))

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Hold the connection to llama.cpp."""
        import aiohttp

        limits = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(self._address, timeout=limits, auto_decompress=False) as session:
            self._session = session
            yield

    def _with_adapter(self, wanted: dict[str, Any]) -> str:
        """Name in the request which adapters llama.cpp applies; without a name of one, none."""
        if not self._adapters:
            return ""
        named = wanted.get("model")
        if "lora" not in wanted:
            wanted["lora"] = [
                {"id": number, "scale": float(name == named)} for number, name in enumerate(self._adapters)
            ]
        return msgspec.json.encode(wanted["lora"]).decode()

    async def _restore(self, start: str, adapter: str, lora: Any) -> None:
        """Bring the slot into the state after the start of a prompt."""
        name = hashlib.blake2b(f"{adapter}\0{start}".encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
        applied = {"lora": lora} if lora is not None else {}
        if name in self._known:
            if self._applied != adapter:
                # llama.cpp forgets what a slot holds when another adapter is applied to it, so that comes first.
                await self._call("/completion", {"prompt": "a", "n_predict": 0, "cache_prompt": False, **applied})
            self._known.move_to_end(name)
            if await self._call("/slots/0?action=restore", {"filename": name}):
                return
        await self._call("/completion", {"prompt": start, "n_predict": 0, "cache_prompt": False, **applied})
        await self._call("/slots/0?action=save", {"filename": name})
        self._known[name] = None
        if len(self._known) > _KEPT:
            oldest, _ = self._known.popitem(last=False)
            assert self._folder is not None
            (self._folder / oldest).unlink(missing_ok=True)

    async def _call(self, path: str, body: Mapping[str, Any]) -> bool:
        """Ask llama.cpp for something and return whether it did it."""
        assert self._session is not None
        async with self._session.post(path, data=msgspec.json.encode(body), headers=_JSON) as reply:
            await reply.read()
            return reply.status == 200

    async def _pass_on(self, request: web.Request, body: bytes) -> web.StreamResponse:
        from aiohttp import web

        assert self._session is not None
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _NOT_PASSED_ON}
        async with self._session.request(request.method, request.rel_url, data=body or None, headers=headers) as reply:
            kept = {name: value for name, value in reply.headers.items() if name.lower() not in _NOT_PASSED_ON}
            if "text/event-stream" not in reply.headers.get("Content-Type", ""):
                return web.Response(status=reply.status, body=await reply.read(), headers=kept)
            stream = web.StreamResponse(status=reply.status, headers=kept)
            await stream.prepare(request)
            async for piece in reply.content.iter_any():
                await stream.write(piece)
            await stream.write_eof()
            return stream


_JSON = {"Content-Type": "application/json"}


async def listen(front: Front, host: str, port: int) -> web.AppRunner:
    """Start answering on an address.

    Raises:
        OSError: The address is taken.
    """
    from aiohttp import web

    app = web.Application(client_max_size=_LARGEST_BODY)
    app.router.add_route("*", "/{path:.*}", front.handle)

    async def connected(_: web.Application) -> AsyncIterator[None]:
        async with front.open():
            yield

    app.cleanup_ctx.append(connected)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError:
        await runner.cleanup()
        raise
    return runner


def starts_folder(cache: Path) -> Path:
    """Make the folder in which this process keeps computed starts, and remove those of processes that are gone."""
    folder = cache / "starts"
    own = folder / str(os.getpid())
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir(parents=True)
    for other in folder.iterdir():
        if other.name.isdecimal() and not _is_alive(int(other.name)):
            shutil.rmtree(other, ignore_errors=True)
    return own


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
