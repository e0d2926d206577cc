"""Services that speak the OpenAI protocol: chat and legacy completions (vLLM, llama.cpp, SGLang, OpenAI, ...).

Pure translation; ``judgebench.engine.http`` sends. The type names are those of AISBench's model configs.

Nearly all events of a streamed reply are plain: one choice with a piece of text or reasoning, nothing else that is not
null. They are decoded straight into a typed record, at a third of the cost; any other event is left to the careful
reading of ``openai_replies``. A property test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from judgebench.content.attachments import data_uri
from judgebench.content.parts import MEDIA, TOOLS, ToolCall, ToolResult, arguments_of, is_text, tool_part
from judgebench.content.prompts import fit
from judgebench.models.contract import OWN_PARAMETERS, SCHEMA_NAME, Dialect, ServiceConfig, StreamReader, parameters_of
from judgebench.models.openai_replies import Draft, read_plain, read_whole
from judgebench.models.service_errors import failure_inside
from judgebench.records.flow import Failure, Message, Prompt, Reply, Request

_Nothing = Annotated[list[Any], msgspec.Meta(max_length=0)] | None


class _Delta(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    role: str | None = None
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: None = None
    tool_calls: _Nothing = None
    function_call: None = None


class _StreamedChoice(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    delta: _Delta
    index: Literal[0] = 0
    finish_reason: str | None = None
    logprobs: None = None
    stop_reason: None = None
    token_ids: None = None


class _Chunk(msgspec.Struct, gc=False):
    choices: tuple[_StreamedChoice]
    model: str | None = None
    system_fingerprint: str | None = None
    usage: None = None
    error: None = None
    object: Literal["chat.completion.chunk"] | None = None


_decode = msgspec.json.Decoder(_Chunk).decode


class EventReader(StreamReader):
    """Puts the events of one streamed reply together (``StreamReader`` of the contract)."""

    def __init__(self) -> None:
        self._draft = Draft()
        self._failure: Failure | None = None
        self._events = 0

    def feed_plain(self, data: str) -> bool | None:
        """Take one plain event as it came; ``None`` says that it is not plain and was not taken."""
        if self._failure is not None:
            return None
        try:
            chunk = _decode(data)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return None
        if "\\u0000" in data:
            return None  # its text has to be cleaned
        (choice,) = chunk.choices
        delta = choice.delta
        text, reasoning = delta.content or "", delta.reasoning_content or delta.reasoning or ""
        self._events += 1
        self._draft.take_piece(
            text, reasoning, choice.finish_reason or "", chunk.model or "", chunk.system_fingerprint or ""
        )
        return bool(text or reasoning)

    def feed(self, event: Mapping[str, Any]) -> bool:
        """Take one decoded event; returns whether it carried text or reasoning."""
        self._events += 1
        if self._failure is None:
            self._failure = failure_inside(event)
        draft = self._draft
        draft.take_head(event)
        choices = event.get("choices")
        if self._failure is not None or not isinstance(choices, list):
            return False
        before = len(draft.text), len(draft.reasoning)
        for choice in choices:
            if not isinstance(choice, dict) or choice.get("index", 0) == 0:
                problem = draft.take_choice(choice, streamed=True)
                if problem:
                    self._failure = Failure(kind="bad_reply", message=problem)
        return (len(draft.text), len(draft.reasoning)) != before

    def finish(self, *, terminated: bool) -> Reply:
        """Return the reply; a finish reason counts as an end even where ``[DONE]`` is missing."""
        if self._failure is not None:
            return self._draft.failed(self._failure.kind, self._failure.message, self._failure.http_status)
        if not terminated and self._draft.finish_reason is None:
            seen = f"after {self._events} events" if self._events else "before the first event"
            return self._draft.failed("truncated_stream", f"The stream ended {seen}, without finish reason or [DONE]")
        if not self._draft.seen_choice:
            return self._draft.failed("empty_reply", "The stream ended without any choice")
        return self._draft.reply()


PARAMETERS = (
    OWN_PARAMETERS
    | frozenset({"max_tokens", "max_completion_tokens"})
    | frozenset(
        [
            "temperature",
            "top_p",
            "top_k",
            "min_p",
            "n",
            "stop",
            "seed",
            "logprobs",
            "top_logprobs",
            "logit_bias",
            "presence_penalty",
            "frequency_penalty",
            "repetition_penalty",
            "response_format",
            "json_schema",
            "tools",
            "tool_choice",
            "reasoning_effort",
            "verbosity",
            "user",
            "extra_body",
            "chat_template_kwargs",
            "structured_outputs",
            "min_tokens",
            "ignore_eos",
            "best_of",
        ]
    )
)
"""What services of this protocol are commonly sent."""


_FORMATS = {"audio/mpeg": "mp3", "audio/wav": "wav"}
"""What OpenAI calls the kinds of sounds; the others by the second half of their media type."""


def on_the_wire(prompt: Prompt, media: Mapping[str, bytes]) -> Prompt:
    """Return a prompt in the form of OpenAI's chat services: images as data URIs, tool parts as their messages.

    Args:
        prompt: Texts and typed parts.
        media: The bytes of its images, sounds and videos by hash.
    """
    if isinstance(prompt, str) or is_text(prompt):
        return prompt
    sent: list[Message] = []
    for message in prompt:
        sent += _wire_messages(message, media) if isinstance(message.get("content"), list) else [message]
    return sent


def _wire_messages(message: Message, media: Mapping[str, bytes]) -> list[Message]:
    """Return one message, or one for each tool result: those have no other place in this protocol."""
    tools = [tool_part(part) for part in message["content"] if isinstance(part, dict) and part.get("type") in TOOLS]
    rest = [part for part in message["content"] if not (isinstance(part, dict) and part.get("type") in TOOLS)]
    calls = [
        {"id": one.id, "type": "function", "function": {"name": one.name, "arguments": arguments_of(one)}}
        for one in tools
        if isinstance(one, ToolCall)
    ]
    results = [
        {"role": "tool", "tool_call_id": one.id, "content": one.content} for one in tools if isinstance(one, ToolResult)
    ]
    if tools and not rest and not calls:
        return results
    content: Any = [_wire_part(part, media) for part in rest] or None
    return [*results, {**message, "content": content, **({"tool_calls": calls} if calls else {})}]


def _wire_part(part: Any, media: Mapping[str, bytes]) -> Any:
    if not (isinstance(part, dict) and part.get("type") in MEDIA and "sha256" in part):
        return part
    if part["type"] == "audio":
        form = _FORMATS.get(part["media_type"], part["media_type"].partition("/")[2])
        data = data_uri(part, media).partition(",")[2]
        return {"type": "input_audio", "input_audio": {"data": data, "format": form}}
    if part["type"] == "video":  # vLLM and SGLang take it; the protocol has no word for it
        return {"type": "video_url", "video_url": {"url": data_uri(part, media)}}
    image = {"url": data_uri(part, media)}
    return {"type": "image_url", "image_url": {**image, "detail": part["detail"]} if "detail" in part else image}


class VLLMCustomAPIChat(Dialect):
    """A chat service (``v1/chat/completions``)."""

    Config: ClassVar[type[ServiceConfig]] = ServiceConfig
    path: ClassVar[str] = "v1/chat/completions"
    prompt_kind: ClassVar[Literal["chat", "text"]] = "chat"
    takes: ClassVar[frozenset[str]] = frozenset({"image", "audio", "video", "tool_call", "tool_result"})
    offers: ClassVar[frozenset[str]] = frozenset({"logprobs", "n", "seed"})
    schema_keys: ClassVar[tuple[str, ...]] = ("response_format", "structured_outputs", "json_schema")
    parameters: ClassVar[frozenset[str]] = PARAMETERS
    batches: ClassVar[str] = "judgebench.models.openai_batches:OpenAIBatches"
    limit_key: ClassVar[str] = "max_tokens"
    """The body's key for the most tokens of the answer."""

    def body(self, config: ServiceConfig, request: Request, model: str) -> dict[str, Any]:
        """Return the JSON body.

        The request's parameters win over ``generation_kwargs``, and both go in untouched, but for the token limit: one
        is sent, under the name that this type has for it unless it is ``max_completion_tokens``. It is ``max_out_len``
        (of the request, else of the config) where no parameter sets one.
        """
        params = parameters_of(config, request)
        limit = params.pop("max_out_len", config.max_out_len)
        if "max_completion_tokens" in params:
            params.pop("max_tokens", None)  # what a run derives from max_out_len; both at once are refused
        else:
            params[self.limit_key] = params.pop("max_tokens", limit)
        prompt = on_the_wire(fit(request.prompt, self.prompt_kind), request.media)
        body = {"model": model, self._prompt_key(): prompt, **params}
        if config.stream:
            body["stream"] = True
            body.setdefault("stream_options", {"include_usage": True})
        return body

    def held_to(self, schema: Mapping[str, Any], params: Mapping[str, Any], key: str) -> dict[str, Any]:
        """Return the parameters: OpenAI's key, which most servers take, vLLM's own, or llama.cpp's own."""
        if key == "response_format":
            named = {"name": SCHEMA_NAME, "strict": True, "schema": dict(schema)}
            return {**params, key: {"type": "json_schema", "json_schema": named}}
        if key == "structured_outputs":
            return {**params, key: {**params.get(key, {}), "json": dict(schema)}}
        return super().held_to(schema, params, key)

    def _prompt_key(self) -> str:
        return "messages" if self.prompt_kind == "chat" else "prompt"

    def read(self, payload: Any) -> Reply:
        """Read a whole JSON reply; see ``openai_replies`` for what becomes a failure."""
        return read_whole(payload)

    def read_plain(self, body: bytes) -> Reply | None:
        """Read a plain chat reply straight from its bytes; ``None`` leaves the body to ``read``."""
        return read_plain(body)

    def stream_reader(self) -> StreamReader:
        """Return a fresh reader for one streamed reply."""
        return EventReader()


