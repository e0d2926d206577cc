"""A service as a whole: a session with it, the model it serves, and in one sentence why it serves nobody."""

from __future__ import annotations

import time
from collections.abc import Sequence

import aiohttp

from judgebench.engine.faults import Fault, fault_of, fault_of_exception
from judgebench.engine.framing import clean, decode
from judgebench.engine.reach import listing_url, proxy_of, shown
from judgebench.errors import EndpointError
from judgebench.models.access import auth_headers, redactor_of
from judgebench.models.addresses import base_url
from judgebench.models.contract import Dialect, ServiceConfig
from judgebench.models.service_errors import excerpt
from judgebench.records.flow import Failure

LISTING_TIME = 15.0
"""Seconds that the list of models may take."""


def session_with(
    config: ServiceConfig, connector: aiohttp.BaseConnector, timeout: aiohttp.ClientTimeout
) -> aiohttp.ClientSession:
    """Return a session with the model's credentials, to be entered.

    Raises:
        PrerequisiteError: The environment lacks a secret, or names a proxy without an address.
    """
    return aiohttp.ClientSession(
        connector=connector,
        timeout=timeout,
        headers={"User-Agent": "judgebench", **auth_headers(config)},
        cookie_jar=aiohttp.DummyCookieJar(),
        proxy=proxy_of(base_url(config)),
        max_line_size=65536,
        max_field_size=65536,
    )


async def served_model(session: aiohttp.ClientSession, config: ServiceConfig, dialect: Dialect) -> str:
    """Return the first name in the service's list of models.

    Raises:
        EndpointError: The service cannot be reached, refuses, or lists nothing.
    """
    url = listing_url(config, dialect)
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
        payload = redactor.value(decode(body))
    except ValueError:
        payload = None
    if response.status != 200:
        said = redactor.error(clean(body[:8000].decode("utf-8", "replace")))
        failure = dialect.failure(response.status, payload, said)
        raise gone(config, url, "", fault_of(failure))
    name = next(iter(dialect.model_names(payload)), "")
    if not name:
        failure = Failure(kind="bad_reply", message=f"it lists no model: {excerpt(clean(repr(payload)))}")
        raise gone(config, url, "", fault_of(failure))
    return name


async def model_of_all(session: aiohttp.ClientSession, replicas: Sequence[ServiceConfig], dialect: Dialect) -> str:
    """Return the model that all replicas of a service serve; those that do not answer are passed over.

    Raises:
        EndpointError: None answers, or two serve different models.
    """
    names: dict[str, str] = {}
    refused: EndpointError | None = None
    for one in replicas:
        try:
            names.setdefault(await served_model(session, one, dialect), base_url(one))
        except EndpointError as error:
            refused = refused or error
    if not names and refused is not None:
        raise refused
    if len(names) > 1:
        (first, at), (second, there) = list(names.items())[:2]
        raise EndpointError(
            f"{shown(at)} serves {first!r} and {shown(there)} serves {second!r}: they are no replicas of one model.",
            hint=f"Name the model, --override '*.{replicas[0].abbr}.model=NAME', or serve one model at all addresses.",
        )
    return next(iter(names))


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
    place, override = shown(url), f"--override '*.{config.abbr}"  # names a model and a judge alike
    if fault.failure.kind == "auth":
        sentence = f"{place} refuses the key of model {config.abbr!r} ({said})."
        hint = f"Set its key, for example {override}.api_key=${{API_KEY}}', and export that variable."
    elif fault.failure.kind == "quota":
        sentence = f"{place} takes the key of model {config.abbr!r} and has no more credit for it ({said})."
        hint = "Raise the quota or the balance at the provider, and continue with: jb ... --reuse"
    elif fault.failure.kind == "not_found":
        sentence = f"{place} does not serve the model {model!r} of the config {config.abbr!r} ({said})."
        empty = " (empty takes the first that it lists)" if config.model else ""
        hint = f"Name a model that it serves, {override}.model=NAME'{empty}, or check the address in url."
    elif failures > 1:
        failed = f"{failures} failures in a row over {seconds:.0f} s"
        sentence = f"{place} (model {config.abbr!r}) no longer answers: {failed} ({said})."
        hint = "Start the service again and continue with: jb ... --reuse"
    elif fault.reach == "refused":
        sentence = f"{place} (model {config.abbr!r}) cannot be reached ({said})."
        hint = f"Start the service, or give another address: {override}.url=http://host:port'."
    else:
        sentence = f"{place} (model {config.abbr!r}) gives no usable answer ({said})."
        hint = (
            "Check the service." if model else f"Name the model, {override}.model=NAME', or check the address in url."
        )
    return EndpointError(sentence, hint=hint)
