"""The loopback service itself: an HTTP server in a thread, with a log of all that it was asked."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Collection
from typing import Any

from aiohttp import web

from judgebench.testing.anthropic import AnthropicProtocol
from judgebench.testing.gemini import GeminiProtocol
from judgebench.testing.loopback import LoopbackServer
from judgebench.testing.ollama import OllamaProtocol
from judgebench.testing.openai import CompletionsProtocol, OpenAIChatProtocol, ResponsesProtocol
from judgebench.testing.protocol import KEY, MODEL, Protocol
from judgebench.testing.records import Failed, RefusedError, ServiceReply, ServiceRequest
from judgebench.testing.schemas import allowed, mistake_in

Answer = Callable[[ServiceRequest], "ServiceReply | str"]
Spoil = Callable[[ServiceRequest], "str | None"]
BROKEN = frozenset({"stream_error", "stream_cut"})
"""Faults of a reply that has begun."""


PROTOCOLS: dict[str, Protocol] = {
    one.name: one
    for one in (
        OpenAIChatProtocol(),
        CompletionsProtocol(),
        AnthropicProtocol(),
        GeminiProtocol(),
        ResponsesProtocol(),
        OllamaProtocol(),
    )
}
"""By name: ``openai`` (Chat Completions), ``completions``, ``anthropic``, ``gemini``, ``responses``, ``ollama``."""


class ProviderService(LoopbackServer):
    """Serves one provider's protocol on a free port of the loopback interface.

    Args:
        protocol: A name of ``PROTOCOLS``, or a protocol of your own.
        answer: What is replied to a request; repeats the last text by default.
        faults: Gives the kind of a failure for a request (see ``Protocol.error``; also ``stream_error`` and
            ``stream_cut``), or ``None`` for a good reply.
        prefix: Path before the protocol's own, as gateways have it.
        heeds: Keys of a request whose JSON schemas replies are held to; all that the protocol has by default. The
            schema under another key is taken and not heeded, as older versions of servers do. A test may change it
            later, as a server that is exchanged.
    """

    def __init__(
        self,
        protocol: str | Protocol,
        answer: Answer | None = None,
        *,
        faults: Spoil | None = None,
        prefix: str = "",
        heeds: Collection[str] | None = None,
    ) -> None:
        super().__init__(prefix)
        self.protocol = PROTOCOLS[protocol] if isinstance(protocol, str) else protocol
        self.requests: list[ServiceRequest] = []
        self._answer = answer or (lambda request: request.text)
        self._faults = faults or (lambda _: None)
        self.heeds = heeds

    def application(self) -> web.Application:
        """Return what is served."""
        app = web.Application(client_max_size=64 << 20)
        app.router.add_route("*", "/{path:.*}", self._handle)
        return app

    async def _handle(self, http: web.Request) -> web.StreamResponse:
        protocol = self.protocol
        headers = {name.lower(): text for name, text in http.headers.items()}
        try:
            self._check_key(protocol.key_of(headers))
            if http.method == "GET":
                listed = protocol.listed(http.path)
                return _failed(protocol.error("not_found")) if listed is None else web.json_response(listed)
            request = protocol.request_of(http.path_qs, headers, await http.json())
            schemas = self.schemas_of(request)
        except RefusedError as refusal:
            return _failed(refusal.failed)
        request = dataclasses.replace(request, number=len(self.requests))
        self.requests.append(request)
        fault = self._faults(request) if request.model.removesuffix(":latest") == MODEL else "not_found"
        if fault is not None and fault not in BROKEN:
            return _failed(protocol.error(fault))
        reply = self.reply_to(request, schemas)
        if request.stream:
            return await self._stream(http, request, reply, fault)
        return web.json_response(protocol.whole(request, reply))

    def reply_to(self, request: ServiceRequest, schemas: dict[str, Any]) -> ServiceReply:
        """Return what is replied to a request, held to the schemas that are heeded."""
        answer = self._answer(request)
        reply = ServiceReply(answer) if isinstance(answer, str) else answer
        for key, schema in schemas.items():
            said = json.dumps(allowed(schema, reply.text))
            said = said if reply.finish == "stop" else said[: len(said) // 2]
            reply = self.protocol.held(request, reply, key, said)
        return reply

    def schemas_of(self, request: ServiceRequest) -> dict[str, Any]:
        """Return the schemas that are heeded, by their keys.

        Raises:
            RefusedError: The service would not take one of them.
        """
        found = self.protocol.schemas(request.body)
        for key, schema in found.items():
            if said := mistake_in(schema, strict=key not in {"responseSchema", "format"}):
                raise self.protocol.refuse(f"Invalid schema in {key}: {said}.")
        return {key: schema for key, schema in found.items() if self.heeds is None or key in self.heeds}

    def _check_key(self, key: str | None) -> None:
        if key is not None and key != KEY:
            raise RefusedError(self.protocol.error("quota" if key == f"{KEY}-empty" else "auth"))

    async def _stream(
        self, http: web.Request, request: ServiceRequest, reply: ServiceReply, fault: str | None
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": self.protocol.stream_type})
        await response.prepare(http)
        pieces = list(self.protocol.stream(request, reply))
        for piece in pieces[: len(pieces) // 2] if fault else pieces:
            await response.write(piece)
        if fault == "stream_error":
            await response.write(self.protocol.broken_stream())
        return response


def _failed(failed: Failed) -> web.Response:
    return web.Response(
        body=json.dumps(failed.payload), status=failed.status, headers=failed.headers, content_type="application/json"
    )
