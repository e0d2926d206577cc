"""What ``make mutants`` changes: one expression, and nothing else of the file; and what becomes of a mutant."""

from __future__ import annotations

import ast
import importlib.util
import time
from pathlib import Path

import pytest

from benchmarks.mutants import Mutant, Reached, change_in_memory, changes, drawn, in_a_fork, mutated

SOURCE = '''"""Text with 3."""

def grade(a: int, b: int) -> int | None:  # a comment stays
    if not a or b <= 2:
        return None
    label = f"{a + 1}" + "é"; total = a + b
    return total
'''


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("not a or b <= 2", "(not a and b <= 2)"),
        ("not a", "(bool(a))"),
        ("b <= 2", "(b < 2)"),
        ("<= 2", "<= (3)"),
        ("a + b", "(a - b)"),
        ("return total", "return (None)"),
    ],
)
def test_each_change_is_made_alone(old: str, new: str) -> None:
    made = [mutated(SOURCE, number) for number in range(len(changes(ast.parse(SOURCE))))]
    assert SOURCE.replace(old, new) in made
    assert len(made) == 6  # neither the text, nor what is added to it, nor a result that is None already
    assert len(set(made)) == 6


def test_every_line_keeps_its_number() -> None:
    source = "def f(a):\n    return (\n        a\n        and a\n    )\n\n\ndef g():\n    return f(1)\n"
    for number in range(len(changes(ast.parse(source)))):
        made = mutated(source, number)
        assert [node.lineno for node in ast.parse(made).body] == [1, 8]


MODULE = """
LIMIT = 3

def outer(a, kept=4):
    def inner():
        return a < LIMIT
    return inner()

class Rule:
    def holds(self):
        return bool(LIMIT) and (lambda: 1)() == 1
"""


def test_functions_of_an_imported_module_are_changed_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "changed.py"
    path.write_text(MODULE)
    found = changes(ast.parse(MODULE))
    told = {}
    for number, (old, _) in enumerate(found):
        spec = importlib.util.spec_from_file_location("changed", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        inside = change_in_memory(path, number)
        told[ast.unparse(old)] = (inside, module.outer(3), module.Rule().holds())
    assert told["3"] == told["4"] == (False, False, True)  # only an import could make these
    assert told["a < LIMIT"] == (True, True, True)
    assert told["inner()"] == (True, None, True)
    assert told["(lambda: 1)() == 1"] == (True, False, False)


def test_a_mutant_is_shown_the_quickest_tests_of_its_line_first() -> None:
    reached = Reached(
        {"a.py": {1: ["slow", "quick"], 2: ["endless", "quick"]}}, {"slow": 2, "quick": 1, "endless": 99}, []
    )
    assert reached.tests_of(Mutant("a.py", 1, 0, "", ""), whole_file=False) == ["quick", "slow"]
    assert reached.tests_of(Mutant("a.py", 2, 0, "", ""), whole_file=False) == ["quick"]
    assert reached.tests_of(Mutant("a.py", 3, 0, "", ""), whole_file=False) == []
    assert reached.tests_of(Mutant("a.py", 3, 0, "", ""), whole_file=True) == ["quick", "slow"]


def test_a_change_that_an_import_makes_is_shown_to_tests_that_reach_no_line_of_it_too() -> None:
    reached = Reached({"a.py": {1: ["slow"]}, "b.py": {1: ["quick"]}}, {"slow": 2, "quick": 1, "endless": 99}, [])
    assert reached.tests_of(Mutant("a.py", 3, 0, "", ""), whole_file=True) == ["slow", "quick"]
    assert reached.tests_of(Mutant("c.py", 3, 0, "", ""), whole_file=True) == ["quick", "slow"]


def test_equal_seeds_give_equal_mutants(tmp_path: Path) -> None:
    folder = tmp_path / "judgebench" / "room"
    folder.mkdir(parents=True)
    (folder / "one.py").write_text(SOURCE)
    (folder / "two.py").write_text(MODULE)
    assert drawn(tmp_path, "room", 5, 1) == drawn(tmp_path, "room", 5, 1) != drawn(tmp_path, "room", 5, 2)
    assert len(drawn(tmp_path, "room", 100, 1)) == len(changes(ast.parse(SOURCE))) + len(changes(ast.parse(MODULE)))


def test_a_fork_that_dies_or_does_not_end_says_nothing() -> None:
    assert in_a_fork(lambda: "said") == "said"
    assert in_a_fork(lambda: 1 / 0) is None

    def endless() -> None:
        while True:
            pass

    assert in_a_fork(endless, limit=0) is None
    assert in_a_fork(lambda: time.sleep(10_000), limit=10_000, patience=1) is None
    assert in_a_fork(lambda: "x" * 1_000_000, limit=10) == "x" * 1_000_000
