"""The HTTP service of hidden states that ``jb`` launches, whatever computes them.

``POST /v1/embeddings`` takes one text and ``represent`` (``records/represent.py``), and replies with the pooled states
as base64 of float32 in the shape layers × pools × width. A text that is too long is refused and never cut, and so is a
state that is not finite: a number made of half a text, or of an overflow, would look like any other.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from judgebench.records.represent import LAST_LAYER, Represent, StatesFacts

if TYPE_CHECKING:
    import numpy as np
    from aiohttp import web
    from numpy.typing import NDArray

_PARENT_CHECK_SECONDS = 0.5


class TextTokens(NamedTuple):
    """A text as the model reads it.

    Attributes:
        ids: Its tokens, with those that the tokenizer adds at the ends.
        before: How many were added in front (BOS). ``after``: behind.
    """

    ids: list[int]
    before: int
    after: int


class StateSource(Protocol):
    """What computes states.

    Attributes:
        name: Of the model, as the service tells it.
        source: ``llama.cpp`` or ``transformers``.
        weights: Hash by which the weights are known again.
        norm: As ``StatesFacts.norm`` for inner layers.
        dtype: Of the computation.
        layers: How many layers the model has.
        context: Most tokens of a text.
    """

    name: str
    source: str
    weights: str
    norm: str
    dtype: str
    layers: int
    context: int

    async def prepare(self, layers: Sequence[int]) -> None:
        """Load what these layers take."""
        ...

    async def tokens(self, text: str, *, added: bool) -> TextTokens:
        """Return the tokens of a text, with those that belong at the ends of a whole text if ``added``."""
        ...

    async def states(self, ids: list[int], layers: Sequence[int]) -> list[NDArray[np.float32]]:
        """Return the states of all tokens (tokens × width), one array for each of the layers (1 to ``layers``)."""
        ...


class RefusedTextError(Exception):
    """A text or what is wanted of it cannot be served; ``code`` is OpenAI's."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


async def represented(
    source: StateSource, text: str, wanted: Represent
) -> tuple[NDArray[np.float32], StatesFacts, int]:
    """Return the pooled states of a text (layers × pools × width), what they are, and how many tokens were read.

    Raises:
        RefusedTextError: The text is too long, nothing is left to pool, there is no such layer, or a state is not
            finite.
    """
    import numpy as np

    layers = [source.layers if layer == LAST_LAYER else layer for layer in wanted.layers]
    if not layers or not wanted.pools or not all(1 <= layer <= source.layers for layer in layers):
        raise RefusedTextError(
            f"{source.name} has layers 1 to {source.layers} (-1 is the last), and layers {wanted.layers} of pools "
            f"{wanted.pools} were asked for.",
            "invalid_value",
        )
    if "service" in (*wanted.pools, wanted.span):
        raise RefusedTextError("Pool and span of a service of states are to be chosen.", "invalid_value")
    await source.prepare(layers)
    ids, first, end = await _spanned(source, text, wanted)
    if len(ids) > source.context:
        raise RefusedTextError(
            f"The text has {len(ids)} tokens, and {source.name} reads {source.context}; it is not cut.",
            "context_length_exceeded",
        )
    if first >= end:
        raise RefusedTextError("The text has no token that could be pooled.", "invalid_value")
    pooled = []
    for states in await source.states(ids, layers):
        part = states[first:end].astype(np.float32)
        if not np.isfinite(part).all():
            raise RefusedTextError(
                f"States of {source.name} are not finite in {source.dtype}: the text is not represented.", "not_finite"
            )
        pooled.append([_POOLS[pool](part) for pool in wanted.pools])
    facts = StatesFacts(
        model=source.name,
        layers=wanted.layers,
        pools=list(wanted.pools),
        span=wanted.span,
        source=source.source,
        weights=source.weights,
        norm=source.norm,
        dtype=source.dtype,
        pooled_tokens=end - first,
    )
    return np.asarray(pooled, dtype=np.float32), facts, len(ids)


_POOLS = {
    "last": lambda states: states[-1],
    "mean": lambda states: states.mean(axis=0, dtype="float64"),
    "min": lambda states: states.min(axis=0),
    "max": lambda states: states.max(axis=0),
}


async def _spanned(source: StateSource, text: str, wanted: Represent) -> tuple[list[int], int, int]:
    """Return the tokens of a text, and the first and the end of those that are pooled."""
    if wanted.span == "item" and wanted.item_from:
        head = await source.tokens(text[: wanted.item_from], added=True)
        item = await source.tokens(text[wanted.item_from :], added=False)
        end = len(head.ids) - head.after  # what closes a text belongs behind the item
        ids = [*head.ids[:end], *item.ids, *head.ids[end:]]
        return ids, end, end + len(item.ids)
    whole = await source.tokens(text, added=True)
    if wanted.span == "all":
        return whole.ids, 0, len(whole.ids)
    return whole.ids, whole.before, len(whole.ids) - whole.after


def application(source: StateSource) -> web.Application:
    """Return the service."""
    from aiohttp import web

    async def embeddings(http: web.Request) -> web.Response:
        try:
            body = await http.json()
            wanted = msgspec.convert(body.get("represent") or {}, Represent)
            text = body["input"]
        except (ValueError, KeyError, AttributeError, msgspec.ValidationError) as error:
            return _refused(f"The request cannot be read: {error}.", "invalid_request")
        if not isinstance(text, str):
            return _refused("input is one text.", "invalid_type")
        try:
            array, facts, read = await represented(source, text, wanted)
        except RefusedTextError as error:
            return _refused(str(error), error.code)
        embedding = base64.b64encode(array.astype("<f4").tobytes()).decode()
        entry = {"object": "embedding", "index": 0, "embedding": embedding, "shape": list(array.shape)}
        return web.json_response(
            {
                "object": "list",
                "model": source.name,
                "data": [entry],
                "usage": {"prompt_tokens": read, "total_tokens": read},
                "represent": msgspec.to_builtins(facts),
            }
        )

    async def listed(_: web.Request) -> web.Response:
        entry = {"id": source.name, "object": "model", "layers": source.layers, "weights": source.weights}
        return web.json_response({"object": "list", "data": [entry]})

    async def healthy(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    app = web.Application(client_max_size=16 << 20)
    app.router.add_post("/v1/embeddings", embeddings)
    app.router.add_get("/v1/models", listed)
    app.router.add_get("/health", healthy)
    return app


def _refused(message: str, code: str) -> web.Response:
    from aiohttp import web

    error = {"message": message, "type": "invalid_request_error", "code": code}
    return web.json_response({"error": error}, status=400)


def _until_orphaned() -> None:
    parent, never = os.getppid(), threading.Event()
    while os.getppid() == parent:
        never.wait(_PARENT_CHECK_SECONDS)


def serve_until_orphaned(source: StateSource, *, host: str, port: int) -> None:
    """Serve until the process that started this one is gone."""

    async def serve() -> None:
        from aiohttp import web

        runner = web.AppRunner(application(source), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, host, port).start()
        sys.stderr.write(f"states of {source.name} are served on {host}:{port}\n")
        await asyncio.to_thread(_until_orphaned)

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve())
    sys.stderr.flush()
    os._exit(0)  # a text that is being read would hold up the end of its thread
