"""Packages that bring types and configs along, by the entry points of the group ``judgebench.plugins``.

::

    [project.entry-points."judgebench.plugins"]
    my_bench = "my_bench.plugin:PLUGIN"

where ``my_bench/plugin.py`` holds data alone::

    from judgebench.plugins import Plugin

    PLUGIN = Plugin(judges={"SecondOpinion": "my_bench.second_opinion:SecondOpinion"}, configs="configs")

They are looked at only when a name is not found at home, and by ``jb ls --plugins``.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from judgebench.errors import RAISED_BY_OTHERS, ConfigError
from judgebench.plugins.rooms import ROOMS, RoomName, shipped, shipped_classes
from judgebench.plugins.slow_code import say_when_slow

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "judgebench.plugins"
"""The group of entry points."""


class Plugin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an installed package brings: types by the name that a config writes, each as ``"module:attribute"``.

    Attributes:
        models: Model types.
        launchers: What ``launch=dict(type=...)`` names.
        postprocessors: Functions for ``pred_postprocessor``.
        datasets: Dataset loaders.
        judges: Judge methods, rules included.
        parsers: Verdict parsers, which read the verdict in a reply.
        aggregations: Aggregations, which make one decision of several readings.
        extractors: Answer rules.
        perturbations: Changes of judged items for bias tests.
        scores: Scores of benchmarks of judges.
        metrics: Functions of the tally of outcomes.
        executors: Places where tasks run.
        listeners: What hears the events of a run.
        configs: Folder of config files, beside the module that holds the entry point's object; empty for none.
    """

    models: dict[str, str] = {}
    launchers: dict[str, str] = {}
    postprocessors: dict[str, str] = {}
    datasets: dict[str, str] = {}
    judges: dict[str, str] = {}
    parsers: dict[str, str] = {}
    aggregations: dict[str, str] = {}
    extractors: dict[str, str] = {}
    perturbations: dict[str, str] = {}
    scores: dict[str, str] = {}
    metrics: dict[str, str] = {}
    executors: dict[str, str] = {}
    listeners: dict[str, str] = {}
    configs: str = ""

    def types(self, room: RoomName) -> dict[str, str]:
        """Return what it brings of one kind."""
        table: dict[str, str] = getattr(self, room)
        return table


class Installed(NamedTuple):
    """One entry point, looked at.

    Attributes:
        package: Name of the distribution.
        version: Its version.
        plugin: What it brings; nothing where the entry point cannot be loaded.
        configs: Its folder of config files.
        problem: Why it cannot be used, as the rest of a sentence about the package; empty where it can.
    """

    package: str
    version: str
    plugin: Plugin
    configs: Path | None
    problem: str

    def check(self) -> None:
        """Refuse a package that cannot be used.

        Raises:
            ConfigError: Says why.
        """
        if self.problem:
            raise ConfigError(
                f"The plug-in package {self.package!r} cannot be used: {self.problem}.",
                hint="Uninstall it, or tell its authors. See all with: jb ls --plugins",
            )


@cache
def installed() -> tuple[Installed, ...]:
    """Return what the installed packages bring, sorted by package."""
    from importlib.metadata import entry_points

    return tuple(sorted((_looked_at(one) for one in entry_points(group=GROUP)), key=lambda one: one.package))


def brought(room: RoomName, name: str) -> str | None:
    """Return the ``module:attribute`` that an installed package brings under a name; ``None`` where none does.

    Raises:
        ConfigError: Two packages claim the name, or the one that does cannot be used.
    """
    claims = [one for one in installed() if name in one.plugin.types(room)]
    refuse_rivals(claims, f"{ROOMS[room].noun} {name!r}")
    if not claims:
        return None
    claims[0].check()
    return claims[0].plugin.types(room)[name]


def refuse_rivals(claims: list[Installed], what: str) -> None:
    """Refuse a name that two packages claim.

    Raises:
        ConfigError: Names both.
    """
    if len(claims) > 1:
        first, second = claims[0].package, claims[1].package
        raise ConfigError(
            f"The plug-in packages {first!r} and {second!r} both bring the {what}.",
            hint="Uninstall one of them, or name the one you mean by its dotted path or its file.",
        )


def unusable() -> str:
    """Return a hint about packages that cannot be used, for names that were not found; empty where all can."""
    broken = next((one for one in installed() if one.problem), None)
    return f"The plug-in package {broken.package!r} cannot be used: {broken.problem}." if broken else ""


def rivals(one: Installed) -> Iterator[str]:
    """Yield a sentence for each type that another package brings under the same name."""
    for room, kind in ROOMS.items():
        for name in one.plugin.types(room):
            for other in installed():
                if other is not one and name in other.plugin.types(room):
                    yield f"{other.package!r} brings the {kind.noun} {name!r} too, so neither can be used by that name"


def _looked_at(entry: EntryPoint) -> Installed:
    package, version = (entry.dist.name, entry.dist.version) if entry.dist is not None else (entry.name, "?")
    try:
        with say_when_slow(f"the plug-in package {package!r}"):
            plugin = entry.load()
    except RAISED_BY_OTHERS as error:  # another's module may raise anything when it is imported
        said = f"its entry point {entry.value!r} cannot be loaded ({type(error).__name__}: {error})"
        return Installed(package, version, Plugin(), None, said)
    if not isinstance(plugin, Plugin):
        said = f"its entry point {entry.value!r} is no judgebench.plugins.Plugin"
        return Installed(package, version, Plugin(), None, said)
    try:
        msgspec.convert(msgspec.to_builtins(plugin), Plugin)
    except (msgspec.ValidationError, TypeError) as error:
        return Installed(package, version, Plugin(), None, f"what it brings is not of the right form ({error})")
    configs = _config_folder(entry.module, plugin.configs) if plugin.configs else None
    return Installed(package, version, plugin, configs, next(_mistakes(plugin, configs), ""))


def _mistakes(plugin: Plugin, configs: Path | None) -> Iterator[str]:
    for room, kind in ROOMS.items():
        for name, path in plugin.types(room).items():
            if name in shipped(room) or name in shipped_classes(room):
                yield f"it and 'judgebench' itself both bring the {kind.noun} {name!r}"
            if not all(path.partition(":")):
                yield f"its {kind.noun} {name!r} is {path!r}, which is not of the form 'module:attribute'"
    if plugin.configs and (configs is None or not configs.is_dir()):
        yield f"its config folder {plugin.configs!r} does not exist"


def _config_folder(module: str, folder: str) -> Path | None:
    spec = importlib.util.find_spec(module)
    return Path(spec.origin).parent / folder if spec is not None and spec.origin else None
