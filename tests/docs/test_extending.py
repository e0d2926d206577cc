"""docs/extending.md does what it says: its files are written, and its commands are run as they stand."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path

import pytest

from tests.docs.pages import commands, files, page
from tests.e2e.harness import JB, Done, run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("extending")
    for name, text in files(page("extending.md")).items():
        path = made / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return made


@pytest.fixture(scope="module")
def done(folder: Path) -> dict[str, Done]:
    """Every command of the page, and how it ended."""
    ended = {}
    for command in commands(page("extending.md")):
        name, *words = shlex.split(command)
        program = {"jb": JB, "python": [sys.executable]}[name]
        ended[command] = run([*program, *words], folder, env={"PYTHONPATH": f"{Path(__file__).parents[2]}:."})
    return ended


def test_the_page_spells_out_a_model_a_data_set_a_judge_a_metric_and_a_benchmark(folder: Path) -> None:
    written = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {
        "my_bench/calculator.py",
        "my_bench/times_table.py",
        "my_bench/second_opinion.py",
        "my_bench/errors.py",
        "configs/models/calculator.py",
        "configs/datasets/graded.py",
    } <= written


def test_every_command_works(done: dict[str, Done]) -> None:
    assert len(done) == 6
    assert {command: one.text for command, one in done.items() if one.code} == {}


def test_the_listener_has_heard_the_run(done: dict[str, Done], folder: Path) -> None:
    assert done
    assert (folder / "diary.txt").read_text().splitlines() == [
        "calculator/products: infer finish", "calculator/products: extract finish", "summary: summarize finish",
        "exit code 0, calculator:products.accuracy = 50.0",
    ]  # fmt: skip


def _result(folder: Path, row: str) -> dict[str, object]:
    path, *_ = folder.glob(f"outputs/default/*/results/calculator/{row}.json")
    found: dict[str, object] = json.loads(path.read_text())
    return found


def test_the_numbers_are_those_of_the_examples(done: dict[str, Done], folder: Path) -> None:
    """A calculator that errs on 15 of 64 products, judged by one that never errs."""
    assert _result(folder, "products")["accuracy"] == 50.0
    judged = _result(folder, "times_table-judge")
    assert judged["accuracy"] == pytest.approx(100 * 49 / 64)
    assert judged["my_bench.errors.error_rate"] == pytest.approx(100 * 15 / 64)
    health = judged["diagnostics"]
    assert isinstance(health, dict)
    assert health["agreement"]["value"] == 100.0
    assert _result(folder, "graded")["agreement"] == 50.0


def test_the_table_in_the_page_is_the_one_that_is_printed(done: dict[str, Done]) -> None:
    printed = next(one.out for command, one in done.items() if "times_table" in command and "gate" not in command)
    shown = page("extending.md").split("The table then says:\n\n```text\n")[1].split("```")[0]
    assert _without_version(shown) in _without_version(printed)


def _without_version(text: str) -> str:
    return re.sub(r"\b[0-9a-f]{6}\b", "......", text)
