"""Types and objects that live in this process alone: what a notebook defines, a lambda, an object with a connection.

``hold`` gives each a name below this module, ``judgebench.plugins.held.<name>_<hash of its source>``, by which configs
and plans name it. No other process finds anything under the name, so a task that names it runs in this one.
"""

from __future__ import annotations

import hashlib
import inspect
import re
from typing import Any

import msgspec

PREFIX = f"{__name__}."
"""With which the dotted paths of held objects begin."""
_HELD: dict[str, Any] = {}


class NoKeysAtAll(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of a held object that declares none: it is made already."""


def __getattr__(name: str) -> Any:
    try:
        return _HELD[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} holds no {name!r}") from None


def hold(value: Any) -> str:
    """Return the dotted path by which this process finds a class, a function or an object."""
    kind = value if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")) else type(value)
    word = re.sub(r"\W+", "", kind.__qualname__.rpartition(".")[2]) or "object"
    name = f"{word}_{source_hash(kind)}"
    if kind is not value:
        name += f"_{id(value):x}"
        value = _made_already(value)
    elif _HELD.get(name, value) is not value:  # defined again with the same source: the newest is meant
        _HELD.pop(name)
    _HELD[name] = value
    return f"{PREFIX}{name}"


def source_hash(kind: Any) -> str:
    """Return 12 hex digits that tell the source of a class or function from others, by its text where that is known."""
    try:
        text = inspect.getsource(kind)
    except (OSError, TypeError):
        text = "\n".join(_codes(kind))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _codes(kind: Any) -> list[str]:
    """Return what the functions of a class (or a function) do and with which constants; for sources nobody kept."""
    members = [getattr(one, "__func__", one) for one in vars(kind).values()] if isinstance(kind, type) else [kind]
    codes = [code for one in members if (code := getattr(one, "__code__", None)) is not None]
    return [f"{code.co_name} {code.co_code.hex()} {code.co_names} {_shown(code.co_consts)}" for code in codes]


def _shown(constants: tuple[Any, ...]) -> list[str]:
    return [
        f"{one.co_code.hex()} {_shown(one.co_consts)}" if hasattr(one, "co_code") else repr(one) for one in constants
    ]


def _made_already(value: Any) -> type:
    """Return a class of the object's kind whose every object is this one."""
    kind = type(value)
    own = getattr(kind, "Config", None)

    def the_one(cls: type, *_: Any) -> Any:  # noqa: ARG001 - as __new__ is called
        return value

    members = {"__new__": the_one, "__module__": __name__, "Config": NoKeysAtAll}
    if own is not None and _takes_keys_of_a_model(own):
        members["Config"] = own
    return type(kind.__name__, (kind,), members)


def _takes_keys_of_a_model(shape: Any) -> bool:
    return "abbr" in getattr(shape, "__struct_fields__", ())


def held_in(value: Any) -> str:
    """Return the first name of a held object inside of plain data; empty where there is none."""
    if isinstance(value, str):
        return value if value.startswith(PREFIX) else ""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return next((found for one in inside if (found := held_in(one))), "")
