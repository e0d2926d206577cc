"""``jb --show NAME``: what a config resolves to, each key with the file and line that set it.

The lines are found in the text of the file and of the files that it inherits from, so they are a best effort: a place
counts when it writes the key with the value that the resolved config has. What code computes is attributed to the file
alone.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from judgebench.config.checks import REFERENCE, Declared, checked
from judgebench.config.dataset import named_judge, resolve_dataset, resolve_judge, take_judges
from judgebench.config.described import described, where_it_goes
from judgebench.config.dump import dataset_keys, executor_keys, judge_keys, python_text
from judgebench.config.executor import executor_in, resolved_executor
from judgebench.config.explain import base_files
from judgebench.config.files import declared_in, load_file, summarizer_in
from judgebench.config.listeners import listeners_in, resolved_listener
from judgebench.config.model import SecretStore, resolve_model
from judgebench.config.overrides import apply_overrides
from judgebench.config.own_judge import with_own_judge
from judgebench.config.registry import SHIPPED, Kind, Registry, split_suffix
from judgebench.records.run import SummarizerConfig

_MOST_LINES = 5
"""Most lines that say where the data of a config's datasets go."""


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


def show(
    kind: Kind,
    name: str,
    config_dirs: Sequence[str] = (),
    overrides: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
) -> str:
    """Return the objects of a config, one ``key = value  # where it was set`` per line; secrets as references.

    Raises:
        UnknownNameError: The name is not registered.
        ConfigError: The config cannot be used.
        PrerequisiteError: A value's environment variable is not set.
    """
    env = os.environ if environ is None else environ
    stem, suffix = split_suffix(name)
    registry = Registry(config_dirs)
    found = registry.find(kind, stem)
    path = found.path
    variables = load_file(path)
    if kind == "executors":
        groups = [[executor_in(variables, str(path))]]
    elif kind == "listeners":
        groups = [[one] for one in listeners_in(variables, path)]
    elif kind == "summarizers":
        groups = [[summarizer_in(variables, str(path), suffix)]]
    else:
        declared = declared_in(kind, variables, str(path), suffix)
        if found.shipped and kind != "models":
            declared = with_own_judge(declared, registry)
        groups = [[one, *(take_judges(one) if kind == "datasets" else [])] for one in declared]
    apply_overrides(overrides, [one for group in groups for one in group])
    sites = sites_of(path)
    shown = [text for group in groups for text in _group(kind, group, sites, env)]
    head = [f"# {kind}/{path.stem}: {path}", *(_about(path) if kind == "datasets" else [])]
    return "\n\n".join(["\n".join(head), *shown])


def _about(path: Path) -> Iterator[str]:
    """Yield what a reader of a dataset's keys wants to know before them: what it is, and where its files go."""
    about, datasets = described(path)
    if about is not None:
        yield f"# {about.title}. {about.source}"
        yield f"# Published: {about.published}. Licence: {about.licence}."
    lines = list(dict.fromkeys(line for one in datasets if (line := where_it_goes(one))))
    yield from (f"# {line}" for line in lines[:_MOST_LINES])
    if len(lines) > _MOST_LINES:
        yield f"# and {len(lines) - _MOST_LINES} more in the same way"


def _group(kind: Kind, group: list[Declared], sites: list[Site], environ: Mapping[str, str]) -> Iterator[str]:
    secrets = SecretStore(environ)
    first, *judges = group
    if kind == "models":
        yield _lines(first, resolve_model(first, environ, secrets), sites)
    elif kind == "judges":
        yield _lines(named_judge(first), judge_keys(resolve_judge(first, environ, secrets)), sites)
    elif kind == "executors":
        yield _lines(first, executor_keys(resolved_executor(first, environ)), sites)
    elif kind == "listeners":
        part = resolved_listener(first, environ)
        yield _lines(first, secrets.conceal({"abbr": first.abbr, "type": part.type, **part.options}), sites)
    elif kind == "summarizers":
        yield _lines(first, checked(first.data, SummarizerConfig, first, environ), sites)
    else:
        resolved = [resolve_judge(judge, environ, secrets) for judge in judges]
        yield _lines(first, dataset_keys(resolve_dataset(first, environ)), sites)
        for judge, config in zip(judges, resolved, strict=True):
            yield _lines(judge, judge_keys(config), sites)


def _lines(declared: Declared, keys: dict[str, Any], sites: list[Site]) -> str:
    rows = list(_flat(keys, ""))
    width = min(72, max(len(f"{key} = {text}") for key, text, _ in rows))
    lines = [
        f"{f'{key} = {text}':<{width}}  # {_origin(declared, key, value, sites)}" if "\n" not in text
        else f"{key} = {text}  # {_origin(declared, key, value, sites)}"
        for key, text, value in rows
    ]  # fmt: skip
    return "\n".join([f"[{declared.name}]", *lines])


def _flat(value: dict[str, Any], prefix: str) -> Iterator[tuple[str, str, Any]]:
    for key, item in value.items():
        path = f"{prefix}.{key}" if prefix else key
        if isinstance(item, dict) and item:
            yield from _flat(item, path)
        else:
            yield path, python_text(item), item


def _origin(declared: Declared, key: str, value: Any, sites: list[Site]) -> str:
    parts = key.split(".")
    if declared.is_overridden(key):
        return "--override"
    if not _declares(declared.data, parts):
        return "default"
    site = find_site(sites, declared.abbr, key, value)
    return f"{_short(site.file)}:{site.line}" if site else _short(Path(declared.file))


def _declares(data: Any, parts: list[str]) -> bool:
    for part in parts:
        if not isinstance(data, dict):
            return True  # a part given as a whole, such as a bare type
        if part not in data:
            return False
        data = data[part]
    return True


def _short(path: Path) -> str:
    """Return a path relative to the current folder, or to the folder of the package for shipped files."""
    for root in (Path.cwd(), SHIPPED.parents[1]):
        if path.is_relative_to(root):
            return str(path.relative_to(root))
    return str(path)
