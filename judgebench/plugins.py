"""From the name of a type in a config to the class or function it means.

A config names a type by its dotted path (``judgebench.models.openai.VLLMCustomAPIChat``, or a user's own
``my_package.my_model.MyModel``). A bare name, or a dotted path of a package that is not installed (configs written for
other runners), means the type of that name in one of this package's plug-in folders. Those folders are read as text, so
a new type is one new file and nothing else is edited, and nothing is imported that is not used.
"""

from __future__ import annotations

import difflib
import importlib
import re
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from judgebench.errors import ConfigError

PLUGIN_FOLDERS = ("models", "datasets", "judges", "metrics")
_DEFINITION = re.compile(r"^(?:class|def|async def) ([A-Za-z]\w*)|^([A-Z]\w*) = [A-Z]", re.MULTILINE)


@cache
def shipped_types(folder: str) -> dict[str, str]:
    """Return the public names that the modules of a plug-in folder define, with the dotted path of each."""
    package = Path(__file__).parent
    found: dict[str, str] = {}
    for source in sorted((package / folder).rglob("*.py")):
        module = ".".join(["judgebench", *source.relative_to(package).with_suffix("").parts])
        if source.name == "__init__.py":
            continue
        for match in _DEFINITION.finditer(source.read_text("utf-8")):
            found.setdefault(match[1] or match[2], f"{module}.{match[1] or match[2]}")
    return found


def shipped_type(folder: str, name: str) -> Any:
    """Return the class or function of a bare name in a plug-in folder; the folder's packages look names up with it.

    Raises:
        AttributeError: The folder's modules define no such name.
    """
    path = None if name.startswith("_") else shipped_types(folder).get(name)
    if path is None:
        raise AttributeError(f"module 'judgebench.{folder}' has no attribute {name!r}")
    module, _, attribute = path.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def dotted_path(name: str, *, where: str = "") -> str:
    """Return the dotted path that a config's ``type`` means.

    Args:
        name: Dotted path or bare name.
        where: The config key, for the error.

    Raises:
        ConfigError: Nothing of that name exists; names the nearest.
    """
    if name.startswith("judgebench.") and _exists(name):
        return name
    bare = name.rpartition(".")[2]
    known: dict[str, str] = {}
    for folder in PLUGIN_FOLDERS:
        known = {**shipped_types(folder), **known}
    if "." in name and not name.startswith("judgebench.") and _exists(name):
        return name
    if bare in known:
        return known[bare]
    near = difflib.get_close_matches(bare, known, n=3)
    hint = f"Did you mean {' or '.join(near)}?" if near else "Give the dotted path of an importable class."
    place = f"{where}: " if where else ""
    raise ConfigError(f"{place}there is no type {name!r}.", hint=hint)


def load(name: str, *, where: str = "") -> Any:
    """Import and return the class or function that a config's ``type`` means.

    Raises:
        ConfigError: Nothing of that name exists.
    """
    module, _, attribute = dotted_path(name, where=where).rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def _exists(dotted: str) -> bool:
    module, _, attribute = dotted.rpartition(".")
    try:
        found: ModuleType = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name and (module == error.name or module.startswith(error.name + ".")):
            return False
        raise
    return hasattr(found, attribute)
