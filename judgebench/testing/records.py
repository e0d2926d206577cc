"""What a loopback service was asked and what it says, in one form for all protocols."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ServiceReply:
    """What a service answers.

    Attributes:
        text: The answer. ``thinking``: What was thought before it.
        finish: ``stop``, ``length`` or ``content_filter``; each protocol has its own word for it.
        tool: Name and arguments of a tool that the model calls instead of answering.
    """

    text: str = ""
    thinking: str = ""
    finish: str = "stop"
    tool: tuple[str, dict[str, Any]] | None = None

    def pieces(self) -> list[str]:
        """Return the answer cut as a stream carries it: at every space."""
        words = self.text.split(" ")
        return [word if nth == 0 else f" {word}" for nth, word in enumerate(words)] if self.text else []


@dataclass(frozen=True)
class ServiceRequest:
    """What a service was asked.

    Attributes:
        model: The model's name. ``system``: The instructions.
        texts: The texts of all turns, in order. ``images``: The decoded bytes of all images, in order.
        tools: Names of the tool calls and results that the prompt shows.
        stream: Whether the reply is to be a stream.
        path: Path and query of the call. ``headers``: Of the request, names in lower case.
        body: The JSON body as it came.
        number: How many requests came before this one.
    """

    model: str
    system: str
    texts: list[str]
    images: list[bytes]
    tools: list[str]
    stream: bool
    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]
    number: int = 0

    @property
    def text(self) -> str:
        """The last text."""
        return self.texts[-1] if self.texts else ""


@dataclass(frozen=True)
class Failed:
    """A reply with an error status, or one that breaks off.

    Attributes:
        status: The HTTP status. ``payload``: Its JSON body. ``headers``: Further headers.
    """

    status: int
    payload: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


class RefusedError(Exception):
    """A protocol refuses a request, in its own words."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.payload)
        self.failed = failed


def words(text: str) -> int:
    """Return the number of words: the tokens of these services, which a test can count."""
    return len(text.split())


LOGPROB, OTHER = -0.25, ("maybe", -1.5)
"""Log-probability of every token that is replied, and the only alternative with its own."""


def tokens_of(reply: ServiceReply) -> list[dict[str, Any]]:
    """Return the tokens of an answer with their log-probabilities, in the form of Chat Completions."""
    other = {"token": OTHER[0], "logprob": OTHER[1]}
    return [
        {"token": piece, "logprob": LOGPROB, "top_logprobs": [{"token": piece, "logprob": LOGPROB}, other]}
        for piece in reply.pieces()
    ]


def data_line(payload: Any, event: str = "") -> bytes:
    """Return one server-sent event."""
    head = f"event: {event}\n" if event else ""
    return f"{head}data: {json.dumps(payload)}\n\n".encode()
