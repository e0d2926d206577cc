"""What a caller hands over in Python, as the plain data that configs are made of: names, dicts, classes and objects."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from judgebench.errors import ConfigError, UsageError
from judgebench.plugins import held


class GivenConfigs(msgspec.Struct, frozen=True, kw_only=True):
    """What was given for one kind of configs.

    Attributes:
        names: Names of registered configs, or paths of config files.
        given: Configs made in Python, as plain dicts.
    """

    names: list[str]
    given: list[dict[str, Any]]


def declarations(kind: str, wanted: object) -> GivenConfigs:
    """Return names and configs, in their order, from what a caller gave for a kind.

    Args:
        kind: ``models``, ``datasets``, ``judges`` or ``executors``, for errors.
        wanted: One name, dict or object, or several.

    Raises:
        UsageError: It is none of these, or a dict comes before a name.
        ConfigError: A config of a class that nobody can find.
    """
    items = list(wanted) if isinstance(wanted, list | tuple) else [] if wanted is None else [wanted]
    found = GivenConfigs(names=[], given=[])
    for position, item in enumerate(items):
        if isinstance(item, str | os.PathLike):
            if found.given:
                raise UsageError(
                    f"{kind}[{position}] is a name after a config made in Python; names come first.",
                    hint=f"Put the names first: {kind}=['name', dict(...)]",
                )
            found.names.append(os.fspath(item))
            continue
        data = plain(item, f"{kind}[{position}]")
        if not isinstance(data, dict):
            raise UsageError(
                f"{kind}[{position}] is a {type(item).__name__}; expected a name, a dict or an object.",
                hint="Names are those that jb --list shows.",
            )
        found.given.append(data)
    return found


def plain(value: object, where: str) -> Any:
    """Return a value as dicts, lists, texts, numbers, booleans and ``None``.

    A class or function becomes its dotted path; an object of an importable class that keeps its ``Config`` as
    ``config``, and such a ``Config`` itself, becomes ``dict(type=..., ...)``. What no other process can make again is
    held by this one, and named as ``judgebench.plugins.held`` does.

    Args:
        value: What a caller gave.
        where: Where it stands, for errors.

    Raises:
        ConfigError: It is a config of a class that nobody can find.
    """
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Mapping):
        return {
            str(key): _type_name(item, f"{where}.type") if key == "type" else plain(item, f"{where}.{key}")
            for key, item in value.items()
        }
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [plain(item, f"{where}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
        return _dotted(value)
    return _made_of(value, where)


def _type_name(value: object, where: str) -> Any:
    """Return what a ``type`` names: a text, a class or a function, or an object that is there already."""
    found = plain(value, where)
    return found if isinstance(found, str) or isinstance(value, Mapping) else held.hold(value)


def _made_of(value: object, where: str) -> dict[str, Any]:
    if isinstance(value, msgspec.Struct):
        return {**_maker(type(value), where), **_keys(value, where)}
    config = getattr(value, "config", None)
    if isinstance(config, msgspec.Struct) and issubclass(getattr(type(value), "Config", object), type(config)):
        return {"type": _dotted(type(value)), **_keys(config, where)}
    return {"type": held.hold(value)}


def _keys(config: msgspec.Struct, where: str) -> dict[str, Any]:
    """Return the keys of a struct that differ from their defaults."""
    found = {}
    for field in msgspec.structs.fields(config):
        value = getattr(config, field.name)
        if field.default is not msgspec.NODEFAULT and value == field.default:
            continue
        if field.default_factory is not msgspec.NODEFAULT and value == field.default_factory():
            continue
        found[field.encode_name] = plain(value, f"{where}.{field.name}")
    return found


def _maker(config: type, where: str) -> dict[str, Any]:
    """Return the ``type`` of the class whose ``Config`` it is; a struct that is only a part of a config has none."""
    outer, _, name = config.__qualname__.rpartition(".")
    if name != "Config" or not outer:
        return {}
    owner: Any = sys.modules.get(config.__module__)
    for one in outer.split("."):
        owner = getattr(owner, one, None)
    if owner is None:
        raise _unreachable(config, where)
    return {"type": _dotted(owner)}


def _dotted(value: Any) -> str:
    module, name = getattr(value, "__module__", "") or "", getattr(value, "__qualname__", "")
    if module == "__main__" or getattr(sys.modules.get(module), name, None) is not value:
        return held.hold(value)
    return f"{module}.{name}"


def _unreachable(value: Any, where: str) -> ConfigError:
    name = getattr(value, "__qualname__", type(value).__name__)
    return ConfigError(
        f"{where} names {name}, which task processes cannot import: it is defined in {value.__module__!r}, "
        "not at the top of an importable module.",
        hint="Move it into a module on the import path and import it from there.",
    )
