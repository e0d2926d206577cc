"""From the name of a type to the class or function it means.

- A bare name (``VLLMCustomAPIChat``, ``anchored``) means the shipped type of the kind that its key takes, else what an
  installed package brings under that name.
- A dotted path (``my_package.my_model.MyModel``) means exactly that. What cannot be imported is an error: nothing of
  the same name stands in for it.
- A dotted path into another benchmark runner whose configs are read here (``ais_bench.benchmark.models.X``) means the
  type of ours that is called ``X``, whether that runner is installed or not.

The one factory for every ``dict(type=..., ...)``.
"""

from __future__ import annotations

import difflib
import functools
import importlib
from collections.abc import Mapping
from types import ModuleType
from typing import Any, NamedTuple

from judgebench.errors import ConfigError
from judgebench.plugins.installed import brought, installed, unusable
from judgebench.plugins.keys import check_parameters, filled
from judgebench.plugins.rooms import ROOMS, RoomName, shipped, shipped_classes

FOREIGN_PACKAGES = ("ais_bench", "opencompass")
"""Benchmark runners whose type names mean ours."""
_MOST_NAMES = 24
"""Names that a hint lists."""


class Found(NamedTuple):
    """What a name means.

    Attributes:
        path: Dotted path of the class or function.
        value: The class or function itself.
    """

    path: str
    value: Any


def find(name: str, room: RoomName, *, where: str = "") -> Found:
    """Return the class or function that a config's ``type`` means, with its dotted path.

    Args:
        name: Dotted path or bare name.
        room: The kind of types that the key takes.
        where: The config key, for errors.

    Raises:
        ConfigError: Nothing of that name exists, it cannot be imported, or it is of another kind.
    """
    foreign = foreign_package(name)
    bare = name.rpartition(".")[2] if foreign else name
    if "." in bare:
        path = bare
    else:
        known = shipped(room).get(bare) or shipped_classes(room).get(bare) or brought(room, bare)
        if known is None:
            raise unknown(name, room, where=where)
        path = known.replace(":", ".")
    found = Found(path, _imported(path, room, where))
    _check_kind(found, name, room, where)
    return found


def load(name: str, room: RoomName, *, where: str = "") -> Any:
    """Return the class or function that a config's ``type`` means; as ``find``, which says more."""
    return find(name, room, where=where).value


def foreign_package(name: str) -> str:
    """Return the benchmark runner that a dotted path leads into; empty where it is none whose configs are read."""
    root, dot, _ = name.partition(".")
    return root if dot and root in FOREIGN_PACKAGES else ""


def shipped_attribute(package: str, rooms: tuple[RoomName, ...], name: str) -> Any:
    """Return a shipped type by the name of its class; packages look up with it what is imported from them.

    Raises:
        AttributeError: The package ships no such type.
    """
    path = next((shipped_classes(room)[name] for room in rooms if name in shipped_classes(room)), None)
    if path is None:
        raise AttributeError(f"module {package!r} has no attribute {name!r}")
    module, _, attribute = path.partition(":")
    return getattr(importlib.import_module(module), attribute)


def unknown(name: str, room: RoomName, *, where: str = "") -> ConfigError:
    """Return the error for a name that nothing has; the hint names the nearest ones."""
    kind = ROOMS[room]
    bare = name.rpartition(".")[2]
    others = [one for one in ROOMS if one != room and (bare in shipped(one) or bare in shipped_classes(one))]
    names = [*shipped(room), *(theirs for one in installed() for theirs in one.plugin.types(room))]
    near = difflib.get_close_matches(bare, names, n=2) or difflib.get_close_matches(bare, shipped_classes(room), n=2)
    if others:
        hint = f"{bare!r} is a {ROOMS[others[0]].noun}."
    elif near:
        hint = f"Did you mean {' or '.join(near)}?"
    else:
        more = ", ..." if len(names) > _MOST_NAMES else ""
        hint = f"There are: {', '.join(sorted(names)[:_MOST_NAMES])}{more}; or give the dotted path of your own."
    stands = " that stands for" if foreign_package(name) else ""
    return ConfigError(f"{_place(where)}there is no {kind.noun}{stands} {name!r}.", hint=f"{hint} {unusable()}".strip())


def _imported(path: str, room: RoomName, where: str) -> Any:
    module, _, attribute = path.rpartition(".")
    try:
        found: ModuleType = importlib.import_module(module)
    except ModuleNotFoundError as error:
        missing = error.name or module
        if module != missing and not module.startswith(f"{missing}."):
            raise ConfigError(
                f"{_place(where)}{path!r} cannot be imported: its module needs {missing!r}, which is not installed.",
                hint="Install what its module needs.",
            ) from error
        raise ConfigError(
            f"{_place(where)}{path!r} cannot be imported: there is no module {missing!r}.",
            hint="Install its package, or add the folder that holds it to PYTHONPATH.",
        ) from error
    except Exception as error:  # the module may be a user's, and may raise anything when it is imported
        raise ConfigError(
            f"{_place(where)}{path!r} cannot be imported: {type(error).__name__}: {error}.", hint="Correct its module."
        ) from error
    try:
        return getattr(found, attribute)
    except AttributeError as error:
        if module.partition(".")[0] == "judgebench":
            raise unknown(path, room, where=where) from error
        near = difflib.get_close_matches(attribute, dir(found), n=2)
        raise ConfigError(
            f"{_place(where)}{path!r} cannot be imported: the module {module!r} has no {attribute!r}.",
            hint=f"Did you mean {' or '.join(near)}?" if near else f"It is read from {found.__file__}.",
        ) from error


def _check_kind(found: Found, name: str, room: RoomName, where: str) -> None:
    kind = ROOMS[room]
    if kind.parent:
        module, _, attribute = kind.parent.partition(":")
        parent = getattr(importlib.import_module(module), attribute)
        if not (isinstance(found.value, type) and issubclass(found.value, parent)):
            raise ConfigError(
                f"{_place(where)}{name} is no {kind.noun}: it is no subclass of {module}.{attribute}.",
                hint=f"Write: class {found.path.rpartition('.')[2]}({attribute}), and see docs/extending.md.",
            )
        if missing := sorted(getattr(found.value, "__abstractmethods__", ())):
            raise ConfigError(f"{_place(where)}{name} is not complete: it does not define {', '.join(missing)}.")
    if lacking := [one for one in kind.abilities if not hasattr(found.value, one)]:
        raise ConfigError(f"{_place(where)}{name} is no {kind.noun}: it has no {' and no '.join(lacking)}.")


def _place(where: str) -> str:
    return f"{where}: " if where else ""


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
