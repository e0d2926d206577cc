"""Google's Gemini API (``v1beta/models/MODEL:generateContent``).

Source: Google's "Gemini API reference", ``models.generateContent`` and ``models.streamGenerateContent``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from judgebench.content.parts import Audio, Image, Part, Text, ToolCall, ToolResult, Video, typed
from judgebench.models.contract import Dialect, ServiceConfig, StreamReader, parameters_of
from judgebench.models.openai_replies import Draft, count_of, finite
from judgebench.models.service_errors import failure_inside
from judgebench.models.turns import ConversationTurn, apart, arguments_object, encoded, turns_of
from judgebench.records.flow import Failure, Reply, Request, TokenLogprob, Usage

_FINISH = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    **dict.fromkeys(
        ["SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "LANGUAGE"],
        "content_filter",
    ),
    "MALFORMED_FUNCTION_CALL": "error",
    "OTHER": "error",
}

_NAMES = {
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "n": "candidateCount",
    "stop": "stopSequences",
    "seed": "seed",
    "max_tokens": "maxOutputTokens",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
    "logprobs": "responseLogprobs",
    "top_logprobs": "logprobs",
}
"""Common names of sampling parameters, and this protocol's; any other name is sent as it is."""

_OUTSIDE = frozenset({"safetySettings", "tools", "toolConfig", "cachedContent", "labels"})
"""Parameters that stand beside ``generationConfig``, not in it."""


