"""A config file to plain dicts, lists and texts. The one module that imports mmengine.

mmengine reads Python config files in its lazy mode: imported types are never imported, they become their dotted path.
So a file that names the types of a package that is not installed is read all the same.
"""

from __future__ import annotations

import ast
import importlib.util
import io
import sys
import tokenize
import traceback
from functools import cache
from pathlib import Path
from typing import Any

from judgebench.errors import ConfigError
from judgebench.plugins import PLUGIN_FOLDERS, shipped_types

PlainConfig = dict[str, Any]
"""The variables of a file by name; values are dicts, lists, texts, numbers, booleans and ``None``."""


def load_file(path: Path) -> PlainConfig:
    """Return the variables of a config file, types as dotted paths.

    Variables that no config can be made of (helper functions, imported modules) are left out.

    Raises:
        ConfigError: The file cannot be read, is no Python, or fails while it runs; names file and line.
    """
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except OSError as error:
        raise ConfigError(f"The config file {path} cannot be read: {error.strerror}.") from error
    except (SyntaxError, ValueError) as error:
        raise _parse_error(path, error) from error
    try:
        loaded = _mmengine_config().fromfile(str(path), lazy_import=not _is_old_style(tree), format_python_code=False)
    except Exception as error:  # a config file is user code and may raise anything
        raise _run_error(path, error) from error
    return {
        name: _plain(value, f"{path}: {name}")
        for name, value in loaded.to_dict().items()
        if isinstance(value, dict | list | tuple | str | int | float | bool | None)
    }


@cache
def _mmengine_config() -> Any:
    """Return mmengine's ``Config`` with two of its look-ups mended.

    It takes frozen modules of the standard library (``os``) for third-party ones, so that ``os.environ.get(...)`` in a
    config ends in an empty ``RuntimeError``; and it finds absolute ``read_base()`` imports through ``pkg_resources``,
    which is gone from current Pythons.
    """
    import mmengine.config.config as config_module
    import mmengine.config.utils as utils_module

    for module in (config_module, utils_module):
        module._is_builtin_module = _is_standard_library  # noqa: SLF001 - the mend described above
    config_module.get_installed_path = _package_folder
    return config_module.Config


def _is_standard_library(name: str) -> bool:
    return name.startswith("mmengine.config") or name.partition(".")[0] in sys.stdlib_module_names


def _package_folder(package: str) -> str:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError(
            f"read_base() imports from the package {package!r}, which is not installed.",
            hint="Import from a file beside this one (from .name import ...) or from judgebench.configs.",
        )
    return str(next(iter(spec.submodule_search_locations)))


def _is_old_style(tree: ast.Module) -> bool:
    """Whether the file inherits by ``_base_ = [...]``, which mmengine's lazy mode refuses."""
    return any(
        isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "_base_"
        for node in tree.body
    )


def _plain(value: Any, where: str) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item, f"{where}.{key}") for key, item in value.items() if key != "_scope_"}
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


def _dotted(value: Any, where: str) -> str:
    name, module = getattr(value, "__qualname__", ""), getattr(value, "__module__", "") or ""
    if not name.isidentifier() or not hasattr(sys.modules.get(module), name):
        raise ConfigError(
            f"{where} is defined inside the config file, where the task processes cannot find it.",
            hint="Move it into an importable module and import it in the config.",
        )
    return f"{module}.{name}"


def _parse_error(path: Path, error: SyntaxError | ValueError) -> ConfigError:
    if not isinstance(error, SyntaxError) or error.lineno is None:
        return ConfigError(f"The config file {path} is not Python text: {error}.")
    line = error.lineno
    lines = path.read_text("utf-8", errors="replace").splitlines()
    suggestion = ""
    comma = _missing_comma(lines, error) if "forgot a comma" in error.msg else None
    if comma:
        line = comma
        suggestion = f"A comma is missing at the end of line {comma}."
    shown = "\n".join(
        f"  {'>' if number == line else ' '} {number:4} | {lines[number - 1]}"
        for number in range(max(1, line - 1), min(len(lines), line + 1) + 1)
    )
    return ConfigError(f"{path}:{line}: {error.msg}\n{shown}", hint=suggestion)


def _missing_comma(lines: list[str], error: SyntaxError) -> int | None:
    """Return the line whose end lacks the comma that Python misses, if the two parts are on different lines."""
    if error.lineno is None or error.end_lineno is None or error.end_lineno <= error.lineno:
        return None
    span = "\n".join(lines[error.lineno - 1 : error.end_lineno])
    last = 0
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    try:
        for token in tokenize.generate_tokens(io.StringIO(span).readline):
            if token.start[0] + error.lineno - 1 >= error.end_lineno:
                break
            if token.type not in skipped:
                last = token.end[0]
    except (tokenize.TokenError, IndentationError):
        pass  # the excerpt is a fragment; what was read before its end is enough
    return error.lineno + last - 1 if last else None


def _run_error(path: Path, error: Exception) -> ConfigError:
    """Return the error for a file that failed while it ran, at the line of the config file where it did."""
    if isinstance(error, ConfigError):
        return ConfigError(f"{path}: {error.message}", hint=error.hint)
    if isinstance(error, SyntaxError) and error.lineno is not None and error.filename:
        return _parse_error(_base_of(path, error), error)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(".py")]
    in_config = [frame for frame in frames if not _is_library(frame.filename)]
    place = f"{in_config[-1].filename}:{in_config[-1].lineno}" if in_config else str(path)
    if isinstance(error, NameError):
        return ConfigError(f"{place}: {error}.", hint=_import_hint(error.name or ""))
    if isinstance(error, KeyError) and "reserved" in str(error):
        return ConfigError(f"{path}: {error.args[0]}.", hint="Give the variable another name.")
    if isinstance(error, KeyError):
        return ConfigError(f"{place}: there is no {error} to read or import there.")
    said = str(error).strip().rstrip(".") or f"{type(error).__name__} without a message"
    return ConfigError(f"{place}: {said}.")


def _base_of(path: Path, error: SyntaxError) -> Path:
    """Return the file that the syntax error is in: a base file that mmengine parsed, or the file itself."""
    if error.filename and Path(error.filename).is_file():
        return Path(error.filename)
    for base in base_files(path):
        try:
            ast.parse(base.read_bytes())
        except SyntaxError:
            return base
        deeper = _base_of(base, error)
        if deeper != base:
            return deeper
    return path


def base_files(path: Path) -> list[Path]:
    """Return the files that a config file imports through relative ``read_base()`` imports, in order."""
    imports = [
        line
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.With)
        for line in node.body
        if isinstance(line, ast.ImportFrom) and line.module
    ]
    found = [_module_file(path, line.level, line.module or "") for line in imports]
    return [base for base in found if base.is_file()]


def _module_file(path: Path, level: int, module: str) -> Path:
    parts = module.split(".")
    if level:
        folder = path.parents[min(level, len(path.parents)) - 1]
    else:
        spec = importlib.util.find_spec(parts[0])
        folder = Path(next(iter(spec.submodule_search_locations or [""]))).parent if spec else Path()
    return folder.joinpath(*parts).with_suffix(".py")


def _is_library(filename: str) -> bool:
    parts = Path(filename).parts
    return "mmengine" in parts or Path(filename) == Path(__file__) or "importlib" in parts


def _import_hint(name: str) -> str:
    for folder in PLUGIN_FOLDERS:
        if name in shipped_types(folder):
            return f"Add this line to the file: from judgebench.{folder} import {name}"
    if name == "read_base":
        return "Add this line to the file: from mmengine.config import read_base"
    return "Define it above, or import it."
