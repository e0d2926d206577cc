"""Reads replies of the OpenAI protocol, chat or legacy completions; ``openai`` puts streamed ones together.

A reply without a usable answer becomes a failed ``Reply`` that says precisely why:

========================================  =====================================================================
what the service sent                     what it becomes
========================================  =====================================================================
an error object, with whatever status     the kind that the error means
no object, a malformed choice             ``bad_reply``
several choices                           the one with ``index`` 0, else the first
empty ``choices``, ``content: null``,     ``empty_reply``
tool calls or media instead of text, no
text at all with ``finish_reason=stop``
no text with ``finish_reason=length``     ok, empty text (the token limit was reached before the first word)
reasoning but no answer                   ok, empty text (the model did speak; it gave no answer)
``finish_reason=content_filter``,         ``content_filter``; what was said until then is kept in ``text``
a refusal
``finish_reason=error`` or ``abort``,     the kind that the error means, else ``server``; what was said until then is
an error object in the choice             kept in ``text``
a stream without finish reason and        ``truncated_stream``
``[DONE]``
========================================  =====================================================================

Nearly all replies of a run are plain: one choice, some text, a finish reason, nothing else that is not null. For them
``read_plain`` gives exactly what ``read_whole`` gives, in one typed decoding at a fraction of the cost; for any other
body it gives ``None``, and the careful reader decides. A property test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, TypeGuard

import msgspec

from judgebench.models.postprocess import split_reasoning
from judgebench.models.reply_parts import parted, with_next
from judgebench.models.service_errors import excerpt, failure_inside
from judgebench.records.flow import Failure, Reply, TokenLogprob, Usage

LEAST_LOGPROB = -9999.0
"""Stands for a log-probability of minus infinity, which JSON cannot hold, and for one that is no number."""
_BEYOND = 1e300
BROKEN_OFF = frozenset({"error", "abort"})
"""Finish reasons of an answer that a service or gateway gave up in the middle (OpenRouter's and vLLM's names)."""

_KNOWN_IN_CHOICE = frozenset({"index", "message", "delta", "text", "finish_reason", "logprobs"})
_KNOWN_IN_MESSAGE = frozenset({"role", "content", "reasoning_content", "reasoning"})
_IN_PIECES = frozenset({"tool_calls", "function_call", "images", "audio"})
"""What a stream sends piece by piece."""


def read_whole(payload: Any) -> Reply:
    """Return the reply that a whole JSON body holds."""
    failure = failure_inside(payload)
    if failure is not None:
        return Reply(status="failed", error=failure)
    if not isinstance(payload, dict):
        return _bad(f"The reply is JSON but not an object: {excerpt(str(payload))}")
    choices = payload.get("choices")
    if not isinstance(choices, list):
        return _bad(f"The reply has no list of choices; it has the keys {', '.join(map(str, payload)) or 'none'}")
    draft = Draft()
    draft.take_head(payload)
    if not choices:
        return draft.failed("empty_reply", "The reply has an empty list of choices")
    if len(choices) > 1:
        draft.note("choices", len(choices))  # where one was asked for
    problem = draft.take_choice(_first(choices))
    return draft.failed("bad_reply", problem) if problem else draft.reply()


class Draft:
    """A reply in the making: pieces in, one ``Reply`` out; the dialects of all protocols fill one.

    Attributes:
        text: Pieces of the answer. ``reasoning``: Pieces of what was thought before it.
        finish_reason: ``stop``, ``length``, ``content_filter``, or the service's own word; ``None`` before the end.
        seen_choice: Whether anything was there that could hold an answer.
        usage: Token counts. ``model``: The name that the service gave. ``logprobs``: Of the answer's tokens.
    """

    __slots__ = (
        "_content",
        "_extra",
        "_fingerprint",
        "finish_reason",
        "logprobs",
        "model",
        "reasoning",
        "seen_choice",
        "text",
        "usage",
    )

    def __init__(self) -> None:
        self.text: list[str] = []
        self.reasoning: list[str] = []
        self.finish_reason: str | None = None
        self.seen_choice = False
        self.usage: Usage | None = None
        self.model = ""
        self._fingerprint = ""
        self.logprobs: list[TokenLogprob] | None = None
        self._extra: dict[str, Any] = {}
        self._content: list[Any] = []
        """Parts of the content that are no texts."""

    def take_head(self, payload: Mapping[str, Any]) -> None:
        """Take model, fingerprint and usage; of several usages the last one counts, they are never added."""
        usage = payload.get("usage")
        if isinstance(usage, dict):
            self.usage = read_usage(usage)
        model = payload.get("model")
        if isinstance(model, str) and model:
            self.model = model
        fingerprint = payload.get("system_fingerprint")
        if isinstance(fingerprint, str) and fingerprint:
            self._fingerprint = fingerprint

    def note(self, name: str, value: Any) -> None:
        """Keep something for the record."""
        self._extra[name] = value

    def take_end(self, word: Any, words: Mapping[str, str]) -> None:
        """Take the service's word for the end of its reply; where ours differs, its own is kept for the record.

        Args:
            word: As it was sent; anything but a text says nothing.
            words: The protocol's words, and ours.
        """
        if not isinstance(word, str) or not word:
            return
        self.finish_reason = words.get(word, word)
        if self.finish_reason != word:
            self.note("finish_reason", word)

    def note_tool_call(self, call_id: Any, name: Any, arguments: Any) -> None:
        """Keep a call of a tool, in the form that OpenAI's services send."""
        said = arguments if isinstance(arguments, str) else msgspec.json.encode(arguments).decode()
        call = {"id": call_id or "", "type": "function", "function": {"name": name, "arguments": said}}
        self._extra["tool_calls"] = [*self._extra.get("tool_calls", []), call]

    def note_media(self, media_type: str, data: str) -> None:
        """Keep media that came inside a reply as base64."""
        self._content.append({"type": "image_url", "image_url": {"url": f"data:{media_type};base64,{data}"}})

    def take_piece(self, text: str, reasoning: str, finish: str, model: str, fingerprint: str) -> None:
        """Take a piece of which is known that it holds nothing else; empty texts stand for what it lacks."""
        self.seen_choice = True
        self.finish_reason = finish or self.finish_reason
        self.model = model or self.model
        self._fingerprint = fingerprint or self._fingerprint
        if reasoning:
            self.reasoning.append(reasoning)
        if text:
            self.text.append(text)

    def take_choice(self, choice: Any, *, streamed: bool = False) -> str:
        """Take a choice or a piece of one; returns what is wrong with it, or nothing."""
        if not isinstance(choice, dict):
            return f"The choice is not an object: {excerpt(str(choice))}"
        self.seen_choice = True
        finish = choice.get("finish_reason")
        if isinstance(finish, str) and finish:
            self.finish_reason = finish
        logprobs = choice.get("logprobs")
        if isinstance(logprobs, dict):
            self.logprobs = [*(self.logprobs or []), *read_logprobs(logprobs)]
        _keep_rest(self._extra, choice, _KNOWN_IN_CHOICE)
        message = choice.get("delta") if streamed else choice.get("message")
        if isinstance(message, dict):
            return self._take_message(message)
        if "text" in choice:
            return self._take_text(choice["text"])
        return "" if streamed else "The choice has neither a message nor a text"

    def _take_message(self, message: dict[str, Any]) -> str:
        for name in ("reasoning_content", "reasoning"):
            part = message.get(name)
            if isinstance(part, str) and part:
                self.reasoning.append(part)
                break
        _keep_rest(self._extra, message, _KNOWN_IN_MESSAGE)
        return self._take_text(message.get("content"))

    def _take_text(self, content: Any) -> str:
        if isinstance(content, str):
            if content:
                self.text.append(content)
        elif isinstance(content, list):
            for part in content:
                text = part.get("text") if isinstance(part, dict) else None
                if isinstance(text, str):
                    self.text.append(text)
                else:
                    self._content.append(part)
        elif content is not None:
            return f"The content is neither text nor null: {excerpt(str(content))}"
        return ""

    def reply(self) -> Reply:
        """Return the finished reply, failed where it holds no usable answer."""
        text = "".join(self.text)
        broken_off = self._broken_off()
        if broken_off is not None:
            return self.failed(broken_off.kind, broken_off.message, broken_off.http_status)
        if self.finish_reason == "content_filter":
            return self.failed("content_filter", "The service's content filter cut the answer off")
        if not text and self._extra.get("refusal"):
            return self.failed("content_filter", f"The model refused: {excerpt(str(self._extra['refusal']))}")
        if not text and (self._extra.get("tool_calls") or self._extra.get("function_call")):
            return self.failed("empty_reply", "The model called tools instead of answering")
        if not text and not any(self.reasoning) and self.finish_reason != "length":
            return self._without_text()
        answer, thought = split_reasoning(text)
        return self._reply("ok", answer, thought)

    def _without_text(self) -> Reply:
        """Return a reply that says nothing in words: a picture is an answer, all else is none."""
        drawn = self._reply("ok", "", "")
        if any(part.get("type") == "image" for part in drawn.parts):
            return drawn
        others = self._content or self._extra.get("images") or self._extra.get("audio")
        what = "holds media or other parts, and no text" if others else "is empty"
        return self.failed("empty_reply", f"The answer {what} (finish_reason={self.finish_reason})")

    def _broken_off(self) -> Failure | None:
        if self.finish_reason in BROKEN_OFF:
            said = f"The service broke the answer off (finish_reason={self.finish_reason})"
            return failure_inside({"error": self._extra.get("error")}) or Failure(kind="server", message=said)
        return failure_inside({"error": self._extra.get("error")})

    def failed(self, kind: str, message: str, http_status: int | None = None) -> Reply:
        """Return a failed reply that keeps what was received for the record."""
        failure = Failure(kind=kind, message=message, http_status=http_status)
        answer, thought = split_reasoning("".join(self.text))
        return self._reply("failed", answer, thought, failure)

    def _reply(self, status: Any, answer: str, thought: str, error: Failure | None = None) -> Reply:
        given = "".join(self.reasoning)
        beside = parted(self._extra, self._content) if self._extra or self._content else None
        return Reply(
            status=status,
            text=answer,
            reasoning=f"{given}\n{thought}" if given and thought else given or thought,
            finish_reason=self.finish_reason,
            usage=self.usage,
            served_model=self.model,
            fingerprint=self._fingerprint,
            logprobs=self.logprobs,
            error=error,
            parts=beside.parts if beside else [],
            media=beside.media if beside else {},
            extra=beside.extra or None if beside else None,
        )


