"""The one factory for every ``dict(type=..., ...)``."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from judgebench.errors import ConfigError
from judgebench.plugins.find import load
from judgebench.plugins.keys import check_parameters, filled
from judgebench.plugins.rooms import RoomName


def make(name: str, options: Mapping[str, Any], room: RoomName, *, where: str) -> Any:
    """Make an object of the class that a config names, from its checked options.

    A class has a ``Config`` struct and takes one; a function is bound to the options.

    Args:
        name: Dotted path or bare name of the class or function.
        options: The keys beside ``type``.
        room: The kind of types that the config key takes.
        where: The config key, for errors.

    Raises:
        ConfigError: There is no such type, it is of another kind, or a key is unknown, missing or of the wrong type.
    """
    kind = load(name, room, where=where)
    shape = getattr(kind, "Config", None)
    if missing := sorted(getattr(kind, "__abstractmethods__", ())):
        raise ConfigError(f"{where}: {name} is not complete: it does not define {', '.join(missing)}.")
    if shape is not None:
        return kind(filled(options, shape, where=where))
    if not isinstance(kind, type) and callable(kind):
        check_parameters(kind, options, where=where)
        return functools.partial(kind, **options) if options else kind
    raise ConfigError(f"{where}: {name} cannot be used here: it has no Config struct.")


def split(spec: str | Mapping[str, Any], *, where: str) -> tuple[str, dict[str, Any]]:
    """Split ``dict(type=..., ...)`` (or a bare name) into the type's name and the other keys.

    Raises:
        ConfigError: There is no ``type``.
    """
    if isinstance(spec, str):
        return spec, {}
    options = dict(spec)
    name = options.pop("type", None)
    if isinstance(name, type):
        name = f"{name.__module__}.{name.__qualname__}"
    if not isinstance(name, str):
        raise ConfigError(f"{where} must be dict(type=..., ...): its type names a class or function.")
    return name, options
