"""The engine's door: a client for whatever a model config describes, service or local model, that counts what it does.

``open_caching_client`` asks nothing that is known: equal questions of a task once (``--dedup``), those of earlier runs
never (``--cache``). Questions are told apart by the hash that also finds records again: prompt, parameters, model, and
the number of the repetition. Failures are never kept. A reply that cost no request says so: its ``tries`` are 0. What
is to be asked afresh (``--rejudge``, warm-ups) is asked, whatever is known.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec

from judgebench import plugins
from judgebench.content.attachments import Attachments, with_kept_media, with_media_kept
from judgebench.errors import RAISED_BY_OTHERS, DiskError, JudgebenchError
from judgebench.identity.questions import question_uuid
from judgebench.models.access import check_takes, redactor_of, variables
from judgebench.models.contract import Client, ModelConfig, ServiceConfig
from judgebench.records.flow import Failure, Reply, Request

if TYPE_CHECKING:
    from judgebench.engine.allowance import Allowance
    from judgebench.store.replies import ReplyCache


class Traffic(msgspec.Struct, kw_only=True):
    """Mutable counters.

    Attributes:
        post: Requests sent, repeats included.
        recv: Whole replies received, whatever their status.
        in_flight: Requests under way.
        limit: Present bound of requests in flight.
        ok: Asked for and answered. ``failed``: without a usable answer after all repeats.
        retries: Repeats sent.
        waiting: Requests that wait before a repeat.
        waited: Seconds spent in such waits, summed over requests.
        note: What is being waited for, in a few words; empty when nothing is.
        first_error: Sentence of the first failed attempt; empty while there is none.
        faults: Failed attempts by kind.
    """

    post: int = 0
    recv: int = 0
    in_flight: int = 0
    limit: int = 0
    ok: int = 0
    failed: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    retries: int = 0
    waiting: int = 0
    waited: float = 0.0
    note: str = ""
    first_error: str = ""
    faults: dict[str, int] = {}

    def fault(self, kind: str, message: str) -> None:
        """Count a failed attempt."""
        self.faults[kind] = self.faults.get(kind, 0) + 1
        if not self.first_error:
            self.first_error = message

    def answered(self, reply: Reply) -> None:
        """Count the final reply to a request."""
        if reply.status == "ok":
            self.ok += 1
        else:
            self.failed += 1
        usage = reply.usage
        if usage is not None:
            self.prompt_tokens += usage.prompt_tokens
            self.completion_tokens += usage.completion_tokens

    def replace_part(self, before: Traffic, now: Traffic) -> None:
        """Put the new counts of one of several senders in the place of its earlier ones."""
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) - getattr(before, name) + getattr(now, name))
        for kind, count in now.faults.items():
            self.faults[kind] = self.faults.get(kind, 0) - before.faults.get(kind, 0) + count
        self.note = now.note or (self.note if self.note != before.note else "")
        self.first_error = self.first_error or now.first_error

    def figures(self) -> dict[str, float]:
        """Return the numbers that belong in the record of a run: the cost of faults in requests and seconds."""
        found: dict[str, float] = {"extra_requests": float(self.retries), "seconds_waited": round(self.waited, 3)}
        return {**found, **{f"fault_{kind}": float(count) for kind, count in sorted(self.faults.items())}}


_COUNTS = [name for name, kind in Traffic.__annotations__.items() if kind in {"int", "float"}]


logger = logging.getLogger(__name__)


class ServingClient(Client, Protocol):
    """A client that knows which model it asks."""

    model: str
    """The model's name as the service knows it: part of the identity of what is asked."""


class BatchPlace(NamedTuple):
    """Where a task keeps what it knows of its batches, and how the two tell each other of the end.

    Attributes:
        path: The task's file of batches; those of other tasks stand beside it.
        stop: Set when no further request may be sent.
        left: Takes a sentence about the answers that are still to come, and whether there is nothing left but to wait.
        scope: Which tested model and judge is asked for; part of the ids of questions.
        replies: The run's file of the replies that came back in files.
        requests: Folder into which the requests are written instead of being sent; ``None`` sends them.
    """

    path: Path
    stop: asyncio.Event
    left: Callable[[str, bool], None]
    scope: str = ""
    replies: Path = Path()
    requests: Path | None = None


