"""The batch APIs of OpenAI, Anthropic and Google, as their references document them, for loopback services.

Sources: OpenAI's API reference, "Batch" and "Files", and its guide "Batch API"; Anthropic's API reference, "Message
Batches"; Google's "Gemini API reference", ``models.batchGenerateContent``, ``batches`` and ``media.upload``, and its
guide "Batch API". What is known here is strict: unknown keys, ids that are not unique or too long, and results that are
asked for too early are refused as the providers do it.
"""

from __future__ import annotations

import abc
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from judgebench.testing.protocol import MODEL
from judgebench.testing.records import RefusedError

if TYPE_CHECKING:
    from aiohttp import web

    from judgebench.testing.batches import BatchService, FakeBatch

_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


@dataclass(frozen=True)
class BatchFile:
    """A file that is downloaded."""

    data: bytes


@dataclass(frozen=True)
class BatchAnswer:
    """What the service answers to a call of its batch API.

    Attributes:
        payload: The JSON body. ``file``: A file instead of it.
        step: The step that is then reached; the connection may break off before this answer is out.
        broken: Whether the connection breaks off before anything is done.
        headers: Further headers.
    """

    payload: Any = None
    file: BatchFile | None = None
    step: str = ""
    broken: bool = False
    headers: dict[str, str] = field(default_factory=dict)


Act = Callable[..., Awaitable[BatchAnswer]]


class BatchProtocol(abc.ABC):
    """One provider's batch API."""

    async def handle(self, service: BatchService, http: web.Request) -> BatchAnswer | None:
        """Return the answer to a call; ``None`` where it is none of the batch API.

        Raises:
            RefusedError: The provider does not take it.
        """
        path = http.path
        for method, pattern, act in self.routes():
            if http.method == method and (found := re.search(pattern, path)) is not None:
                return await act(service, http, *found.groups())
        return None

    @abc.abstractmethod
    def routes(self) -> list[tuple[str, str, Act]]:
        """Return method, pattern of the path, and what is done."""

    @staticmethod
    def refuse(service: BatchService, sentence: str) -> RefusedError:
        """Return the refusal of a call."""
        return RefusedError(service.protocol.error("bad_request", sentence))

    def check_ids(self, service: BatchService, ids: list[str]) -> None:
        """Refuse ids that are no ids, or not unique.

        Raises:
            RefusedError: One is.
        """
        for id in ids:
            if not _ID.fullmatch(id):
                raise self.refuse(service, f"custom_id: {id!r} does not match ^[a-zA-Z0-9_-]{{1,64}}$")
        if len(set(ids)) != len(ids):
            raise self.refuse(service, "custom_id must be unique within a batch")

    @staticmethod
    def page(http: web.Request, batches: list[FakeBatch], after: str) -> tuple[list[FakeBatch], bool]:
        """Return a page of the batches, the newest first, and whether there are more."""
        newest = list(reversed(batches))
        if (mark := http.query.get(after)) is not None:
            at = next((n for n, one in enumerate(newest) if one.id == mark), len(newest))
            newest = newest[at + 1 :]
        limit = min(int(http.query.get("limit", "20")), 100)
        return newest[:limit], len(newest) > limit


