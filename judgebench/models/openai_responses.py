"""OpenAI's Responses API (``v1/responses``).

Source: OpenAI's API reference, "Responses" and "Streaming events".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from judgebench.content.attachments import data_uri
from judgebench.content.parts import Image, Part, Text, ToolCall, ToolResult, arguments_of, typed
from judgebench.models.contract import SCHEMA_NAME, Dialect, ServiceConfig, StreamReader, parameters_of
from judgebench.models.openai import OpenAIConfig
from judgebench.models.openai_replies import Draft, count_of, read_logprobs
from judgebench.models.service_errors import excerpt, failure_inside
from judgebench.models.turns import turns_of
from judgebench.records.flow import Failure, Reply, Request, Usage

_FINISH = {"completed": "stop", "max_output_tokens": "length", "content_filter": "content_filter"}
_LIMITS = ("max_tokens", "max_completion_tokens", "max_out_len")


class OpenAIResponses(Dialect):
    """A service that speaks OpenAI's Responses protocol; it keeps nothing (``store=False``) unless it is asked to."""

    Config = OpenAIConfig
    path = "v1/responses"
    takes: ClassVar[frozenset[str]] = frozenset({"image", "tool_call", "tool_result"})
    offers: ClassVar[frozenset[str]] = frozenset({"logprobs"})
    schema_keys: ClassVar[tuple[str, ...]] = ("text",)
    batches: ClassVar[str] = "judgebench.models.openai_batches:OpenAIBatches"
    parameters: ClassVar[frozenset[str]] = frozenset(
        [
            "temperature",
            "top_p",
            "max_output_tokens",
            "reasoning",
            "reasoning_effort",
            "text",
            "tools",
            "tool_choice",
            "include",
            "logprobs",
            "top_logprobs",
            "store",
            "truncation",
            "service_tier",
            "metadata",
            "user",
            "verbosity",
        ]
    ) | frozenset(_LIMITS)

    def body(self, config: ServiceConfig, request: Request, model: str) -> dict[str, Any]:
        """Return the JSON body; common names of parameters become this protocol's, all else goes in untouched."""
        params = parameters_of(config, request)
        limits = [params.pop(name) for name in _LIMITS if name in params]
        params.setdefault("max_output_tokens", limits[0] if limits else config.max_out_len)
        if (effort := params.pop("reasoning_effort", None)) is not None:
            params["reasoning"] = {**params.get("reasoning", {}), "effort": effort}
        if (verbosity := params.pop("verbosity", None)) is not None:
            params["text"] = {**params.get("text", {}), "verbosity": verbosity}
        if params.pop("logprobs", False):
            params["include"] = [*params.get("include", []), "message.output_text.logprobs"]
        items = [item for turn in turns_of(request.prompt) for item in _items(turn.role, turn.parts, request.media)]
        params.setdefault("store", False)
        body = {"model": model, "input": items, **params}
        return {**body, "stream": True} if config.stream else body

    def held_to(self, schema: Mapping[str, Any], params: Mapping[str, Any], key: str) -> dict[str, Any]:
        """Return the parameters with the schema as the format of the text."""
        named = {"type": "json_schema", "name": SCHEMA_NAME, "strict": True, "schema": dict(schema)}
        return {**params, key: {**params.get(key, {}), "format": named}}

    def read(self, payload: Any) -> Reply:
        """Read a whole JSON reply."""
        return read_response(payload)

    def stream_reader(self) -> StreamReader:
        """Return a fresh reader for one streamed reply."""
        return _ResponseReader()


def _items(role: str, parts: list[Part], media: Mapping[str, bytes]) -> Iterator[dict[str, Any]]:
    content: list[dict[str, Any]] = []
    for part in parts:
        if isinstance(part, ToolCall | ToolResult):
            if content:
                yield {"role": role, "content": content}
                content = []
            yield _tool_item(part)
        else:
            content.append(_content(role, part, media))
    if content:
        yield {"role": role, "content": content}


def _tool_item(part: ToolCall | ToolResult) -> dict[str, Any]:
    if isinstance(part, ToolCall):
        return {"type": "function_call", "call_id": part.id, "name": part.name, "arguments": arguments_of(part)}
    return {"type": "function_call_output", "call_id": part.id, "output": part.content}


def _content(role: str, part: Part, media: Mapping[str, bytes]) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"type": "output_text" if role == "assistant" else "input_text", "text": part.text}
    if isinstance(part, Image):
        image = {"type": "input_image", "image_url": data_uri(typed(part), media)}
        return {**image, "detail": part.detail} if part.detail else image
    return typed(part)


