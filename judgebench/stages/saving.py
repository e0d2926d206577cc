"""Asks nothing that is known: equal questions of a task once (``--dedup``), those of earlier runs never (``--cache``).

What was asked tells questions apart, by the hash that also finds records again: prompt, parameters, model, and the
number of the repetition. Failures are never kept. A reply that cost no request says so: its ``attempts`` are 0. What is
to be asked afresh (``--rejudge``, warm-ups) is asked, whatever is known.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from judgebench.engine.client import ServingClient, open_client
from judgebench.engine.traffic import Traffic
from judgebench.models.contract import Client, ModelConfig
from judgebench.records import Reply, Request
from judgebench.store.asked import question_uuid

if TYPE_CHECKING:
    from judgebench.store.replies import ReplyCache

REMEMBERED = 32 * 1024 * 1024
"""Characters of replies that ``--dedup`` remembers; the longest unused go first."""


@asynccontextmanager
async def open_saving_client(
    config: ModelConfig, traffic: Traffic, *, dedup: bool, cache: str, afresh: bool = False
) -> AsyncIterator[ServingClient]:
    """Give a client that asks nothing twice, as far as that is wanted; else the plain one of ``open_client``.

    Args:
        config: As ``models.configured.model_config`` gives it.
        traffic: Counts what is really sent.
        dedup: Ask identical questions once where the temperature is 0.
        cache: Folder of the cache; empty: none.
        afresh: Take no reply from either; good replies still go into the cache.

    Raises:
        DiskError: The cache cannot be used.
    """
    async with open_client(config, traffic) as client:
        if not dedup and not cache:
            yield client
            return
        kept: ReplyCache | None = None
        if cache:
            from judgebench.store.replies import ReplyCache  # SQLite takes milliseconds to import

            kept = ReplyCache(cache)
        try:
            yield _SavingClient(client, config, dedup=dedup, cache=kept, afresh=afresh)
        finally:
            if kept is not None:
                kept.close()


def behind(client: Client) -> Client:
    """Return the client that asks whatever it is asked, and whose replies nobody keeps."""
    return client.client if isinstance(client, _SavingClient) else client


class _SavingClient:
    """A client in front of another one, which is its ``client``."""

    def __init__(
        self, client: ServingClient, config: ModelConfig, *, dedup: bool, cache: ReplyCache | None, afresh: bool
    ) -> None:
        self.model = client.model
        self.client = client
        self._identity = {"type": config.type, "model": client.model, "path": config.path}
        self._dedup = dedup and not afresh
        self._afresh = afresh
        self._cache = cache
        self._under_way: dict[str, asyncio.Future[Reply | None]] = {}
        self._known: OrderedDict[str, Reply] = OrderedDict()
        self._size = 0

    async def ask(self, request: Request) -> Reply:
        """Return a known reply, or ask."""
        if self._dedup and request.params.get("temperature") == 0:
            return await self._once(question_uuid(request.prompt, request.params, self._identity), request)
        return await self._cached(request)

    async def _once(self, asked: str, request: Request) -> Reply:
        while True:
            if (reply := self._known.get(asked)) is not None:
                self._known.move_to_end(asked)
                return free(reply)
            if (leader := self._under_way.get(asked)) is None:
                break
            if (found := await asyncio.shield(leader)) is not None:
                return free(found)
        mine = self._under_way[asked] = asyncio.get_running_loop().create_future()
        reply = None
        try:
            reply = await self._cached(request)
        finally:
            # The others are told in any case; where this one failed or was cancelled, one of them asks.
            del self._under_way[asked]
            mine.set_result(reply if reply is not None and reply.status == "ok" else None)
        if reply.status == "ok":
            self._remember(asked, reply)
        return reply

    def _remember(self, asked: str, reply: Reply) -> None:
        self._known[asked] = reply
        self._size += len(reply.text) + len(reply.reasoning)
        while self._size > REMEMBERED:
            _, oldest = self._known.popitem(last=False)
            self._size -= len(oldest.text) + len(oldest.reasoning)

    async def _cached(self, request: Request) -> Reply:
        if self._cache is None:
            return await self.client.ask(request)
        asked = question_uuid(request.prompt, request.params, self._identity, request.nth)
        if not self._afresh and (known := self._cache.get(asked)) is not None:
            return free(known)
        reply = await self.client.ask(request)
        if reply.status == "ok":
            self._cache.put(asked, reply)
        return reply


def free(reply: Reply) -> Reply:
    """Return a reply as one that cost neither a request nor time."""
    changes: dict[str, Any] = {"attempts": 0, "latency": 0.0, "first_token": 0.0, "waited": 0.0}
    return msgspec.structs.replace(reply, **changes)
