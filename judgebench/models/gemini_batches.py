"""Google's batch mode: ``batchGenerateContent`` with the questions inside, or with a file of them.

Sources: Google's "Gemini API reference", ``models.batchGenerateContent``, ``batches`` and ``media.upload``, and its
guide "Batch API". The state comes as ``BATCH_STATE_…`` from the API and as ``JOB_STATE_…`` in the guide; both are read.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, ClassVar
from urllib.parse import quote

import msgspec

from judgebench.models.batches import (
    BatchApi,
    BatchIntent,
    BatchLine,
    BatchState,
    LineResult,
    listed,
    number_of,
    text_of,
    unusable,
    value_of,
)
from judgebench.records.flow import Failure

INLINE = 15 * 1024 * 1024
"""Bytes of questions up to which they go into the call itself; the API takes 20 MB."""

_ENDED = frozenset({"SUCCEEDED", "PARTIALLY_SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED"})
_PAGES = 50


class GeminiBatches(BatchApi):
    """Batches of Google's generateContent."""

    most_lines: ClassVar[int] = 50_000

    async def submit(self, name: str, lines: Sequence[BatchLine]) -> str:
        """Make a batch, with its questions inside where they are small."""
        if sum(len(one.body) for one in lines) <= INLINE:
            inside = b",".join(b'{"request":%b,"metadata":{"key":"%b"}}' % (one.body, one.id.encode()) for one in lines)
            questions = b'{"requests":{"requests":[%b]}}' % inside
        else:
            data = b"".join(b'{"key":"%b","request":%b}\n' % (one.id.encode(), one.body) for one in lines)
            questions = msgspec.json.encode({"fileName": await self._upload(name, data)})
        body = b'{"batch":{"displayName":"%b","inputConfig":%b}}' % (name.encode(), questions)
        model = quote(self.model.removeprefix("models/"), safe="-._~")
        made = await self.calls.call("POST", f"v1beta/models/{model}:batchGenerateContent", body, again=False)
        if not (batch := text_of(made.payload, "name") or text_of(made.payload, "metadata", "name")):
            raise unusable("batch", made.payload)
        return batch

    async def _upload(self, name: str, data: bytes) -> str:
        """Upload a file by the resumable protocol: a call that says what comes, and one that brings it."""
        begun = await self.calls.call(
            "POST",
            "upload:v1beta/files",
            msgspec.json.encode({"file": {"displayName": name}}),
            headers={
                "X-Goog-Upload-Protocol": "resumable",
                "X-Goog-Upload-Command": "start",
                "X-Goog-Upload-Header-Content-Length": str(len(data)),
                "X-Goog-Upload-Header-Content-Type": "application/jsonl",
            },
        )
        address = begun.headers.get("X-Goog-Upload-URL", "")
        if not address:
            raise unusable("address for the upload", begun.payload)
        sent = {"X-Goog-Upload-Command": "upload, finalize", "X-Goog-Upload-Offset": "0", "Content-Type": "text/plain"}
        ended = await self.calls.call("POST", address, data, headers=sent)
        if not (uploaded := text_of(ended.payload, "file", "name")):
            raise unusable("file", ended.payload)
        return uploaded

    async def find(self, intent: BatchIntent) -> list[str]:
        """Look for the batch of the intent's display name."""
        token = ""
        for _ in range(_PAGES):
            page = (await self.calls.call("GET", f"v1beta/batches?pageSize=100{token}")).payload
            for batch in [*listed(page, "operations"), *listed(page, "batches")]:
                if intent.name in (text_of(batch, "metadata", "displayName"), text_of(batch, "displayName")):
                    return [text_of(batch, "name")]
            if not (following := text_of(page, "nextPageToken")):
                break
            token = f"&pageToken={quote(following)}"
        return []

    async def state(self, batch: str) -> BatchState:
        """Return where a batch stands."""
        payload = (await self.calls.call("GET", f"v1beta/{batch}")).payload
        about = value_of(payload, "metadata")
        word = (text_of(about, "state") or text_of(payload, "state")).partition("STATE_")[2]
        total = number_of(about, "batchStats", "requestCount")
        waiting = number_of(about, "batchStats", "pendingRequestCount")
        refused = self._refusal(payload) if word == "FAILED" else None
        in_file = bool(text_of(_output(payload), "responsesFile"))
        return BatchState(
            word=word.lower(),
            ended=word in _ENDED,
            done=max(0, total - waiting) if value_of(about, "batchStats", "pendingRequestCount") is not None else 0,
            total=total,
            answered=number_of(about, "batchStats", "successfulRequestCount") if in_file else 0,
            refused=refused,
            payload=payload,
        )

    def _refusal(self, payload: Any) -> Failure:
        error = value_of(payload, "error")
        if not isinstance(error, dict):
            error = {"message": "the service does not say why"}
        return self.dialect.failure(_http_status(error) or 400, {"error": error})

    async def results(self, state: BatchState) -> AsyncIterator[LineResult]:
        """Yield the responses, which stand in the batch itself or in a file."""
        output = _output(state.payload)
        inside = output.get("inlinedResponses")
        if isinstance(inside, dict):
            inside = inside.get("inlinedResponses")
        for one in inside if isinstance(inside, list) else []:
            if isinstance(one, dict) and (result := result_of(one)) is not None:
                yield result
        if file := text_of(output, "responsesFile"):
            async for line in self.calls.lines(f"download:v1beta/{file}:download?alt=media"):
                if (result := result_of(line)) is not None:
                    yield result

    async def cancel(self, batch: str) -> None:
        """Ask for the batch to be cancelled."""
        await self.calls.call("POST", f"v1beta/{batch}:cancel", b"{}")


def _output(payload: Any) -> dict[str, Any]:
    for found in (value_of(payload, "response"), value_of(payload, "metadata", "output")):
        if isinstance(found, dict) and (found.get("inlinedResponses") or found.get("responsesFile")):
            return found
    return {}


_HTTP_OF_RPC = {3: 400, 4: 504, 5: 404, 7: 403, 8: 429, 9: 400, 13: 500, 14: 503, 16: 401}
"""HTTP status of the codes of google.rpc.Code, which a status object in a result carries."""


def _http_status(error: dict[str, Any]) -> int:
    code = number_of(error, "code")
    return _HTTP_OF_RPC.get(code, code if 400 <= code < 600 else 0)


def result_of(one: dict[str, Any]) -> LineResult | None:
    """Return what a line of results, or a result inside of a batch, says; ``None`` where it names no question."""
    name, error = text_of(one, "key") or text_of(one, "metadata", "key"), one.get("error")
    if not name:
        return None
    if not isinstance(error, dict):
        return LineResult(name, 200, one.get("response"))
    if number_of(error, "code") == 1:  # cancelled
        return LineResult(name, 0, text_of(error, "message") or "cancelled")
    return LineResult(name, _http_status(error) or 500, {"error": error})
