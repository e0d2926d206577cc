"""Loopback services for tests: they speak the providers' protocols as these are documented, and fail as they do.

    from judgebench.testing import ProviderService, ServiceReply

    with ProviderService("anthropic", answer=lambda request: ServiceReply("4")) as service:
        ...  # service.url, service.requests

``faultservice.FaultService`` speaks the OpenAI protocol, breaks it on demand in some thirty ways and counts what it
is asked; as a program, ``python -m judgebench.testing.faultservice`` stands in for a served model. ``BatchService`` has
the providers' batch APIs as well. For tests of a model config, a judge, a dialect or a client of your own. All answer
on the loopback interface alone.
"""

from __future__ import annotations

from judgebench.testing.batches import BatchService, Fate
from judgebench.testing.protocol import Protocol
from judgebench.testing.records import Failed, RefusedError, ServiceReply, ServiceRequest
from judgebench.testing.service import PROTOCOLS, ProviderService
from judgebench.testing.states import PlantedStates, planted_states

__all__ = [
    "PROTOCOLS",
    "BatchService",
    "Failed",
    "Fate",
    "PlantedStates",
    "Protocol",
    "ProviderService",
    "RefusedError",
    "ServiceReply",
    "ServiceRequest",
    "planted_states",
]
