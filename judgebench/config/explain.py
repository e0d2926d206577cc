"""Why a config file could not be read: the line, Python's own words, and what to write instead.

A mistake may be in a file that it inherits from, so the ``read_base()`` imports are found in its text.
"""

from __future__ import annotations

import ast
import importlib.util
import io
import tokenize
import traceback
from pathlib import Path

from judgebench.config.registry import SHIPPED
from judgebench.errors import ConfigError
from judgebench.plugins import ROOMS
from judgebench.plugins.rooms import shipped_classes


def base_files(path: Path) -> list[Path]:
    """Return the files that a config file imports through ``read_base()``, in order."""
    found = [module_file(path, line.level, line.module or "") for line in base_imports(path)]
    return [base for base in found if base.is_file()]


def base_imports(path: Path) -> list[ast.ImportFrom]:
    """Return the import lines inside ``with read_base():``; none of a file that is no Python."""
    try:
        tree = ast.parse(path.read_bytes())
    except SyntaxError:
        return []
    return [
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.With)
        for line in node.body
        if isinstance(line, ast.ImportFrom) and line.module
    ]


def module_file(path: Path, level: int, module: str) -> Path:
    """Return the file that ``from ..a.b import`` in a config file means (level 2, module ``a.b``)."""
    parts = module.split(".")
    if level:
        folder = path.parents[min(level, len(path.parents)) - 1]
    else:
        spec = importlib.util.find_spec(parts[0])
        folder = Path(next(iter(spec.submodule_search_locations or [""]))).parent if spec else Path()
    return folder.joinpath(*parts).with_suffix(".py")


def parse_error(path: Path, error: SyntaxError | ValueError) -> ConfigError:
    """Return the error for a file that is no Python, with the line it is about."""
    if not isinstance(error, SyntaxError) or error.lineno is None:
        return ConfigError(f"The config file {path} is not Python text: {error}.", hint="Save it as UTF-8.")
    line = error.lineno
    lines = path.read_text("utf-8", errors="replace").splitlines()
    suggestion = ""
    comma = _missing_comma(lines, error) if "forgot a comma" in error.msg else None
    if comma:
        line = comma
        suggestion = f"A comma is missing at the end of line {comma}."
    if "U+FEFF" in error.msg:
        suggestion = "The file begins with a byte order mark, which cannot be seen; save it as UTF-8 without one."
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


def run_error(path: Path, error: BaseException) -> ConfigError:
    """Return the error for a file that failed while it ran, at the line of the config file where it did."""
    if isinstance(error, ConfigError):
        return ConfigError(f"{path}: {error.message}", hint=error.hint)
    if isinstance(error, SyntaxError) and error.lineno is not None and error.filename:
        return parse_error(_base_of(path, error), error)
    if isinstance(error, RecursionError) and (circle := _circle(path, ())):
        way = " imports ".join(one.name for one in circle)
        return ConfigError(f"{path}: read_base() goes in a circle: {way}.", hint="Take one of these imports out.")
    absent = _missing_base(path)
    if absent:
        return absent
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(".py")]
    in_config = [frame for frame in frames if not _is_library(frame.filename)]
    place = f"{in_config[-1].filename}:{in_config[-1].lineno}" if in_config else str(path)
    return ConfigError(f"{place}: {_said(error)}.", hint=_hint(error))


def _said(error: BaseException) -> str:
    if isinstance(error, KeyError) and "reserved" not in str(error):
        return f"there is no {error} to read or import there"
    said = str(error.args[0] if isinstance(error, KeyError) else error)
    if not said.strip():
        return f"{type(error).__name__} without a message"
    named = isinstance(error, KeyError | NameError | SyntaxError)  # these say by themselves what they are about
    return said.strip().rstrip(".") if named else f"{type(error).__name__}: {said.strip().rstrip('.')}"


def _hint(error: BaseException) -> str:
    if isinstance(error, NameError):
        return _import_hint(error.name or "")
    return "Give the variable another name." if isinstance(error, KeyError) and "reserved" in str(error) else ""


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


def _circle(path: Path, way: tuple[Path, ...]) -> tuple[Path, ...]:
    """Return files that inherit from each other in a circle, from the first to itself; empty for none."""
    path = path.resolve()
    if path in way:
        return (*way[way.index(path) :], path)
    found = (_circle(base, (*way, path)) for base in base_files(path))
    return next((circle for circle in found if circle), ())


def _missing_base(path: Path) -> ConfigError | None:
    """Return the error for a ``read_base()`` import of a file that is not there; ``None`` where all are.

    A shipped config that was copied into a user's folder is the usual case, so its shipped neighbour is offered.
    """
    for line in base_imports(path):
        module = line.module or ""
        base = module_file(path, line.level, module)
        if base.is_file():
            deeper = _missing_base(base)
            if deeper:
                return deeper
            continue
        shipped = sorted(SHIPPED.rglob(f"{Path(*module.split('.'))}.py"))
        dotted = (
            ".".join(["judgebench.configs", *shipped[0].relative_to(SHIPPED).with_suffix("").parts]) if shipped else ""
        )
        names = ", ".join(alias.name for alias in line.names)
        return ConfigError(
            f"{path}:{line.lineno}: read_base() imports {'.' * line.level}{module}, but {base} does not exist.",
            hint=f"Import the shipped one: from {dotted} import {names}" if dotted else "Give the name of a file.",
        )
    return None


def _is_library(filename: str) -> bool:
    parts = Path(filename).parts
    here, standard = Path(__file__).with_name("files.py"), Path(ast.__file__).parent
    return {"mmengine", "importlib"} & {*parts} != set() or Path(filename) == here or Path(filename).parent == standard


def _import_hint(name: str) -> str:
    for room in ROOMS:
        if room not in {"aggregations", "metrics"} and (path := shipped_classes(room).get(name)):
            return f"Add this line to the file: from {'.'.join(path.split('.')[:2])} import {name}"
    if name == "read_base":
        return "Add this line to the file: from mmengine.config import read_base"
    return "Define it above, or import it."
