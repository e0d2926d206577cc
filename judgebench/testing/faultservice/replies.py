"""Well-formed replies of the OpenAI protocol, whole and as server-sent events."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import msgspec


@dataclass(frozen=True)
class Answer:
    """What the service says, where a plain text is not enough.

    ``beside`` are further keys of the message, ``cached`` the prompt tokens that a cache had.
    """

    text: str
    reasoning_content: str = ""
    finish_reason: str = "stop"
    logprobs: dict[str, Any] | None = None
    beside: dict[str, Any] | None = None
    cached: int = 0


def prompt_text(body: dict[str, Any]) -> str:
    """The prompt of a request as one text: the last user message, or the completion prompt."""
    if "messages" not in body:
        return str(body.get("prompt", ""))
    texts = [_content(m) for m in body["messages"] if m.get("role") == "user"]
    return texts[-1] if texts else ""


def _content(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)


def usage_of(body: dict[str, Any], answer: Answer) -> dict[str, Any]:
    """Token counts that a test can foresee: words of the prompt and of the answer."""
    prompt = len(prompt_text(body).split())
    completion = len(answer.text.split()) + len(answer.reasoning_content.split())
    counts = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    return counts | ({"prompt_tokens_details": {"cached_tokens": answer.cached}} if answer.cached else {})


def whole(body: dict[str, Any], answer: Answer, model: str) -> dict[str, Any]:
    """A complete JSON reply to a chat or completion request."""
    choice: dict[str, Any] = {"index": 0, "finish_reason": answer.finish_reason}
    if "messages" in body:
        choice["message"] = {"role": "assistant", "content": answer.text}
        if answer.reasoning_content:
            choice["message"]["reasoning_content"] = answer.reasoning_content
        choice["message"] |= answer.beside or {}
    else:
        choice["text"] = answer.text
    if answer.logprobs is not None:
        choice["logprobs"] = answer.logprobs
    return {
        "id": "reply-1",
        "object": "chat.completion" if "messages" in body else "text_completion",
        "created": 1_700_000_000,
        "model": model,
        "system_fingerprint": "fp_test",
        "choices": [choice],
        "usage": usage_of(body, answer),
    }


def chunks(body: dict[str, Any], answer: Answer, model: str) -> list[dict[str, Any]]:
    """The same reply as the list of stream events that make it up, without the final ``[DONE]``."""
    chat = "messages" in body
    head = {"id": "reply-1", "model": model, "system_fingerprint": "fp_test"}

    def event(choice: dict[str, Any]) -> dict[str, Any]:
        return {**head, "choices": [{"index": 0, "finish_reason": None, **choice}]}

    events = [event({"delta": {"role": "assistant", "content": ""}})] if chat else []
    if chat:
        events += [event({"delta": {"reasoning_content": piece}}) for piece in _pieces(answer.reasoning_content)]
    events += [event({"delta": {"content": piece}} if chat else {"text": piece}) for piece in _pieces(answer.text)]
    events += [event({"delta": {key: value}}) for key, value in (answer.beside or {}).items()]
    if answer.logprobs is not None:
        events[-1]["choices"][0]["logprobs"] = answer.logprobs
    events.append(event({"delta": {}, "finish_reason": answer.finish_reason} if chat else {"text": ""}))
    events[-1]["choices"][0]["finish_reason"] = answer.finish_reason
    if (body.get("stream_options") or {}).get("include_usage"):
        events.append({**head, "choices": [], "usage": usage_of(body, answer)})
    return events


def sse(events: list[dict[str, Any]], *, done: bool = True) -> list[bytes]:
    """Each event as it goes over the wire."""
    lines = [b"data: " + msgspec.json.encode(event) + b"\n\n" for event in events]
    return [*lines, b"data: [DONE]\n\n"] if done else lines


def _pieces(text: str) -> list[str]:
    return re.findall(r"\s*\S+\s*$|\s*\S+", text) or ([text] if text else [])