MOST_TOKENS = 10**12
"""No reply takes more: a larger number is no count, and sums of such would be no numbers any more."""


def read_usage(usage: Mapping[str, Any]) -> Usage:
    """Return the token counts; what is no count is 0."""
    completion, prompt = usage.get("completion_tokens_details"), usage.get("prompt_tokens_details")
    return Usage(
        prompt_tokens=count_of(usage.get("prompt_tokens")),
        completion_tokens=count_of(usage.get("completion_tokens")),
        reasoning_tokens=count_of(completion.get("reasoning_tokens")) if isinstance(completion, dict) else 0,
        cached_tokens=count_of(prompt.get("cached_tokens")) if isinstance(prompt, dict) else 0,
    )


def read_logprobs(logprobs: Mapping[str, Any]) -> list[TokenLogprob]:
    """Return the tokens with their log-probabilities, from the chat format or the legacy completions format."""
    content = logprobs.get("content")
    if isinstance(content, list):
        return [token for entry in content if isinstance(entry, dict) for token in _chat_token(entry)]
    tokens, values, tops = (logprobs.get(name) for name in ("tokens", "token_logprobs", "top_logprobs"))
    if not isinstance(tokens, list) or not isinstance(values, list):
        return []
    alternatives = tops if isinstance(tops, list) else []
    found = []
    for nth, (token, value) in enumerate(zip(tokens, values, strict=False)):
        if isinstance(token, str) and _is_number(value):
            top = alternatives[nth] if nth < len(alternatives) else None
            pairs = top.items() if isinstance(top, dict) else ()
            found.append(TokenLogprob(token=token, logprob=finite(value), top=_top(pairs)))
    return found


