"""Which wrong programs do the unit tests notice? ``make mutants`` makes small changes, one by one, and runs the tests.

A *mutant* is the package with one change: ``<`` for ``<=``, ``or`` for ``and``, another number, a result that is left
out. It is *killed* if a unit test of its room fails or does not end, and *survives* otherwise. Survivors are what no
test promises. Mutants are drawn by a seed among all changes of a room: equal seeds give equal mutants, whatever the
tests are.

One process of a room imports the package and collects the tests. A fork of it runs each test once and says which lines
it reaches; another fork for each mutant has the change made in its memory and runs the tests that reach the line, the
quickest first, until one fails. A change on a line that no test reaches survives without a test.

    python -m benchmarks.mutants judges metrics --count 20 --seed 1

Every result is written down at once. The same command goes on where it stopped: it tries what was not killed yet.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import functools
import gc
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import multiprocessing
import os
import pickle
import random
import resource
import select
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import coverage
import pytest
from _pytest.runner import runtestprotocol

ROOT = Path(__file__).parents[1]
ROOMS = {
    "plan": ["plan"],
    "store": ["store"],
    "metrics": ["metrics"],
    "stages": ["stages"],
    "judges": ["judges", "rules"],
}
"""Room of the package, and the folders of its unit tests."""

OPTIONS = ["-q", "-s", "-n", "0", "-p", "no:cacheprovider", "--timeout", "0", "--assert", "plain"]
OPTIONS += ["-m", "not soak and not local"]
"""Of pytest. It would rewrite the assertions of our package too, as of a plug-in, and compile other code than ours."""

MOST_SECONDS = 20.0
"""CPU seconds of tests that a mutant is shown to, at most; the first test is run however long it takes."""

PATIENCE = 60.0
"""Seconds in which a mutant uses next to no time, after which it counts as one that does not end."""

_TYPES = frozenset({"strict", "frozen", "kw_only"})
_Cached = type(functools.cache(len))
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


@dataclass(frozen=True)
class Reached:
    """What the tests of a room reach, and what each of them costs.

    Attributes:
        lines: The tests of each line of each file.
        costs: CPU seconds of each test.
        modules: What they have imported.
    """

    lines: dict[str, dict[int, list[str]]]
    costs: dict[str, float]
    modules: list[str]

    def tests_of(self, mutant: Mutant, *, whole_file: bool) -> list[str]:
        """Return the tests to which a mutant is shown, the quickest first.

        A change that is made when its file is imported is shown to the tests that reach any line of the file, and then
        to all others: who only reads an attribute of a class reaches no line.
        """
        lines = self.lines.get(mutant.file, {})
        names = {one for tests in lines.values() for one in tests} if whole_file else set(lines.get(mutant.line, []))
        ordered = self._quickest_first(names)
        if whole_file:
            ordered += self._quickest_first(self.costs.keys() - names)
        shown: list[str] = []
        spent = 0.0
        for name in ordered:
            spent += self.costs[name]
            if shown and spent > MOST_SECONDS:
                break
            shown.append(name)
        return shown

    def _quickest_first(self, names: Iterable[str]) -> list[str]:
        return sorted(names, key=lambda one: (self.costs[one], one))


def changes(tree: ast.AST) -> list[tuple[ast.expr, ast.expr]]:
    """What can be changed in a module, in a fixed order: an expression, and what takes its place."""
    passed_over = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    passed_over |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg in _TYPES}
    found: list[tuple[ast.expr, ast.expr]] = []
    for node in ast.walk(tree):
        if id(node) in passed_over:  # Python 3.11 does not know its place, or it is what the type checker holds to
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
    """Return a module's text with its change of this number made, and nothing else: every line keeps its number."""
    old, new = changes(ast.parse(source))[number]
    lines = source.encode().splitlines(keepends=True)
    assert old.end_lineno is not None
    before = b"".join(lines[: old.lineno - 1]) + lines[old.lineno - 1][: old.col_offset]
    after = lines[old.end_lineno - 1][old.end_col_offset :] + b"".join(lines[old.end_lineno :])
    return (before + f"({ast.unparse(new)}{chr(10) * (old.end_lineno - old.lineno)})".encode() + after).decode()


