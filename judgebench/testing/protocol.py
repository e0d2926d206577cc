"""What a provider's protocol is, to a loopback service: what it takes, what it refuses, what its replies look like.

Not every key of a protocol is known here; what is known is strict.
"""

from __future__ import annotations

import abc
import base64
import binascii
import dataclasses
from collections.abc import Iterator
from typing import Any, ClassVar

from judgebench.testing.records import Failed, RefusedError, ServiceReply, ServiceRequest, words

KEY = "test-key"
"""The API key that the services take; the one that has no credit is ``KEY + "-empty"``."""
MODEL = "test-model"
"""The model that they serve."""
DELAY = 0.12
"""Seconds after which they want to be asked again, where their protocol has a place to say so."""


class Protocol(abc.ABC):
    """One provider's protocol.

    Attributes:
        name: By which a test asks for it. ``type``: The model type of a config that speaks it.
        stream_type: Content type of a streamed reply.
    """

    name: ClassVar[str]
    type: ClassVar[str]
    stream_type: ClassVar[str] = "text/event-stream"

    def listed(self, path: str) -> dict[str, Any] | None:
        """Return the list of models, where a path asks for it."""
        return {"object": "list", "data": [{"id": MODEL, "object": "model"}]} if path.endswith("/models") else None

    def key_of(self, headers: dict[str, str]) -> str | None:
        """Return the API key that a request carries; ``None`` where the protocol needs none."""
        return headers.get("authorization", "").removeprefix("Bearer ")

    @abc.abstractmethod
    def request_of(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> ServiceRequest:
        """Return what a request asks.

        Raises:
            RefusedError: The protocol does not take it.
        """

    def schemas(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - a protocol without one has none
        """Return the JSON schemas to which a request wants its reply held, by the key that each stands under."""
        return {}

    def held(self, request: ServiceRequest, reply: ServiceReply, key: str, text: str) -> ServiceReply:  # noqa: ARG002 - some answer by a tool
        """Return a reply that is held to the schema under a key; ``text`` is what the schema allows, as JSON."""
        return dataclasses.replace(reply, text=text)

    @abc.abstractmethod
    def whole(self, request: ServiceRequest, reply: ServiceReply) -> dict[str, Any]:
        """Return the whole reply."""

    @abc.abstractmethod
    def stream(self, request: ServiceRequest, reply: ServiceReply) -> Iterator[bytes]:
        """Yield the pieces of the streamed reply."""

    @abc.abstractmethod
    def error(self, kind: str, sentence: str = "") -> Failed:
        """Return a failure in the provider's shape.

        Args:
            kind: ``rate_limit``, ``overloaded``, ``server``, ``auth``, ``quota``, ``not_found``, ``bad_request``,
                ``context_length``.
            sentence: The provider's sentence.
        """

    @abc.abstractmethod
    def broken_stream(self) -> bytes:
        """Return the event by which a stream tells of an error in the middle of a reply."""

    def refuse(self, sentence: str) -> RefusedError:
        """Return the refusal of a request that the protocol does not take."""
        return RefusedError(self.error("bad_request", sentence))

    def check_names(self, given: dict[str, Any], known: str, where: str) -> None:
        """Refuse names that the protocol does not know.

        Raises:
            RefusedError: There is one.
        """
        for name in given:
            if name not in known.split():
                raise self.refuse(f"{where}{name}: Extra inputs are not permitted")

    def decoded(self, text: Any) -> bytes:
        """Return the bytes of an image.

        Raises:
            RefusedError: It is no base64.
        """
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, TypeError, ValueError):
            raise self.refuse("image: the data is not base64") from None


SAID = {
    "rate_limit": "Too many requests.",
    "overloaded": "Overloaded",
    "server": "Internal error.",
    "auth": "The key is not valid.",
    "quota": "You have no credit left.",
    "not_found": "There is no such model.",
    "bad_request": "The request is not valid.",
    "context_length": "prompt is too long: 9000 tokens > 4096 maximum",
}
"""What is said of each kind of failure where the provider's own sentence does not matter."""


def cached_words(request: ServiceRequest) -> int:
    """Return how many tokens of a prompt came out of the service's cache: a tenth."""
    return prompt_words(request) // 10


def prompt_words(request: ServiceRequest) -> int:
    """Return the tokens of a prompt: its words, and 10 for each image."""
    return sum(map(words, [request.system, *request.texts])) + 10 * len(request.images)
