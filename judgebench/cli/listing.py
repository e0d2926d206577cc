"""What ``--search``, ``--list`` and ``--show`` print."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from typing import TYPE_CHECKING

from judgebench.cli.console import columns
from judgebench.config.registry import KINDS, ConfigFile, Kind, Registry, description, flag_of, split_suffix
from judgebench.errors import UnknownNameError, UsageError, nearest

if TYPE_CHECKING:
    from judgebench.plugins.rooms import RoomName


def search_table(args: argparse.Namespace) -> str:
    """Return the table of ``--search``: task type, task name and absolute config path of every name given.

    Raises:
        UsageError: No name was given.
        UnknownNameError: A name is not registered.
        ConfigError: A name is ambiguous.
    """
    from tabulate import tabulate

    registry = Registry(args.config_dir)
    rows = [
        (f"--{flag_of(kind)}", name, str(registry.find(kind, name).path)) for kind, name in _searched(args, registry)
    ]
    if not (args.models or args.datasets or args.judges):
        raise UsageError("--search has no names to look for.", hint="Add --models or --datasets, or see: jb --list")
    return tabulate(rows, headers=("Task Type", "Task Name", "Config File Path"), tablefmt="fancy_grid")


def registered(config_dirs: Sequence[str], pattern: str = "", kind: Kind | None = None) -> str:
    """Return kind, name and one-line description of the registered configs.

    Args:
        config_dirs: User folders.
        pattern: Part of a name, or a wildcard pattern; case does not matter.
        kind: Only this kind.

    Raises:
        UnknownNameError: Nothing matches.
    """
    registry = Registry(config_dirs)
    files = [
        file for one in KINDS if kind in {None, one} for file in registry.files(one) if _matches(file.name, pattern)
    ]
    if not files:
        raise UnknownNameError(
            f"No registered config matches {pattern!r}.", hint=f"{nearest(pattern, KINDS)}See all with: jb --list"
        )
    return columns([(file.kind, file.name, description(file.path)) for file in files])


def chosen_datasets(config_dirs: Sequence[str], words: Sequence[str], tests: str | None, images: str | None) -> str:
    """Return name and one-line description of the registered datasets of a kind.

    Args:
        config_dirs: User folders.
        words: ``datasets``, which may be left out, then part of a name.
        tests: ``judge`` or ``model``: what is tested on them; ``None`` takes both.
        images: ``yes`` or ``no``: whether their items have images; ``None`` takes both.

    Raises:
        UsageError: The words name another kind than datasets.
        UnknownNameError: No dataset is of this kind.
        ConfigError: A config file of datasets cannot be used.
    """
    from judgebench.config.described import described, kind_of_data, shows_images

    first, *rest = words or [""]
    if first in KINDS and first != "datasets":
        raise UsageError("--kind and --images choose among datasets.", hint="Write: jb ls datasets --kind judge")
    pattern = " ".join(rest if first == "datasets" else words)
    rows = []
    for file in Registry(config_dirs).files("datasets"):
        if not _matches(file.name, pattern):
            continue
        declared = described(file.path).datasets
        if tests in {None, kind_of_data(declared)} and images in {None, "yes" if shows_images(declared) else "no"}:
            rows.append((file.name, description(file.path)))
    if not rows:
        raise UnknownNameError("No dataset is of this kind.", hint="See all with: jb ls datasets")
    return columns(rows)


def types_of(room: RoomName, pattern: str = "") -> str:
    """Return name and one-line description of the types of a kind, those of installed packages last.

    Args:
        room: The kind.
        pattern: Part of a name, or a wildcard pattern; case does not matter.

    Raises:
        UnknownNameError: Nothing matches.
    """
    from importlib import import_module

    from judgebench.cli.types_reference import summary, written
    from judgebench.plugins.installed import installed
    from judgebench.plugins.rooms import ROOMS, shipped

    rows = []
    for name, path in shipped(room).items():
        module, _, attribute = path.partition(":")
        rows.append((written(room, name), summary(getattr(import_module(module), attribute))))
    rows += [(name, f"from the package {one.package}") for one in installed() for name in one.plugin.types(room)]
    found = [row for row in rows if _matches(row[0], pattern)]
    if not found:
        raise UnknownNameError(
            f"There is no {ROOMS[room].noun} {pattern!r}.",
            hint=f"{nearest(pattern, [name for name, _ in rows])}See all with: jb ls {room}",
        )
    return columns(found)


def plug_ins(pattern: str = "") -> str:
    """Return the installed plug-in packages with their versions, what each brings, and what is wrong with it.

    Args:
        pattern: Part of a package's name, or a wildcard pattern; case does not matter.
    """
    from judgebench.config.plugged import plugged  # mmengine and msgspec: names alone need neither

    found = [one for one in plugged() if _matches(one.package, pattern)]
    if not found:
        return "No plug-in package is installed. docs/extending.md says how to publish one."
    lines = []
    for one in found:
        lines.append(f"{one.package} {one.version}")
        lines += [f"  {kind}: {', '.join(names)}" for kind, names in one.brings.items()]
        lines += [f"  problem: {problem}." for problem in one.problems]
    return "\n".join(lines)


def shown(name: str, config_dirs: Sequence[str], overrides: Sequence[str] = ()) -> str:
    """Return the resolved config of a name, each key with the file and line it came from.

    Raises:
        UnknownNameError: No config has this name.
        ConfigError: The config cannot be used.
    """
    from judgebench.config.show import show

    registry = Registry(config_dirs)
    stem, _ = split_suffix(name)
    found: list[ConfigFile] = [file for kind in KINDS for file in registry.named(kind, stem)]
    found = found or [file for kind in KINDS for file in registry.brought(kind, stem)]
    found = found or [file for kind in KINDS for file in registry.called(kind, stem)]
    if not found:
        known = {file.name for kind in KINDS for file in registry.files(kind)}
        raise UnknownNameError(
            f"There is no config named {name!r}.", hint=f"{nearest(name, known)}See all with: jb --list"
        )
    return "\n\n".join(show(file.kind, name, config_dirs, overrides) for file in found)


def _searched(args: argparse.Namespace, registry: Registry) -> Iterator[tuple[Kind, str]]:
    for name in args.models:
        yield "models", split_suffix(name)[0]
    for name in args.datasets:
        yield "datasets", split_suffix(name)[0]
    for name in args.judges:
        stem = split_suffix(name)[0]
        yield ("models" if not registry.named("judges", stem) and registry.named("models", stem) else "judges"), stem
    if args.summarizer != "default":
        yield "summarizers", split_suffix(args.summarizer)[0]
    if args.executor:
        yield "executors", args.executor
    for name in args.listeners:
        yield "listeners", name


def _matches(name: str, pattern: str) -> bool:
    low = pattern.lower()
    return low in name.lower() or fnmatch(name.lower(), low)