def drawn(root: Path, room: str, count: int, seed: int) -> list[Mutant]:
    """Draw mutants among all changes of a room."""
    possible = []
    for path in sorted((root / "judgebench" / room).rglob("*.py")):
        number_of_changes = len(changes(ast.parse(path.read_text("utf-8"))))
        possible += [(path, number) for number in range(number_of_changes)]
    made = []
    for path, number in random.Random(seed).sample(possible, min(count, len(possible))):
        source = path.read_text("utf-8")
        line = changes(ast.parse(source))[number][0].lineno
        before, after = source.splitlines()[line - 1].strip(), mutated(source, number).splitlines()[line - 1].strip()
        made.append(Mutant(str(path.relative_to(root)), line, number, before, after))
    return made


def in_a_function(tree: ast.AST, number: int) -> bool:
    """Say whether a change lies in the body of a function; else it is made when the module is imported."""
    changed = changes(tree)[number][0]
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    bodies += [[node.body] for node in ast.walk(tree) if isinstance(node, ast.Lambda)]
    return any(part is changed for body in bodies for statement in body for part in ast.walk(statement))


def _codes(code: CodeType) -> dict[tuple[str, int, int], CodeType]:
    """Return all code of a module by name, first line, and its number among those that share both."""
    found: dict[tuple[str, int, int], CodeType] = {}
    left = [code]
    while left:
        one = left.pop()
        at = next(at for at in range(1000) if (one.co_qualname, one.co_firstlineno, at) not in found)
        found[one.co_qualname, one.co_firstlineno, at] = one
        left += [part for part in one.co_consts if isinstance(part, CodeType)]
    return found


def change_in_memory(path: Path, number: int) -> bool:
    """Give the functions of an imported module their changed code; False where only an import could."""
    source = path.read_text("utf-8")
    if not in_a_function(ast.parse(source), number):
        return False
    after = _codes(compile(mutated(source, number), str(path), "exec", dont_inherit=True))
    before = _codes(compile(source, str(path), "exec", dont_inherit=True))
    new = {code: after[key] for key, code in before.items() if key in after and after[key] != code}
    made = 0
    for found in gc.get_objects():
        if isinstance(found, FunctionType) and found.__code__.co_filename == str(path) and found.__code__ in new:
            if found.__code__.co_freevars != new[found.__code__].co_freevars:
                return False
            found.__code__ = new[found.__code__]
            made += 1
    return made > 0


class _Changed(importlib.abc.MetaPathFinder):
    """Imports one module from another text."""

    def __init__(self, path: Path, text: str) -> None:
        self._path, self._text = path, text

    def find_spec(self, fullname: str, path: Any = None, target: ModuleType | None = None) -> Any:
        """Find the module as Python does, and read the other text in its place."""
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin != str(self._path):
            return None
        loader = importlib.machinery.SourceFileLoader(fullname, str(self._path))
        compiled = functools.partial(compile, self._text, str(self._path), "exec", dont_inherit=True)
        loader.get_code = lambda _: compiled()  # type: ignore[method-assign]
        return importlib.util.spec_from_file_location(
            fullname, self._path, loader=loader, submodule_search_locations=spec.submodule_search_locations
        )


def _imported_again(path: Path, number: int, tests: list[str], temporary: Path) -> str:
    """Import the package with a change, and run tests of it; returns what became of the mutant."""
    for name in [one for one in sys.modules if one.split(".")[0] in {"judgebench", "tests"}]:
        del sys.modules[name]
    sys.meta_path.insert(0, _Changed(path, mutated(path.read_text("utf-8"), number)))
    code = pytest.main([*OPTIONS, "-x", "--basetemp", str(temporary), *tests])
    if code == pytest.ExitCode.USAGE_ERROR:  # a test's name was taken for no test, or an import failed
        code = pytest.main(
            [*OPTIONS, "-x", "--basetemp", str(temporary), *dict.fromkeys(t.split("::")[0] for t in tests)]
        )
    return "survived" if code == pytest.ExitCode.OK else "killed"


