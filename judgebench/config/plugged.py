"""What the installed plug-in packages bring, for people: types, config files, and what is wrong with them."""

from __future__ import annotations

from typing import NamedTuple

from judgebench.config.registry import KINDS, ConfigFile, Registry
from judgebench.plugins.installed import installed, rivals
from judgebench.plugins.rooms import ROOMS


class Plugged(NamedTuple):
    """One plug-in package.

    Attributes:
        package: Name of the distribution.
        version: Its version.
        brings: Names by kind.
        problems: A sentence each, without its full stop.
    """

    package: str
    version: str
    brings: dict[str, list[str]]
    problems: list[str]


def plugged() -> list[Plugged]:
    """Return all installed plug-in packages, sorted by name."""
    shipped = Registry.shipped_names()
    found = []
    files = [(one, Registry.files_below(one.configs) if one.configs is not None else []) for one in installed()]
    for one, own in files:
        brings: dict[str, list[str]] = {room: sorted(names) for room in ROOMS if (names := one.plugin.types(room))}
        brings |= {
            f"configs/{kind}": stems for kind in KINDS if (stems := [file.name for file in own if file.kind == kind])
        }
        problems = [one.problem] if one.problem else []
        problems += rivals(one)
        for file in own:
            if _key(file) in shipped:
                problems.append(f"its config {file.kind}/{file.name} is never found: judgebench has one of that name")
            problems += [
                f"{other.package!r} brings the config {file.kind}/{file.name} too, so neither can be used by that name"
                for other, theirs in files
                if other is not one and _key(file) in {_key(their) for their in theirs}
            ]
        found.append(Plugged(one.package, one.version, brings, problems))
    return found


def _key(file: ConfigFile) -> tuple[str, str]:
    return file.kind, file.name.lower()
