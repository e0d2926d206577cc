"""Which files a config file inherits from: its ``read_base()`` imports, found in its text."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path


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
