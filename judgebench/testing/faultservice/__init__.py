"""A loopback HTTP service that speaks the OpenAI protocol and misbehaves on demand.

Well-behaved and deterministic by default, so that it serves as a model or a judge in end-to-end tests::

    with FaultService(answer=lambda body: "4", faults=["503", None, http_status(429, retry_after="0.1")]) as service:
        ...  # service.url, service.port
    assert service.counts["What is 2+2?"] == 2

``answer`` gets the request body and returns the text (or an ``Answer``). ``faults`` is a script, one entry per request
(``None`` answers well; after the script all is well), or a function of the ``Seen`` request. Entries are names from
``FAULTS`` or fault functions. As a process of its own: ``python -m judgebench.testing.faultservice --port 0``.
"""

from __future__ import annotations

from judgebench.testing.faultservice.faults import FAULTS, TRANSIENT, Fault, http_status, mixed, slow_bytes
from judgebench.testing.faultservice.replies import Answer, prompt_text
from judgebench.testing.faultservice.service import FaultService, Seen, closed_port

__all__ = [
    "FAULTS",
    "TRANSIENT",
    "Answer",
    "Fault",
    "FaultService",
    "Seen",
    "closed_port",
    "http_status",
    "mixed",
    "prompt_text",
    "slow_bytes",
]
