"""What can be said of a service as a whole: the model it serves, and in one sentence why it serves nobody."""

from __future__ import annotations

import time
from typing import Any

import aiohttp

from judgebench.engine import reach, wire
from judgebench.engine.faults import Fault, fault_of, fault_of_exception
from judgebench.errors import EndpointError
from judgebench.models.contract import ServiceConfig
from judgebench.models.credentials import redactor_of
from judgebench.models.service_errors import excerpt, failure_of_status
from judgebench.records import Failure

LISTING_TIME = 15.0
"""Seconds that ``v1/models`` may take."""


async def served_model(session: aiohttp.ClientSession, config: ServiceConfig, base: str) -> str:
    """Return the first id that ``GET v1/models`` lists.

    Raises:
        EndpointError: The service cannot be reached, refuses, or lists nothing.
    """
    url = f"{base}/v1/models"
    start = time.monotonic()
    try:
        timeout = aiohttp.ClientTimeout(total=LISTING_TIME)
        async with session.get(url, timeout=timeout, allow_redirects=False) as response:
            body = await response.read()
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        fault = fault_of_exception(error, seconds=time.monotonic() - start)
        raise gone(config, url, "", fault) from None  # the library's own words may name a proxy's password
    redactor = redactor_of(config)
    try:
        payload = redactor.value(wire.decode(body))
    except ValueError:
        payload = None
    if response.status != 200:
        said = redactor.error(wire.clean(body[:8000].decode("utf-8", "replace")))
        failure = failure_of_status(response.status, payload, said)
        raise gone(config, url, "", fault_of(failure))
    name = _first_id(payload)
    if not name:
        failure = Failure(kind="bad_reply", message=f"it lists no model: {excerpt(wire.clean(repr(payload)))}")
        raise gone(config, url, "", fault_of(failure))
    return name


def _first_id(payload: Any) -> str:
    listed = payload.get("data") if isinstance(payload, dict) else None
    first = listed[0] if isinstance(listed, list) and listed else None
    name = first.get("id") if isinstance(first, dict) else None
    return name if isinstance(name, str) else ""


def gone(
    config: ServiceConfig, url: str, model: str, fault: Fault, *, failures: int = 0, seconds: float = 0.0
) -> EndpointError:
    """Return the error for a service that serves nobody: its address, the model, and its own words.

    Args:
        config: For the keys that the hint names.
        url: Where the request went.
        model: Name that was asked for; empty while it is not known.
        fault: The last failure.
        failures: Failures in a row; 0 or 1 says that it never worked.
        seconds: How long they went on.
    """
    said = redactor_of(config).error(fault.failure.message)
    place, whose = reach.shown(url), f"models.{config.abbr}"
    if fault.failure.kind == "auth":
        sentence = f"{place} refuses the key of model {config.abbr!r} ({said})."
        hint = f"Set {whose}.api_key, for example to '${{API_KEY}}', and export that variable."
    elif fault.failure.kind == "not_found":
        sentence = f"{place} does not serve the model {model!r} of {whose} ({said})."
        empty = f"Leave {whose}.model empty to take the first of /v1/models, or correct {whose}.model"
        hint = f"{empty if config.model else f'Set {whose}.model'}, and check {whose}.url."
    elif failures > 1:
        sentence = (
            f"{place} (model {config.abbr!r}) is gone: {failures} failures in a row over {seconds:.0f} s ({said})."
        )
        hint = "Start the service again and continue with: jb ... --reuse"
    elif fault.reach == "refused":
        sentence = f"{place} (model {config.abbr!r}) cannot be reached ({said})."
        hint = f"Start the service, or correct host_ip, host_port or url of {whose}."
    else:
        sentence = f"{place} (model {config.abbr!r}) gives no usable answer ({said})."
        hint = f"Set {whose}.model, or correct url of {whose}." if not model else f"Check the service behind {whose}."
    return EndpointError(sentence, hint=hint)
