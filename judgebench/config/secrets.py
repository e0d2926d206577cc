"""Secrets stay out of everything that is written: they become references to environment variables.

Which values are secret says ``models.secret_values``. A command that hands a secret over in its words is refused:
everyone on the machine can read them. What is already a ``${NAME}`` reference stays one; a literal is put into a
variable of its own that only the task processes' environment carries.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from judgebench.config.check import REFERENCE, literal
from judgebench.models.address import expand
from judgebench.models.secret_values import (
    HEADER_KEYS,
    VARIABLE,
    has_key_prefix,
    looks_like_key,
    secret_texts,
    sounds_secret,
    url_secrets,
)

_SCHEMES = {"", "bearer", "basic", "token", "apikey", "api-key", "key"}
_DEFAULTED = re.compile(r"\$\{([A-Za-z_]\w*):-[^}]*\}")
_OPEN = re.compile(
    r"[0-9][0-9.,:]{0,15}|true|false|yes|no|on|off|none|auto|debug|info|warning|error|spawn|fork", re.IGNORECASE
)
"""Values of a ``launch`` block's variables that are no secrets, unless their names say so."""
_FILE = re.compile(r"[~.]{0,2}/.*|.*\.(pem|key|crt|txt|json|ya?ml)")
_ASSIGNED = re.compile(r"([\w-]+)\s*[=:]\s*(?:bearer\s+|basic\s+)?([^\s\"',;]+)", re.IGNORECASE)


def is_reference_key(path: str) -> bool:
    """Whether the references of a model key stay references, because their values may be secrets."""
    first, *inside = path.removeprefix("judge_model.").split(".")
    if first == "launch":
        return len(inside) > 1 and inside[0] == "env"
    if first in HEADER_KEYS:
        return bool(inside)
    if first == "generation_kwargs":
        names = [name for name in inside if not name.isdigit()]
        return bool(names) and (sounds_secret(names[-1]) or not HEADER_KEYS.isdisjoint(names[:-1]))
    return not inside and (first == "url" or sounds_secret(first))


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
        for name, value in model.items():
            if isinstance(value, str) and value and sounds_secret(name):
                hidden[name] = self._hide(value, abbr, name)
        if hidden.get("headers"):
            hidden["headers"] = {
                name: self._hide(str(value), abbr, name) for name, value in dict(hidden["headers"]).items()
            }
        if hidden.get("url"):
            hidden["url"] = self._hide_address(str(hidden["url"]), abbr)
        if hidden.get("generation_kwargs"):
            secret = dict(secret_texts(hidden["generation_kwargs"]))
            hidden["generation_kwargs"] = _replaced(
                hidden["generation_kwargs"],
                secret,
                lambda path, text: self._hide(text, abbr, "_".join(("generation_kwargs", *path))),
            )
        if hidden.get("launch"):
            hidden["launch"] = self._conceal_launch(dict(hidden["launch"]), abbr)
        return hidden

    def _conceal_launch(self, launch: dict[str, Any], abbr: str) -> dict[str, Any]:
        launch["env"] = {
            name: self._hide(value, abbr, name)
            if value and (sounds_secret(name) or not _OPEN.fullmatch(value))
            else value
            for name, value in launch.get("env", {}).items()
        }
        return launch

    def _hide_address(self, url: str, abbr: str) -> str:
        """Return an address as it is used, or a reference to it where it holds a secret."""
        value = expand(url, self._environ, where=f"models.{abbr}.url")
        return self._hide(url, abbr, "URL") if url_secrets(value) else value

    def _hide(self, text: str, abbr: str, key: str) -> str:
        """Return a text without any literal part that could be a secret."""
        defaulted = _DEFAULTED.fullmatch(text)
        if defaulted and defaulted[1] in self._environ:
            return f"${{{defaulted[1]}}}"
        rest = REFERENCE.sub("", text).strip().lower()
        if rest in _SCHEMES and not _DEFAULTED.search(text):
            return text
        value = expand(text, self._environ, where=f"models.{abbr}.{key}")
        name = VARIABLE + re.sub(r"[^A-Z0-9]+", "_", f"{abbr}_{key}".upper()).strip("_")
        number = 1
        while self.values.get(_numbered(name, number), value) != value:
            number += 1
        self.values[_numbered(name, number)] = value
        return f"${{{_numbered(name, number)}}}"


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}_{number}"


def _replaced(
    value: Any,
    secret: Mapping[tuple[str, ...], str],
    hide: Callable[[tuple[str, ...], str], str],
    path: tuple[str, ...] = (),
) -> Any:
    """Return a value in which the texts at the paths of ``secret`` are hidden."""
    if path in secret:
        return hide(path, secret[path])
    if isinstance(value, dict):
        return {key: _replaced(item, secret, hide, (*path, str(key))) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_replaced(item, secret, hide, (*path, str(index))) for index, item in enumerate(value)]
    return value


def redacted(words: Sequence[str]) -> list[str]:
    """Return a command line in which no ``--override`` value can be a secret, for logs and run folders."""
    return [_redacted(word) for word in words]


def _redacted(word: str) -> str:
    flag, equals, rest = word.partition("=") if word.startswith("--") else ("", "", word)
    if flag and equals and "--override".startswith(flag):  # the flag and its first value in one word
        return f"{flag}={_redacted(rest)}"
    name, equals, value = word.partition("=")
    target, _, path = name.partition(".")
    if not equals or not path or target not in {"models", "judges", "datasets", "*"}:
        return word
    literal_value = bool(REFERENCE.sub("", value).strip()) or bool(_DEFAULTED.search(value))
    return f"{name}=***" if literal_value and _overrides_secret(path, value) else word


def _overrides_secret(path: str, value: str) -> bool:
    keys = path.split(".")
    if not {*HEADER_KEYS, "env", "launch"}.isdisjoint(keys) or sounds_secret(keys[-1]) or "@" in value:
        return True
    if looks_like_key(value) or ("url" in keys and url_secrets(value)):
        return True
    return any(True for _ in secret_texts(literal(value)))


def secret_word(command: Sequence[str]) -> str:
    """Return the flag or the name by which a command hands a secret over (``--api-key``); empty where none does."""
    return next(_secret_words(command), "")


def _secret_words(command: Sequence[str]) -> Iterator[str]:
    for number, word in enumerate(command):
        flag, equals, value = word.partition("=")
        following = value if equals else command[number + 1] if number + 1 < len(command) else ""
        handed = bool(following) and following[0] != "$" and (bool(equals) or following[0] != "-")
        if word.startswith("-") and sounds_secret(flag) and handed and not _FILE.fullmatch(following):
            yield flag
        if has_key_prefix(word):
            yield f"word {number + 1}"
        for name, assigned in _ASSIGNED.findall(word):
            if sounds_secret(name) and not assigned.startswith("$") and not _FILE.fullmatch(assigned):
                yield name
        if len(inner := word.split()) > 1:  # a shell's line
            yield from _secret_words(inner)
