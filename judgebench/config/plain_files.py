"""Config files of the usual form, read without mmengine: imports, ``read_base()``, dicts, lists and texts.

mmengine, with numpy and all else that it imports, is a sixth of the CPU time of a small run. Nearly every config file
needs none of it. This module runs a file of which it knows every construct, with the values that mmengine would find,
and leaves any other file to mmengine: one that imports a module to run it, defines functions, changes what it inherits
in a way that mmengine's own dicts treat differently, or fails. So each error is mmengine's too.

``tests/config/test_plain_files.py`` compares the two on all shipped files and on generated ones.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

from judgebench.errors import ConfigError

_BUILTINS: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        *(dict, list, tuple, str, int, float, bool, range, enumerate, zip),
        *(len, sorted, min, max, sum, abs, round, any, all),
    )
}
_METHODS = frozenset({
    *("items", "keys", "values", "get", "append", "extend"),
    *("split", "join", "replace", "strip", "lower", "upper", "title", "startswith", "endswith"),
})  # fmt: skip
_OF_OS = frozenset({"environ", "getenv"})
_RESERVED = frozenset({"filename", "text", "pretty_text", "env_variables", "_base_"})
"""Variables that mmengine refuses, or inherits by."""

_KNOWN = frozenset({
    *("Module", "Expr", "Assign", "AugAssign", "If", "For", "Name", "Load", "Store", "Subscript", "Slice", "Attribute"),
    *("Constant", "Dict", "List", "Tuple", "Starred", "FormattedValue", "Call", "keyword"),
    type(ast.parse("f''", mode="eval").body).__name__,
    *("BinOp", "Add", "Sub", "Mult", "Div", "FloorDiv", "Mod", "UnaryOp", "USub", "Not", "BoolOp", "And", "Or"),
    *("IfExp", "Compare", "Eq", "NotEq", "Lt", "LtE", "Gt", "GtE", "In", "NotIn"),
    *("ListComp", "DictComp", "GeneratorExp", "comprehension"),
})  # fmt: skip
"""Names of the classes in ``ast``."""
_MOST_BASES = 20
"""Files that inherit from each other in a row; a longer row is a circle."""


class NotPlainError(Exception):
    """A file has something that only mmengine reads."""


class LazyName:
    """What a file imports: a name, which nothing may be done with but to hand it on."""

    def __init__(self, module: str, name: str) -> None:
        self.module = module
        self.dotted = f"{module}.{name}"

    def __repr__(self) -> str:
        raise NotPlainError

    def _refused(self, *_: object) -> NoReturn:
        raise NotPlainError

    __str__ = __format__ = __bool__ = __len__ = __contains__ = _refused
    __eq__ = __hash__ = _refused


def read_plain(path: Path) -> dict[str, Any] | None:
    """Return the variables of a config file that are dicts, lists, texts, numbers, booleans or ``None``.

    Types are dotted paths. ``None`` where the file is not of the usual form, cannot be read, or fails.
    """
    try:
        return {
            name: _value(value)
            for name, value in _variables(str(path), _MOST_BASES).items()
            if isinstance(value, dict | list | tuple | str | int | float | bool | None)
        }
    except Exception:  # noqa: BLE001 - mmengine reads it again and says what is wrong
        return None


def _variables(path: str, bases_left: int) -> dict[str, Any]:
    """Run a file and return all of its variables.

    Raises:
        NotPlainError: It has something that only mmengine reads.
        Exception: Whatever the file raises.
    """
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - the path as mmengine writes it
        file_parts = _Parts(ast.parse(file.read(), path))
    if not bases_left:
        raise NotPlainError
    bases = {place: _variables(_base_file(path, place), bases_left - 1) for place, _ in file_parts.inherited}
    space: dict[str, Any] = {}
    for place, names in file_parts.inherited:
        found = bases[place]
        space |= found if names is None else {ours: found[theirs] for ours, theirs in names.items()}
    space |= {**file_parts.imported, "__builtins__": _BUILTINS}
    exec(compile(file_parts.code, path, "exec"), space)  # noqa: S102 - a config file is run; each construct is known
    return {name: _copied(value) for name, value in space.items() if not name.startswith("__")}


class _Parts:
    """What a file inherits, what it imports, and the code that is left to run.

    Attributes:
        inherited: For each import of ``read_base()`` the module and the names, ours to theirs; ``None`` for all.
        imported: What each other import binds.
        code: The other statements.

    Raises:
        NotPlainError: There is something that only mmengine reads.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.inherited: list[tuple[str, dict[str, str] | None]] = []
        self.imported: dict[str, Any] = {}
        statements: list[ast.stmt] = []
        for statement in tree.body:
            if isinstance(statement, ast.Import | ast.ImportFrom):
                _require(all(_is_text(above) for above in statements))  # else a name may be used before its import
            if isinstance(statement, ast.With):
                self._inherit(statement)
            elif isinstance(statement, ast.Import):
                _require([(alias.name, alias.asname) for alias in statement.names] == [("os", None)])
                self.imported["os"] = os
            elif isinstance(statement, ast.ImportFrom):
                self._import(statement)
            else:
                statements.append(statement)
        self.code = ast.Module(statements, type_ignores=[])
        self._check()

    def _inherit(self, statement: ast.With) -> None:
        _require([ast.unparse(item) for item in statement.items] == ["read_base()"])
        above = {place for place, _ in self.inherited}
        for line in statement.body:
            if not isinstance(line, ast.ImportFrom) or not line.module:
                raise NotPlainError
            place = "." * line.level + line.module
            _require(place not in above)
            names = {alias.asname or alias.name: alias.name for alias in line.names}
            self.inherited.append((place, None if "*" in names else names))

    def _import(self, line: ast.ImportFrom) -> None:
        module = line.module or ""
        names = [alias.asname or alias.name for alias in line.names]
        if module == "mmengine.config" and [alias.name for alias in line.names] == names == ["read_base"]:
            return
        _require(not line.level and not is_run(module))
        _require(self.imported.keys().isdisjoint(names) and len({*names}) == len(names) and "*" not in names)
        self.imported |= {alias.asname or alias.name: LazyName(module, alias.name) for alias in line.names}

    def _check(self) -> None:
        nodes = list(ast.walk(self.code))
        stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        named = {name for _, names in self.inherited for name in names or ()}
        _require(self.imported.keys().isdisjoint(stored | named))
        _require({*_BUILTINS, *_RESERVED}.isdisjoint(stored | named | self.imported.keys()))
        modules = {one.module for one in self.imported.values() if isinstance(one, LazyName)}
        _require(modules.isdisjoint(place for place, _ in self.inherited))
        methods, changes = set(), set()
        last = self._last_change()
        for node in nodes:
            _require(type(node).__name__ in _KNOWN)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                methods.add(node.func)
                _require(node.func.attr in _METHODS or _is_os(node.func))
            elif isinstance(node, ast.Call):
                _require(isinstance(node.func, ast.Name) and node.func.id in _BUILTINS)
            elif isinstance(node, ast.Attribute):
                _require(node in methods or _is_os(node))
            elif isinstance(node, ast.Name):
                _require(not node.id.startswith("__"))
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
                changes.add(node.targets[0])
                _require(len(node.targets) == 1 and (node is last or self._is_new(node.value)))
            elif isinstance(node, ast.Subscript):
                _require(isinstance(node.ctx, ast.Load) or node in changes)

    def _is_new(self, value: ast.expr) -> bool:
        """Whether an expression makes a value that no variable holds.

        What mmengine puts into a dict that is inherited it copies, and Python does not. The two differ where the value
        is somebody else's too, and is changed later.
        """
        names = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
        return names <= {*self.imported, "dict", "list"} and "os" not in names

    def _last_change(self) -> ast.stmt | None:
        """Return the last statement that can change a value, unless it may run more than once."""
        for statement in reversed(self.code.body):
            if any(_changes(node) for node in ast.walk(statement)):
                return statement
        return None


