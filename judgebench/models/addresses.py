"""Where a service is: the address that a config gives, and where each call below it goes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import quote, urlsplit

import msgspec

from judgebench.errors import ConfigError, PrerequisiteError
from judgebench.models.access import SERVICES_VARIABLE, dialect_of, expand, launch_key, variables
from judgebench.models.contract import ServiceConfig


def base_url(config: ServiceConfig, environ: Mapping[str, str] | None = None) -> str:
    """Return the address of the service as it is configured, of several replicas the first; see ``base_urls``.

    Raises:
        ConfigError: ``url`` is not an http or https address, or ``host_ip`` no host.
        PrerequisiteError: The service is to be launched and was not.
    """
    return base_urls(config, environ)[0]


def base_urls(config: ServiceConfig, environ: Mapping[str, str] | None = None) -> list[str]:
    """Return the addresses of a service, without trailing slash, such as ``http://localhost:8080``: one a replica.

    A launched service's address wins, then ``url``, then ``host_ip`` and ``host_port``.

    Raises:
        ConfigError: ``url`` is not an http or https address, or ``host_ip`` no host.
        PrerequisiteError: The service is to be launched and was not.
    """
    env = variables() if environ is None else environ
    if config.launch is not None:
        services = msgspec.json.decode(env.get(SERVICES_VARIABLE, "{}"), type=dict[str, str])
        if launch_key(config) not in services:
            raise PrerequisiteError(
                f"The service of model {config.abbr!r} was not launched.",
                hint="Start the run with jb, which launches it.",
            )
        return services[launch_key(config)].split()
    if mistake := address_mistake(config, env):
        key, problem, hint = mistake
        raise ConfigError(f"models.{config.abbr}.{key} {problem}", hint=hint)
    if config.url:
        return _urls_of(config, env)
    host = _host_of(config, env)
    if ":" in host:
        host = f"[{host}]"
    return [f"{'https' if config.enable_ssl else 'http'}://{host}:{config.host_port}"]


def at_address(config: ServiceConfig, url: str) -> ServiceConfig:
    """Return the config of one replica of a service.

    Args:
        config: Of all.
        url: One of ``base_urls``.
    """
    return msgspec.structs.replace(config, url=url, launch=None)


def call_url(config: ServiceConfig, path: str, environ: Mapping[str, str] | None = None) -> str:
    """Return where a call of a service goes.

    The configured address may be a base address, one with its version, or that of the type's own call; a query is kept.

    Args:
        config: The service; its type says which call its address may name.
        path: The call below the base address, with the version first: ``v1/chat/completions``, ``v1/models``.
        environ: Where variables are looked up; the process environment by default.

    Raises:
        ConfigError: The address cannot be used; see ``base_url``.
        PrerequisiteError: The service is to be launched and was not.
    """
    base, _, query = base_url(config, environ).partition("?")
    base = base.rstrip("/")
    version, _, call = path.partition("/")
    call, _, own_query = call.partition("?")
    own = re.fullmatch(rf"(.+?)/{_call_pattern(config)}", base)
    root = own[1] if own else base
    segments = urlsplit(root).path.split("/")
    names_version = segments[-1] == version or any(map(_VERSION.fullmatch, segments))
    if not (own or names_version or "api-version=" in query):
        root = f"{root}/{version}"
    queries = "&".join(one for one in (query, own_query) if one)
    return _escaped(f"{root}/{call}?{queries}" if queries else f"{root}/{call}")


def _escaped(url: str) -> str:
    """Return an address as it goes over the wire, for every library the same: only what an address may hold."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host}{slash}{quote(path, safe=_IN_ADDRESSES)}"


def _is_call(end: str, path: str) -> bool:
    """Whether the end of an address is that of a dialect's own call."""
    call = path.partition("/")[2]
    return end in {f"/{call}", f"/{path}"} or (end.startswith(":") and call.endswith(end))


def _call_pattern(config: ServiceConfig) -> str:
    call = dialect_of(config).path.partition("/")[2]
    return re.escape(call).replace(r"\{model\}", "[^/]+").replace("generateContent", "(?:g|streamG)enerateContent")


def address_mistake(config: ServiceConfig, environ: Mapping[str, str]) -> tuple[str, str, str] | None:
    """Return what is wrong with the address that a config gives: the key, the problem and a hint; else ``None``.

    The address is not repeated in it, because it may hold a password.
    """
    for url in _urls_of(config, environ):
        if not is_web_address(url):
            return "url", "is not an http:// or https:// address.", _BASE_ADDRESS
        path = urlsplit(url).path.rstrip("/")
        if "#" in url:
            return "url", "holds a '#': what follows it would never reach the service.", _BASE_ADDRESS
        if _DOTS & set(path.split("/")):
            return (
                "url",
                "holds '.' or '..' as a step of its path; libraries read that in different ways.",
                _BASE_ADDRESS,
            )
        another = next((call for call in _CALLS if path.endswith(call)), "")
        own = dialect_of(config)
        if another and not _is_call(another, own.path):
            return "url", f"ends in {another}, and {type(own).__name__} sends to {own.path}.", _BASE_ADDRESS
    if not config.url and not _is_host(_host_of(config, environ)):
        return (
            "host_ip",
            "is neither a host name nor an IP address.",
            "Give the name alone, such as localhost; a port goes into host_port, a whole address into url.",
        )
    return None


_BASE_ADDRESS = (
    "Give the base address, for example http://localhost:8080 or https://host/api/v1, or take the type of that call."
)
_VERSION = re.compile(r"v[0-9]+(?:(?:alpha|beta)[0-9]*)?")
_CALLS = ("/chat/completions", "/completions", "/messages", "/responses", "/api/chat", ":generateContent")
"""Ends of the addresses of single calls; a longer one stands before the one it ends in."""
_DOTS = frozenset({".", ".."})
_IN_ADDRESSES = "%/:?[]@!$&'()*+,;=~"
"""Characters, beside letters and digits, that stand in an address as they are; what is escaped stays so."""
_NOT_IN_HOSTS = re.compile(r"[\s/?#@\\\[\]]")


def _urls_of(config: ServiceConfig, environ: Mapping[str, str]) -> list[str]:
    """Return the addresses that a config names by ``url``; none where it names a host."""
    urls = [config.url] if isinstance(config.url, str) else config.url
    return [expand(one, environ, where=f"models.{config.abbr}.url").strip().rstrip("/") for one in urls if one]


def _host_of(config: ServiceConfig, environ: Mapping[str, str]) -> str:
    return expand(config.host_ip, environ, where=f"models.{config.abbr}.host_ip").strip().strip("[]")


def is_web_address(address: str) -> bool:
    """Whether a text is an ``http://`` or ``https://`` address with a host."""
    try:
        parts = urlsplit(address)
        if not address.isprintable():  # line ends, which the parser drops without a word
            return False
        return parts.scheme in {"http", "https"} and parts.port != 0 and _is_host(parts.hostname or "")
    except ValueError:  # a port that is no number, a bracket that is not closed
        return False


def _is_host(host: str) -> bool:
    if ":" not in host:
        return bool(host) and not _NOT_IN_HOSTS.search(host)
    try:
        return ip_address(host).version == 6
    except ValueError:
        return False