@asynccontextmanager
async def open_client(
    config: ModelConfig, traffic: Traffic, *, batches: BatchPlace | None = None, afresh: bool = False
) -> AsyncIterator[ServingClient]:
    """Give a client for a model config; it is closed with the context.

    Args:
        config: As ``models.access.model_config`` gives it.
        traffic: Counters that the client keeps while it works.
        batches: Where batches are kept; without it nothing is asked in batches.
        afresh: Whether what earlier batches brought is of no use.

    Raises:
        EndpointError: The service's model name has to be asked for, and the service does not tell.
        PrerequisiteError: An environment variable or an optional package is missing.
    """
    if batches is not None and batches.requests is not None and isinstance(config, ServiceConfig):
        from judgebench.engine.file_exchange import open_files

        async with open_files(config, traffic, batches) as written:
            yield written
        return
    if batches is not None and isinstance(config, ServiceConfig) and config.batch is not None:
        from judgebench.engine.batches import open_batches

        async with open_batches(config, traffic, batches, afresh=afresh) as batched:
            yield batched
        return
    own_process = variables() is os.environ  # a task in a thread of the caller sends from there: it starts no processes
    if isinstance(config, ServiceConfig) and config.batch_size > 1 and own_process:
        from judgebench.engine.senders import open_senders, senders_for

        if (count := senders_for(config)) > 1:
            async with open_senders(config, traffic, count) as spread:
                yield spread
            return
    async with open_alone(config, traffic) as client:
        yield client


@asynccontextmanager
async def open_alone(config: ModelConfig, traffic: Traffic) -> AsyncIterator[ServingClient]:
    """Give a client that asks from this process; else as ``open_client``."""
    kind = plugins.load(config.type, "models", where=f"models.{config.abbr}.type")()
    if isinstance(config, ServiceConfig):
        from judgebench.engine.http import open_http

        async with open_http(config, kind, traffic) as service:
            yield service
    else:
        async with kind.open(config) as local:
            yield _CountingClient(local, traffic, config)


class _CountingClient:
    """Counts what a local model is asked."""

    def __init__(self, client: Client, traffic: Traffic, config: ModelConfig) -> None:
        self.model: str = getattr(client, "model", "") or config.model or config.path or config.abbr
        self._client = client
        self._config = config
        self._redactor = redactor_of(config)  # what answers in this process may itself ask a service
        self._traffic = traffic
        traffic.limit = config.batch_size

    async def ask(self, request: Request) -> Reply:
        """Return the local model's reply."""
        check_takes(self._config, request.prompt, where="A question")
        traffic = self._traffic
        traffic.post += 1
        traffic.in_flight += 1
        try:
            reply = await self._client.ask(request)
        except JudgebenchError:
            raise
        except RAISED_BY_OTHERS as error:  # whatever a model of the user's own raises about one request
            logger.exception("The local model raised an exception; the request counts as failed")
            message = f"The model raised {type(error).__name__}: {error}"
            reply = Reply(status="failed", error=Failure(kind="local", message=message))
        finally:
            traffic.in_flight -= 1
        reply = self._redactor.reply(reply)
        traffic.recv += 1
        if reply.error is not None:
            traffic.fault(reply.error.kind, reply.error.message)
        traffic.answered(reply)
        return reply


REMEMBERED = 32 * 1024 * 1024
"""Characters of replies that ``--dedup`` remembers; the longest unused go first."""


@asynccontextmanager
async def open_caching_client(
    config: ModelConfig,
    traffic: Traffic,
    *,
    dedup: bool,
    cache: str,
    afresh: bool = False,
    batches: BatchPlace | None = None,
    allowance: Allowance | None = None,
) -> AsyncIterator[ServingClient]:
    """Give a client that asks nothing twice, as far as that is wanted; else the plain one of ``open_client``.

    Args:
        config: As ``models.access.model_config`` gives it.
        traffic: Counts what is really sent.
        dedup: Ask identical questions once where the temperature is 0.
        cache: Folder of the cache; empty: none.
        afresh: Take no reply from either; good replies still go into the cache.
        batches: Where batches are kept, for a model that is asked in batches.
        allowance: What may be spent; ``None``: without limit.

    Raises:
        DiskError: The cache cannot be used.
        EndpointError: At the end, if what is limited could not be counted.
    """
    async with open_client(config, traffic, batches=batches, afresh=afresh) as opened:
        client = limited(opened, allowance)
        if not (dedup or cache) or getattr(plugins.load(config.type, "models"), "recorded", False):
            yield client
        else:
            async with _caching(client, config, dedup=dedup, cache=cache, afresh=afresh) as known:
                yield known
        if allowance is not None:
            allowance.refuse_unmeasured()


