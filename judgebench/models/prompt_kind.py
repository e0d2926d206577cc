"""Fits a prompt to what a service takes: messages for chat services, text for completion services."""

from __future__ import annotations

from typing import Literal

from judgebench.records import Message, Prompt


def fit(prompt: Prompt, kind: Literal["chat", "text"]) -> Prompt:
    """Return the prompt as the service takes it.

    A text becomes one user message; messages become their contents, one paragraph each, without role names (a base
    model has no roles). Whoever records what was asked records the fitted prompt.
    """
    if kind == "chat":
        return [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
    return prompt if isinstance(prompt, str) else "\n\n".join(_text(message) for message in prompt)


def _text(message: Message) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""
