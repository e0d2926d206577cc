"""Asks a service in batches: a client whose replies come hours later, at half the price.

It stands where ``HttpClient`` stands: ``ask`` waits for its reply, which a later batch may bring. What has to survive a
kill is in the ``BatchLog``, written before it is done; so nothing is submitted twice and nothing is lost, wherever the
process ends.

Questions are gathered until a batch is full or no more come, submitted one batch after the other, and looked at every
few seconds (``batch_provider``). A question that failed in a way that may pass is asked again in a further batch. When
the run stops, the batches go on at the provider, and ``--reuse`` finds them.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from judgebench.engine import endpoint
from judgebench.engine.batch_calls import HttpCalls, open_session
from judgebench.engine.batch_log import BatchLog, KnownBatch
from judgebench.engine.batch_provider import BatchProvider, ResultsGoneError, batch_api
from judgebench.engine.batch_questions import STOPPED, body_maker, custom_id, question_identity
from judgebench.engine.client import BatchPlace, Traffic
from judgebench.engine.faults import fault_of
from judgebench.errors import how_many
from judgebench.models.access import dialect_of, redactor_of, revealed, secret_parameters
from judgebench.models.batches import BatchApi, BatchLine, BatchState, LineResult, not_answered, reply_of
from judgebench.models.contract import BatchConfig, ServiceConfig
from judgebench.records.flow import Failure, Reply, Request

logger = logging.getLogger(__name__)

LAST_SUBMISSION = 5.0
"""Seconds that a batch which is being sent gets when the run stops; else it is found again by its intent."""
_LONGEST_PAUSE = 600.0


class _Waiting:
    """A question that is waited for."""

    def __init__(self, request: Request, future: asyncio.Future[Reply]) -> None:
        self.request = request
        self.future = future
        self.tries = 1


class BatchClient:
    """A client of one service; made by ``open_batches``.

    Attributes:
        model: The model's name as it is sent.
    """

    def __init__(
        self,
        config: ServiceConfig,
        api: BatchApi,
        provider: BatchProvider,
        traffic: Traffic,
        place: BatchPlace,
        *,
        afresh: bool,
    ) -> None:
        self.model = api.model
        self._config = config
        self._batch = config.batch or BatchConfig()
        self._api = api
        self._provider = provider
        self._traffic = traffic
        self._place = place
        self._afresh = afresh
        self._log = provider.log
        self._identity = question_identity(config, api.model)
        self._secrets = secret_parameters(config)
        sent = msgspec.structs.replace(config, generation_kwargs=revealed(config.generation_kwargs, self._secrets))
        self._body = body_maker(sent, api.dialect, api.model)
        self._redactor = redactor_of(config)
        self._most = min(self._batch.size, api.most_lines)
        self._waiting: dict[str, _Waiting] = {}
        self._early: dict[str, Reply] = {}
        """Replies to questions of earlier batches that this process has not come to yet."""
        self._gathered: list[BatchLine] = []
        self._gathered_bytes = 0
        self._question_at = self._moved_at = time.monotonic()
        self._busy = 0
        """Batches and questions that are on their way into a batch."""
        self._submitting = asyncio.Lock()
        self._room = asyncio.Event()
        self._room.set()
        self._full = 0
        self._watched: dict[KnownBatch, BatchState | None] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._error: BaseException | None = None
        self._left = False
        traffic.limit = self._batch.in_flight
        self._start(self._gather())
        self._start(self._leave_when_stopped())

    async def ask(self, request: Request) -> Reply:
        """Return the reply once a batch brings it; what is left unanswered when the run stops is ``cancelled``.

        Raises:
            EndpointError: The provider takes no batches from this key, or does not know the model.
        """
        if self._error is not None:
            raise self._error
        if self._left:
            return STOPPED
        id = custom_id(request, self._identity, self._place.scope)
        if (reply := self._early.pop(id, None)) is not None:
            self._traffic.answered(reply)
            return reply
        if (other := self._waiting.get(id)) is not None:
            return await asyncio.shield(other.future)
        waiting = _Waiting(request, asyncio.get_running_loop().create_future())
        self._waiting[id] = waiting
        self._traffic.in_flight += 1
        try:
            known = self._log.holding(id)
            if known is None or (known.closed and (self._afresh or id in known.again)):
                await self._queue(id, request)
            elif known not in self._watched:
                self._watch(known)
            return await waiting.future
        finally:
            self._traffic.in_flight -= 1
            self._waiting.pop(id, None)

    async def aclose(self) -> None:
        """End what is under way here; batches go on at the provider, and one that is just sent there gets its name."""
        self._left = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_SUBMISSION), self._submitting:
                pass
        if self._place.stop.is_set() and self._watched:
            self._place.left(self._waiting_for(), False)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # Gathering and submitting

    async def _queue(self, id: str, request: Request) -> None:
        """Put a question into the batch that is being gathered; waits while two full ones are still to be submitted."""
        await self._room.wait()
        request = msgspec.structs.replace(request, params=revealed(request.params, self._secrets))
        line = BatchLine(id, self._body(request))
        if len(line.body) > self._api.most_bytes:
            self._give(id, _refused("the question alone is larger than a batch may be"))
            return
        if self._gathered_bytes + len(line.body) > self._api.most_bytes:
            self._cut()
        self._gathered.append(line)
        self._gathered_bytes += len(line.body)
        self._question_at = time.monotonic()
        if len(self._gathered) >= self._most:
            self._cut()

    def _cut(self) -> None:
        lines, self._gathered, self._gathered_bytes = self._gathered, [], 0
        self._full += 1
        self._busy += 1
        if self._full >= 2:
            self._room.clear()
        self._start(self._submit(lines))

    async def _gather(self) -> None:
        """Cut a batch when no question has come for a while; leave when there is nothing but waiting to do."""
        pause = min(1.0, max(0.01, self._batch.wait / 4), self._batch.poll)
        while True:
            await asyncio.sleep(pause)
            now = time.monotonic()
            if self._gathered and now - self._question_at >= self._batch.wait:
                self._cut()
            self._tell()
            if self._nothing_but_waiting(now):
                self._leave(by_itself=True)

    async def _submit(self, lines: list[BatchLine]) -> None:
        try:
            async with self._submitting:
                if self._left:
                    return
                batch = self._log.intend(f"jb-{secrets.token_hex(12)}", [line.id for line in lines])
                self._traffic.note = f"submitting a batch of {len(lines)}"
                refusal = await self._provider.offer(batch, lines)
            if refusal is not None:
                self._log.close(batch, "not taken", batch.ids)
                for line in lines:
                    self._fail(line.id, Reply(status="failed", error=refusal), False, [], [])
                return
            self._traffic.post += len(lines)
            self._moved_at = time.monotonic()
            self._watch(batch)
        finally:
            self._busy -= 1
            self._full -= 1
            self._room.set()

    # Looking and handing on

    def _watch(self, batch: KnownBatch) -> None:
        self._watched[batch] = None
        self._start(self._follow(batch))

    async def _follow(self, batch: KnownBatch) -> None:
        if not batch.batches:
            if found := await self._provider.find(batch):
                self._provider.found(batch, found)
            else:
                logger.info("the batch %s was never submitted; its questions are asked in another", batch.name)
                self._close(batch, "never submitted", batch.ids)
                await self._ask_again(batch.ids, failed=False)
                return
        while True:
            state = await self._provider.ended(batch, lambda state: self._look(batch, state))
            if state is None:
                logger.warning("the provider no longer knows the batch %s; it is asked again", batch.batches[0])
                self._close(batch, "unknown to the provider", batch.ids)
                await self._ask_again(batch.ids, failed=False)
                return
            if await self._hand_on(batch, state):
                return
            others = batch.batches[1:]
            logger.info("the batch %s is not one of this run", batch.batches[0])
            if not others:
                self._close(batch, "never submitted", batch.ids)
                await self._ask_again(batch.ids, failed=False)
                return
            self._provider.found(batch, others)

    async def _hand_on(self, batch: KnownBatch, state: BatchState) -> bool:
        """Hand on all that an ended batch brought; returns whether it was the batch of these questions at all."""
        # What a later batch asks, or this one has answered badly before, is no matter of it any more.
        missing = {id for id in batch.ids if self._log.holding(id) is batch and id not in batch.again}
        known, unwell, again = len(missing), list(batch.again), list[str]()
        foreign, gone = 0, ""
        try:
            async for result in self._provider.results(batch, state):
                if result.id in missing:
                    missing.discard(result.id)
                    self._settle(result, unwell, again)
                else:
                    foreign += 1
        except ResultsGoneError as error:
            gone = str(error)
        if foreign and not batch.sure and len(missing) == known == len(batch.ids):
            return False  # only one that was found by chance may be another's: what was submitted is never sent twice
        for number, id in enumerate(batch.ids):
            if id in missing:
                why = (not_answered(gone), False) if gone else _why_missing(number, state)
                self._fail(id, *why, unwell, again)
        self._close(batch, state.word, unwell)
        logger.info(
            "batch %s ended as %s: %d of %d answered, %d asked again",
            batch.batches[0], state.word, len(batch.ids) - len(unwell), len(batch.ids), len(again),
        )  # fmt: skip
        await self._ask_again(again)
        return True

    def _look(self, batch: KnownBatch, state: BatchState) -> None:
        before = self._watched.get(batch)
        if state.ended or (before is not None and before.done != state.done):
            self._moved_at = time.monotonic()
        self._watched[batch] = state

    def _close(self, batch: KnownBatch, word: str, unwell: list[str]) -> None:
        self._log.close(batch, word, unwell)
        self._watched.pop(batch, None)
        self._moved_at = time.monotonic()
        self._tell()

    def _settle(self, result: LineResult, unwell: list[str], again: list[str]) -> None:
        """Hand on one reply, or note that its question is asked again."""
        reply = reply_of(self._api.dialect, result)
        if reply.error is not None:
            self._fail(result.id, reply, fault_of(reply.error).repeat != "never", unwell, again)
            return
        if reply.usage is not None:
            reply = msgspec.structs.replace(reply, usage=msgspec.structs.replace(reply.usage, batch=True))
        self._give(result.id, reply)

    def _fail(self, id: str, reply: Reply, may_pass: bool, unwell: list[str], again: list[str]) -> None:
        reply = self._redactor.reply(reply)
        if reply.error is not None:
            self._traffic.fault(reply.error.kind, reply.error.message)
        unwell.append(id)
        waiting = self._waiting.get(id)
        if may_pass and (waiting is None or waiting.tries <= self._config.retry):
            again.append(id)
        else:
            self._give(id, reply)

    def _give(self, id: str, reply: Reply) -> None:
        reply = self._redactor.reply(reply)
        waiting = self._waiting.get(id)
        self._traffic.recv += 1
        if waiting is None:
            self._early[id] = reply
        elif not waiting.future.done():
            reply = msgspec.structs.replace(reply, tries=waiting.tries)
            self._traffic.answered(reply)
            waiting.future.set_result(reply)

    async def _ask_again(self, ids: list[str], *, failed: bool = True) -> None:
        """Put questions into a further batch; where they failed, after a pause that grows with the number of tries."""
        wanted = [(id, waiting) for id in ids if (waiting := self._waiting.get(id)) is not None]
        if not wanted:
            return
        self._busy += 1
        try:
            if failed:
                self._traffic.retries += len(wanted)
                for _, waiting in wanted:
                    waiting.tries += 1
                tries = max(waiting.tries for _, waiting in wanted)
                await asyncio.sleep(min(self._batch.poll * 2.0 ** (tries - 2), _LONGEST_PAUSE))
            for id, waiting in wanted:
                if not waiting.future.done():
                    await self._queue(id, waiting.request)
        finally:
            self._busy -= 1

    # Stopping

    async def _leave_when_stopped(self) -> None:
        await self._place.stop.wait()
        self._leave(by_itself=False)

    def _nothing_but_waiting(self, now: float) -> bool:
        if self._busy or self._gathered or not self._watched:
            return False
        if any(state is None or state.ended for state in self._watched.values()):
            return False  # not looked at yet, or its results are on their way
        stay = self._batch.stay
        if stay is None:
            if not any(batch.resumed for batch in self._watched):
                return False
            stay = 0.0
        return now - max(self._moved_at, self._question_at) >= max(stay, self._batch.wait)

    def _leave(self, *, by_itself: bool) -> None:
        """Let everybody go who waits; the batches go on."""
        if self._left:
            return
        self._left = True
        if self._watched:
            self._place.left(self._waiting_for(), by_itself)
        for waiting in self._waiting.values():
            if not waiting.future.done():
                waiting.future.set_result(STOPPED)

    def _waiting_for(self) -> str:
        count, done, total = self._standing()
        batches = how_many(count, "batch is", "batches are")
        return f"{batches} still working at the provider: {_share(done, total)} of {total} questions are answered"

    def _standing(self) -> tuple[int, int, int]:
        done = sum(state.done for state in self._watched.values() if state is not None)
        return len(self._watched), done, sum(len(batch.ids) for batch in self._watched)

    def _tell(self) -> None:
        if self._watched:
            count, done, total = self._standing()
            self._traffic.note = f"{count} batch{'es' * (count > 1)}, {_share(done, total)} of {total} answered"
        elif not self._full:
            self._traffic.note = ""

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Awaitable[None]) -> None:
        """Let an error that ends the client reach all who wait for it."""
        try:
            await work
        except Exception as error:  # noqa: BLE001 - also a bug of ours must leave nobody waiting for ever
            self._error = self._error or error
            for waiting in self._waiting.values():
                if not waiting.future.done():
                    waiting.future.set_exception(self._error)


def _why_missing(number: int, state: BatchState) -> tuple[Reply, bool]:
    """Return the reply to a question to which a batch brought nothing, and whether that may pass."""
    if state.refused_lines:  # the provider took none because of a few
        if number in state.refused_lines:
            return _refused(state.refused_lines[number]), False
        return not_answered("it was refused because of other questions"), True
    if state.refused is not None:
        return Reply(status="failed", error=state.refused), fault_of(state.refused).repeat != "never"
    return not_answered(f"it ended as {state.word!r}"), False


def _refused(sentence: str) -> Reply:
    return Reply(status="failed", error=Failure(kind="bad_request", message=f"The batch was refused: {sentence}"))


def _share(done: int, total: int) -> str:
    return f"{100 * done // total if total else 0} %"


@asynccontextmanager
async def open_batches(
    config: ServiceConfig, traffic: Traffic, place: BatchPlace, *, afresh: bool = False
) -> AsyncIterator[BatchClient]:
    """Give a client that asks in batches.

    Args:
        config: A service whose ``batch`` is set.
        traffic: Counts what is sent and answered.
        place: Where the run keeps what it knows of its batches, and how it stops.
        afresh: Whether batches that have been handed on are of no use: everything is asked again.

    Raises:
        ConfigError: The protocol has no batch API.
        EndpointError: The model's name has to be asked for, and the service does not tell.
        PrerequisiteError: A secret is to come from an environment variable that is not set.
    """
    dialect, kind = dialect_of(config), batch_api(config)
    async with open_session(config) as session:
        model = config.model or await endpoint.served_model(session, config, dialect)
        plain = msgspec.structs.replace(config, stream=False)
        api = kind(HttpCalls(config, dialect, session), plain, dialect, model)
        provider = BatchProvider(plain, api, BatchLog(place.path), traffic)
        client = BatchClient(config, api, provider, traffic, place, afresh=afresh)
        try:
            yield client
        finally:
            await client.aclose()
