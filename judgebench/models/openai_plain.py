"""The short cut for plain replies: from the bytes to a ``Reply`` in one typed decoding.

Nearly all replies of a run are plain: one choice, some text, a finish reason, nothing else that is not null. For them
this gives exactly what ``openai_replies.read_whole`` gives, at a fraction of the cost; for any other body it gives
``None``, and the careful reader decides. A property test holds the two together.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from judgebench.models.postprocess import split_reasoning
from judgebench.records import Reply, Usage

_Count = Annotated[int, msgspec.Meta(ge=0)]
_Nothing = Annotated[list[Any], msgspec.Meta(max_length=0)] | None


class _CompletionDetails(msgspec.Struct):
    reasoning_tokens: _Count | None = None


class _PromptDetails(msgspec.Struct):
    cached_tokens: _Count | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: _Count = 0
    completion_tokens: _Count = 0
    completion_tokens_details: _CompletionDetails | None = None
    prompt_tokens_details: _PromptDetails | None = None


class _Message(msgspec.Struct, forbid_unknown_fields=True):
    content: Annotated[str, msgspec.Meta(min_length=1)]
    role: str | None = None
    reasoning_content: str | None = None
    reasoning: None = None
    refusal: None = None
    tool_calls: _Nothing = None
    function_call: None = None
    annotations: _Nothing = None
    audio: None = None


class _Choice(msgspec.Struct, forbid_unknown_fields=True):
    message: _Message
    finish_reason: Literal["stop", "length"]
    index: Any = 0
    logprobs: None = None
    stop_reason: None = None
    token_ids: None = None


class _Plain(msgspec.Struct):
    choices: tuple[_Choice]
    model: str | None = None
    system_fingerprint: str | None = None
    usage: _Usage | None = None
    error: None = None
    detail: None = None
    object: Literal["chat.completion"] | None = None


_decode = msgspec.json.Decoder(_Plain).decode


def read_plain(body: bytes) -> Reply | None:
    """Return the reply of a plain chat body, or ``None`` for any other body."""
    try:
        plain = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if b"\\u0000" in body:
        return None  # its text has to be cleaned
    choice = plain.choices[0]
    message, usage = choice.message, plain.usage
    answer, thought = split_reasoning(message.content)
    given = message.reasoning_content or ""
    return Reply(
        status="ok",
        text=answer,
        reasoning=f"{given}\n{thought}" if given and thought else given or thought,
        finish_reason=choice.finish_reason,
        usage=None if usage is None else _usage(usage),
        served_model=plain.model or "",
        fingerprint=plain.system_fingerprint or "",
    )


def _usage(usage: _Usage) -> Usage:
    completion, prompt = usage.completion_tokens_details, usage.prompt_tokens_details
    return Usage(
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        reasoning_tokens=(completion.reasoning_tokens or 0) if completion is not None else 0,
        cached_tokens=(prompt.cached_tokens or 0) if prompt is not None else 0,
    )
