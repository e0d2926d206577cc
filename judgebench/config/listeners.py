"""The listeners of a run: ``listeners = [dict(type=..., ...)]`` of files below ``listeners/``, or of a whole config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from judgebench.config.checks import Declared, checked, find_class, refuse_twins
from judgebench.config.files import PlainConfig, declared_in, declares, load_file
from judgebench.config.registry import Registry
from judgebench.records.run import Typed


def chosen_listeners(names: Sequence[str], registry: Registry, file: str, variables: PlainConfig) -> list[Declared]:
    """Return the listeners that ``--listeners`` names, else those of the whole config file.

    Args:
        names: What ``--listeners`` says; empty for nothing.
        registry: Where names are looked up.
        file: The whole config file; empty where there is none.
        variables: What it declares.

    Raises:
        UnknownNameError: No config has a name.
        ConfigError: A file holds no listeners, or two of them have one abbr.
    """
    found = []
    for path in dict.fromkeys(registry.find("listeners", name).path for name in names):
        found += listeners_in(load_file(path), path)
    if not names and file and declares("listeners", variables):
        found = listeners_in(variables, Path(file))
    refuse_twins(found)
    return found


def listeners_in(variables: PlainConfig, path: Path) -> list[Declared]:
    """Return the listeners of a file; one without an abbr is called as the file is.

    Raises:
        ConfigError: There are none, or they are no dicts.
    """
    found = declared_in("listeners", variables, str(path))
    for one in found:
        one.data.setdefault("abbr", path.stem)
    return found


def resolved_listener(declared: Declared, environ: Mapping[str, str]) -> Typed:
    """Return a declared listener, checked. It may hold secrets: it stands in no plan and in no other file of the run.

    Raises:
        ConfigError: Its type or one of its keys cannot be used.
        PrerequisiteError: A value's environment variable is not set.
    """
    options = {key: value for key, value in declared.data.items() if key not in {"type", "abbr"}}
    name, _, struct = find_class(declared.data.get("type"), declared, "type", "listeners")
    return Typed(type=name, options=checked(options, struct, declared, environ))
