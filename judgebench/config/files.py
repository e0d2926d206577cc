"""A config file as plain dicts, lists and texts, and which of its variables are models, datasets, judges, a summarizer.

Most files are read without mmengine (``config/plain_files.py``). This is the one module that imports it, for the rest.
It reads Python config files in its lazy mode: imported types are never imported, they become their dotted path. So a
file that names the types of a package that is not installed is read all the same.

numpy, which mmengine imports, comes with one BLAS thread: OpenBLAS starts a thread a core, and each spins for a while
before it sleeps, a tenth of a CPU second a core for a process that reads a config or averages verdicts. What is counted
here multiplies no large matrices.
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from judgebench.config.checks import Declared
from judgebench.config.explain import parse_error, run_error
from judgebench.config.plain_files import is_run, package_folder, read_plain
from judgebench.config.registry import Kind
from judgebench.errors import RAISED_BY_OTHERS, ConfigError, out_of_memory
from judgebench.plugins.slow_code import say_when_slow

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}
"""Environment of a process that only counts. A process that may run a model itself does not get it."""


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Import numpy inside of this; a number of threads that the user set stays, and nothing is left to children."""
    added = {name: text for name, text in ONE_THREAD.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


PlainConfig = dict[str, Any]
"""The variables of a file by name; values are dicts, lists, texts, numbers, booleans and ``None``."""


def load_file(path: Path) -> PlainConfig:
    """Return the variables of a config file, types as dotted paths.

    Variables that no config can be made of (helper functions, imported modules) are left out.

    Raises:
        ConfigError: The file cannot be read, is no Python, or fails while it runs; names file and line.
    """
    with say_when_slow(f"the config file {path}"):
        plain = read_plain(path)
    return read_by_mmengine(path) if plain is None else plain


def read_by_mmengine(path: Path) -> PlainConfig:
    """Return what ``load_file`` does, by the reader that knows all of Python; raises the same."""
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except OSError as error:
        raise ConfigError(f"The config file {path} cannot be read: {error.strerror}.") from error
    except (SyntaxError, ValueError) as error:
        raise parse_error(path, error) from error
    _refuse_star_imports(tree, path)
    _refuse_imports_in_texts(tree, path)
    reader = _mmengine_config()
    with _streams_kept(path):
        try:
            with say_when_slow(f"the config file {path}"):
                loaded = reader.fromfile(str(path), lazy_import=not _is_old_style(tree), format_python_code=False)
        except RAISED_BY_OTHERS as error:  # a config file is user code and may raise anything
            if (lacking := out_of_memory(error)) is not None:
                raise lacking from error
            raise run_error(path, error) from error
    return {
        name: _plain(value, f"{path}: {name}")
        for name, value in loaded._to_lazy_dict().items()  # noqa: SLF001 - to_dict() makes texts of what is imported
        if isinstance(value, dict | list | tuple | str | int | float | bool | None)
    }


_STREAMS = {0: "standard input", 1: "standard output", 2: "standard error"}


@contextmanager
def _streams_kept(path: Path) -> Iterator[None]:
    """Run a config file, and have the streams that were there before: what is printed must reach no file of a run.

    Raises:
        ConfigError: The file closes one. The next file that is opened would have its number, and get the output.
    """
    before, streams = _open_streams(), {name: getattr(sys, name) for name in ("stdin", "stdout", "stderr")}
    try:
        yield
    finally:
        for name in [name for name in streams if getattr(sys, name) is None]:
            setattr(sys, name, streams[name])
    if closed := sorted(before - _open_streams()):
        raise ConfigError(
            f"The config file {path} closes {' and '.join(_STREAMS[number] for number in closed)}.",
            hint="Take that out: jb works with the streams that it was started with.",
        )


def _open_streams() -> set[int]:
    found = set()
    for number in _STREAMS:
        with suppress(OSError):  # the caller has closed it
            os.fstat(number)
            found.add(number)
    return found


@cache
def _mmengine_config() -> Any:
    """Return mmengine's ``Config``, mended in three places.

    It takes frozen modules of the standard library (``os``) for third-party ones, so that ``os.environ.get(...)`` in a
    config ends in an empty ``RuntimeError``; it finds absolute ``read_base()`` imports through ``pkg_resources``, which
    is gone from current Pythons; and it writes the file's path between double quotes into code that it parses, so that
    a path with a double quote is a syntax error. There the path is only told of, so it may have other quotes.
    """
    with one_blas_thread():  # its logging imports numpy
        import mmengine.config.config as config_module
        import mmengine.config.utils as utils_module

    for module in (config_module, utils_module):
        module._is_builtin_module = is_run  # noqa: SLF001 - the mend described above
    config_module.get_installed_path = package_folder
    for name in ("ImportTransformer", "_gather_abs_import_lazyobj"):
        setattr(config_module, name, _without_quotes_in_filename(getattr(config_module, name)))
    return config_module.Config


def _without_quotes_in_filename(function: Callable[..., Any]) -> Callable[..., Any]:
    def called(*args: Any, filename: str, **kwargs: Any) -> Any:
        return function(*args, filename=filename.replace('"', "'"), **kwargs)

    return called


def _is_old_style(tree: ast.Module) -> bool:
    """Whether the file inherits by ``_base_ = [...]``, which mmengine's lazy mode refuses."""
    return any(
        isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "_base_"
        for node in tree.body
    )


def _refuse_star_imports(tree: ast.Module, path: Path) -> None:
    for node in tree.body:  # those of read_base() stand inside its block
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            module = "." * node.level + (node.module or "")
            raise ConfigError(
                f"{path}:{node.lineno}: from {module} import * stands outside of read_base().",
                hint="Name what is imported, or put the line under: with read_base():",
            )


def _refuse_imports_in_texts(tree: ast.Module, path: Path) -> None:
    """Refuse ``f"{NAME}-1"`` with an imported ``NAME``: mmengine imports nothing, so the text would be ``NAME-1``."""
    imported = {
        alias.asname or alias.name.partition(".")[0]
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
        if not is_run(node.module or "" if isinstance(node, ast.ImportFrom) else alias.name)
    }
    for place in ast.walk(tree):
        if isinstance(place, ast.FormattedValue):
            for node in ast.walk(place.value):
                if isinstance(node, ast.Name) and node.id in imported:
                    raise ConfigError(
                        f"{path}:{node.lineno}: the imported name {node.id!r} cannot stand inside a text: "
                        "what is imported is looked up only after the config has run.",
                        hint="Write the text itself, or take it from the environment: import os; os.environ['NAME'].",
                    )


def _plain(value: Any, where: str) -> Any:
    from mmengine.config.lazy import LazyAttr, LazyObject

    if isinstance(value, dict):
        return {str(key): _plain(item, f"{where}.{key}") for key, item in value.items() if key != "_scope_"}
    if isinstance(value, LazyAttr | LazyObject):
        return _imported(value, where)
    if isinstance(value, list | tuple):
        return [_plain(item, f"{where}[{index}]") for index, item in enumerate(value)]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, type) or callable(value):
        return _dotted(value, where)
    raise ConfigError(
        f"{where} is a {type(value).__name__}, which a config cannot hold.",
        hint="Use dicts, lists, text, numbers, booleans, None and imported types.",
    )


def _imported(value: Any, where: str) -> Any:
    """Return what an import of the file stands for: a type by its dotted path, a setting of a module by its value.

    A type is never imported here; anything else is, as its name in the place of a text would be taken for the text.
    """
    dotted = f"{value.module}.{value}" if str(value) != value.module else value.module
    if where.endswith(".type"):
        return dotted
    try:
        found = value.build()
    except RAISED_BY_OTHERS as error:  # the module may be anything, and raise anything
        raise ConfigError(
            f"{where} is {dotted}, which cannot be imported: {error}",
            hint="Install its package, add its folder to PYTHONPATH, or write the value itself.",
        ) from error
    return dotted if isinstance(found, type) or callable(found) else _plain(found, where)


def _dotted(value: Any, where: str) -> str:
    name, module = getattr(value, "__qualname__", ""), getattr(value, "__module__", "") or ""
    if not name.isidentifier() or not hasattr(sys.modules.get(module), name):
        raise ConfigError(
            f"{where} is defined inside the config file, where the task processes cannot find it.",
            hint="Move it into an importable module and import it in the config.",
        )
    return f"{module}.{name}"


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
            f"{file} declares no {kind}: expected {wanted}.",
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