class VLLMCustomAPI(VLLMCustomAPIChat):
    """A completion service (``v1/completions``): text in, text out."""

    path = "v1/completions"
    prompt_kind = "text"
    takes = frozenset()

    def body(self, config: ServiceConfig, request: Request, model: str) -> dict[str, Any]:
        """Return the JSON body; what chat services call ``top_logprobs`` is the number ``logprobs`` here."""
        body = super().body(config, request, model)
        if body.get("logprobs") is True:
            body["logprobs"] = body.pop("top_logprobs", 1)
        return body


class StreamConfig(ServiceConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of a service that is read as a stream unless ``stream=False``."""

    stream: bool = True


class VLLMCustomAPIChatStream(VLLMCustomAPIChat):
    """A chat service that is read as a stream by default."""

    Config = StreamConfig


class OpenAIConfig(ServiceConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of OpenAI's own service; the key comes from ``OPENAI_API_KEY`` unless the config says otherwise."""

    url: str = "https://api.openai.com"
    api_key: str = "${OPENAI_API_KEY}"


class OpenAIChat(VLLMCustomAPIChat):
    """OpenAI's own chat service, which names the token limit ``max_completion_tokens``."""

    Config = OpenAIConfig
    schema_keys = ("response_format",)
    limit_key = "max_completion_tokens"
