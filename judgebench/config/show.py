"""``jb --show NAME``: what a config resolves to, each key with the file and line it came from."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from judgebench.config.check import checked
from judgebench.config.dataset import resolve_dataset
from judgebench.config.dump import dataset_keys, judge_keys, python_text
from judgebench.config.judge import named_judge, resolve_judge, take_judges
from judgebench.config.load import load_file
from judgebench.config.model import resolve_model
from judgebench.config.override import apply_overrides, parse_override
from judgebench.config.place import Declared
from judgebench.config.provenance import Site, find_site, sites_of
from judgebench.config.registry import SHIPPED, Kind, Registry, split_suffix
from judgebench.config.schema import SummarizerConfig
from judgebench.config.secrets import SecretStore
from judgebench.config.select import declared_in, summarizer_in


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
    path = Registry(config_dirs).find(kind, stem).path
    variables = load_file(path)
    if kind == "summarizers":
        groups = [[summarizer_in(variables, str(path), suffix)]]
    else:
        groups = [
            [one, *(take_judges(one) if kind == "datasets" else [])]
            for one in declared_in(kind, variables, str(path), suffix)
        ]
    apply_overrides([parse_override(text) for text in overrides], [one for group in groups for one in group])
    sites = sites_of(path)
    shown = [text for group in groups for text in _group(kind, group, sites, env)]
    return "\n\n".join([f"# {kind}/{path.stem}: {path}", *shown])


def _group(kind: Kind, group: list[Declared], sites: list[Site], environ: Mapping[str, str]) -> Iterator[str]:
    secrets = SecretStore(environ)
    first, *judges = group
    if kind == "models":
        yield _lines(first, resolve_model(first, environ, secrets), sites)
    elif kind == "judges":
        yield _lines(named_judge(first), judge_keys(resolve_judge(first, environ, secrets)), sites)
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
    return "\n".join([f"[{declared.label}]", *lines])


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
