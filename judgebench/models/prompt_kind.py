"""Fits a prompt to what a service takes: messages for chat services, text for completion services."""

from __future__ import annotations

from typing import Literal

from judgebench.errors import ConfigError
from judgebench.records import Message, Prompt


def fit(prompt: Prompt, kind: Literal["chat", "text"]) -> Prompt:
    """Return the prompt as the service takes it.

    A text becomes one user message; messages become their contents, one paragraph each, without role names (a base
    model has no roles). Whoever records what was asked records the fitted prompt.

    Raises:
        ConfigError: A message holds an image, or another part that is no text, and the service takes text alone.
    """
    if kind == "chat":
        return [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
    return prompt if isinstance(prompt, str) else "\n\n".join(_text(message) for message in prompt)


def _text(message: Message) -> str:
    content = message.get("content")
    if not isinstance(content, list):
        return content if isinstance(content, str) else ""
    for part in content:
        if not (isinstance(part, dict) and isinstance(part.get("text"), str)):
            kind = part.get("type", "unknown") if isinstance(part, dict) else type(part).__name__
            raise ConfigError(
                f"A prompt holds a part of type {kind!r}, and the model takes text alone.",
                hint="Take a model type that takes messages, such as VLLMCustomAPIChat, or leave the part out.",
            )
    return "".join(part["text"] for part in content)
