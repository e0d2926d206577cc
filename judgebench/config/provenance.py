"""Which line of which file set a key of a config: found in the files' text, so a best effort.

The file itself and the files it inherits from are parsed; a place counts when it writes the key with the value that the
resolved config has. What code computes is attributed to the file alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from judgebench.config.bases import base_files
from judgebench.config.check import REFERENCE


class _Code(NamedTuple):
    """Something that is no constant; its name, where it is one."""

    name: str


class Site(NamedTuple):
    """A place that writes a key.

    Attributes:
        keys: Path of the key from the outermost dict around it.
        abbrs: The ``abbr`` of every dict around it.
        value: The constant written there; code stands for everything else.
    """

    file: Path
    line: int
    keys: tuple[str, ...]
    abbrs: tuple[str, ...]
    value: Any


def sites_of(path: Path) -> list[Site]:
    """Return the places that write keys in a config file and the files it inherits from, nearest first."""
    seen: dict[Path, None] = {}
    queue = [path]
    while queue:
        file = queue.pop(0).resolve()
        if file not in seen:
            seen[file] = None
            queue += base_files(file)
    return [site for file in seen for site in _sites(file)]


def find_site(sites: list[Site], abbr: str, key: str, value: Any) -> Site | None:
    """Return the place that most likely set a key of the object ``abbr`` to ``value``."""
    wanted = tuple(key.split("."))
    best: tuple[tuple[int, int, int], Site] | None = None
    for number, site in enumerate(sites):
        overlap = _overlap(site.keys, wanted)
        if not overlap or not _could_give(site.value, value, wanted[-1]):
            continue
        score = (int(abbr in site.abbrs), overlap, -number)
        if best is None or score > best[0]:
            best = (score, site)
    return best[1] if best else None


def _sites(file: Path) -> Iterator[Site]:
    for node in ast.parse(file.read_bytes()).body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                keys = _subscripts(target)
                if keys:
                    yield Site(file, node.lineno, keys, (), _constant(node.value))
                yield from _inside(node.value, file, keys, ())
        else:
            yield from _inside(node, file, (), ())


def _inside(node: ast.AST, file: Path, keys: tuple[str, ...], abbrs: tuple[str, ...]) -> Iterator[Site]:
    pairs = _pairs(node)
    if not pairs:
        for child in ast.iter_child_nodes(node):
            yield from _inside(child, file, keys, abbrs)
        return
    own = [_constant(value) for key, value, _ in pairs if key == "abbr"]
    abbrs = (*abbrs, *(abbr for abbr in own if isinstance(abbr, str)))
    for key, value, line in pairs:
        yield Site(file, line, (*keys, key), abbrs, _constant(value))
        yield from _inside(value, file, (*keys, key), abbrs)
    if isinstance(node, ast.Call):
        for argument in node.args:
            yield from _inside(argument, file, keys, abbrs)


def _pairs(node: ast.AST) -> list[tuple[str, ast.expr, int]]:
    """Return key, value and line of a dict written as ``dict(...)`` or ``{...}``; empty for everything else."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict":
        return [(one.arg, one.value, one.lineno) for one in node.keywords if one.arg]
    if isinstance(node, ast.Dict):
        return [
            (str(key.value), value, key.lineno)
            for key, value in zip(node.keys, node.values, strict=True)
            if isinstance(key, ast.Constant)
        ]
    return []


def _subscripts(target: ast.expr) -> tuple[str, ...]:
    """Return the text keys of ``x["a"]["b"]``."""
    keys: list[str] = []
    while isinstance(target, ast.Subscript):
        if isinstance(target.slice, ast.Constant) and isinstance(target.slice.value, str):
            keys.insert(0, target.slice.value)
        target = target.value
    return tuple(keys)


def _constant(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return _Code(node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", ""))


def _could_give(written: Any, value: Any, key: str) -> bool:
    if isinstance(written, _Code):
        return key != "type" or str(value).rpartition(".")[2] == written.name
    if key == "type":
        return str(value).rpartition(".")[2] == str(written).rpartition(".")[2]
    if isinstance(written, str) and REFERENCE.search(written):
        return True
    if isinstance(value, str) and REFERENCE.search(value):
        return isinstance(written, str)  # a literal secret, shown as a reference
    return bool(written == value) and isinstance(written, bool) == isinstance(value, bool)


def _overlap(written: tuple[str, ...], wanted: tuple[str, ...]) -> int:
    """Return how many keys agree from the end, if the shorter path is the end of the longer one."""
    shorter = min(len(written), len(wanted))
    return shorter if written[-shorter:] == wanted[-shorter:] else 0