def read_response(payload: Any) -> Reply:
    """Return the reply that a response object holds."""
    failure = failure_inside(payload)
    if failure is not None:
        return Reply(status="failed", error=failure)
    output = payload.get("output") if isinstance(payload, dict) else None
    if not isinstance(output, list):
        message = f"The reply is no response object: {excerpt(str(payload))}"
        return Reply(status="failed", error=Failure(kind="bad_reply", message=message))
    draft = Draft()
    draft.seen_choice = True
    for item in output:
        if isinstance(item, dict):
            _take_item(draft, item)
    status = payload.get("status")
    details = payload.get("incomplete_details")
    why = details.get("reason") if status == "incomplete" and isinstance(details, dict) else status
    draft.take_end(why, _FINISH)
    if status in ("failed", "cancelled"):
        return draft.failed("server", f"The service gave the reply up (status={status})")
    if status in ("queued", "in_progress"):  # what is there of it is no answer yet
        return draft.failed("bad_reply", f"The service sent a reply that it has not finished (status={status})")
    usage, model = payload.get("usage"), payload.get("model")
    if isinstance(usage, dict):
        draft.usage = read_usage(usage)
    if isinstance(model, str):
        draft.model = model
    return draft.reply()


def _take_item(draft: Draft, item: dict[str, Any]) -> None:
    kind = item.get("type")
    parts = item.get("content")
    entries = [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
    if kind == "message":
        for part in entries:
            if isinstance(part.get("text"), str):
                draft.text.append(part["text"])
            elif part.get("refusal"):
                draft.note("refusal", part["refusal"])
            if isinstance(part.get("logprobs"), list) and part["logprobs"]:
                draft.logprobs = [*(draft.logprobs or []), *read_logprobs({"content": part["logprobs"]})]
    elif kind == "reasoning":
        summary = item.get("summary")
        said = [*entries, *(summary if isinstance(summary, list) else [])]
        draft.reasoning += [
            part["text"] for part in said if isinstance(part, dict) and isinstance(part.get("text"), str)
        ]
    elif kind == "function_call":
        draft.note_tool_call(item.get("call_id"), item.get("name"), item.get("arguments"))
    elif kind == "image_generation_call" and isinstance(item.get("result"), str):
        draft.note_media("image/png", item["result"])  # the bytes say which kind it is
    else:
        draft.note("other_items", True)


def read_usage(usage: Mapping[str, Any]) -> Usage:
    """Return the token counts; what is no count is 0."""
    read, written = usage.get("input_tokens_details"), usage.get("output_tokens_details")
    return Usage(
        prompt_tokens=count_of(usage.get("input_tokens")),
        completion_tokens=count_of(usage.get("output_tokens")),
        reasoning_tokens=count_of(written.get("reasoning_tokens")) if isinstance(written, dict) else 0,
        cached_tokens=count_of(read.get("cached_tokens")) if isinstance(read, dict) else 0,
    )


class _ResponseReader(StreamReader):
    """Waits for the event that holds the whole response; the pieces before it are kept for a stream that breaks off."""

    def __init__(self) -> None:
        self._draft = Draft()
        self._reply: Reply | None = None
        self._failure: Failure | None = None
        self._events = 0

    def feed(self, event: Mapping[str, Any]) -> bool:
        """Take one event; returns whether it carried text or reasoning."""
        self._events += 1
        kind = str(event.get("type", ""))
        if kind == "error" or "error" in event:
            self._failure = self._failure or failure_inside(event if "error" in event else {"error": dict(event)})
        elif self._reply is not None:
            return False  # what comes after the end is no part of the reply
        elif kind in {"response.completed", "response.incomplete", "response.failed"}:
            self._reply = read_response(event.get("response"))
        elif kind.endswith(".delta") and isinstance(event.get("delta"), str):
            if kind == "response.output_text.delta":
                self._draft.text.append(event["delta"])
            elif kind.startswith("response.reasoning"):
                self._draft.reasoning.append(event["delta"])
            else:
                return False
            return bool(event["delta"])
        return False

    def finish(self, *, terminated: bool) -> Reply:  # noqa: ARG002 - the end is the event with the whole response
        """Return the reply."""
        if self._failure is not None:
            return self._draft.failed(self._failure.kind, self._failure.message, self._failure.http_status)
        if self._reply is not None:
            return self._reply
        return self._draft.failed(
            "truncated_stream", f"The stream ended after {self._events} events, without the whole response"
        )
