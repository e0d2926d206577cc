"""Which variables of a config file are its models, data sets, judges and summarizer."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from judgebench.config.load import PlainConfig
from judgebench.config.place import Declared
from judgebench.config.registry import Kind
from judgebench.errors import ConfigError

_MEANING = {"models": "models", "datasets": "data sets", "judges": "judges"}


def declared_in(kind: Kind, variables: PlainConfig, file: str, suffix: str = "") -> list[Declared]:
    """Return the objects of a kind that a file declares, in its order.

    ``models`` (or ``datasets``, ``judges``) is taken where it exists, else every list whose name ends in ``_models``
    and so on; with a suffix every list whose name ends in that. A judges file may also hold one bare ``judge_model``.

    Raises:
        ConfigError: Nothing of the kind is there, or it is not a list of dicts.
    """
    chosen = _chosen(kind, variables, suffix)
    items = [item for name in chosen for item in _items(variables[name], name, file)]
    found = [Declared(kind, deepcopy(item), file, position) for position, item in enumerate(items)]
    if kind == "judges" and not chosen and not suffix and "judge_model" in variables:
        blocks = _items(variables["judge_model"], "judge_model", file)
        return [Declared(kind, {"judge_model": deepcopy(block)}, file) for block in blocks]
    if chosen and not found:
        raise ConfigError(f"{file}: the list {chosen[0]!r} is empty.", hint=f"Write: {chosen[0]} = [dict(...)]")
    if not found:
        wanted = f"a list whose name ends in {suffix!r}" if suffix else f"a list {kind!r} or one ending in '_{kind}'"
        raise ConfigError(
            f"{file} declares no {_MEANING[kind]}: expected {wanted}.",
            hint=f"It has: {', '.join(variables) or 'nothing'}.",
        )
    return _without_repetition(found)


def declares(kind: Kind, variables: PlainConfig) -> bool:
    """Whether a file has a variable for a kind."""
    return bool(_chosen(kind, variables, "")) or (kind == "judges" and "judge_model" in variables)


def summarizer_in(variables: PlainConfig, file: str, key: str = "") -> Declared:
    """Return the summarizer of a file: the variable ``summarizer``, or the one named ``key``.

    Raises:
        ConfigError: It is not there or no dict.
    """
    name = key or "summarizer"
    if not isinstance(variables.get(name), dict):
        raise ConfigError(
            f"{file} has no dict named {name!r}.", hint="A summarizer config holds: summarizer = dict(...)."
        )
    return Declared("summarizer", deepcopy(variables[name]), file)


def _chosen(kind: Kind, variables: PlainConfig, suffix: str) -> list[str]:
    if suffix:
        return [name for name, value in variables.items() if name.endswith(suffix) and isinstance(value, list)]
    if kind in variables:
        return [kind]
    return [name for name in variables if name.endswith(f"_{kind}")]


def _items(value: Any, name: str, file: str) -> list[dict[str, Any]]:
    items = [value] if isinstance(value, dict) else value
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ConfigError(f"{file}: {name} must be a list of dicts.", hint=f"Write: {name} = [dict(...)]")
    return items


def _without_repetition(found: list[Declared]) -> list[Declared]:
    """Drop objects that equal an earlier one: two variables of a file often hold the same list."""
    kept: list[Declared] = []
    for one in found:
        if not any(one.data == other.data for other in kept):
            kept.append(one)
    return kept
