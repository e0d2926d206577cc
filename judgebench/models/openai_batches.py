"""OpenAI's batch API: a file of lines, a batch over it, and two files of results.

Sources: OpenAI's API reference, "Batch" and "Files", and its guide "Batch API". Services that copy it (Azure, Groq) and
vLLM's ``run-batch`` have the same lines.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, ClassVar

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
)
from judgebench.records.flow import Failure

_ENDED = frozenset({"failed", "completed", "expired", "cancelled"})
_PAGES = 50
"""Most pages of the list of batches, of 100 each, that are looked through for one."""
_SKEW = 3600.0
"""Seconds by which a batch may be older than its intent by the provider's clock."""
_NEVER_MADE = frozenset({"batch_expired", "batch_cancelled"})


class OpenAIBatches(BatchApi):
    """Batches of OpenAI's Chat Completions, Completions and Responses."""

    most_lines: ClassVar[int] = 50_000

    async def submit(self, name: str, lines: Sequence[BatchLine]) -> str:
        """Upload the file of lines and make a batch of it; the batch carries the name in its metadata."""
        uploaded = await self._upload(name, b"\n".join(self.line(one) for one in lines) + b"\n")
        wanted = {
            "input_file_id": uploaded,
            "endpoint": self.endpoint,
            "completion_window": "24h",
            "metadata": {"jb": name},
        }
        made = await self.calls.call("POST", "v1/batches", msgspec.json.encode(wanted), again=False)
        if not (batch := text_of(made.payload, "id")):
            raise unusable("batch", made.payload)
        return batch

    @property
    def endpoint(self) -> str:
        """The ordinary call that each line stands for."""
        return f"/{self.dialect.call_path(self.config, self.model)}"

    def line(self, one: BatchLine) -> bytes:
        """Return a line of the file."""
        return line_of(one, self.endpoint)

    async def _upload(self, name: str, data: bytes) -> str:
        border = f"{name}-border"
        head = (
            f'--{border}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
            f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="{name}.jsonl"\r\n'
            "Content-Type: application/jsonl\r\n\r\n"
        )
        body = b"".join((head.encode(), data, f"\r\n--{border}--\r\n".encode()))
        kind = {"Content-Type": f"multipart/form-data; boundary={border}"}
        answer = await self.calls.call("POST", "v1/files", body, headers=kind)
        if not (uploaded := text_of(answer.payload, "id")):
            raise unusable("file", answer.payload)
        return uploaded

    async def find(self, intent: BatchIntent) -> list[str]:
        """Look for the batch that carries the intent's name, from the newest on."""
        after = ""
        for _ in range(_PAGES):
            page = (await self.calls.call("GET", f"v1/batches?limit=100{after}")).payload
            batches = listed(page, "data")
            for batch in batches:
                if text_of(batch, "metadata", "jb") == intent.name:
                    return [text_of(batch, "id")]
            if not batches or not page.get("has_more") or number_of(batches[-1], "created_at") < intent.at - _SKEW:
                break
            after = f"&after={text_of(batches[-1], 'id')}"
        return []

    async def state(self, batch: str) -> BatchState:
        """Return where a batch stands; one that failed as a whole says why, often line by line."""
        payload = (await self.calls.call("GET", f"v1/batches/{batch}")).payload
        word = text_of(payload, "status")
        completed = number_of(payload, "request_counts", "completed")
        done = completed + number_of(payload, "request_counts", "failed")
        total = number_of(payload, "request_counts", "total")
        refused, lines = self._refusal(payload) if word == "failed" else (None, {})
        return BatchState(
            word=word,
            ended=word in _ENDED,
            done=done,
            total=total,
            answered=completed,
            refused=refused,
            refused_lines=lines,
            payload=payload,
        )

    def _refusal(self, payload: Any) -> tuple[Failure, dict[int, str]]:
        errors = listed(payload.get("errors"), "data")
        first = errors[0] if errors else {"message": "the service does not say why"}
        full = any(error.get("code") == "token_limit_exceeded" for error in errors)
        status = 429 if full else 400
        lines = {number_of(one, "line") - 1: text_of(one, "message") for one in errors if number_of(one, "line")}
        return self.dialect.failure(status, {"error": {**first, "type": ""}}), {} if full else lines

    async def results(self, state: BatchState) -> AsyncIterator[LineResult]:
        """Yield the lines of the file of outputs and of the file of errors."""
        for key in ("output_file_id", "error_file_id"):
            if file := text_of(state.payload, key):
                async for line in self.calls.lines(f"v1/files/{file}/content"):
                    if (result := result_of(line)) is not None:
                        yield result

    async def cancel(self, batch: str) -> None:
        """Ask for the batch to be cancelled."""
        await self.calls.call("POST", f"v1/batches/{batch}/cancel", b"{}")


def line_of(one: BatchLine, endpoint: str) -> bytes:
    """Return a question as a line of OpenAI's batch files, which ``vllm run-batch`` takes too."""
    head = msgspec.json.encode({"custom_id": one.id, "method": "POST", "url": endpoint})
    return b'%b,"body":%b}' % (head[:-1], one.body)


def result_of(line: Any) -> LineResult | None:
    """Return what a line of a file of results says; ``None`` where it names no question."""
    name = text_of(line, "custom_id")
    if not name:
        return None
    response, error = line.get("response"), line.get("error")
    if isinstance(response, dict) and response.get("body") is not None:
        return LineResult(name, number_of(response, "status_code") or 200, response["body"])
    if isinstance(error, dict):
        if error.get("code") in _NEVER_MADE:
            return LineResult(name, 0, text_of(error, "message") or error["code"])
        return LineResult(name, 200, {"error": error})  # read as an error that came with a good status
    status = number_of(response, "status_code") or 500
    return LineResult(name, status, {"error": {"message": str(error or "the line holds neither a body nor an error")}})
