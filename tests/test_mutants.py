"""What ``make mutants`` changes: one expression, and nothing else of the file."""

from __future__ import annotations

import ast

import pytest

from benchmarks.mutants import changes, mutated

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