def _require(is_plain: bool) -> None:
    if not is_plain:
        raise NotPlainError


def _changes(node: ast.AST) -> bool:
    if isinstance(node, ast.Subscript):
        return isinstance(node.ctx, ast.Store)
    return isinstance(node, ast.AugAssign) or (isinstance(node, ast.Attribute) and node.attr in {"append", "extend"})


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _is_os(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "os" and node.attr in _OF_OS


def is_run(module: str) -> bool:
    """Whether a config file's import of a module runs it: the standard library and mmengine's own ``read_base``."""
    return module.startswith("mmengine.config") or module.partition(".")[0] in sys.stdlib_module_names


def package_folder(package: str) -> str:
    """Return the folder of a package that ``read_base()`` imports from, without importing it.

    Raises:
        ConfigError: It is not installed.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError(
            f"read_base() imports from the package {package!r}, which is not installed.",
            hint="Import from a file beside this one (from .name import ...) or from judgebench.configs.",
        )
    return str(next(iter(spec.submodule_search_locations)))


def _base_file(path: str, module: str) -> str:
    parts = module.lstrip(".").split(".")
    if level := len(module) - len(module.lstrip(".")):
        return os.path.join(os.path.dirname(path), *[".."] * (level - 1), *parts) + ".py"  # noqa: PTH118, PTH120
    _require(len(parts) > 1)
    return os.path.join(package_folder(parts[0]), *parts[1:]) + ".py"  # noqa: PTH118


def _copied(value: Any) -> Any:
    """Return a value whose parts are nobody else's: two variables that hold one dict are two for who inherits them."""
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_copied(item) for item in value)
    return value


def _value(value: Any, *, is_type: bool = False) -> Any:
    if isinstance(value, dict):
        return {
            str(key): _value(item, is_type=f".{key}".endswith(".type"))
            for key, item in value.items()
            if key != "_scope_"
        }
    if isinstance(value, list | tuple):
        return [_value(item) for item in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, LazyName) and is_type:
        return value.dotted
    raise NotPlainError  # what is imported is looked up by the other reader
