"""Puts the events of one streamed reply together.

Nearly all events are plain: one choice with a piece of text or reasoning, nothing else that is not null. They are
decoded straight into a typed record, at a third of the cost; any other event is left to the careful reading of
``openai_replies``. A property test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from judgebench.models.openai_replies import Draft
from judgebench.models.service_errors import failure_inside
from judgebench.records import Failure, Reply

_Nothing = Annotated[list[Any], msgspec.Meta(max_length=0)] | None


class _Delta(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    role: str | None = None
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: None = None
    tool_calls: _Nothing = None
    function_call: None = None


class _Choice(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    delta: _Delta
    index: Literal[0] = 0
    finish_reason: str | None = None
    logprobs: None = None
    stop_reason: None = None
    token_ids: None = None


class _Chunk(msgspec.Struct, gc=False):
    choices: tuple[_Choice]
    model: str | None = None
    system_fingerprint: str | None = None
    usage: None = None
    error: None = None
    object: Literal["chat.completion.chunk"] | None = None


_decode = msgspec.json.Decoder(_Chunk).decode


class EventReader:
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
