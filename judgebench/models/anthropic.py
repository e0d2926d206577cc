"""Anthropic's Messages API (``v1/messages``): Claude models at Anthropic, and gateways that speak its protocol.

Source: Anthropic's API reference, "Messages" and "Streaming Messages", version 2023-06-01.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from judgebench.content.parts import Image, Part, Text, ToolCall, ToolResult, typed
from judgebench.models.contract import Dialect, ServiceConfig, StreamReader, parameters_of
from judgebench.models.openai_replies import Draft, count_of
from judgebench.models.service_errors import excerpt, failure_inside
from judgebench.models.turns import apart, arguments_object, encoded, turns_of
from judgebench.records.flow import Failure, Reply, Request, Usage

VERSION = "2023-06-01"
"""The protocol's version, sent as ``anthropic-version`` unless the config's headers name another."""

ANSWER_TOOL = "give_verdict"
"""Tool whose arguments are the answer, for models that are held to a schema in no other way."""

_FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
}
"""The service's words for the end of a reply, as ours; any other is kept as it is."""


class AnthropicConfig(ServiceConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of Anthropic's service; the key comes from ``ANTHROPIC_API_KEY`` unless the config says otherwise."""

    url: str = "https://api.anthropic.com"
    api_key: str = "${ANTHROPIC_API_KEY}"


class AnthropicChat(Dialect):
    """A service that speaks Anthropic's Messages protocol."""

    Config = AnthropicConfig
    path = "v1/messages"
    takes: ClassVar[frozenset[str]] = frozenset({"image", "tool_call", "tool_result"})
    schema_keys: ClassVar[tuple[str, ...]] = ("output_config", "tools")
    batches: ClassVar[str] = "judgebench.models.anthropic_batches:AnthropicBatches"
    parameters: ClassVar[frozenset[str]] = frozenset(
        [
            "temperature",
            "top_p",
            "top_k",
            "stop",
            "stop_sequences",
            "max_tokens",
            "max_out_len",
            "thinking",
            "output_config",
            "metadata",
            "tools",
            "tool_choice",
            "service_tier",
        ]
    )

    def headers(self, key: str) -> dict[str, str]:
        """Return the headers with the key and the protocol's version."""
        return {"anthropic-version": VERSION} | ({"x-api-key": key} if key else {})

    def body(self, config: ServiceConfig, request: Request, model: str) -> dict[str, Any]:
        """Return the JSON body; ``stop`` and ``max_out_len`` go under the protocol's names, all else untouched."""
        params = parameters_of(config, request)
        limit = params.pop("max_out_len", config.max_out_len)
        params.setdefault("max_tokens", limit)
        if (stop := params.pop("stop", None)) is not None:
            params.setdefault("stop_sequences", [stop] if isinstance(stop, str) else stop)
        system, turns = apart(turns_of(request.prompt))
        messages = [
            {"role": turn.role, "content": [_block(part, request.media) for part in turn.parts]} for turn in turns
        ]
        body = {"model": model, "messages": messages, **params}
        if system:
            body["system"] = system
        return {**body, "stream": True} if config.stream else body

    def held_to(self, schema: Mapping[str, Any], params: Mapping[str, Any], key: str) -> dict[str, Any]:
        """Return the parameters: the format of the output, or a tool that must be called, for older models."""
        if key == "tools":
            tool = {"name": ANSWER_TOOL, "description": "Give the verdict.", "input_schema": dict(schema)}
            return {**params, key: [tool], "tool_choice": {"type": "tool", "name": ANSWER_TOOL}}
        return {**params, key: {**params.get(key, {}), "format": {"type": "json_schema", "schema": dict(schema)}}}

    def read(self, payload: Any) -> Reply:
        """Read a whole JSON reply."""
        return read_message(payload)

    def stream_reader(self) -> StreamReader:
        """Return a fresh reader for one streamed reply."""
        return _MessageReader()


def _block(part: Part, media: Mapping[str, bytes]) -> dict[str, Any]:
    if isinstance(part, Image):
        source = {"type": "base64", "media_type": part.media_type, "data": encoded(part.sha256, media)}
        return {"type": "image", "source": source}
    if isinstance(part, ToolCall):
        return {"type": "tool_use", "id": part.id, "name": part.name, "input": arguments_object(part.arguments)}
    if isinstance(part, ToolResult):
        return {"type": "tool_result", "tool_use_id": part.id, "content": part.content}
    return {"type": "text", "text": part.text} if isinstance(part, Text) else typed(part)


def read_message(payload: Any) -> Reply:
    """Return the reply that a message of the protocol holds."""
    failure = failure_inside(payload)
    if failure is not None:
        return Reply(status="failed", error=failure)
    blocks = payload.get("content") if isinstance(payload, dict) else None
    if not isinstance(blocks, list):
        said = excerpt(str(payload))
        return Reply(status="failed", error=Failure(kind="bad_reply", message=f"The reply is no message: {said}"))
    draft = Draft()
    draft.seen_choice = True
    for block in blocks:
        _take_block(draft, block)
    _take_end(draft, payload)
    return draft.reply()


def _take_block(draft: Draft, block: Any) -> None:
    kind = block.get("type") if isinstance(block, dict) else None
    if kind == "text" and isinstance(block.get("text"), str):
        draft.text.append(block["text"])
    elif kind == "thinking" and isinstance(block.get("thinking"), str):
        draft.reasoning.append(block["thinking"])
    elif kind == "redacted_thinking":
        draft.note("redacted_thinking", True)
    elif kind == "tool_use":
        _take_tool_call(draft, block, block.get("input"))
    else:
        draft.note("other_blocks", True)


def _take_tool_call(draft: Draft, block: Mapping[str, Any], arguments: Any) -> None:
    if block.get("name") == ANSWER_TOOL:
        draft.text.append(arguments if isinstance(arguments, str) else msgspec.json.encode(arguments).decode())
    else:
        draft.note_tool_call(block.get("id"), block.get("name"), arguments)


def _take_end(draft: Draft, message: Mapping[str, Any]) -> None:
    """Take what a message says of itself: why it ended, tokens, the model."""
    draft.take_end(message.get("stop_reason"), _FINISH)
    usage, model = message.get("usage"), message.get("model")
    if isinstance(usage, dict):
        draft.usage = read_usage(usage)
    if isinstance(model, str):
        draft.model = model


def read_usage(usage: Mapping[str, Any]) -> Usage:
    """Return the token counts; the protocol's ``input_tokens`` leaves out what was read from and put into the cache."""
    read, written = count_of(usage.get("cache_read_input_tokens")), count_of(usage.get("cache_creation_input_tokens"))
    details = usage.get("output_tokens_details")
    return Usage(
        prompt_tokens=count_of(usage.get("input_tokens")) + read + written,
        completion_tokens=count_of(usage.get("output_tokens")),
        reasoning_tokens=count_of(details.get("thinking_tokens")) if isinstance(details, dict) else 0,
        cached_tokens=read,
        cache_write_tokens=written,
    )


class _MessageReader(StreamReader):
    """Puts the events of a streamed message together; counts of tokens in them are totals so far."""

    def __init__(self) -> None:
        self._draft = Draft()
        self._usage: dict[str, Any] = {}
        self._tools: dict[str, dict[str, Any]] = {}
        self._failure: Failure | None = None
        self._ended = False
        self._events = 0

    def feed(self, event: Mapping[str, Any]) -> bool:
        """Take one event; returns whether it carried text or thinking."""
        self._events += 1
        draft, kind = self._draft, event.get("type")
        if "error" in event and self._failure is None:
            self._failure = failure_inside(event)
        if self._ended:
            return False  # what comes after the end is no part of the reply
        message, delta = event.get("message"), event.get("delta")
        if kind == "message_start" and isinstance(message, dict):
            draft.seen_choice = True
            self._take_usage(message.get("usage"))
            _take_end(draft, message)
        elif kind == "content_block_start":
            self._start_block(event)
        elif kind == "content_block_delta" and isinstance(delta, dict):
            return self._take_delta(event, delta)
        elif kind == "message_delta":
            self._take_usage(event.get("usage"))
            draft.take_end(delta.get("stop_reason") if isinstance(delta, dict) else None, _FINISH)
        elif kind == "message_stop":
            self._ended = True
        return False

    def _start_block(self, event: Mapping[str, Any]) -> None:
        block = event.get("content_block")
        if isinstance(block, dict) and block.get("type") == "tool_use":
            self._tools[str(event.get("index"))] = {**block, "input": ""}
        elif isinstance(block, dict):
            _take_block(self._draft, block)

    def _take_delta(self, event: Mapping[str, Any], delta: dict[str, Any]) -> bool:
        for name, pieces in (("text", self._draft.text), ("thinking", self._draft.reasoning)):
            if isinstance(delta.get(name), str):
                pieces.append(delta[name])
                return bool(delta[name])
        tool = self._tools.get(str(event.get("index")))
        if tool is not None and isinstance(delta.get("partial_json"), str):
            tool["input"] += delta["partial_json"]
        return False

    def _take_usage(self, usage: Any) -> None:
        if isinstance(usage, dict):
            self._usage |= {name: count for name, count in usage.items() if count is not None}
            self._draft.usage = read_usage(self._usage)

    def finish(self, *, terminated: bool) -> Reply:
        """Return the reply; ``message_stop`` is the end, and a reason to stop counts as one."""
        draft = self._draft
        for tool in self._tools.values():
            _take_tool_call(draft, tool, tool["input"])
        if self._failure is not None:
            return draft.failed(self._failure.kind, self._failure.message, self._failure.http_status)
        if not (terminated or self._ended or draft.finish_reason):
            return draft.failed(
                "truncated_stream", f"The stream ended after {self._events} events, without message_stop"
            )
        if not draft.seen_choice:
            return draft.failed("empty_reply", "The stream ended without a message")
        return draft.reply()
