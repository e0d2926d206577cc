"""``dict(type=SomeClass, ...)``: the class or function it means, and its keys checked against what that takes."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from typing import Any

import msgspec

from judgebench import plugins
from judgebench.config.check import checked, plain
from judgebench.config.place import Declared
from judgebench.config.schema import Typed
from judgebench.errors import ConfigError
from judgebench.models.secret_values import looks_like_key, secret_texts, sounds_secret
from judgebench.plugins import RoomName
from judgebench.plugins.keys import no_parameter


def find_type(name: object, declared: Declared, path: str, room: RoomName) -> tuple[str, Any]:
    """Return the dotted path and the class or function that a ``type`` means.

    Raises:
        ConfigError: There is no such type, it is of another kind, or its module cannot be imported.
    """
    where = declared.place(path)
    if not isinstance(name, str) or not name:
        raise ConfigError(
            f"{where} must name a class or function.", hint="Import it in the config and write: type=TheClass"
        )
    asked, found = plugins.find(name, room, where=where)
    meant = _canonical(found, asked)
    if plugins.foreign_package(name):
        declared.taken_for[name] = meant
    return meant, found


def config_struct(found: Any, declared: Declared, path: str) -> type[msgspec.Struct]:
    """Return the ``Config`` struct of a class.

    Raises:
        ConfigError: It has none, so it is no plug-in of ours.
    """
    struct = getattr(found, "Config", None)
    if not (isinstance(struct, type) and issubclass(struct, msgspec.Struct)):
        raise declared.error(
            path,
            f"names {getattr(found, '__name__', found)!r}, which cannot be used here: it has no Config struct.",
            hint="See docs/extending.md for what such a class looks like.",
        )
    return struct


def typed_part(data: object, declared: Declared, path: str, room: RoomName, environ: Mapping[str, str]) -> Typed:
    """Return ``dict(type=..., ...)`` with its type found and its keys checked.

    The keys of a class are those of its ``Config``; the keys of a function its keyword parameters.

    Raises:
        ConfigError: It is no such dict, the type does not exist, or a key is unknown or of the wrong type.
    """
    if isinstance(data, str):
        data = {"type": data}
    if not isinstance(data, dict) or "type" not in data:
        raise declared.error(path, "must be dict(type=..., ...).")
    name, found = find_type(data["type"], declared, f"{path}.type", room)
    options = {key: value for key, value in data.items() if key != "type"}
    if inspect.isclass(found) or hasattr(found, "Config"):
        struct = config_struct(found, declared, f"{path}.type")
        options = checked(options, struct, declared, environ, path=path)
    else:
        options = _function_options(found, options, declared, path, environ)
    refuse_secrets(options, declared, path)
    return Typed(type=name, options=options)


def refuse_secrets(options: Mapping[str, Any], declared: Declared, path: str) -> None:
    """Refuse a key among the options of what is no model: they are written into the run folder as they are.

    Raises:
        ConfigError: A value stands under a secret name and looks like a key.
    """
    for inside, text in secret_texts(options):
        name = next((part for part in reversed(inside) if not part.isdigit()), "")
        if sounds_secret(name) and looks_like_key(text):
            raise declared.error(
                ".".join(part for part in (path, *inside) if part),
                "is a secret, which would be written into the run folder.",
                hint="Let the class take it from an environment variable; models alone keep secrets in their config.",
            )


def _function_options(
    function: Any, options: dict[str, Any], declared: Declared, path: str, environ: Mapping[str, str]
) -> dict[str, Any]:
    if wrong := no_parameter(function, options):
        raise declared.error(f"{path}.{wrong.path}", wrong.problem, hint=wrong.hint)
    return {key: plain(value, declared, environ, f"{path}.{key}") for key, value in options.items()}


def _canonical(found: Any, asked: str) -> str:
    """Return the path of the module that defines the type, so that two spellings of it are one."""
    module, name = getattr(found, "__module__", ""), getattr(found, "__qualname__", "")
    return f"{module}.{name}" if getattr(sys.modules.get(module), name, None) is found else asked