def _chat_token(entry: Mapping[str, Any]) -> Iterable[TokenLogprob]:
    token, value = entry.get("token"), entry.get("logprob")
    if isinstance(token, str) and _is_number(value):
        listed = entry.get("top_logprobs")
        tops = listed if isinstance(listed, list) else []
        pairs = [(top.get("token"), top.get("logprob")) for top in tops if isinstance(top, dict)]
        yield TokenLogprob(token=token, logprob=finite(value), top=_top(pairs))


def _top(pairs: Iterable[tuple[Any, Any]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for token, value in pairs:
        if isinstance(token, str) and _is_number(value):
            # Two tokens may decode to the same text (byte pieces): the likelier one stands for it.
            found[token] = max(finite(value), found.get(token, LEAST_LOGPROB))
    return found


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def finite(value: float) -> float:
    """Return a log-probability that JSON can hold."""
    return float(value) if -_BEYOND < value < _BEYOND else LEAST_LOGPROB  # a JSON integer may exceed every float


def count_of(value: Any) -> int:
    """Return a count that a service told; what is none is 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST_TOKENS else 0


def _keep_rest(extra: dict[str, Any], given: dict[str, Any], known: frozenset[str]) -> None:
    for name in given.keys() - known:
        value = given[name]
        if value is None or value in ([], {}, ""):
            continue
        if name in _IN_PIECES and name in extra:
            extra[name] = with_next(extra[name], value)
        elif name == "refusal" and isinstance(extra.get(name), str) and isinstance(value, str):
            extra[name] += value
        else:
            extra[name] = value


def _first(choices: list[Any]) -> Any:
    """Return the choice of index 0, wherever it stands; the first one where none says so."""
    return next((one for one in choices if isinstance(one, dict) and one.get("index") == 0), choices[0])


def _bad(message: str) -> Reply:
    return Reply(status="failed", error=Failure(kind="bad_reply", message=message))


_Count = Annotated[int, msgspec.Meta(ge=0, le=MOST_TOKENS)]
_Nothing = Annotated[list[Any], msgspec.Meta(max_length=0)] | None


class _CompletionDetails(msgspec.Struct):
    reasoning_tokens: _Count | None = None


class _PromptDetails(msgspec.Struct):
    cached_tokens: _Count | None = None


class _ServiceUsage(msgspec.Struct):
    prompt_tokens: _Count = 0
    completion_tokens: _Count = 0
    completion_tokens_details: _CompletionDetails | None = None
    prompt_tokens_details: _PromptDetails | None = None


class _ChatMessage(msgspec.Struct, forbid_unknown_fields=True):
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
    message: _ChatMessage
    finish_reason: Literal["stop", "length"]
    index: Any = 0
    logprobs: None = None
    stop_reason: None = None
    token_ids: None = None


class _Plain(msgspec.Struct):
    choices: tuple[_Choice]
    model: str | None = None
    system_fingerprint: str | None = None
    usage: _ServiceUsage | None = None
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


def _usage(usage: _ServiceUsage) -> Usage:
    completion, prompt = usage.completion_tokens_details, usage.prompt_tokens_details
    return Usage(
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        reasoning_tokens=(completion.reasoning_tokens or 0) if completion is not None else 0,
        cached_tokens=(prompt.cached_tokens or 0) if prompt is not None else 0,
    )
