"""How the engine reaches a service, and what can be said of the service as a whole.

Proxy and TLS settings are taken from the environment and the config once, when a client opens: aiohttp's own
``trust_env`` looks both up for every request, in a thread. Of the service as a whole it is said which model it serves,
and in one sentence why it serves nobody.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass

import aiohttp

from judgebench.engine.faults import Fault, fault_of, fault_of_exception
from judgebench.engine.framing import clean, decode
from judgebench.errors import ConfigError, EndpointError, PrerequisiteError
from judgebench.models.access import call_url, is_web_address, redactor_of, shown_url, variables
from judgebench.models.contract import Dialect, ServiceConfig
from judgebench.models.service_errors import excerpt
from judgebench.records.flow import Failure


def proxy_of(url: str) -> str | None:
    """Return the proxy for an address by ``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY`` and ``NO_PROXY``.

    Raises:
        PrerequisiteError: The proxy has no address of the web; it is not repeated, as it may hold a password.
    """
    proxies = getproxies_environment()
    parts = urlsplit(url)
    if not proxies or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if proxy and "://" not in proxy:
        proxy = f"http://{proxy}"
    if proxy and not is_web_address(proxy):
        raise PrerequisiteError(
            f"The proxy that the environment names for {parts.scheme}:// is not an http:// or https:// address.",
            hint=f"Correct {parts.scheme.upper()}_PROXY or ALL_PROXY, or name the host in NO_PROXY.",
        )
    return proxy or None


def tls_of(config: ServiceConfig, environ: Mapping[str, str] | None = None) -> ssl.SSLContext:
    """Return the TLS settings: certificates are verified unless ``verify_tls=False``.

    ``ca_file`` of the config wins over ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` of the environment, which win over the
    system's authorities.

    Raises:
        ConfigError: The file of authorities does not exist or holds no certificate.
    """
    env = variables() if environ is None else environ
    named = {f"models.{config.abbr}.ca_file": config.ca_file, "SSL_CERT_FILE": env.get("SSL_CERT_FILE", "")}
    where, file = next(((where, file) for where, file in named.items() if file), ("", ""))
    if not config.verify_tls:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    if not file:
        return ssl.create_default_context(capath=env.get("SSL_CERT_DIR") or None)
    path = Path(file).expanduser()
    try:
        return ssl.create_default_context(cafile=str(path))
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"{where} is {file!r}, which is not a readable file of certificates ({type(error).__name__}).",
            hint="Give a PEM file of the authorities to trust.",
        ) from error


def shown(url: str) -> str:
    """Return an address as it may be shown: without user name, password, query, and keys in its path."""
    return shown_url(url)


LISTING_TIME = 15.0
"""Seconds that the list of models may take."""


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


def listing_url(config: ServiceConfig, dialect: Dialect, environ: Mapping[str, str] | None = None) -> str:
    """Return where a service lists its models."""
    return call_url(config, f"{dialect.path.partition('/')[0]}/{dialect.listing}", environ)


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
    place, whose = shown(url), f"models.{config.abbr}"
    if fault.failure.kind == "auth":
        sentence = f"{place} refuses the key of model {config.abbr!r} ({said})."
        hint = f"Set {whose}.api_key, for example to '${{API_KEY}}', and export that variable."
    elif fault.failure.kind == "quota":
        sentence = f"{place} takes the key of model {config.abbr!r} and has no more credit for it ({said})."
        hint = "Raise the quota or the balance at the provider, and continue with: jb ... --reuse"
    elif fault.failure.kind == "not_found":
        sentence = f"{place} does not serve the model {model!r} of {whose} ({said})."
        empty = f"Leave {whose}.model empty to take the first of /v1/models, or correct {whose}.model"
        hint = f"{empty if config.model else f'Set {whose}.model'}, and check {whose}.url."
    elif failures > 1:
        failed = f"{failures} failures in a row over {seconds:.0f} s"
        sentence = f"{place} (model {config.abbr!r}) no longer answers: {failed} ({said})."
        hint = "Start the service again and continue with: jb ... --reuse"
    elif fault.reach == "refused":
        sentence = f"{place} (model {config.abbr!r}) cannot be reached ({said})."
        hint = f"Start the service, or correct host_ip, host_port or url of {whose}."
    else:
        sentence = f"{place} (model {config.abbr!r}) gives no usable answer ({said})."
        hint = f"Set {whose}.model, or correct url of {whose}." if not model else f"Check the service behind {whose}."
    return EndpointError(sentence, hint=hint)
