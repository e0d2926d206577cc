"""The code keeps to the arrows and room names of docs/architecture.md."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "judgebench"

LAYERS: dict[str, set[str]] = {
    "errors": set(),
    "records": {"errors"},
    "plugins": {"errors"},
    "store": {"errors", "records"},
    "content": {"errors", "records", "store"},
    "models": {"errors", "records", "content", "plugins"},
    "metrics": {"errors", "records", "plugins"},
    "judges": {"errors", "records", "content", "metrics", "plugins"},
    "datasets": {"errors", "records", "content", "plugins"},
    "trust": {"errors", "records", "metrics", "store"},
    "report": {"errors", "records", "metrics", "store", "trust"},
    "identity": {"records", "store"},
    "engine": {"errors", "records", "content", "identity", "models", "plugins", "store"},
    "query": {"errors", "records", "content", "store"},
    "stages": {
        "errors", "records", "content", "datasets", "engine", "identity", "judges", "metrics", "models", "plugins",
        "query", "report", "store", "trust",
    },
    "config": {"errors", "records", "models", "plugins", "store"},
    "plan": {"errors", "records", "datasets", "identity", "judges", "report", "stages", "store"},
    "dashboard": {"errors", "records", "stages"},
    "preflight": {
        "errors", "records", "content", "datasets", "engine", "identity", "judges", "metrics", "models", "plugins",
        "stages", "store",
    },
    "executors": {"errors", "records", "config", "dashboard", "models", "plugins", "stages", "store"},
    "session": {
        "errors", "records", "content", "store", "plugins", "config", "plan", "preflight", "executors", "dashboard",
        "report", "datasets", "identity", "stages", "query", "trust", "__version__",
    },
    "training": {
        "errors", "records", "store", "content", "metrics", "models", "judges", "datasets", "engine", "stages",
        "config", "executors", "plugins",
    },
    "export": {"errors", "records", "content", "query", "store"},
    "viewer": {"errors", "records", "content", "export", "metrics", "query", "report", "session", "store", "trust"},
    "simulation": {"errors", "records", "metrics", "models", "session", "store", "trust"},
    "serving": {"errors", "records", "content", "stages", "store", "viewer"},
    "audit": {"errors", "records", "metrics", "judges", "report", "store"},
    "testing": set(),
    "cli": {
        "audit",
        "errors", "records", "content", "config", "dashboard", "datasets", "engine", "executors", "identity", "judges",
        "export", "models", "plan", "plugins", "preflight", "query", "report", "serving", "session", "simulation",
        "stages", "store", "training", "trust", "viewer", "__version__",
    },
}  # fmt: skip
"""What each room may import, besides itself, from the bottom of the house to its doors."""

FORBIDDEN_NAMES = {"utils", "util", "common", "helpers", "helper", "base", "manager", "misc"}

HEAVY = {
    "mmengine", "aiohttp", "numpy", "scipy", "sympy", "math_verify", "datasets", "transformers", "torch",
    "sklearn", "rich", "jinja2", "markdown_it", "nh3", "latex2mathml", "tabulate", "filelock", "shtab",
}  # fmt: skip


def modules() -> list[Path]:
    return [path for path in sorted(PACKAGE.rglob("*.py")) if "configs" not in path.relative_to(PACKAGE).parts]


@cache
def import_statements(path: Path) -> list[ast.Import | ast.ImportFrom]:
    """Return what a file imports, anywhere in it; each file is parsed once for the tests of one process."""
    return [
        node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Import | ast.ImportFrom)
    ]


def imports(path: Path) -> set[str]:
    """Return the modules of this package that a file imports, anywhere in it."""
    found: set[str] = set()
    for node in import_statements(path):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("judgebench"):
            inner = node.module.removeprefix("judgebench").lstrip(".")
            found |= {inner} if inner else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {
                alias.name.removeprefix("judgebench.") for alias in node.names if alias.name.startswith("judgebench.")
            }
    return found


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_imports_point_one_way(layer: str) -> None:
    files = [PACKAGE / f"{layer}.py"] if (PACKAGE / f"{layer}.py").exists() else sorted((PACKAGE / layer).rglob("*.py"))
    assert files
    for path in files:
        for name in imports(path):
            package = name.split(".")[0]
            allowed = package == layer or package in LAYERS[layer] or name in LAYERS[layer]
            assert allowed, f"{path.relative_to(PACKAGE)} imports judgebench.{name}"


def test_no_room_without_a_name_of_its_own() -> None:
    names = {part for path in modules() for part in path.relative_to(PACKAGE).with_suffix("").parts}
    assert not names & FORBIDDEN_NAMES


def test_modules_stay_small_enough_to_read_in_one_go() -> None:
    long = {str(path.relative_to(PACKAGE)): n for path in modules() if (n := len(path.read_text().splitlines())) > 500}
    assert not long


@pytest.mark.parametrize(
    "statement",
    [
        "import judgebench",
        "import judgebench.cli.main; judgebench.cli.main.run(['--help'])",
        "import judgebench.cli.main; judgebench.cli.main.run(['--version'])",
        "import judgebench.stages.task",
        "import judgebench.stages.extract",
        "import judgebench.metrics.rates.named",
    ],
)
def test_nothing_heavy_is_imported_before_it_is_needed(statement: str) -> None:
    code = f"import sys; {statement}; print('\\nMODULES', *sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PACKAGE.parent, capture_output=True, text=True, check=True, timeout=200
    )
    loaded = set(done.stdout.rpartition("MODULES")[2].split())
    assert not loaded & HEAVY


def test_every_room_has_its_arrows() -> None:
    rooms = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in modules()}
    assert rooms - {"__init__", "__main__"} == set(LAYERS)


def test_no_two_rooms_import_each_other() -> None:
    """The table is in the order of the floors, so an arrow that points up shows."""
    floor = {room: at for at, room in enumerate(LAYERS)}
    assert [(room, below) for room in LAYERS for below in LAYERS[room] if floor.get(below, -1) >= floor[room]] == []


def test_the_root_holds_rooms_and_no_loose_modules() -> None:
    assert {path.name for path in PACKAGE.glob("*.py")} == {"__init__.py", "__main__.py", "errors.py"}


NOT_IMPORTED = {"packaging"}
"""Required because ``mmengine-lite`` imports it without declaring it."""


def test_what_is_required_is_imported_and_what_is_imported_is_required() -> None:
    """A package that nothing imports costs every user its download; one that only others bring may go with them."""
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text("utf-8"))["project"]
    names = {"mmengine_lite": "mmengine", "markdown_it_py": "markdown_it", "pillow": "PIL", "scikit_learn": "sklearn"}

    def modules_of(requirements: list[str]) -> set[str]:
        found = {re.match(r"[\w-]+", one)[0].replace("-", "_") for one in requirements}  # type: ignore[index]
        return {names.get(one, one) for one in found}

    required = modules_of(project["dependencies"])
    extras = modules_of([one for group in project["optional-dependencies"].values() for one in group])
    nodes = [node for path in modules() for node in import_statements(path)]
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    others = {name.partition(".")[0] for name in imported} - sys.stdlib_module_names - {"judgebench"}
    assert required - others == NOT_IMPORTED
    assert others - required - extras == set()


def test_the_way_of_a_sample_gets_no_longer_unnoticed() -> None:
    """Decision 0011 says what it consists of."""
    command = [sys.executable, "-m", "benchmarks.walk"]
    done = subprocess.run(command, cwd=PACKAGE.parent, capture_output=True, text=True, check=True, timeout=300)
    found = re.search(r"^to the result +(\d+) +(\d+) +\d+ +\d+ +(\d+) +(\d+)$", done.stdout, re.MULTILINE)
    assert found, done.stdout
    modules, moves, _, of_the_sample = map(int, found.groups())
    assert modules <= 80
    assert moves <= 580
    assert of_the_sample <= 110
