"""A loopback service with the batch API of a provider: what a batch goes through, and how one may end.

What each provider calls things, and where, is in ``batch_protocols``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from judgebench.testing.batch_protocols import BATCH_PROTOCOLS, BatchFile, BatchProtocol
from judgebench.testing.protocol import MODEL
from judgebench.testing.records import Failed, RefusedError
from judgebench.testing.service import Answer, ProviderService, Spoil

Interrupt = Callable[[str], bool]


@dataclass(frozen=True)
class Fate:
    """How it goes with one batch.

    Attributes:
        end: ``done``; ``expired`` with the answers so far, where the provider keeps them; ``failed``: none of its
            questions is taken; ``full``: likewise, because too much is queued; ``refused`` and ``busy``: it is refused
            when it is submitted, with 400 and 429.
        looks: How often it is looked at before it ends.
        share: Of its questions, what is answered when it expires or is cancelled.
        silent: So many of its questions have no result at all.
        bad: Numbers of the questions, from 0, because of which it failed.
    """

    end: str = "done"
    looks: int = 1
    share: float = 1.0
    silent: int = 0
    bad: tuple[int, ...] = ()


@dataclass
class FakeBatch:
    """A batch at the service.

    Attributes:
        id: The service's own name of it. ``name``: What the client calls it, where the protocol has a place for that.
        lines: Its questions: ``custom_id`` and body. ``path``: The ordinary call that they stand for.
        fate: How it goes.
        created: When it was made, in seconds since 1970.
        looked: How often it has been looked at. ``cancelled``: Whether it was ended before its time.
        inside: Whether its questions came in the call itself, where the protocol also takes a file.
        results: By ``custom_id`` the HTTP status and the body; status 0 for what was never asked.
    """

    id: str
    name: str
    lines: list[tuple[str, dict[str, Any]]]
    path: str
    fate: Fate
    created: float = field(default_factory=time.time)
    looked: int = 0
    cancelled: bool = False
    inside: bool = True
    results: dict[str, tuple[int, Any]] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        """Whether it will not change any more."""
        return self.cancelled or self.looked > self.fate.looks

    @property
    def answered(self) -> int:
        """How many of its questions are answered by now."""
        if self.ended:
            return len(self.results)
        return int(len(self.lines) * self.fate.share * self.looked / (self.fate.looks + 1))


class BatchService(ProviderService):
    """Serves a provider's protocol together with its batch API.

    Args:
        protocol: ``openai``, ``responses``, ``anthropic`` or ``gemini``.
        answer: What is replied to a question; repeats the last text by default.
        faults: Gives the kind of a failure for a question of a batch, as of ``ProviderService``.
        fates: Says how it goes with a batch, by its number from 0.
        interrupt: Is told each step (``upload``, ``uploaded``, ``submit``, ``submitted``, ``list``, ``poll``,
            ``results``) and says whether the connection is to break off there. At ``submit`` nothing has been made yet,
            at ``submitted`` the batch is there and the client is not told; ``results`` break off in the middle.
    """

    def __init__(
        self,
        protocol: str,
        answer: Answer | None = None,
        *,
        faults: Spoil | None = None,
        fates: Callable[[int], Fate] | None = None,
        interrupt: Interrupt | None = None,
        prefix: str = "",
    ) -> None:
        super().__init__(protocol, answer, faults=faults, prefix=prefix)
        self.batches: list[FakeBatch] = []
        self.files: dict[str, bytes] = {}
        self.interrupt: Interrupt = interrupt or (lambda _: False)
        self.offers = 0
        self._fates = fates or (lambda _: Fate())
        self._protocol: BatchProtocol = BATCH_PROTOCOLS[protocol]()
        self._headers: dict[str, str] = {}

    @property
    def submitted(self) -> list[str]:
        """The ``custom_id`` of every question that was taken in a batch, in order."""
        return [id for batch in self.batches if batch.fate.end not in {"failed", "full"} for id, _ in batch.lines]

    def fate(self) -> Fate:
        """Return how it will go with the batch that is being offered.

        Raises:
            RefusedError: It is refused.
        """
        fate = self._fates(self.offers)
        self.offers += 1
        if fate.end in {"refused", "busy"}:
            raise RefusedError(self.protocol.error("bad_request" if fate.end == "refused" else "rate_limit"))
        return fate

    def make(self, name: str, lines: list[tuple[str, dict[str, Any]]], path: str, fate: Fate) -> FakeBatch:
        """Make a batch."""
        batch = FakeBatch(f"batch_{len(self.batches) + 1}", name, lines, path, fate)
        self.batches.append(batch)
        return batch

    def batch(self, id: str) -> FakeBatch:
        """Return a batch.

        Raises:
            RefusedError: There is none of this id.
        """
        found = next((one for one in self.batches if one.id == id), None)
        if found is None:
            raise RefusedError(self.protocol.error("not_found"))
        return found

    def look(self, batch: FakeBatch) -> None:
        """Count a look at a batch, after which it may have ended: then its questions are answered."""
        batch.looked += 1
        if batch.ended:
            self.settle(batch)

    def settle(self, batch: FakeBatch) -> None:
        """Answer the questions of a batch that has ended, the last first: providers keep no order."""
        if batch.results or batch.fate.end in {"failed", "full"}:
            return
        share = batch.fate.share if batch.cancelled or batch.fate.end != "done" else 1.0
        answered = round(len(batch.lines) * share)
        with_result = batch.lines[: len(batch.lines) - batch.fate.silent]
        for number, (id, body) in reversed(list(enumerate(with_result))):
            batch.results[id] = self._answer_to(batch.path, body) if number < answered else (0, None)

    def _answer_to(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        try:
            request = self.protocol.request_of(path, self._headers, body)
            schemas = self.schemas_of(request)
        except RefusedError as refusal:
            return refusal.failed.status, refusal.failed.payload
        fault = self._faults(request) if request.model == MODEL else "not_found"
        if fault is not None:
            failed: Failed = self.protocol.error(fault)
            return failed.status, failed.payload
        self.requests.append(request)
        return 200, self.protocol.whole(request, self.reply_to(request, schemas))

    async def _handle(self, http: web.Request) -> web.StreamResponse:
        headers = {name.lower(): text for name, text in http.headers.items()}
        try:
            self._check_key(self.protocol.key_of(headers))
            self._headers = headers
            answer = await self._protocol.handle(self, http)
        except RefusedError as refusal:
            return web.json_response(refusal.failed.payload, status=refusal.failed.status)
        if answer is None:
            return await super()._handle(http)
        if answer.broken or (answer.step and self.interrupt(answer.step)):
            return await _broken_off(http, answer.file)
        if answer.file is not None:
            return web.Response(body=answer.file.data, content_type="application/octet-stream")
        return web.json_response(answer.payload, headers=answer.headers)


async def _broken_off(http: web.Request, file: BatchFile | None) -> web.StreamResponse:
    """End a connection without an answer, or in the middle of a file."""
    if file is not None:
        response = web.StreamResponse(headers={"Content-Length": str(len(file.data))})
        await response.prepare(http)
        await response.write(file.data[: len(file.data) // 2])
    if http.transport is not None:
        http.transport.close()
    return web.Response()
