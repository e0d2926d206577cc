"""Services that speak the OpenAI protocol: chat and legacy completions (vLLM, llama.cpp, SGLang, OpenAI, ...).

Pure translation; ``judgebench.engine.http`` sends. The type names are those of AISBench's model configs.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from judgebench.models.contract import ServiceConfig, StreamReader
from judgebench.models.openai_plain import read_plain
from judgebench.models.openai_replies import read_whole
from judgebench.models.openai_stream import EventReader
from judgebench.models.prompt_kind import fit
from judgebench.records import Reply, Request

OWN_PARAMETERS = frozenset({"num_return_sequences", "max_out_len"})
"""Keys of ``generation_kwargs`` that are ours and never sent."""

_LIMITS = frozenset({"max_tokens", "max_completion_tokens"})


class VLLMCustomAPIChat:
    """A chat service (``v1/chat/completions``)."""

    Config: ClassVar[type[ServiceConfig]] = ServiceConfig
    path: ClassVar[str] = "v1/chat/completions"
    prompt_kind: ClassVar[Literal["chat", "text"]] = "chat"
    limit_key: ClassVar[str] = "max_tokens"
    """The body's key for the most tokens of the answer."""

    def body(self, config: ServiceConfig, request: Request, model: str) -> dict[str, Any]:
        """Return the JSON body.

        The request's parameters win over ``generation_kwargs``, and both go in untouched. The token limit is
        ``max_out_len`` (of the request, else of the config) unless a parameter already sets one.
        """
        params = {**config.generation_kwargs, **request.params}
        if _LIMITS.isdisjoint(params):
            params[self.limit_key] = params.get("max_out_len", config.max_out_len)
        for name in OWN_PARAMETERS:
            params.pop(name, None)
        body = {"model": model, self._prompt_key(): fit(request.prompt, self.prompt_kind), **params}
        if config.stream:
            body["stream"] = True
            body.setdefault("stream_options", {"include_usage": True})
        return body

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
    limit_key = "max_completion_tokens"