class OpenAIBatchProtocol(BatchProtocol):
    """OpenAI: files and batches."""

    def routes(self) -> list[tuple[str, str, Act]]:
        return [
            ("POST", r"/v1/files$", self._upload),
            ("GET", r"/v1/files/([^/]+)/content$", self._content),
            ("POST", r"/v1/batches$", self._create),
            ("GET", r"/v1/batches$", self._list),
            ("GET", r"/v1/batches/([^/]+)$", self._state),
            ("POST", r"/v1/batches/([^/]+)/cancel$", self._cancel),
        ]

    async def _upload(self, service: BatchService, http: web.Request) -> BatchAnswer:
        if service.interrupt("upload"):
            return BatchAnswer(broken=True)
        form = await http.post()
        if form.get("purpose") != "batch":
            raise self.refuse(service, "purpose must be 'batch'")
        id = f"file-{len(service.files) + 1}"
        service.files[id] = form["file"].file.read()  # type: ignore[union-attr]
        return BatchAnswer({"id": id, "object": "file", "purpose": "batch"}, step="uploaded")

    async def _content(self, service: BatchService, http: web.Request, id: str) -> BatchAnswer:  # noqa: ARG002
        if id not in service.files:
            raise RefusedError(service.protocol.error("not_found"))
        return BatchAnswer(file=BatchFile(service.files[id]), step="results")

    async def _create(self, service: BatchService, http: web.Request) -> BatchAnswer:
        if service.interrupt("submit"):
            return BatchAnswer(broken=True)
        wanted = await http.json()
        if wanted.keys() - {"input_file_id", "endpoint", "completion_window", "metadata", "output_expires_after"}:
            raise self.refuse(service, "Unknown parameter.")
        if wanted["completion_window"] != "24h" or wanted["input_file_id"] not in service.files:
            raise self.refuse(service, "Invalid value.")
        fate = service.fate()
        given = [json.loads(line) for line in service.files[wanted["input_file_id"]].splitlines()]
        for line in given:
            if line["method"] != "POST" or line["url"] != wanted["endpoint"]:
                raise self.refuse(service, "The URL of a line is not that of the batch.")
        lines = [(line["custom_id"], line["body"]) for line in given]
        batch = service.make(wanted.get("metadata", {}).get("jb", ""), lines, wanted["endpoint"], fate)
        return BatchAnswer(self._shown(service, batch, "validating"), step="submitted")

    async def _list(self, service: BatchService, http: web.Request) -> BatchAnswer:
        page, more = self.page(http, service.batches, "after")
        data = [self._shown(service, one) for one in page]
        return BatchAnswer({"object": "list", "data": data, "has_more": more}, step="list")

    async def _state(self, service: BatchService, http: web.Request, id: str) -> BatchAnswer:  # noqa: ARG002
        batch = service.batch(id)
        service.look(batch)
        return BatchAnswer(self._shown(service, batch), step="poll")

    async def _cancel(self, service: BatchService, http: web.Request, id: str) -> BatchAnswer:  # noqa: ARG002
        batch = service.batch(id)
        batch.cancelled = True
        service.settle(batch)
        return BatchAnswer(self._shown(service, batch, "cancelling"))

    def _shown(self, service: BatchService, batch: FakeBatch, status: str = "") -> dict[str, Any]:
        ids = [id for id, _ in batch.lines]
        double = next((n for n, id in enumerate(ids) if id in ids[:n]), None)
        failed = batch.fate.end in {"failed", "full"} or double is not None
        end = "failed" if failed else "cancelled" if batch.cancelled else batch.fate.end.replace("done", "completed")
        shown: dict[str, Any] = {
            "id": batch.id,
            "object": "batch",
            "endpoint": batch.path,
            "created_at": int(batch.created),
            "status": status or (end if batch.ended else "in_progress"),
            "metadata": {"jb": batch.name},
            "request_counts": {"total": len(batch.lines), "completed": batch.answered, "failed": 0},
            "output_file_id": None,
            "error_file_id": None,
        }
        if batch.ended and failed:
            shown["errors"] = {"object": "list", "data": self._errors(batch, double)}
        elif batch.ended:
            for key, good in (("output_file_id", True), ("error_file_id", False)):
                lines = [self._line(id, *one) for id, one in batch.results.items() if (one[0] == 200) is good]
                if lines:
                    shown[key] = f"file-{batch.id}-{key}"
                    service.files[shown[key]] = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        return shown

    @staticmethod
    def _errors(batch: FakeBatch, double: int | None) -> list[dict[str, Any]]:
        if batch.fate.end == "full":
            message = "Enqueued token limit reached. Please try again once some batches have been completed."
            return [{"code": "token_limit_exceeded", "message": message, "param": None, "line": None}]
        bad = list(batch.fate.bad) or ([double] if double is not None else [])
        if not bad:
            return [{"code": "invalid_file", "message": "The file cannot be used.", "param": None, "line": None}]
        return [{"code": "invalid_line", "message": "The line cannot be used.", "line": n + 1} for n in bad]

    @staticmethod
    def _line(id: str, status: int, body: Any) -> dict[str, Any]:
        head = {"id": f"batch_req_{id}", "custom_id": id}
        if not status:
            message = "This request could not be executed before the completion window expired."
            return {**head, "response": None, "error": {"code": "batch_expired", "message": message}}
        return {**head, "response": {"status_code": status, "request_id": "r1", "body": body}, "error": None}


