"""Ollama's own API (``api/chat``): unlike its ``/v1``, it can set the size of the context (``num_ctx``).

Source: Ollama's API reference, "Generate a chat completion". By default Ollama cuts prompts that are longer than the
context, without a word: ``generation_kwargs=dict(num_ctx=...)`` says how long they may be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from judgebench.content.parts import Image, Text, ToolCall, ToolResult
from judgebench.errors import ConfigError
from judgebench.models.contract import Dialect, ServiceConfig, StreamReader, parameters_of
from judgebench.models.openai_replies import Draft, count_of, read_logprobs
from judgebench.models.service_errors import failure_inside
from judgebench.models.turns import ConversationTurn, arguments_object, encoded, turns_of
from judgebench.records.flow import Failure, Reply, Request, Usage

_OUTSIDE = frozenset({"think", "format", "keep_alive", "tools", "logprobs", "top_logprobs"})
"""Parameters that stand beside ``options``, not in it."""
_FINISH = {"stop": "stop", "length": "length"}


class OllamaConfig(ServiceConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of an Ollama service, on this machine unless the config says otherwise."""

    host_port: int = 11434


class OllamaChat(Dialect):
    """A service that speaks Ollama's own protocol."""

    Config = OllamaConfig
    path = "api/chat"
    listing = "tags"
    takes: ClassVar[frozenset[str]] = frozenset({"image", "tool_call", "tool_result"})
    offers: ClassVar[frozenset[str]] = frozenset({"seed", "logprobs"})
    schema_keys: ClassVar[tuple[str, ...]] = ("format",)
    parameters: ClassVar[frozenset[str]] = _OUTSIDE | frozenset(
        [
            "temperature",
            "top_p",
            "top_k",
            "min_p",
            "seed",
            "stop",
            "num_ctx",
            "num_predict",
            "num_keep",
            "max_tokens",
            "max_out_len",
            "repeat_penalty",
            "repeat_last_n",
            "presence_penalty",
            "frequency_penalty",
            "typical_p",
            "mirostat",
        ]
    )

    def model_names(self, payload: Any) -> list[str]:
        """Return the listed names; ``llama3:latest`` is also there as ``llama3``."""
        listed = payload.get("models") if isinstance(payload, dict) else None
        entries = listed if isinstance(listed, list) else []
        names = [entry.get("name") for entry in entries if isinstance(entry, dict)]
        known = [name for name in names if isinstance(name, str)]
        return [*known, *(name.removesuffix(":latest") for name in known if name.endswith(":latest"))]

    def body(self, config: ServiceConfig, request: Request, model: str) -> dict[str, Any]:
        """Return the JSON body; parameters go into ``options`` untouched, but for those that stand beside it."""
        params = parameters_of(config, request)
        limits = [params.pop(name) for name in ("max_tokens", "max_out_len") if name in params]
        outside = {name: params.pop(name) for name in _OUTSIDE & params.keys()}
        params.setdefault("num_predict", limits[0] if limits else config.max_out_len)
        if isinstance(params.get("stop"), str):
            params["stop"] = [params["stop"]]
        messages = [message for turn in turns_of(request.prompt) for message in _messages(turn, request.media)]
        return {"model": model, "messages": messages, "stream": config.stream, "options": params, **outside}

    def stream_reader(self) -> StreamReader:
        """Return a fresh reader for one streamed reply."""
        return _LineReader()


def _messages(turn: ConversationTurn, media: Mapping[str, bytes]) -> Iterator[dict[str, Any]]:
    """Yield the results of tools first, each a message of its own, then what the turn says in one message."""
    said: dict[str, Any] = {"role": turn.role, "content": ""}
    holds = False
    for part in turn.parts:
        if isinstance(part, ToolResult):
            result = {"role": "tool", "content": part.content}
            yield {**result, "tool_name": part.name} if part.name else result
            continue
        holds = True
        if isinstance(part, Text):
            said["content"] += part.text
        elif isinstance(part, Image):
            said.setdefault("images", []).append(encoded(part.sha256, media))
        elif isinstance(part, ToolCall):
            call = {"name": part.name, "arguments": arguments_object(part.arguments)}
            said.setdefault("tool_calls", []).append({"function": call})
        else:
            raise ConfigError("A prompt holds a part that Ollama cannot be sent: it takes text, images and tool calls.")
    if holds:
        yield said


class _LineReader(StreamReader):
    """Puts the lines of a reply together; a whole reply is one line, in the same form."""

    def __init__(self) -> None:
        self._draft = Draft()
        self._failure: Failure | None = None
        self._ended = False

    def feed(self, event: Mapping[str, Any]) -> bool:
        """Take one line; returns whether it carried text or thinking."""
        draft = self._draft
        self._failure = self._failure or failure_inside(event)
        if self._ended:
            return False  # what comes after the end is no part of the reply
        message = event.get("message")
        text = thinking = ""
        if isinstance(message, dict):
            draft.seen_choice = True
            text, thinking = _text(message.get("content")), _text(message.get("thinking"))
            draft.text.append(text)
            draft.reasoning.append(thinking)
            calls = message.get("tool_calls")
            for call in calls if isinstance(calls, list) else []:
                function = call.get("function") if isinstance(call, dict) else None
                if isinstance(function, dict):
                    draft.note_tool_call(call.get("id"), function.get("name"), function.get("arguments"))
        if isinstance(event.get("logprobs"), list):
            draft.logprobs = [*(draft.logprobs or []), *read_logprobs({"content": event["logprobs"]})]
        if event.get("done") is True:
            self._end(event)
        return bool(text or thinking)

    def _end(self, event: Mapping[str, Any]) -> None:
        draft = self._draft
        self._ended = True
        draft.take_end(event.get("done_reason") or "stop", _FINISH)
        prompt, completion = count_of(event.get("prompt_eval_count")), count_of(event.get("eval_count"))
        draft.usage = Usage(prompt_tokens=prompt, completion_tokens=completion)
        draft.model = _text(event.get("model"))

    def finish(self, *, terminated: bool) -> Reply:  # noqa: ARG002 - the last line says that it is the last
        """Return the reply; ``done`` is the end."""
        draft = self._draft
        if self._failure is not None:
            return draft.failed(self._failure.kind, self._failure.message, self._failure.http_status)
        if not draft.seen_choice:
            return draft.failed("bad_reply", "The reply holds no message")
        if not self._ended:
            return draft.failed("truncated_stream", "The reply ended without done=true")
        return draft.reply()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
