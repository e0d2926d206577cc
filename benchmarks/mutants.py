"""Which wrong programs do the unit tests notice? ``make mutants`` makes small changes, one by one, and runs the tests.

A *mutant* is the package with one change: ``<`` for ``<=``, ``or`` for ``and``, another number, a result that is left
out. It is *killed* if a unit test of its room fails, and *survives* otherwise. Survivors are what no test promises.

The unit tests of a room run once with coverage, which says which tests reach which line; each mutant is then shown to
these alone. Mutants are drawn by a seed among the lines that some test reaches.

    python -m benchmarks.mutants judges metrics --count 20 --seed 1
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from coverage import CoverageData

ROOT = Path(__file__).parents[1]
ROOMS = {
    "judges": ["judges"],
    "metrics": ["metrics"],
    "store": ["store"],
    "stages": ["stages"],
    "plan": ["config", "stages"],
}
"""Room of the package, and the folders of its unit tests."""

MOST_TESTS = 60
"""Tests that a mutant is shown to, at most: the first of those that reach it, in the order of their names."""

_NOT_RUN = {4, 5}
"""Exit codes of pytest where it takes a test's name for no test."""

_COPIED = (
    "judgebench",
    "tests",
    "benchmarks",
    "replay",
    "docs",
    "pyproject.toml",
    "README.md",
    "Makefile",
    "CHANGELOG.md",
)
_COMPARED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_COMPUTED = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult}


@dataclass(frozen=True)
class Mutant:
    """One change: where it is, and the line before and after."""

    file: str
    line: int
    number: int
    before: str
    after: str


def changes(tree: ast.AST) -> list[tuple[ast.expr, ast.expr]]:
    """What can be changed in a module, in a fixed order: an expression, and what takes its place."""
    passed_over = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    passed_over |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == "strict"}
    found: list[tuple[ast.expr, ast.expr]] = []
    for node in ast.walk(tree):
        if id(node) in passed_over:  # Python 3.11 does not know its place, or (zip's strict=) nothing follows from it
            continue
        if isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Constant):
            found.append((node.value, ast.Constant(None)))
        elif isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARED:
            found.append((node, ast.Compare(node.left, [_COMPARED[type(node.ops[0])]()], node.comparators)))
        elif isinstance(node, ast.BoolOp):
            found.append((node, ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)))
        elif isinstance(node, ast.BinOp) and type(node.op) in _COMPUTED and not _is_text(node):
            found.append((node, ast.BinOp(node.left, _COMPUTED[type(node.op)](), node.right)))
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            found.append((node, ast.Call(ast.Name("bool"), [node.operand], [])))
        elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
            found.append((node, ast.Constant(not node.value)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            found.append((node, ast.Constant(node.value + 1)))
    return found


def _is_text(node: ast.BinOp) -> bool:
    return any(
        isinstance(side, ast.JoinedStr) or (isinstance(side, ast.Constant) and isinstance(side.value, str))
        for side in (node.left, node.right)
    )


def mutated(source: str, number: int) -> str:
    """Return a module's text with its change of this number made, and nothing else."""
    old, new = changes(ast.parse(source))[number]
    lines = source.encode().splitlines(keepends=True)
    assert old.end_lineno is not None
    before = b"".join(lines[: old.lineno - 1]) + lines[old.lineno - 1][: old.col_offset]
    after = lines[old.end_lineno - 1][old.end_col_offset :] + b"".join(lines[old.end_lineno :])
    return (before + f"({ast.unparse(new)})".encode() + after).decode()


def run_tests(folder: Path, *words: str, limit: float) -> tuple[int | None, str]:
    """Run pytest in a copy of the repository; returns its exit code (None: not in time) and its last words."""
    options = ["-q", "-x", "-n", "0", "-p", "no:cacheprovider", "--timeout", "0", "-m", "not soak and not local"]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *words],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
            timeout=limit,
            check=False,
            capture_output=True,
            text=True,
        )
    except subprocess.TimeoutExpired:
        return None, ""
    return done.returncode, done.stdout[-3000:]


