"""Ollama's protocol, as Ollama's API reference documents it: api/chat.

Sources: Ollama's "docs/api.md" ("Generate a chat completion", "List local models"), and its pages "Thinking",
"Structured outputs" and "Errors". It says nowhere when to ask again, and keeps no account.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, ClassVar

from judgebench.testing.protocol import MODEL, SAID, Protocol, prompt_words
from judgebench.testing.records import Failed, ServiceReply, ServiceRequest, tokens_of, words


class OllamaProtocol(Protocol):
    """Ollama's own."""

    name = "ollama"
    type = "OllamaChat"
    stream_type = "application/x-ndjson"
    _STATUS: ClassVar[dict[str, int]] = {
        "rate_limit": 429,
        "overloaded": 503,
        "server": 500,
        "auth": 401,
        "quota": 402,
        "not_found": 404,
        "bad_request": 400,
        "context_length": 400,
    }

    def listed(self, path: str) -> dict[str, Any] | None:
        return {"models": [{"name": f"{MODEL}:latest"}]} if path.endswith("/tags") else None

    def request_of(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> ServiceRequest:
        # Ollama ignores options that it does not know; this one refuses them, for tests to see what is sent
        known = (
            "temperature top_p top_k min_p seed stop num_ctx num_predict num_keep repeat_penalty repeat_last_n"
            " presence_penalty frequency_penalty typical_p mirostat"
        )
        self.check_names(body.get("options", {}), known, "options.")
        self.check_names(body, "model messages stream options think format keep_alive tools logprobs top_logprobs", "")
        texts, images, tools, system = [], [], [], ""
        for message in body["messages"]:
            images += [self.decoded(image) for image in message.get("images", [])]
            tools += [call["function"]["name"] for call in message.get("tool_calls", [])]
            if message["role"] == "tool":
                tools.append(message.get("tool_name", "tool"))
            elif message["role"] == "system":
                system += message["content"]
            else:
                texts.append(message["content"])
        return ServiceRequest(
            body["model"], system, texts, images, tools, body.get("stream", True), path, headers, body
        )

    def schemas(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"format": body["format"]} if isinstance(body.get("format"), dict) else {}

    def whole(self, request: ServiceRequest, reply: ServiceReply) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": reply.text}
        if reply.thinking:
            message["thinking"] = reply.thinking
        if reply.tool is not None:
            message["tool_calls"] = [{"function": {"name": reply.tool[0], "arguments": reply.tool[1]}}]
        logprobs = {"logprobs": tokens_of(reply)} if request.body.get("logprobs") else {}
        return {"model": request.model, "message": message, **logprobs, **self._end(request, reply)}

    def _end(self, request: ServiceRequest, reply: ServiceReply) -> dict[str, Any]:
        counts = {"prompt_eval_count": prompt_words(request), "eval_count": words(reply.text) + words(reply.thinking)}
        return {"done": True, "done_reason": "length" if reply.finish == "length" else "stop", **counts}

    def stream(self, request: ServiceRequest, reply: ServiceReply) -> Iterator[bytes]:
        def line(message: dict[str, Any], **more: Any) -> bytes:
            payload = {
                "model": request.model,
                "message": {"role": "assistant", "content": "", **message},
                "done": False,
            }
            return json.dumps({**payload, **more}).encode() + b"\n"

        if reply.thinking:
            yield line({"thinking": reply.thinking})
        for piece in reply.pieces():
            yield line({"content": piece})
        if reply.tool is not None:
            yield line({"tool_calls": self.whole(request, reply)["message"]["tool_calls"]})
        yield line({}, **self._end(request, reply))

    def error(self, kind: str, sentence: str = "") -> Failed:
        return Failed(self._STATUS[kind], {"error": sentence or SAID[kind]})

    def broken_stream(self) -> bytes:
        return json.dumps({"error": "an error was encountered while running the model"}).encode() + b"\n"
