"""The service itself: an aiohttp server in a thread, with a log of all that it was asked."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import inspect
import random
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import msgspec
from aiohttp import web

from judgebench.testing.faultservice.faults import FAULTS, Call, Fault, json_reply
from judgebench.testing.faultservice.replies import Answer, chunks, prompt_text, sse, whole

AnswerFunction = Callable[[dict[str, Any]], str | Answer]
FaultScript = Iterable[str | Fault | None] | Callable[["Seen"], str | Fault | None]


@dataclass
class Seen:
    """One request as it came in.

    Attributes:
        path: That was asked for. ``body``, ``headers``: what came.
        at: When, in seconds of the monotonic clock.
        nth: Which request for this prompt it is, from 0.
        prompt: Its text, as ``prompt_text`` gives it.
        client: The client's address: the same for requests on one connection.
        fault: What was done to it; empty for a good reply.
    """

    path: str
    body: dict[str, Any]
    headers: dict[str, str]
    at: float
    nth: int
    prompt: str
    client: tuple[str, int]
    fault: str = ""


def closed_port() -> int:
    """A loopback port on which nothing listens, from below those that the system gives to whoever asks for any."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class FaultService:
    """A model service on a free loopback port; a context manager.

    Args:
        answer: The text for a request body; repeats the prompt by default.
        faults: A script or a function, see the package's docstring.
        latency: Seconds before each reply, or a function that gives them (a distribution, say).
        model: The id in ``/v1/models`` and in replies, or a function that gives it for each reply.
        api_key: When given, other bearer tokens get 401.
        port: 0 takes a free one that the system gives to nobody: a service that is to come back finds it free.
        tls: Server TLS context; ``url`` is then https.
    """

    def __init__(
        self,
        answer: AnswerFunction | None = None,
        faults: FaultScript = (),
        *,
        latency: float | Callable[[], float] = 0.0,
        model: str | Callable[[], str] = "test-model",
        api_key: str = "",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.answer: AnswerFunction = answer or prompt_text
        self.set_faults(faults)
        self.latency = latency
        self.model = model
        self.api_key = api_key
        self.port = port
        self.requests: list[Seen] = []
        self.counts: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.model_listings = 0
        self.in_flight = 0
        self.most_in_flight = 0
        self._tls = tls
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    def set_faults(self, faults: FaultScript) -> None:
        """Replace the script; an empty one heals the service."""
        self._pick: Callable[[Seen], str | Fault | None]
        if callable(faults):
            self._pick = faults
        else:
            script = iter(faults)
            self._pick = lambda _seen: next(script, None)

    @property
    def url(self) -> str:
        """Base address, without ``/v1``."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, name="fault-service", daemon=True)
        self._thread.start()
        came_up = self._ready.wait(60)
        if self._error is not None:
            raise self._error
        if not came_up:
            raise TimeoutError("the service did not start within 60 s")
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop serving; from then on connections are refused."""
        if self._loop is not None and self._stop is not None and self._thread is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(60)

    def forget(self) -> None:
        """Empty the log and the counts."""
        with self._lock:
            self.requests.clear()
            self.counts.clear()
            self.answered.clear()

    def _run(self) -> None:
        try:
            asyncio.run(self.serve())
        except BaseException as error:  # noqa: BLE001 handed to the thread that waits for the start
            self._error = error
            self._ready.set()

    async def serve(self) -> None:
        """Serve until ``stop``."""
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        app = web.Application(client_max_size=1 << 30)
        app.router.add_post("/v1/chat/completions", self._ask)
        app.router.add_post("/v1/completions", self._ask)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/health", self._alive)
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.05)
        await runner.setup()
        port = self.port or closed_port()
        while True:
            try:
                await web.TCPSite(runner, "127.0.0.1", port, ssl_context=self._tls, backlog=4096).start()
                break
            except OSError as error:
                if self.port or error.errno != errno.EADDRINUSE:
                    raise
                port = closed_port()
        self.port = port
        self._ready.set()
        try:
            await self._stop.wait()
        finally:
            await runner.cleanup()

    async def _alive(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(text="ok")

    async def _models(self, request: web.Request) -> web.StreamResponse:
        self.model_listings += 1
        if self._refuses(request):
            return _unauthorised()
        return json_reply({"object": "list", "data": [{"id": self._model(), "object": "model"}]})

    async def _ask(self, request: web.Request) -> web.StreamResponse:
        body: dict[str, Any] = msgspec.json.decode(await request.read())
        seen = self._note(request, body)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            return await self._reply(request, seen)
        finally:
            self.in_flight -= 1

    async def _reply(self, request: web.Request, seen: Seen) -> web.StreamResponse:
        if self._refuses(request):
            return _unauthorised()
        picked = self._pick(seen)
        delay = self.latency() if callable(self.latency) else self.latency
        if delay:
            await asyncio.sleep(delay)
        said = self.answer(seen.body)
        answer = said if isinstance(said, Answer) else Answer(said)
        call = Call(request, seen.body, answer, self._model())
        if picked is not None:
            seen.fault = picked if isinstance(picked, str) else getattr(picked, "__qualname__", "fault")
            return await (FAULTS[picked] if isinstance(picked, str) else picked)(call)
        self.answered[seen.prompt] += 1
        if seen.body.get("stream"):
            return await _stream(call)
        return json_reply(whole(call.body, call.answer, call.model))

    def _note(self, request: web.Request, body: dict[str, Any]) -> Seen:
        prompt = prompt_text(body)
        with self._lock:
            nth = self.counts[prompt]
            client = request.transport.get_extra_info("peername") if request.transport else ("", 0)
            seen = Seen(request.path, body, dict(request.headers), time.monotonic(), nth, prompt, tuple(client[:2]))
            self.counts[prompt] += 1
            self.requests.append(seen)
        return seen

    def _model(self) -> str:
        return self.model() if inspect.isroutine(self.model) or callable(self.model) else self.model

    def _refuses(self, request: web.Request) -> bool:
        return bool(self.api_key) and request.headers.get("Authorization") != f"Bearer {self.api_key}"


def _unauthorised() -> web.Response:
    return json_reply({"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}, status=401)


async def _stream(call: Call) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(call.request)
    for piece in sse(chunks(call.body, call.answer, call.model)):
        await response.write(piece)
    return response
