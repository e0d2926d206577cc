"""The engine's door: a client for whatever a model config describes, service or local model."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from judgebench import plugins
from judgebench.engine.traffic import Traffic
from judgebench.errors import JudgebenchError
from judgebench.models.contract import Client, ModelConfig, ServiceConfig
from judgebench.models.credentials import redactor_of
from judgebench.records import Failure, Reply, Request

logger = logging.getLogger(__name__)


class ServingClient(Client, Protocol):
    """A client that knows which model it asks."""

    model: str
    """The model's name as the service knows it: part of the identity of what is asked."""


@asynccontextmanager
async def open_client(config: ModelConfig, traffic: Traffic) -> AsyncIterator[ServingClient]:
    """Give a client for a model config; it is closed with the context.

    Args:
        config: As ``models.configured.model_config`` gives it.
        traffic: Counters that the client keeps while it works.

    Raises:
        EndpointError: The service's model name has to be asked for, and the service does not tell.
        PrerequisiteError: An environment variable or an optional package is missing.
    """
    if isinstance(config, ServiceConfig) and config.batch_size > 1:
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
        self._redactor = redactor_of(config)  # what answers in this process may itself ask a service
        self._traffic = traffic
        traffic.limit = config.batch_size

    async def ask(self, request: Request) -> Reply:
        """Return the local model's reply."""
        traffic = self._traffic
        traffic.post += 1
        traffic.in_flight += 1
        try:
            reply = await self._client.ask(request)
        except JudgebenchError:
            raise
        except Exception as error:  # whatever a model of the user's own raises about one request
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