def reached(folder: Path, room: str, tests: list[str]) -> dict[str, dict[int, list[str]]]:
    """Run unit tests of a room with coverage; returns for each file and line the tests that reach it."""
    options = [f"--cov=judgebench/{room}", "--cov-context=test", "--cov-report="]
    code, said = run_tests(folder, *options, *tests, limit=3600)
    if code != 0:
        sys.exit(f"{said}\nThe tests of {room} do not pass without a change.")
    found: dict[str, dict[int, list[str]]] = {}
    for path in folder.glob(".coverage*"):
        data = CoverageData(str(path))
        data.read()
        for file in data.measured_files():
            lines = found.setdefault(str(Path(file).relative_to(folder)), {})
            for line, contexts in data.contexts_by_lineno(file).items():
                tests_there = {one.split("|")[0] for one in contexts if one}
                lines[line] = sorted(tests_there.union(lines.get(line, ())))
        path.unlink()
    return found


def drawn(folder: Path, room: str, lines: dict[str, dict[int, list[str]]], count: int, seed: int) -> list[Mutant]:
    """Draw mutants among the changes on lines that a test reaches, and say how many others there are."""
    possible, unreached = [], 0
    for path in sorted((folder / "judgebench" / room).rglob("*.py")):
        name, source = str(path.relative_to(folder)), path.read_text("utf-8")
        for number, (old, _) in enumerate(changes(ast.parse(source))):
            if lines.get(name, {}).get(old.lineno):
                possible.append((name, old.lineno, number))
            else:
                unreached += 1
    print(f"{room}: {len(possible)} possible changes on lines that its tests run, {unreached} on others")
    made = []
    for name, line, number in random.Random(seed).sample(possible, min(count, len(possible))):
        source = (folder / name).read_text("utf-8")
        before, after = source.splitlines(), mutated(source, number).splitlines()
        at = next((at for at, (old, new) in enumerate(zip(before, after, strict=False)) if old != new), line - 1)
        made.append(Mutant(name, line, number, before[line - 1].strip(), after[at].strip()))
    return made


def main() -> int:
    """Draw mutants of rooms, show them to the tests, and print which survive."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rooms", nargs="*", default=[], metavar="ROOM", help=", ".join(ROOMS))
    parser.add_argument("--count", type=int, default=100, help="mutants of each room")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=60, help="after which no further mutant is tried")
    parser.add_argument("--tests", nargs="*", default=[], help="only these tests, in the place of all of the room's")
    parser.add_argument("--out", type=Path, help="a JSON file of all mutants and what became of them")
    given = parser.parse_args()
    end = time.monotonic() + 60 * given.minutes
    results: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory(prefix="jb-mutants-") as made:
        folder = Path(made)
        for name in _COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "results"))
            else:
                shutil.copy(ROOT / name, folder / name)
        for room in given.rooms or ROOMS:
            lines = reached(folder, room, given.tests or [f"tests/{name}" for name in ROOMS[room]])
            for mutant in drawn(folder, room, lines, given.count, given.seed):
                if time.monotonic() > end:
                    print("The time is up.")
                    break
                path = folder / mutant.file
                source = path.read_text("utf-8")
                path.write_text(mutated(source, mutant.number), "utf-8")
                tests = lines[mutant.file][mutant.line][:MOST_TESTS]
                code, _ = run_tests(folder, *tests, limit=600)
                if code in _NOT_RUN:
                    files = dict.fromkeys(one.split("::")[0] for one in tests)
                    code, _ = run_tests(folder, *files, limit=600)
                path.write_text(source, "utf-8")
                killed = code != 0
                results.append({"room": room, **asdict(mutant), "killed": killed})
                fate = "killed  " if killed else "SURVIVED"
                print(f"{fate} {mutant.file}:{mutant.line}: {mutant.before}  ->  {mutant.after}", flush=True)
            tried = [one for one in results if one["room"] == room]
            print(f"{room}: {sum(bool(one['killed']) for one in tried)} of {len(tried)} killed")
    if given.out:
        given.out.write_text(json.dumps(results, indent=1), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
