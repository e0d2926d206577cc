"""OpenAI's protocols, as OpenAI's API reference documents them: Chat Completions, Completions and Responses.

Sources: OpenAI's API reference, "Chat", "Completions (legacy)", "Responses", "Streaming events" and "Error codes", and
its guides "Structured model outputs" and "Rate limits"; for what compatible servers add, vLLM's "OpenAI-Compatible
Server" and "Structured Outputs" (``structured_outputs``), llama.cpp's "tools/server/README.md" (``json_schema``,
``reasoning_content``) and Azure's reference (``retry-after-ms``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, ClassVar

from judgebench.testing.protocol import DELAY, SAID, Protocol, cached_words, prompt_words
from judgebench.testing.records import Failed, ServiceReply, ServiceRequest, data_line, tokens_of, words


class OpenAIChatProtocol(Protocol):
    """Chat Completions."""

    name = "openai"
    type = "VLLMCustomAPIChat"
    _STATUS: ClassVar[dict[str, tuple[int, str]]] = {
        "rate_limit": (429, "rate_limit_exceeded"),
        "overloaded": (503, "server_error"),
        "server": (500, "server_error"),
        "auth": (401, "invalid_api_key"),
        "quota": (429, "insufficient_quota"),
        "not_found": (404, "model_not_found"),
        "bad_request": (400, "invalid_value"),
        "context_length": (400, "context_length_exceeded"),
    }

    def request_of(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> ServiceRequest:
        texts, images, tools, system = [], [], [], ""
        for message in body.get("messages", []):
            content = message.get("content")
            tools += [call["function"]["name"] for call in message.get("tool_calls") or []]
            if message["role"] == "tool":
                tools.append(message["tool_call_id"])
                continue
            as_text: list[dict[str, Any]] = [{"type": "text", "text": content}]
            for part in as_text if isinstance(content, str) else content or []:
                if part["type"] == "image_url":
                    images.append(self.decoded(part["image_url"]["url"].partition(";base64,")[2]))
                elif message["role"] == "system":
                    system += part["text"]
                else:
                    texts.append(part["text"])
        return ServiceRequest(
            body["model"], system, texts, images, tools, bool(body.get("stream")), path, headers, body
        )

    def schemas(self, body: dict[str, Any]) -> dict[str, Any]:
        form = body.get("response_format", {})
        found = {"response_format": form["json_schema"]["schema"]} if form.get("type") == "json_schema" else {}
        found |= {key: body[key] for key in ("json_schema",) if key in body}
        return found | {key: body[key]["json"] for key in ("structured_outputs",) if key in body}

    def whole(self, request: ServiceRequest, reply: ServiceReply) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": reply.text}
        if reply.thinking:
            message["reasoning_content"] = reply.thinking
        if reply.tool is not None:
            function = {"name": reply.tool[0], "arguments": json.dumps(reply.tool[1])}
            message |= {"content": None, "tool_calls": [{"id": "c1", "type": "function", "function": function}]}
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if reply.tool else reply.finish}
        if request.body.get("logprobs"):
            choice["logprobs"] = {"content": tokens_of(reply)}
        return {
            "object": "chat.completion",
            "model": request.model,
            "choices": [choice],
            "usage": self._usage(request, reply),
        }

    def stream(self, request: ServiceRequest, reply: ServiceReply) -> Iterator[bytes]:
        def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
            choice = {"index": 0, "delta": delta, "finish_reason": finish}
            return data_line({"object": "chat.completion.chunk", "model": request.model, "choices": [choice]})

        if reply.thinking:
            yield chunk({"reasoning_content": reply.thinking})
        for piece in reply.pieces():
            yield chunk({"content": piece})
        if reply.tool is not None:
            yield chunk({"tool_calls": self.whole(request, reply)["choices"][0]["message"]["tool_calls"]}, "tool_calls")
        else:
            yield chunk({}, reply.finish)
        yield data_line({"model": request.model, "choices": [], "usage": self._usage(request, reply)})
        yield b"data: [DONE]\n\n"

    def _usage(self, request: ServiceRequest, reply: ServiceReply) -> dict[str, Any]:
        return {
            "prompt_tokens": prompt_words(request),
            "prompt_tokens_details": {"cached_tokens": cached_words(request)},
            "completion_tokens": words(reply.text) + words(reply.thinking),
            "completion_tokens_details": {"reasoning_tokens": words(reply.thinking)},
        }

    def error(self, kind: str, sentence: str = "") -> Failed:
        status, code = self._STATUS[kind]
        headers = {"retry-after-ms": f"{1000 * DELAY:g}"} if kind in {"rate_limit", "overloaded"} else {}
        return Failed(status, {"error": {"message": sentence or SAID[kind], "type": code, "code": code}}, headers)

    def broken_stream(self) -> bytes:
        return data_line({"error": {"message": "Internal error.", "type": "server_error", "code": 500}})


class CompletionsProtocol(OpenAIChatProtocol):
    """Completions: a text goes on."""

    name = "completions"
    type = "VLLMCustomAPI"

    def request_of(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> ServiceRequest:
        if not isinstance(body.get("prompt"), str) or "messages" in body:
            raise self.refuse("you must provide a prompt parameter")
        return ServiceRequest(
            body["model"], "", [body["prompt"]], [], [], bool(body.get("stream")), path, headers, body
        )

    def whole(self, request: ServiceRequest, reply: ServiceReply) -> dict[str, Any]:
        choice = {"index": 0, "text": reply.text, "finish_reason": reply.finish, "logprobs": None}
        if request.body.get("logprobs"):
            tokens = tokens_of(reply)
            choice["logprobs"] = {
                "tokens": [one["token"] for one in tokens],
                "token_logprobs": [one["logprob"] for one in tokens],
                "top_logprobs": [{top["token"]: top["logprob"] for top in one["top_logprobs"]} for one in tokens],
            }
        usage = self._usage(request, reply)
        return {"object": "text_completion", "model": request.model, "choices": [choice], "usage": usage}

    def stream(self, request: ServiceRequest, reply: ServiceReply) -> Iterator[bytes]:
        head = {"object": "text_completion", "model": request.model}
        for piece in reply.pieces():
            yield data_line({**head, "choices": [{"index": 0, "text": piece, "finish_reason": None}]})
        yield data_line({**head, "choices": [{"index": 0, "text": "", "finish_reason": reply.finish}]})
        yield data_line({**head, "choices": [], "usage": self._usage(request, reply)})
        yield b"data: [DONE]\n\n"


class ResponsesProtocol(OpenAIChatProtocol):
    """OpenAI's Responses."""

    name = "responses"
    type = "OpenAIResponses"

    def request_of(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> ServiceRequest:
        known = (
            "model input instructions max_output_tokens temperature top_p reasoning text tools tool_choice include"
            " top_logprobs store truncation service_tier metadata user stream"
        )
        for name in body:
            if name not in known.split():
                raise self.refuse(f"Unknown parameter: '{name}'.")
        texts, images, tools, system = [], [], [], ""
        for item in body["input"]:
            if item.get("type") in {"function_call", "function_call_output"}:
                tools.append(item.get("name") or item["call_id"])
                continue
            for part in item["content"]:
                if part["type"] == "input_image":
                    images.append(self.decoded(part["image_url"].partition(";base64,")[2]))
                elif part["type"] != ("output_text" if item["role"] == "assistant" else "input_text"):
                    raise self.refuse(f"Invalid value: '{part['type']}'.")
                elif item["role"] == "system":
                    system += part["text"]
                else:
                    texts.append(part["text"])
        return ServiceRequest(
            body["model"], system, texts, images, tools, bool(body.get("stream")), path, headers, body
        )

    def schemas(self, body: dict[str, Any]) -> dict[str, Any]:
        form = body.get("text", {}).get("format", {})
        return {"text": form["schema"]} if form.get("type") == "json_schema" else {}

    def whole(self, request: ServiceRequest, reply: ServiceReply) -> dict[str, Any]:
        output: list[dict[str, Any]] = []
        if reply.thinking:
            output.append(
                {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": reply.thinking}]}
            )
        if reply.text:
            content: list[dict[str, Any]] = [{"type": "output_text", "text": reply.text, "annotations": []}]
            if "message.output_text.logprobs" in request.body.get("include", []):
                content[0]["logprobs"] = tokens_of(reply)
            output.append({"type": "message", "id": "msg_1", "role": "assistant", "content": content})
        if reply.tool is not None:
            called = {"call_id": "call_1", "name": reply.tool[0], "arguments": json.dumps(reply.tool[1])}
            output.append({"type": "function_call", **called})
        cut = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(reply.finish)
        return {
            "object": "response",
            "model": request.model,
            "status": "incomplete" if cut else "completed",
            "incomplete_details": {"reason": cut} if cut else None,
            "error": None,
            "output": output,
            "usage": {
                "input_tokens": prompt_words(request),
                "input_tokens_details": {"cached_tokens": cached_words(request)},
                "output_tokens": words(reply.text) + words(reply.thinking),
                "output_tokens_details": {"reasoning_tokens": words(reply.thinking)},
            },
        }

    def stream(self, request: ServiceRequest, reply: ServiceReply) -> Iterator[bytes]:
        yield data_line({"type": "response.created", "response": {"status": "in_progress"}}, "response.created")
        if reply.thinking:
            kind = "response.reasoning_summary_text.delta"
            yield data_line({"type": kind, "delta": reply.thinking}, kind)
        for piece in reply.pieces():
            yield data_line({"type": "response.output_text.delta", "delta": piece}, "response.output_text.delta")
        whole = self.whole(request, reply)
        kind = f"response.{whole['status']}"
        yield data_line({"type": kind, "response": whole}, kind)

    def broken_stream(self) -> bytes:
        return data_line({"type": "error", "code": "server_error", "message": "Internal error."}, "error")
