"""Anthropic's protocol, as Anthropic's API reference documents it: Messages, version 2023-06-01.

Sources: Anthropic's API reference, "Messages", "Streaming Messages", "Errors", "Rate limits" and "Versions", and its
guides "Structured outputs" (``output_config.format``), "Tool use" (``tool_choice``), "Extended thinking" and "Prompt
caching" (what ``usage`` counts).
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any, ClassVar

from judgebench.testing.protocol import DELAY, MODEL, SAID, Protocol, cached_words, prompt_words
from judgebench.testing.records import Failed, ServiceReply, ServiceRequest, data_line, words


class AnthropicProtocol(Protocol):
    """Messages."""

    name = "anthropic"
    type = "AnthropicChat"
    _STOP: ClassVar[dict[str, str]] = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}
    _STATUS: ClassVar[dict[str, tuple[int, str]]] = {
        "rate_limit": (429, "rate_limit_error"),
        "overloaded": (529, "overloaded_error"),
        "server": (500, "api_error"),
        "auth": (401, "authentication_error"),
        "quota": (400, "invalid_request_error"),
        "not_found": (404, "not_found_error"),
        "bad_request": (400, "invalid_request_error"),
        "context_length": (400, "invalid_request_error"),
    }

    def listed(self, path: str) -> dict[str, Any] | None:
        return {"data": [{"id": MODEL, "type": "model"}], "has_more": False} if path.endswith("/models") else None

    def key_of(self, headers: dict[str, str]) -> str:
        return headers.get("x-api-key", "")

    def request_of(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> ServiceRequest:
        if headers.get("anthropic-version") != "2023-06-01":
            raise self.refuse("anthropic-version: header is required")
        known = (
            "model messages max_tokens system temperature top_p top_k stop_sequences stream thinking output_config"
            " metadata tools tool_choice service_tier"
        )
        self.check_names(body, known, "")
        if "max_tokens" not in body:
            raise self.refuse("max_tokens: Field required")
        if not 0 <= body.get("temperature", 0) <= 1:
            raise self.refuse("temperature: range: 0..1")
        texts, images, tools = [], [], []
        for nth, message in enumerate(body["messages"]):
            if message["role"] not in {"user", "assistant"}:
                raise self.refuse(f"messages.{nth}.role: Input should be 'user' or 'assistant'")
            for block in message["content"]:
                if block["type"] == "image":
                    images.append(self.decoded(block["source"]["data"]))
                elif block["type"] == "text":
                    texts.append(block["text"])
                else:
                    tools.append(block.get("name") or block["tool_use_id"])
        stream = bool(body.get("stream"))
        return ServiceRequest(body["model"], body.get("system", ""), texts, images, tools, stream, path, headers, body)

    def schemas(self, body: dict[str, Any]) -> dict[str, Any]:
        form = body.get("output_config", {}).get("format")
        found = {"output_config": form["schema"]} if form else {}
        forced = body.get("tool_choice", {}).get("name")
        arguments = [tool["input_schema"] for tool in body.get("tools", []) if tool["name"] == forced]
        return found | ({"tools": arguments[0]} if arguments else {})

    def held(self, request: ServiceRequest, reply: ServiceReply, key: str, text: str) -> ServiceReply:
        if key != "tools" or reply.finish != "stop":
            return super().held(request, reply, key, text)
        return dataclasses.replace(reply, text="", tool=(request.body["tool_choice"]["name"], json.loads(text)))

    def whole(self, request: ServiceRequest, reply: ServiceReply) -> dict[str, Any]:
        stop = "tool_use" if reply.tool else self._STOP[reply.finish]
        return self._message(request, self._blocks(reply), stop, self._usage(request, reply))

    def _blocks(self, reply: ServiceReply) -> list[dict[str, Any]]:
        blocks: list[dict[str, Any]] = []
        if reply.thinking:
            blocks.append({"type": "thinking", "thinking": reply.thinking, "signature": "c2ln"})
        if reply.text:
            blocks.append({"type": "text", "text": reply.text})
        if reply.tool is not None:
            blocks.append({"type": "tool_use", "id": "toolu_1", "name": reply.tool[0], "input": reply.tool[1]})
        return blocks

    def _message(self, request: ServiceRequest, blocks: Any, stop: str | None, usage: dict[str, int]) -> dict[str, Any]:
        head = {"id": "msg_1", "type": "message", "role": "assistant", "model": request.model, "content": blocks}
        return {**head, "stop_reason": stop, "stop_sequence": None, "usage": usage}

    def _usage(self, request: ServiceRequest, reply: ServiceReply) -> dict[str, int]:
        # a tenth of the prompt came out of the cache and a fifth went into it: both are left out of input_tokens
        prompt, cached = prompt_words(request), cached_words(request)
        return {
            "input_tokens": prompt - 3 * cached,
            "cache_read_input_tokens": cached,
            "cache_creation_input_tokens": 2 * cached,
            "output_tokens": words(reply.text) + words(reply.thinking),
        }

    def stream(self, request: ServiceRequest, reply: ServiceReply) -> Iterator[bytes]:
        usage = self._usage(request, reply)
        start = self._message(request, [], None, {**usage, "output_tokens": 1})
        yield data_line({"type": "message_start", "message": start}, "message_start")
        yield data_line({"type": "ping"}, "ping")
        for nth, block in enumerate(self._blocks(reply)):
            empties: dict[str, Any] = {"text": "", "thinking": "", "input": {}}
            empty = block | {name: value for name, value in empties.items() if name in block}
            yield data_line(
                {"type": "content_block_start", "index": nth, "content_block": empty}, "content_block_start"
            )
            for delta in self._deltas(block, reply):
                event = {"type": "content_block_delta", "index": nth, "delta": delta}
                yield data_line(event, "content_block_delta")
            yield data_line({"type": "content_block_stop", "index": nth}, "content_block_stop")
        stop = "tool_use" if reply.tool else self._STOP[reply.finish]
        end = {
            "type": "message_delta",
            "delta": {"stop_reason": stop},
            "usage": {"output_tokens": usage["output_tokens"]},
        }
        yield data_line(end, "message_delta")
        yield data_line({"type": "message_stop"}, "message_stop")

    def _deltas(self, block: dict[str, Any], reply: ServiceReply) -> Iterator[dict[str, Any]]:
        if block["type"] == "thinking":
            yield {"type": "thinking_delta", "thinking": block["thinking"]}
            yield {"type": "signature_delta", "signature": "c2ln"}
        elif block["type"] == "text":
            for piece in reply.pieces():
                yield {"type": "text_delta", "text": piece}
        else:
            written = json.dumps(block["input"])
            yield {"type": "input_json_delta", "partial_json": written[:3]}
            yield {"type": "input_json_delta", "partial_json": written[3:]}

    def error(self, kind: str, sentence: str = "") -> Failed:
        status, code = self._STATUS[kind]
        sentence = sentence or ("Your credit balance is too low to access the API." if kind == "quota" else SAID[kind])
        headers = {"retry-after": f"{DELAY:g}"} if kind == "rate_limit" else {}
        return Failed(status, {"type": "error", "error": {"type": code, "message": sentence}}, headers)

    def broken_stream(self) -> bytes:
        return data_line({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "error")