def _run(items: list[pytest.Item], heard: Callable[[pytest.Item, float], None] | None = None) -> str:
    """Run tests until one fails; returns its name, or nothing where all pass."""
    for item, following in zip(items, [*items[1:], None], strict=True):
        if heard is not None:
            heard(item, 0.0)
        began = time.process_time()
        reports = runtestprotocol(item, log=False, nextitem=following)
        if any(report.failed for report in reports):
            return "\n".join([item.nodeid, *(str(report.longrepr) for report in reports if report.failed)])
        if heard is not None:
            heard(item, time.process_time() - began)
    return ""


def in_a_fork(work: Callable[[], Any], *, limit: float | None = None, patience: float = PATIENCE) -> Any:
    """Do work in a fork, and return what it returned; None where it took longer than its limit, waits or died.

    Args:
        work: What to do.
        limit: CPU seconds.
        patience: Seconds in which a fork that does next to nothing waits for what does not come.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            os.close(reader)
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            os.dup2(nothing, 2)
            if limit is not None:
                resource.setrlimit(resource.RLIMIT_CPU, (int(limit) + 1, resource.RLIM_INFINITY))
                signal.signal(signal.SIGALRM, signal.SIG_DFL)
                signal.alarm(60 + int(10 * limit))  # who waits uses no time; a busy machine is slow
            with os.fdopen(writer, "wb") as out:
                pickle.dump(work(), out)
        finally:
            os._exit(0)
    os.close(writer)
    said, used, since = b"", 0.0, time.monotonic()
    with os.fdopen(reader, "rb", buffering=0) as back:
        while True:
            if select.select([back], [], [], min(5.0, patience))[0]:
                if not (piece := back.read(1 << 16)):
                    break
                said += piece
            now, spent = time.monotonic(), _used_by(child)
            if abs(spent - used) > 0.02 * (now - since):  # of one core; a busy machine gives more to who has work
                used, since = spent, now
            elif limit is not None and now - since > patience:
                os.kill(child, signal.SIGKILL)
                break
    os.waitpid(child, 0)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # what the tests started and did not end
    try:
        return pickle.loads(said) if said else None
    except (EOFError, pickle.UnpicklingError):  # it was killed in the middle of a word
        return None


def _used_by(session: int) -> float:
    """Return the CPU seconds of a fork and of what it started; where there is no /proc they grow by the clock."""
    if sys.platform != "linux":
        return time.monotonic()
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text("utf-8", "replace").rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15])) if int(fields[3]) == session else 0
    return ticks / os.sysconf("SC_CLK_TCK")


class Room:
    """A plugin of pytest that takes the collected tests of a room and shows mutants to them."""

    def __init__(self, name: str, mutants: list[Mutant], kept: Path, minutes: float, temporary: Path) -> None:
        self._name, self._mutants, self._kept, self._temporary = name, mutants, kept, temporary
        self._end = time.monotonic() + 60 * minutes

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Take the place of running the tests."""
        if session.testsfailed:
            sys.exit(f"The tests of {self._name} cannot be collected.")
        for path in sorted((ROOT / "judgebench" / self._name).rglob("*.py")):
            if path.stem == "__main__":  # importing it would run it
                continue
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
        reached = in_a_fork(lambda: self._reached(session.items))
        if not isinstance(reached, Reached):
            sys.exit(f"{reached}\nThe tests of {self._name} do not pass without a change.")
        for name in reached.modules:
            importlib.import_module(name)
        self._try_all(reached, {item.nodeid: item for item in session.items})
        return True

    def _reached(self, items: list[pytest.Item]) -> Reached | str:
        before = set(sys.modules)
        costs: dict[str, float] = {}
        measured = coverage.Coverage(
            data_file=None, include=[f"{ROOT}/judgebench/{self._name}/*"], config_file=False, concurrency="thread"
        )

        def heard(item: pytest.Item, seconds: float) -> None:
            costs[item.nodeid] = seconds
            measured.switch_context(item.nodeid)

        measured.start()
        failed = _run(items, heard)
        measured.stop()
        if failed:
            return failed
        data = measured.get_data()
        lines = {
            str(Path(file).relative_to(ROOT)): {
                line: [one for one in names if one in costs] for line, names in data.contexts_by_lineno(file).items()
            }
            for file in data.measured_files()
        }
        new = [one for one in sys.modules if one not in before and one.split(".")[0] == "judgebench"]
        return Reached(lines, costs, new)

    def _try_all(self, reached: Reached, items: dict[str, pytest.Item]) -> None:
        known = _results(self._kept)
        for mutant in self._mutants:
            if known.get(mutant, "").startswith("killed"):
                continue
            if time.monotonic() > self._end:
                print("The time is up.")
                break
            fate = self._tried(mutant, reached, items)
            known[mutant] = fate
            with self._kept.open("a", encoding="utf-8") as out:
                out.write(json.dumps({**asdict(mutant), "fate": fate}) + "\n")
            print(f"{mutant.file}:{mutant.line}: {mutant.before}  ->  {mutant.after}  {fate}", flush=True)

    def _tried(self, mutant: Mutant, reached: Reached, items: dict[str, pytest.Item]) -> str:
        path = ROOT / mutant.file
        at_import = not in_a_function(ast.parse(path.read_text("utf-8")), mutant.number)
        tests = reached.tests_of(mutant, whole_file=at_import)
        if not tests:
            return "survived: no test reaches it"

        def shown() -> str:
            for found in gc.get_objects():
                if isinstance(found, _Cached):  # what was computed before the change
                    found.cache_clear()
            if change_in_memory(path, mutant.number):
                failed = _run([items[name] for name in tests])
                return f"killed by {failed.splitlines()[0].split('::', 1)[-1]}" if failed else "survived"
            return _imported_again(path, mutant.number, tests, self._temporary)

        fate = in_a_fork(shown, limit=10 + 10 * sum(reached.costs[name] for name in tests))
        return str(fate) if fate is not None else "killed: the tests did not end"


