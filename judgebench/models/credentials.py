"""The secrets of one model: where its config holds them, what of them is sent, and who takes them out of replies."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from judgebench.errors import PrerequisiteError
from judgebench.models.address import auth_headers, expand
from judgebench.models.contract import ModelConfig, ServiceConfig
from judgebench.models.redaction import Redactor
from judgebench.models.secret_values import VARIABLE, looks_like_key, secret_texts, sounds_secret, url_secrets

_REFERENCE = re.compile(r"\$\{[A-Za-z_]\w*(?::-[^}]*)?\}")
_VARIABLES = re.compile(rf"\b{VARIABLE}\w*")


def secret_parameters(config: ModelConfig, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the references that stand for secrets in ``generation_kwargs``, and what they stand for.

    Raises:
        PrerequisiteError: A variable that a secret is taken from is not set.
    """
    where = f"models.{config.abbr}.generation_kwargs"
    return {
        text: expand(text, environ, where=where)
        for _, text in secret_texts(config.generation_kwargs)
        if _REFERENCE.search(text)
    }


def revealed(value: Any, secrets: Mapping[str, str]) -> Any:
    """Return parameters of a request in which the references of ``secret_parameters`` are the secrets themselves."""
    if isinstance(value, str):
        return secrets.get(value, value)
    if isinstance(value, dict):
        return {key: revealed(item, secrets) for key, item in value.items()}
    return [revealed(item, secrets) for item in value] if isinstance(value, list) else value


def redactor_of(config: ModelConfig, environ: Mapping[str, str] | None = None) -> Redactor:
    """Return what takes the secrets of a model, and of the proxies on the way to it, out of texts and replies."""
    env = os.environ if environ is None else environ
    secrets = list(_secrets(config, env))
    shown: list[str] = []
    if isinstance(config, ServiceConfig):
        for name, value in _headers(config, env).items():
            secret = name == "Authorization" or sounds_secret(name) or looks_like_key(value)
            (secrets if secret else shown).append(value)
        secrets += url_secrets(_expanded(config.url, env))
    for name, value in env.items():
        if name.lower().endswith("_proxy") and "@" in value:
            secrets += url_secrets(value)
    return Redactor(secrets, shown)


def launched_environment(config: ModelConfig, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the program that a model launches: of our secrets only those its own block names.

    Raises:
        PrerequisiteError: A variable that the block refers to is not set.
    """
    launch = config.launch
    own = launch.env if launch is not None else {}
    words = [*own.values(), *(launch.command if launch is not None else [])]
    named = {name for word in words for name in _VARIABLES.findall(word)}
    kept = {name: value for name, value in environ.items() if not name.startswith(VARIABLE) or name in named}
    where = f"models.{config.abbr}.launch.env"
    return kept | {name: expand(text, environ, where=where) for name, text in own.items()}


def _secrets(config: ModelConfig, env: Mapping[str, str]) -> Iterator[str]:
    for name in config.__struct_fields__:  # keys that a model type of the user's adds
        value = getattr(config, name)
        if isinstance(value, str) and sounds_secret(name):
            yield _expanded(value, env)
    for _, text in secret_texts(config.generation_kwargs):
        yield _expanded(text, env)
    for name, text in (config.launch.env if config.launch is not None else {}).items():
        value = _expanded(text, env)
        if sounds_secret(name) or looks_like_key(value):
            yield value


def _expanded(text: str, env: Mapping[str, str]) -> str:
    try:
        return expand(text, env)
    except PrerequisiteError:  # told where the value is needed
        return ""


def _headers(config: ServiceConfig, env: Mapping[str, str]) -> dict[str, str]:
    try:
        return auth_headers(config, env)
    except PrerequisiteError:  # told where they are sent
        return {}