class AnthropicBatchProtocol(BatchProtocol):
    """Anthropic: Message Batches."""

    def routes(self) -> list[tuple[str, str, Act]]:
        return [
            ("POST", r"/v1/messages/batches$", self._create),
            ("GET", r"/v1/messages/batches$", self._list),
            ("GET", r"/v1/messages/batches/([^/]+)$", self._state),
            ("GET", r"/v1/messages/batches/([^/]+)/results$", self._results),
            ("POST", r"/v1/messages/batches/([^/]+)/cancel$", self._cancel),
        ]

    async def _create(self, service: BatchService, http: web.Request) -> BatchAnswer:
        if service.interrupt("submit"):
            return BatchAnswer(broken=True)
        wanted = await http.json()
        service.protocol.check_names(wanted, "requests", "")
        for one in wanted["requests"]:
            service.protocol.check_names(one, "custom_id params", "requests.")
            if one["params"].get("stream"):
                raise self.refuse(service, "stream: streaming is not supported in batches")
        lines = [(one["custom_id"], one["params"]) for one in wanted["requests"]]
        self.check_ids(service, [id for id, _ in lines])
        batch = service.make("", lines, "/v1/messages", service.fate())
        return BatchAnswer(self._shown(batch), step="submitted")

    async def _list(self, service: BatchService, http: web.Request) -> BatchAnswer:
        page, more = self.page(http, service.batches, "after_id")
        ends = {"first_id": page[0].id if page else None, "last_id": page[-1].id if page else None}
        return BatchAnswer({"data": [self._shown(one) for one in page], "has_more": more, **ends}, step="list")

    async def _state(self, service: BatchService, http: web.Request, id: str) -> BatchAnswer:  # noqa: ARG002
        batch = service.batch(id)
        service.look(batch)
        return BatchAnswer(self._shown(batch), step="poll")

    async def _results(self, service: BatchService, http: web.Request, id: str) -> BatchAnswer:  # noqa: ARG002
        batch = service.batch(id)
        if not batch.ended:
            raise RefusedError(service.protocol.error("not_found", "The batch has no results yet."))
        lines = []
        for name, (status, body) in batch.results.items():
            if not status:
                result: dict[str, Any] = {"type": "canceled" if batch.cancelled else "expired"}
            elif status == 200:
                result = {"type": "succeeded", "message": body}
            else:
                result = {"type": "errored", "error": body}
            lines.append({"custom_id": name, "result": result})
        return BatchAnswer(file=BatchFile(b"".join(json.dumps(one).encode() + b"\n" for one in lines)), step="results")

    async def _cancel(self, service: BatchService, http: web.Request, id: str) -> BatchAnswer:  # noqa: ARG002
        batch = service.batch(id)
        batch.cancelled = True
        service.settle(batch)
        return BatchAnswer(self._shown(batch, "canceling"))

    @staticmethod
    def _shown(batch: FakeBatch, status: str = "") -> dict[str, Any]:
        counts = dict.fromkeys(("processing", "succeeded", "errored", "canceled", "expired"), 0)
        if batch.ended:
            for code, _ in batch.results.values():
                rest = "canceled" if batch.cancelled else "expired"
                counts["succeeded" if code == 200 else "errored" if code else rest] += 1
            counts["errored"] += len(batch.lines) - len(batch.results)
        else:
            counts["processing"] = len(batch.lines)
        return {
            "id": batch.id,
            "type": "message_batch",
            "processing_status": status or ("ended" if batch.ended else "in_progress"),
            "request_counts": counts,
            "created_at": datetime.fromtimestamp(batch.created, UTC).isoformat(),
            "results_url": f"https://api.anthropic.com/v1/messages/batches/{batch.id}/results" if batch.ended else None,
        }


