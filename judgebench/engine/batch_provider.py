"""What the engine does with a provider's batch API: it offers batches, finds lost ones, and looks until they end.

Each of these copes with a provider that is full, slow, or away for a while. Where it is not known whether a batch was
taken, it is looked for before it is offered again.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence

from judgebench.engine import endpoint, reach
from judgebench.engine.batch_log import BatchLog, KnownBatch
from judgebench.engine.client import Traffic
from judgebench.engine.faults import RetryPolicy, fault_of
from judgebench.errors import ConfigError, EndpointError
from judgebench.models.access import dialect_of
from judgebench.models.addresses import call_url
from judgebench.models.batches import BatchApi, BatchIntent, BatchLine, BatchState, CallError, LineResult, unusable
from judgebench.models.contract import BatchConfig, ServiceConfig
from judgebench.records.flow import Failure

SETTLING = 30.0
"""Seconds that the provider's list of batches may be behind: so long a batch that is not in it is looked for again."""
YOUNG = 600.0
"""Seconds in which a provider may not know a batch yet that it has just made."""
SUBMISSIONS = 6
"""Least number of times that a batch is offered again to a provider that is full or down."""
_FATAL = frozenset({"auth", "quota", "not_found"})

logger = logging.getLogger(__name__)


class ResultsGoneError(Exception):
    """A provider no longer keeps what a batch brought."""


class _IncompleteError(CallError):
    """Fewer results came than the provider has: the file was cut, or something else came in its place."""

    def __init__(self, came: int, answered: int) -> None:
        message = f"{came} results came of {answered} that it says it has"
        super().__init__(Failure(kind="bad_reply", message=message), reached=True)


