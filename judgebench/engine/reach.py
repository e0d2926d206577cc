"""How the engine reaches a service: proxy and TLS settings, taken from the environment and the config once per client.

aiohttp's own ``trust_env`` looks both up for every request, in a thread; here they are looked up when the client opens.
The preflight uses them too, so nothing heavy is imported here.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass

from judgebench.errors import ConfigError, PrerequisiteError
from judgebench.models.access import shown_url, variables
from judgebench.models.addresses import call_url, is_web_address
from judgebench.models.contract import Dialect, ServiceConfig


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


def listing_url(config: ServiceConfig, dialect: Dialect, environ: Mapping[str, str] | None = None) -> str:
    """Return where a service lists its models."""
    return call_url(config, f"{dialect.path.partition('/')[0]}/{dialect.listing}", environ)
