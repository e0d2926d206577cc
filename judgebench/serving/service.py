"""The addresses of a served judge, who is answered there, and how long it works."""

from __future__ import annotations

import asyncio
import hmac
import itertools
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from judgebench.content.repeated_keys import repeated_key
from judgebench.errors import RAISED_BY_OTHERS, DataError, JudgebenchError, UsageError
from judgebench.serving.judging import append_line, judged
from judgebench.serving.replies import as_completion, as_json, error_of
from judgebench.serving.requests import ChatRequest, JudgmentRequest
from judgebench.stages.one_judgment import OneJudgment, ReadyJudge

logger = logging.getLogger(__name__)

MOST_BYTES = 64 << 20
"""Of one request."""
MOST_CASES = 1000
"""In one request."""

_ONE = msgspec.json.Decoder(JudgmentRequest)
_MANY = msgspec.json.Decoder(list[JudgmentRequest])
_CHAT = msgspec.json.Decoder(ChatRequest)
_encode = msgspec.json.Encoder().encode


class JudgeService:
    """What answers.

    Args:
        judge: The judge.
        key: Without it nobody is answered but about health.
        record: File to which every judgment is appended; ``None`` keeps none.
    """

    def __init__(self, judge: ReadyJudge, key: str, record: Path | None = None) -> None:
        self.judge = judge
        self.key = key
        self._record = record
        self._numbers = itertools.count(1)
        self._counts = {"ok": 0}

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add its addresses."""
        router.add_get("/health", self._state)
        router.add_get("/v1/models", self._guarded(self._models))
        router.add_post("/v1/judgments", self._guarded(self._judgments))
        router.add_post("/v1/chat/completions", self._guarded(self._completions))

    def _guarded(self, answer: Callable[[web.Request], Awaitable[web.Response]]) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                if refusal := self._refusal(request):
                    return refusal
                return await answer(request)
            except JudgebenchError as error:
                status, body = error_of(error)
                return _json(body, status)
            except web.HTTPRequestEntityTooLarge:
                return _refused(413, "data", f"The request is larger than {MOST_BYTES >> 20} MB.", "Send fewer cases.")

        return guarded

    def _refusal(self, request: web.Request) -> web.Response | None:
        """Return the answer to whoever has no key, or comes from a page of another site.

        Whoever holds the key may call the service by any name; a page on another site cannot know it.
        """
        origin = request.headers.get("Origin")
        if origin is not None and origin.lower() != f"http://{request.headers.get('Host', '')}".lower():
            return _refused(403, "origin", "The request comes from a page of another site.", "")
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), self.key.encode()):
            return None
        return _refused(
            401, "key", "The key is missing or wrong.",
            "Send the header 'Authorization: Bearer KEY' with the key that jb serve printed, or that of JB_SERVE_KEY.",
        )  # fmt: skip

    async def _state(self, _request: web.Request) -> web.Response:
        traffic = self.judge.traffic
        return _json(
            {
                "status": "ok", "judge": self.judge.config.abbr, "judgments": self._counts,
                "requests": traffic.post, "in_flight": traffic.in_flight, "failed": traffic.failed,
                "waiting_for": traffic.note,
            }
        )  # fmt: skip

    async def _models(self, _request: web.Request) -> web.Response:
        one = {"id": self.judge.config.abbr, "object": "model", "owned_by": "judgebench"}
        return _json({"object": "list", "data": [one]})

    async def _judgments(self, request: web.Request) -> web.Response:
        body = await request.read()
        if body.lstrip()[:1] != b"[":
            return _json(await self._one(_decoded(_ONE, body)))
        cases = _decoded(_MANY, body)
        if len(cases) > MOST_CASES:
            raise DataError(f"The request holds {len(cases)} cases, and at most {MOST_CASES} are taken.")
        return _json(await asyncio.gather(*(self._one_of_many(case) for case in cases)))

    async def _completions(self, request: web.Request) -> web.Response:
        case = _decoded(_CHAT, await request.read()).as_case()
        judgment = await self._judged(case)
        return _json(as_completion(self.judge.config.abbr, judgment, next(self._numbers)))

    async def _one(self, case: JudgmentRequest) -> dict[str, Any]:
        judgment = await self._judged(case)
        return as_json(self.judge.config.abbr, judgment, questions=case.questions, name=case.id)

    async def _one_of_many(self, case: JudgmentRequest) -> dict[str, Any]:
        """Return a judgment, or the error in its place: one bad case is no reason to pay for the others twice."""
        try:
            return await self._one(case)
        except JudgebenchError as error:
            return {**({"id": case.id} if case.id else {}), **error_of(error)[1]}

    async def _judged(self, case: JudgmentRequest) -> OneJudgment:
        try:
            judgment = await judged(self.judge, case)
        except JudgebenchError:
            raise
        except RAISED_BY_OTHERS as error:  # whatever a method of the user's own raises about one case
            logger.exception("The judge raised an exception about one case")
            raise UsageError(f"The judge raised {type(error).__name__}: {error}") from error
        status = judgment.verdict.status
        self._counts[status] = self._counts.get(status, 0) + 1
        if self._record is not None:
            whole = as_json(self.judge.config.abbr, judgment, questions=True)
            append_line(self._record, {"case": case, **whole})
        return judgment


def _decoded(decoder: msgspec.json.Decoder[Any], body: bytes) -> Any:
    try:
        case = decoder.decode(body)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(
            f"The request cannot be read: {error}.",
            hint='Send JSON such as {"question": "...", "answer": "...", "reference": "..."}, or a list of such cases.',
        ) from error
    if (key := repeated_key(body)) is not None:
        raise DataError(f"The request gives the key {key!r} twice.", hint="Send only one of them.")
    return case


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(body=_encode(value), status=status, content_type="application/json")


def _refused(status: int, code: str, message: str, hint: str) -> web.Response:
    return _json({"error": {"code": code, "message": message, "hint": hint}}, status)
