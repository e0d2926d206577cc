"""Google's protocol, as the Gemini API reference (v1beta) documents it: generateContent.

Sources: Google's Gemini API reference, "models.generateContent", "models.streamGenerateContent", "GenerationConfig",
"Candidate" (``FinishReason``) and "UsageMetadata"; its guides "Structured output" and "Troubleshooting" (errors); and
``google.rpc``'s ``Status``, ``RetryInfo`` and ``ErrorInfo``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from judgebench.testing.protocol import DELAY, MODEL, SAID, Protocol, cached_words, prompt_words
from judgebench.testing.records import Failed, RefusedError, ServiceReply, ServiceRequest, data_line, tokens_of, words


class GeminiProtocol(Protocol):
    """generateContent."""

    name = "gemini"
    type = "GeminiChat"
    _FINISH: ClassVar[dict[str, str]] = {"stop": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}
    _STATUS: ClassVar[dict[str, tuple[int, str]]] = {
        "rate_limit": (429, "RESOURCE_EXHAUSTED"),
        "overloaded": (503, "UNAVAILABLE"),
        "server": (500, "INTERNAL"),
        "auth": (400, "INVALID_ARGUMENT"),
        "quota": (402, "FAILED_PRECONDITION"),
        "not_found": (404, "NOT_FOUND"),
        "bad_request": (400, "INVALID_ARGUMENT"),
        "context_length": (400, "INVALID_ARGUMENT"),
    }

    def listed(self, path: str) -> dict[str, Any] | None:
        return {"models": [{"name": f"models/{MODEL}"}]} if path.endswith("/models") else None

    def key_of(self, headers: dict[str, str]) -> str:
        return headers.get("x-goog-api-key", "")

    def request_of(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> ServiceRequest:
        model, _, call = path.partition("/models/")[2].partition(":")
        if call not in {"generateContent", "streamGenerateContent?alt=sse"}:
            raise RefusedError(self.error("not_found"))
        self.check_names(body, "contents systemInstruction generationConfig safetySettings tools toolConfig labels", "")
        known = (
            "temperature topP topK candidateCount stopSequences seed maxOutputTokens presencePenalty frequencyPenalty"
            " responseLogprobs logprobs thinkingConfig responseMimeType responseJsonSchema responseSchema"
        )
        self.check_names(body.get("generationConfig", {}), known, "generation_config.")
        texts, images, tools = [], [], []
        for content in body["contents"]:
            if content["role"] not in {"user", "model"}:
                raise self.refuse("Please use a valid role: user, model.")
            for part in content["parts"]:
                if "inlineData" in part:
                    images.append(self.decoded(part["inlineData"]["data"]))
                elif "text" in part:
                    texts.append(part["text"])
                else:
                    tools.append((part.get("functionCall") or part["functionResponse"])["name"])
        system = "".join(part["text"] for part in body.get("systemInstruction", {}).get("parts", []))
        return ServiceRequest(model, system, texts, images, tools, call != "generateContent", path, headers, body)

    def schemas(self, body: dict[str, Any]) -> dict[str, Any]:
        config = body.get("generationConfig", {})
        found = {key: config[key] for key in ("responseJsonSchema", "responseSchema") if key in config}
        if found and config.get("responseMimeType") != "application/json":
            raise self.refuse("response_schema needs response_mime_type application/json")
        if "additionalProperties" in str(found.get("responseSchema")):
            raise self.refuse('Unknown name "additionalProperties" at generation_config.response_schema')
        return found

    def whole(self, request: ServiceRequest, reply: ServiceReply) -> dict[str, Any]:
        parts: list[dict[str, Any]] = [{"text": reply.thinking, "thought": True}] if reply.thinking else []
        parts += [{"text": reply.text}] if reply.text else []
        if reply.tool is not None:
            parts.append({"functionCall": {"name": reply.tool[0], "args": reply.tool[1]}})
        whole = self._piece(request, reply, parts, self._FINISH[reply.finish])
        if request.body["generationConfig"].get("responseLogprobs"):
            whole["candidates"][0]["logprobsResult"] = _logprobs(reply)
        return whole

    def _piece(
        self, request: ServiceRequest, reply: ServiceReply, parts: list[dict[str, Any]], finish: str = ""
    ) -> dict[str, Any]:
        candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
        if finish:
            candidate["finishReason"] = finish
        usage = {
            "promptTokenCount": prompt_words(request),
            "cachedContentTokenCount": cached_words(request),
            "candidatesTokenCount": words(reply.text),
            "thoughtsTokenCount": words(reply.thinking),
        }
        return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": request.model}

    def stream(self, request: ServiceRequest, reply: ServiceReply) -> Iterator[bytes]:
        if reply.thinking:
            yield data_line(self._piece(request, reply, [{"text": reply.thinking, "thought": True}]))
        for piece in reply.pieces():
            yield data_line(self._piece(request, reply, [{"text": piece}]))
        tool = [{"functionCall": {"name": reply.tool[0], "args": reply.tool[1]}}] if reply.tool is not None else []
        yield data_line(self._piece(request, reply, tool, self._FINISH[reply.finish]))

    def error(self, kind: str, sentence: str = "") -> Failed:
        status, word = self._STATUS[kind]
        error: dict[str, Any] = {"code": status, "message": sentence or SAID[kind], "status": word}
        if kind == "rate_limit":
            error["details"] = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{DELAY:g}s"}]
        elif kind == "auth":
            error["message"] = "API key not valid. Please pass a valid API key."
            error["details"] = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]
        elif kind == "context_length":
            error["message"] = "The input token count (9000) exceeds the maximum number of tokens allowed (4096)."
        return Failed(status, {"error": error})

    def broken_stream(self) -> bytes:
        return data_line({"error": {"code": 503, "message": "Overloaded", "status": "UNAVAILABLE"}})


def _logprobs(reply: ServiceReply) -> dict[str, Any]:
    def one(token: dict[str, Any]) -> dict[str, Any]:
        return {"token": token["token"], "logProbability": token["logprob"]}

    tokens = tokens_of(reply)
    tops = [{"candidates": [one(top) for top in token["top_logprobs"]]} for token in tokens]
    return {"chosenCandidates": [one(token) for token in tokens], "topCandidates": tops}