@asynccontextmanager
async def _caching(
    client: ServingClient, config: ModelConfig, *, dedup: bool, cache: str, afresh: bool
) -> AsyncIterator[ServingClient]:
    kept: ReplyCache | None = None
    if cache:
        from judgebench.store.replies import ReplyCache  # SQLite takes milliseconds to import

        kept = ReplyCache(cache)
    try:
        yield _CachingClient(client, config, dedup=dedup, cache=kept, afresh=afresh)
    finally:
        if kept is not None:
            kept.close()


def behind(client: Client) -> Client:
    """Return the client that asks whatever it is asked, and whose replies nobody keeps."""
    return client.client if isinstance(client, _CachingClient) else client


def limited(client: ServingClient, allowance: Allowance | None) -> ServingClient:
    """Return a client that sends nothing without an allowance; the same client where there is none to keep to."""
    return client if allowance is None else _LimitedClient(client, allowance)


class _LimitedClient:
    """A client that sends nothing without an allowance."""

    def __init__(self, client: ServingClient, allowance: Allowance) -> None:
        self.model = client.model
        self._client = client
        self._allowance = allowance

    async def ask(self, request: Request) -> Reply:
        """Return the reply; that of a request that may not be sent is ``cancelled``, as nothing of it is to be kept."""
        expected = await self._allowance.enter(request)
        if expected is None:
            failure = Failure(kind="cancelled", message="The run has spent what it may.")
            return Reply(status="failed", tries=0, error=failure)
        reply: Reply | None = None
        try:
            reply = await self._client.ask(request)
        finally:
            self._allowance.leave(expected, reply)
        return reply


class _CachingClient:
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
        self._media = Attachments(cache.path.parent / "attachments") if cache is not None else None
        self._under_way: dict[str, asyncio.Future[Reply | None]] = {}
        self._known: OrderedDict[str, Reply] = OrderedDict()
        self._size = 0

    async def ask(self, request: Request) -> Reply:
        """Return a known reply, or ask."""
        if self._dedup and request.params.get("temperature") == 0:
            alone = msgspec.structs.replace(request, place="")  # it stands for all places
            return await self._once(question_uuid(request.prompt, request.params, self._identity), alone)
        return await self._cached(request)

    async def _once(self, uuid: str, request: Request) -> Reply:
        while True:
            if (reply := self._known.get(uuid)) is not None:
                self._known.move_to_end(uuid)
                return free(reply)
            if (leader := self._under_way.get(uuid)) is None:
                break
            if (found := await asyncio.shield(leader)) is not None:
                return free(found)
        mine = self._under_way[uuid] = asyncio.get_running_loop().create_future()
        reply = None
        try:
            reply = await self._cached(request)
        finally:
            # The others are told in any case; where this one failed or was cancelled, one of them asks.
            del self._under_way[uuid]
            mine.set_result(reply if reply is not None and reply.status == "ok" else None)
        if reply.status == "ok":
            self._remember(uuid, reply)
        return reply

    def _remember(self, uuid: str, reply: Reply) -> None:
        self._known[uuid] = reply
        self._size += _size_of(reply)
        while self._size > REMEMBERED:
            _, oldest = self._known.popitem(last=False)
            self._size -= _size_of(oldest)

    async def _cached(self, request: Request) -> Reply:
        if self._cache is None or self._media is None:
            return await self.client.ask(request)
        uuid = question_uuid(request.prompt, request.params, self._identity, request.nth)
        if not self._afresh and (known := self._cache.get(uuid)) is not None:
            try:
                return with_kept_media(free(known), self._media)
            except DiskError as error:  # without its media a reply is not known
                logger.warning("%s It is asked again.", error)
        reply = await self.client.ask(request)
        if reply.status == "ok":
            self._cache.put(uuid, with_media_kept(reply, self._media))
        return reply


def _size_of(reply: Reply) -> int:
    return len(reply.text) + len(reply.reasoning) + sum(map(len, reply.media.values()))


def free(reply: Reply) -> Reply:
    """Return a reply as one that cost neither a request nor time."""
    changes: dict[str, Any] = {"tries": 0, "latency": 0.0, "first_token": 0.0, "waited": 0.0}
    return msgspec.structs.replace(reply, **changes)