class BatchProvider:
    """A provider of batches.

    Args:
        config: The service.
        api: Its batch API.
        log: What the run knows of its batches.
        traffic: Counts what fails.
    """

    def __init__(self, config: ServiceConfig, api: BatchApi, log: BatchLog, traffic: Traffic) -> None:
        self.log = log
        self._config = config
        self._batch = config.batch or BatchConfig()
        self._api = api
        self._traffic = traffic
        self._policy = RetryPolicy(repeats=max(SUBMISSIONS, config.retry), base=min(1.0, self._batch.poll))
        self._dice = random.Random()

    async def offer(self, batch: KnownBatch, lines: Sequence[BatchLine]) -> Failure | None:
        """Offer a batch until the provider has taken it; returns why it does not.

        Raises:
            EndpointError: The provider takes nothing from this key, or does not know the model.
        """
        repeat = 0
        while True:
            try:
                taken = await self._api.submit(batch.name, lines)
            except CallError as error:
                failure, retry_after = error.failure, error.retry_after
                self._traffic.fault(failure.kind, failure.message)
                if failure.kind in _FATAL:
                    self.log.close(batch, "not taken", batch.ids)
                    raise self._takes_none(failure) if failure.kind == "not_found" else self._gone(failure) from None
                if error.reached and (found := await self.find(batch)):
                    self.found(batch, found)
                    return None
            else:
                self.log.created(batch, [taken])
                return None
            repeat += 1
            if fault_of(failure).repeat == "never" or repeat > self._policy.repeats:
                return failure
            await asyncio.sleep(self._policy.wait(repeat, retry_after, self._dice))

    async def find(self, batch: KnownBatch) -> list[str]:
        """Return the provider's ids of what may be a batch of which only the intent is known.

        Raises:
            EndpointError: The provider does not say what batches it has: then nothing may be submitted again.
        """
        settled = min(SETTLING, self._batch.poll)
        began = time.monotonic()
        while True:
            # The clock may have been set back since, and the intent lie in the future.
            age = max(time.time() - batch.intended, time.monotonic() - began)
            try:
                found = await self._api.find(BatchIntent(batch.name, len(batch.ids), batch.intended))
            except CallError as error:
                raise self._gone(error.failure) from None
            taken = self.log.named()
            if fresh := [id for id in found if id not in taken]:
                return fresh
            if age > settled:
                return []
            await asyncio.sleep(max(0.01, settled - age))

    def found(self, batch: KnownBatch, ids: list[str]) -> None:
        """Write down what was found of a batch."""
        self.log.created(batch, ids, sure=self._api.has_names)

    async def ended(self, batch: KnownBatch, look: Callable[[BatchState], None]) -> BatchState | None:
        """Wait for a batch to end and return its last state; ``None`` where the provider does not know it.

        Args:
            batch: The batch.
            look: Takes each state.

        Raises:
            EndpointError: The provider refuses to say, or is away for longer than the model's ``patience``.
        """
        cancelled, failing_since = False, 0.0
        while True:
            now, age = time.monotonic(), time.time() - batch.intended
            id = batch.batches[0]
            try:
                state = await self._api.state(id)
                if not state.word:
                    raise unusable("state", state.payload)
                failing_since = 0.0
                look(state)
                if state.ended:
                    return state
                if len(batch.batches) > 1:  # it may be another, which may have ended: they are looked at in turn
                    batch.batches = [*batch.batches[1:], id]
                if age > self._batch.give_up and batch.sure and not cancelled:
                    logger.warning("the batch %s has not ended after %.0f s and is cancelled", id, age)
                    await self._api.cancel(id)
                    cancelled = True
            except CallError as error:
                if error.failure.kind == "not_found" and age > YOUNG:
                    return None
                failing_since = failing_since or now
                patience = YOUNG if error.failure.kind == "not_found" else max(self._config.patience, self._batch.poll)
                if error.failure.kind == "auth" or now - failing_since > patience:
                    raise self._gone(error.failure) from None
                logger.warning("the state of the batch %s: %s", id, error.failure.message)
            await asyncio.sleep(self._batch.poll)

    async def results(self, batch: KnownBatch, state: BatchState) -> AsyncIterator[LineResult]:
        """Yield what an ended batch brought; where that breaks off or is not all, from the beginning again.

        Raises:
            ResultsGoneError: The provider keeps it no longer.
            EndpointError: The provider does not give it.
        """
        repeat = 0
        while True:
            brought = 0
            try:
                async for result in self._api.results(state):
                    brought += 1
                    yield result
                if brought < state.answered:
                    raise _IncompleteError(brought, state.answered)
            except CallError as error:
                repeat += 1
                incomplete = isinstance(error, _IncompleteError) and repeat > self._policy.repeats
                if error.failure.kind == "not_found" or incomplete:
                    if time.time() - batch.intended > YOUNG:
                        raise ResultsGoneError(f"its results are gone ({error.failure.message})") from None
                    raise self._without_results(batch, error.failure) from None
                if repeat > self._policy.repeats or fault_of(error.failure).repeat == "never":
                    raise self._gone(error.failure) from None
                await asyncio.sleep(self._policy.wait(repeat, error.retry_after, self._dice))
            else:
                return

    def _without_results(self, batch: KnownBatch, failure: Failure) -> EndpointError:
        return EndpointError(
            f"The service at {reach.shown(self._url)} does not give the results of the batch {batch.batches[0]!r}, "
            f"which has ended ({failure.message}).",
            hint="Fetch them a little later with: jb ... --reuse",
        )

    def _gone(self, failure: Failure) -> EndpointError:
        return endpoint.gone(self._config, self._url, self._api.model, fault_of(failure))

    def _takes_none(self, failure: Failure) -> EndpointError:
        return EndpointError(
            f"The service at {reach.shown(self._url)} takes no batch for the model {self._api.model!r} "
            f"of the config {self._config.abbr!r} ({failure.message}).",
            hint="Name a model that it takes batches for, or ask it as usual: leave batch out of the config.",
        )

    @property
    def _url(self) -> str:
        return call_url(self._config, self._api.dialect.path)


def batch_api(config: ServiceConfig) -> type[BatchApi]:
    """Return the batch API of a service's protocol.

    Raises:
        ConfigError: The protocol has none.
    """
    path = dialect_of(config).batches
    if not path:
        raise ConfigError(
            f"models.{config.abbr}.batch: {config.type.rpartition('.')[2]} has no batch API.",
            hint="Take batch out; for a service that takes files of questions see: jb requests --help",
        )
    module, _, name = path.partition(":")
    found: type[BatchApi] = getattr(importlib.import_module(module), name)
    return found