class GeminiBatchProtocol(BatchProtocol):
    """Google: batchGenerateContent, with the questions inside or in a file."""

    _RPC: ClassVar[dict[int, int]] = {400: 3, 429: 8, 500: 13, 503: 14, 404: 5}

    def routes(self) -> list[tuple[str, str, Act]]:
        return [
            ("POST", r"/v1beta/models/([^/:]+):batchGenerateContent$", self._create),
            ("POST", r"/upload/v1beta/files$", self._start_upload),
            ("POST", r"/upload/v1beta/files/([^/]+)$", self._upload),
            ("GET", r"/v1beta/batches$", self._list),
            ("GET", r"/v1beta/(batches/[^/:]+)$", self._state),
            ("POST", r"/v1beta/(batches/[^/:]+):cancel$", self._cancel),
            ("GET", r"/download/v1beta/(files/[^/:]+):download$", self._download),
        ]

    async def _create(self, service: BatchService, http: web.Request, model: str) -> BatchAnswer:
        if service.interrupt("submit"):
            return BatchAnswer(broken=True)
        if model != MODEL:
            raise RefusedError(service.protocol.error("not_found"))
        wanted = (await http.json())["batch"]
        service.protocol.check_names(wanted, "displayName inputConfig priority", "batch.")
        given = wanted["inputConfig"]
        if "requests" in given:
            lines = [(one["metadata"]["key"], one["request"]) for one in given["requests"]["requests"]]
        elif given["fileName"] in service.files:
            rows = [json.loads(line) for line in service.files[given["fileName"]].splitlines()]
            lines = [(one["key"], one["request"]) for one in rows]
        else:
            raise self.refuse(service, "The file does not exist.")
        fate = service.fate()
        batch = service.make(wanted["displayName"], lines, f"/v1beta/models/{model}:generateContent", fate)
        batch.id = f"batches/{batch.id}"
        batch.inside = "requests" in given
        return BatchAnswer(self._shown(service, batch), step="submitted")

    async def _start_upload(self, service: BatchService, http: web.Request) -> BatchAnswer:
        if service.interrupt("upload"):
            return BatchAnswer(broken=True)
        if http.headers.get("X-Goog-Upload-Protocol") != "resumable":
            raise self.refuse(service, "X-Goog-Upload-Protocol: resumable is required")
        id = f"file-{len(service.files) + 1}"
        return BatchAnswer({}, headers={"X-Goog-Upload-URL": f"{http.url.origin()}{http.path}/{id}"})

    async def _upload(self, service: BatchService, http: web.Request, id: str) -> BatchAnswer:
        if http.headers.get("X-Goog-Upload-Command") != "upload, finalize":
            raise self.refuse(service, "X-Goog-Upload-Command is missing")
        service.files[f"files/{id}"] = await http.read()
        return BatchAnswer({"file": {"name": f"files/{id}", "state": "ACTIVE"}}, step="uploaded")

    async def _list(self, service: BatchService, http: web.Request) -> BatchAnswer:
        newest = list(reversed(service.batches))
        start, size = int(http.query.get("pageToken", "0")), int(http.query.get("pageSize", "50"))
        more = {"nextPageToken": str(start + size)} if len(newest) > start + size else {}
        shown = [self._shown(service, one) for one in newest[start : start + size]]
        return BatchAnswer({"operations": shown, **more}, step="list")

    async def _state(self, service: BatchService, http: web.Request, id: str) -> BatchAnswer:  # noqa: ARG002
        batch = service.batch(id)
        service.look(batch)
        return BatchAnswer(self._shown(service, batch), step="results" if batch.ended else "poll")

    async def _cancel(self, service: BatchService, http: web.Request, id: str) -> BatchAnswer:  # noqa: ARG002
        batch = service.batch(id)
        batch.cancelled = True
        service.settle(batch)
        return BatchAnswer({})

    async def _download(self, service: BatchService, http: web.Request, id: str) -> BatchAnswer:
        if http.query.get("alt") != "media" or id not in service.files:
            raise RefusedError(service.protocol.error("not_found"))
        return BatchAnswer(file=BatchFile(service.files[id]), step="results")

    def _shown(self, service: BatchService, batch: FakeBatch) -> dict[str, Any]:
        failed = batch.fate.end in {"failed", "full"}
        end = batch.fate.end.upper().replace("DONE", "SUCCEEDED")
        end = "FAILED" if failed else "CANCELLED" if batch.cancelled else end
        stats = {"requestCount": str(len(batch.lines)), "successfulRequestCount": str(batch.answered)}
        stats["pendingRequestCount"] = str(0 if batch.ended else len(batch.lines) - batch.answered)
        shown: dict[str, Any] = {
            "name": batch.id,
            "metadata": {
                "@type": "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch",
                "displayName": batch.name,
                "state": f"BATCH_STATE_{end if batch.ended else 'RUNNING'}",
                "batchStats": stats,
            },
        }
        if not batch.ended:
            return shown
        shown["done"] = True
        if failed:
            full = batch.fate.end == "full"
            shown["error"] = {"code": 8 if full else 3, "message": "Quota exceeded." if full else "Invalid request."}
        elif end == "SUCCEEDED":
            shown["response"] = self._output(service, batch)
        return shown

    def _output(self, service: BatchService, batch: FakeBatch) -> dict[str, Any]:
        results = [(id, *batch.results[id]) for id, _ in batch.lines if id in batch.results]
        if batch.inside:
            inside = [{"metadata": {"key": id}, **self._result(status, body)} for id, status, body in results]
            return {"inlinedResponses": {"inlinedResponses": inside}}
        name = f"files/{batch.id.replace('/', '-')}"
        lines = [{"key": id, **self._result(status, body)} for id, status, body in results]
        service.files[name] = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        return {"responsesFile": name}

    def _result(self, status: int, body: Any) -> dict[str, Any]:
        if status == 200:
            return {"response": body}
        error = body["error"] if isinstance(body, dict) else {"message": "cancelled"}
        return {"error": {"code": self._RPC.get(status, 1), "message": error["message"]}}


BATCH_PROTOCOLS: dict[str, type[BatchProtocol]] = {
    "openai": OpenAIBatchProtocol,
    "responses": OpenAIBatchProtocol,
    "anthropic": AnthropicBatchProtocol,
    "gemini": GeminiBatchProtocol,
}
"""By the names of ``service.PROTOCOLS``."""