def _results(kept: Path) -> dict[Mutant, str]:
    """Read what became of mutants, the last word on each."""
    found: dict[Mutant, str] = {}
    if kept.exists():
        for line in kept.read_text("utf-8").splitlines():
            fields = json.loads(line)
            found[Mutant(**{name: fields[name] for name in Mutant.__annotations__})] = fields["fate"]
    return found


def _try_room(name: str, mutants: list[Mutant], kept: Path, minutes: float) -> None:
    """Try mutants of a room in this process, which ends with it."""
    with tempfile.TemporaryDirectory(prefix="jb-mutants-") as made:
        temporary = Path(made) / "tests"
        words = [*OPTIONS, "--basetemp", str(temporary), *(f"tests/{one}" for one in ROOMS[name])]
        code = pytest.main(words, plugins=[Room(name, mutants, kept, minutes, temporary)])
    sys.exit(code)


def main() -> int:
    """Draw mutants of rooms, show them to the tests, and print which survive."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rooms", nargs="*", default=[], metavar="ROOM", help=", ".join(ROOMS))
    parser.add_argument("--count", type=int, default=100, help="mutants of each room")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--minutes", type=float, default=60, help="for each room, after which no further mutant is tried"
    )
    parser.add_argument(
        "--out", type=Path, default=ROOT / "benchmarks" / "results", help="folder of what became of them"
    )
    given = parser.parse_args()
    os.chdir(ROOT)
    given.out.mkdir(parents=True, exist_ok=True)
    failed = False
    for room in given.rooms or ROOMS:
        mutants = drawn(ROOT, room, given.count, given.seed)
        kept = given.out / f"mutants-{room}.jsonl"
        own = multiprocessing.get_context("fork").Process(target=_try_room, args=(room, mutants, kept, given.minutes))
        own.start()
        own.join()
        failed = failed or own.exitcode != 0
        fates = _results(kept)
        tried = [fates[mutant] for mutant in mutants if mutant in fates]
        print(f"{room}: {sum(fate.startswith('killed') for fate in tried)} of {len(tried)} killed")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
