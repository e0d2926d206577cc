"""Secrets stay out of everything that is written: they become references to environment variables.

Secrets are ``api_key``, header values, credentials inside ``url``, and variables of a ``launch`` block whose name
sounds like a secret. A command that hands a secret over in its words is refused: everyone on the machine can read them.
What is already a ``${NAME}`` reference stays one; a literal is put into a variable of its own that only the task
processes' environment carries.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from judgebench.config.check import REFERENCE
from judgebench.models.address import expand

_SECRET_NAME = re.compile(
    r"(^|[-_])(api[-_]?keys?|token|secret|passw(or)?d|authorization|credentials?)$", re.IGNORECASE
)
_KEPT = re.compile(r"(^|\.)(api_key|headers\.[^.]+|launch\.env\.[^.]+)$")
_SCHEMES = {"", "bearer", "basic"}
_DEFAULTED = re.compile(r"\$\{([A-Za-z_]\w*):-[^}]*\}")


def is_reference_key(path: str) -> bool:
    """Whether the references of a model key stay references, because their values may be secrets."""
    return bool(_KEPT.search(path))


class SecretStore:
    """Takes literal secrets out of model configs.

    Attributes:
        values: Environment variables that stand in for them.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.values: dict[str, str] = {}
        self._environ = environ

    def conceal(self, model: dict[str, Any]) -> dict[str, Any]:
        """Return a checked model config in which every secret is a reference."""
        abbr = str(model["abbr"])
        hidden = dict(model)
        if hidden.get("api_key"):
            hidden["api_key"] = self._hide(str(hidden["api_key"]), abbr, "API_KEY")
        if hidden.get("headers"):
            hidden["headers"] = {
                name: self._hide(str(value), abbr, name) for name, value in dict(hidden["headers"]).items()
            }
        if "@" in str(hidden.get("url") or ""):  # credentials, or a path with that sign: neither is shown
            hidden["url"] = self._hide(str(hidden["url"]), abbr, "URL")
        if hidden.get("launch"):
            hidden["launch"] = self._conceal_launch(dict(hidden["launch"]), abbr)
        return hidden

    def _conceal_launch(self, launch: dict[str, Any], abbr: str) -> dict[str, Any]:
        launch["env"] = {
            name: self._hide(value, abbr, name) if _SECRET_NAME.search(name) else value
            for name, value in launch.get("env", {}).items()
        }
        return launch

    def _hide(self, text: str, abbr: str, key: str) -> str:
        """Return a text without any literal part that could be a secret."""
        defaulted = _DEFAULTED.fullmatch(text)
        if defaulted and defaulted[1] in self._environ:
            return f"${{{defaulted[1]}}}"
        literal = REFERENCE.sub("", text).strip().lower()
        if literal in _SCHEMES and not _DEFAULTED.search(text):
            return text
        value = expand(text, self._environ, where=f"models.{abbr}.{key}")
        name = "JB_SECRET_" + re.sub(r"[^A-Z0-9]+", "_", f"{abbr}_{key}".upper()).strip("_")
        number = 1
        while self.values.get(_numbered(name, number), value) != value:
            number += 1
        self.values[_numbered(name, number)] = value
        return f"${{{_numbered(name, number)}}}"


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}_{number}"


def redacted(words: Sequence[str]) -> list[str]:
    """Return a command line in which no ``--override`` value can be a secret, for logs and run folders."""
    return [_redacted(word) for word in words]


def _redacted(word: str) -> str:
    name, equals, value = word.partition("=")
    target, _, path = name.partition(".")
    if not equals or not path or target not in {"models", "judges", "datasets", "*"}:
        return word
    inside = any(part in {"headers", "env", "launch"} for part in path.split("."))
    secret = inside or bool(_SECRET_NAME.search(path.rpartition(".")[2])) or "@" in value
    literal = bool(REFERENCE.sub("", value).strip()) or bool(_DEFAULTED.search(value))
    return f"{name}=***" if secret and literal else word


def secret_word(command: Sequence[str]) -> str:
    """Return the flag by which a command hands a secret over (``--api-key``); empty where none does."""
    flags = (word.partition("=")[0] for word in command if word.startswith("-"))
    return next((flag for flag in flags if _SECRET_NAME.search(flag)), "")
