"""Where a service is: base address, credentials from the environment, and the address of a launched service."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

import msgspec

from judgebench.errors import ConfigError, PrerequisiteError
from judgebench.models.contract import LaunchConfig, ModelConfig, ServiceConfig

SERVICES_VARIABLE = "JB_SERVICES"
"""Environment variable that hands the addresses of launched services to the tasks: JSON, launch key -> base URL."""

_REFERENCE = re.compile(r"\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}")


def expand(text: str, environ: Mapping[str, str] | None = None, *, where: str = "") -> str:
    """Return ``text`` with ``${NAME}`` and ``${NAME:-default}`` taken from the environment.

    Raises:
        PrerequisiteError: A variable without default is not set.
    """
    env = os.environ if environ is None else environ

    def value(match: re.Match[str]) -> str:
        name, default = match[1], match[2]
        if name in env:
            return env[name]
        if default is not None:
            return default
        place = f"{where} takes" if where else "The config takes"
        raise PrerequisiteError(
            f"{place} its value from the environment variable {name}, which is not set.",
            hint=f"Set it with: export {name}=...",
        )

    return _REFERENCE.sub(value, text)


def launch_key(config: ModelConfig) -> str:
    """Return the key of the service that a model launches; equal launch blocks share one service."""
    launch = config.launch or LaunchConfig()
    described = msgspec.json.encode([msgspec.to_builtins(launch), config.path, config.model], order="deterministic")
    return hashlib.blake2b(described, digest_size=6).hexdigest()


def base_url(config: ServiceConfig, environ: Mapping[str, str] | None = None) -> str:
    """Return the base address without ``/v1`` and without trailing slash, such as ``http://localhost:8080``.

    A launched service's address wins, then ``url``, then ``host_ip`` and ``host_port``.

    Raises:
        ConfigError: ``url`` is not an http or https address, or ``host_ip`` no host.
        PrerequisiteError: The service is to be launched and was not.
    """
    env = os.environ if environ is None else environ
    if config.launch is not None:
        services = msgspec.json.decode(env.get(SERVICES_VARIABLE, "{}"), type=dict[str, str])
        if launch_key(config) not in services:
            raise PrerequisiteError(
                f"The service of model {config.abbr!r} was not launched.",
                hint="Start the run with jb, which launches it.",
            )
        return services[launch_key(config)]
    if mistake := address_mistake(config, env):
        key, problem, hint = mistake
        raise ConfigError(f"models.{config.abbr}.{key} {problem}", hint=hint)
    if config.url:
        return _url_of(config, env).removesuffix("/v1")
    host = _host_of(config, env)
    if ":" in host:
        host = f"[{host}]"
    return f"{'https' if config.enable_ssl else 'http'}://{host}:{config.host_port}"


def address_mistake(config: ServiceConfig, environ: Mapping[str, str]) -> tuple[str, str, str] | None:
    """Return what is wrong with the address that a config gives: the key, the problem and a hint; else ``None``.

    The address is not repeated in it, because it may hold a password.
    """
    if config.url:
        if not is_web_address(_url_of(config, environ)):
            return "url", "is not an http:// or https:// address.", _BASE_ADDRESS
        if urlsplit(_url_of(config, environ)).path.endswith("/completions"):
            return "url", "is the address of one call, not of the service.", _BASE_ADDRESS
    elif not _is_host(_host_of(config, environ)):
        return (
            "host_ip",
            "is neither a host name nor an IP address.",
            "Give the name alone, such as localhost; a port goes into host_port, a whole address into url.",
        )
    return None


_BASE_ADDRESS = "Give the base address, for example http://localhost:8080 or https://host/api/v1."
_NOT_IN_HOSTS = re.compile(r"[\s/?#@\\\[\]]")


def _url_of(config: ServiceConfig, environ: Mapping[str, str]) -> str:
    return expand(config.url, environ, where=f"models.{config.abbr}.url").strip().rstrip("/")


def _host_of(config: ServiceConfig, environ: Mapping[str, str]) -> str:
    return expand(config.host_ip, environ, where=f"models.{config.abbr}.host_ip").strip().strip("[]")


def is_web_address(address: str) -> bool:
    """Whether a text is an ``http://`` or ``https://`` address with a host."""
    try:
        parts = urlsplit(address)
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


def auth_headers(config: ServiceConfig, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the headers that carry the model's credentials; secrets come from the environment.

    Raises:
        PrerequisiteError: A variable that a secret is taken from is not set.
    """
    headers = {
        name: expand(text, environ, where=f"models.{config.abbr}.headers") for name, text in config.headers.items()
    }
    if config.api_key:
        headers.setdefault(
            "Authorization", f"Bearer {expand(config.api_key, environ, where=f'models.{config.abbr}.api_key')}"
        )
    return headers
