"""Settings of two runs or results beside each other: by name, as texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

_LETTERS = 200


class SettingDifferences(NamedTuple):
    """What two sets of settings have and do not have in common.

    Attributes:
        differ: Name and both values, a dash where a side has none. ``same``: names of all others.
    """

    differ: list[tuple[str, str, str]]
    same: list[str]


def differences(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> SettingDifferences:
    """Return what differs between two trees of settings, and what is the same."""
    first, second = _flat(ours), _flat(theirs)
    names = [name for name in dict.fromkeys([*first, *second]) if name]
    same = {name for name in names if first.get(name) == second.get(name)}
    differ = [(name, first.get(name, "–"), second.get(name, "–")) for name in names if name not in same]
    return SettingDifferences(differ, [name for name in names if name in same])


def _flat(values: Mapping[str, Any], before: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in values.items():
        name = f"{before}{key}"
        within = value
        if isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
            within = {str(one.get("abbr", at)): one for at, one in enumerate(value)}
        if isinstance(within, Mapping):
            found |= _flat(within, f"{name}.") or {name: "–"}
        else:
            found[name] = str(value)[:_LETTERS]
    return found