class GeminiConfig(ServiceConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of Google's service; the key comes from ``GEMINI_API_KEY`` unless the config says otherwise."""

    url: str = "https://generativelanguage.googleapis.com"
    api_key: str = "${GEMINI_API_KEY}"


class GeminiChat(Dialect):
    """A service that speaks Google's generateContent protocol."""

    Config = GeminiConfig
    path = "v1beta/models/{model}:generateContent"
    takes: ClassVar[frozenset[str]] = frozenset({"image", "audio", "video", "tool_call", "tool_result"})
    offers: ClassVar[frozenset[str]] = frozenset({"logprobs", "n", "seed"})
    schema_keys: ClassVar[tuple[str, ...]] = ("responseJsonSchema", "responseSchema")
    batches: ClassVar[str] = "judgebench.models.gemini_batches:GeminiBatches"
    parameters: ClassVar[frozenset[str]] = frozenset(
        {
            *_NAMES,
            *_NAMES.values(),
            *_OUTSIDE,
            "max_out_len",
            "thinkingConfig",
            "responseMimeType",
            "responseJsonSchema",
            "responseSchema",
        }
    )

    def call_path(self, config: ServiceConfig, model: str) -> str:
        """Return the call with the model's name; a stream is another call."""
        path = super().call_path(config, model.removeprefix("models/"))
        return path.replace(":generateContent", ":streamGenerateContent?alt=sse") if config.stream else path

    def headers(self, key: str) -> dict[str, str]:
        """Return the header with the key."""
        return {"x-goog-api-key": key} if key else {}

    def model_names(self, payload: Any) -> list[str]:
        """Return the listed names without ``models/``."""
        listed = payload.get("models") if isinstance(payload, dict) else None
        entries = listed if isinstance(listed, list) else []
        names = [entry.get("name") for entry in entries if isinstance(entry, dict)]
        return [name.removeprefix("models/") for name in names if isinstance(name, str)]

    def failure(self, status: int, payload: Any, text: str = "") -> Failure:
        """Return what an error status means; a bad key is told with 400 here."""
        failure = super().failure(status, payload, text)
        if failure.kind == "bad_request" and "API_KEY_INVALID" in str(payload):
            return Failure(kind="auth", message=failure.message, http_status=status)
        return failure

    def body(self, config: ServiceConfig, request: Request, model: str) -> dict[str, Any]:  # noqa: ARG002 - in the path
        """Return the JSON body; common names of parameters become this protocol's, all else goes in untouched."""
        params = parameters_of(config, request)
        limit = params.pop("max_out_len", config.max_out_len)
        if "maxOutputTokens" in params:
            params.pop("max_tokens", None)  # what a run derives from max_out_len
        outside = {name: params.pop(name) for name in _OUTSIDE & params.keys()}
        settings = {_NAMES.get(name, name): value for name, value in params.items()}
        settings.setdefault("maxOutputTokens", limit)
        if isinstance(settings.get("stopSequences"), str):
            settings["stopSequences"] = [settings["stopSequences"]]
        system, turns = apart(turns_of(request.prompt))
        body: dict[str, Any] = {"contents": [_content(turn, request.media) for turn in turns], **outside}
        if system:
            body["systemInstruction"] = {"parts": [{"text": system}]}
        return {**body, "generationConfig": settings}

    def held_to(self, schema: Mapping[str, Any], params: Mapping[str, Any], key: str) -> dict[str, Any]:
        """Return the parameters; ``responseSchema`` is the older key, of OpenAPI's form."""
        form = dict(schema) if key == "responseJsonSchema" else _openapi(schema)
        return {**params, "responseMimeType": "application/json", key: form}

    def stream_reader(self) -> StreamReader:
        """Return a fresh reader for one streamed reply."""
        return _ChunkReader()


def _openapi(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema in OpenAPI's form: the order of the keys is stated, and only texts may be enumerated."""
    form = {name: value for name, value in schema.items() if name != "additionalProperties"}
    if "properties" in form:
        form["properties"] = {name: _openapi(value) for name, value in form["properties"].items()}
        form["propertyOrdering"] = list(form["properties"])
    if "items" in form:
        form["items"] = _openapi(form["items"])
    if "enum" in form:
        form |= {"type": "string", "enum": [str(value) for value in form["enum"]]}
    return form


def _content(turn: ConversationTurn, media: Mapping[str, bytes]) -> dict[str, Any]:
    names = {part.id: part.name for part in turn.parts if isinstance(part, ToolCall)}
    role = "model" if turn.role == "assistant" else "user"
    return {"role": role, "parts": [_part(part, media, names) for part in turn.parts]}


def _part(part: Part, media: Mapping[str, bytes], names: Mapping[str, str]) -> dict[str, Any]:
    if isinstance(part, Image | Audio | Video):
        return {"inlineData": {"mimeType": part.media_type, "data": encoded(part.sha256, media)}}
    if isinstance(part, ToolCall):
        call = {"name": part.name, "args": arguments_object(part.arguments)}
        return {"functionCall": {**call, "id": part.id} if part.id else call}
    if isinstance(part, ToolResult):
        result = {"name": part.name or names.get(part.id) or part.id, "response": {"result": part.content}}
        return {"functionResponse": {**result, "id": part.id} if part.id else result}
    return {"text": part.text} if isinstance(part, Text) else typed(part)


class _ChunkReader(StreamReader):
    """Puts the pieces of a reply together; a whole reply is one piece, in the same form."""

    def __init__(self) -> None:
        self._draft = Draft()
        self._failure: Failure | None = None
        self._blocked = ""
        self._logprobs: list[TokenLogprob] = []

    def feed(self, event: Mapping[str, Any]) -> bool:
        """Take one piece; returns whether it carried text or thinking."""
        draft = self._draft
        self._failure = self._failure or failure_inside(event)
        usage, model = event.get("usageMetadata"), event.get("modelVersion")
        if isinstance(usage, dict):
            draft.usage = read_usage(usage)
        if isinstance(model, str):
            draft.model = model
        feedback = event.get("promptFeedback")
        if isinstance(feedback, dict) and feedback.get("blockReason"):
            self._blocked = str(feedback["blockReason"])
        candidates = event.get("candidates")
        first = candidates[0] if isinstance(candidates, list) and candidates else None
        return self._take_candidate(first) if isinstance(first, dict) else False

    def _take_candidate(self, candidate: dict[str, Any]) -> bool:
        draft = self._draft
        draft.seen_choice = True
        before = len(draft.text) + len(draft.reasoning)
        content = candidate.get("content")
        parts = content.get("parts") if isinstance(content, dict) else None
        for part in parts if isinstance(parts, list) else []:
            if not isinstance(part, dict):
                continue
            call = part.get("functionCall")
            if isinstance(part.get("text"), str):
                (draft.reasoning if part.get("thought") is True else draft.text).append(part["text"])
            elif isinstance(call, dict):
                draft.note_tool_call(call.get("id"), call.get("name"), call.get("args"))
            elif isinstance(inline := part.get("inlineData"), dict) and isinstance(inline.get("data"), str):
                draft.note_media(str(inline.get("mimeType")), inline["data"])
            else:
                draft.note("other_parts", True)
        draft.take_end(candidate.get("finishReason"), _FINISH)
        self._logprobs += read_logprobs(candidate.get("logprobsResult"))
        return len(draft.text) + len(draft.reasoning) > before

    def finish(self, *, terminated: bool) -> Reply:
        """Return the reply; a reason to finish is the end, as the protocol has no other sign of it."""
        draft = self._draft
        draft.logprobs = self._logprobs or None
        if self._failure is not None:
            return draft.failed(self._failure.kind, self._failure.message, self._failure.http_status)
        if self._blocked:
            return draft.failed("content_filter", f"The service refused the prompt (blockReason={self._blocked})")
        if not terminated and draft.finish_reason is None:
            return draft.failed("truncated_stream", "The stream ended without a finishReason")
        if not draft.seen_choice:
            return draft.failed("empty_reply", "The reply has no candidates")
        return draft.reply()


def read_usage(usage: Mapping[str, Any]) -> Usage:
    """Return the token counts; the protocol's ``candidatesTokenCount`` leaves out the thoughts."""
    thoughts = count_of(usage.get("thoughtsTokenCount"))
    return Usage(
        prompt_tokens=count_of(usage.get("promptTokenCount")),
        completion_tokens=count_of(usage.get("candidatesTokenCount")) + thoughts,
        reasoning_tokens=thoughts,
        cached_tokens=count_of(usage.get("cachedContentTokenCount")),
    )


def read_logprobs(result: Any) -> list[TokenLogprob]:
    """Return the tokens with their log-probabilities and alternatives."""
    if not isinstance(result, dict):
        return []
    chosen, tops = result.get("chosenCandidates"), result.get("topCandidates")
    alternatives = tops if isinstance(tops, list) else []
    found = []
    for nth, entry in enumerate(chosen if isinstance(chosen, list) else []):
        token = _pair(entry)
        if token is not None:
            top = alternatives[nth] if nth < len(alternatives) else None
            listed = top.get("candidates") if isinstance(top, dict) else None
            pairs = [pair for one in (listed if isinstance(listed, list) else []) if (pair := _pair(one)) is not None]
            found.append(TokenLogprob(token=token[0], logprob=token[1], top=dict(pairs)))
    return found


def _pair(entry: Any) -> tuple[str, float] | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("token"), str):
        return None
    value = entry.get("logProbability")
    return (entry["token"], finite(value)) if isinstance(value, int | float) else None
