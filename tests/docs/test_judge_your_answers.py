"""docs/judge-your-answers.md does what it says: its files are written and its commands are run as they stand."""

from __future__ import annotations

import csv
import re
import shlex
import sys
from pathlib import Path

import pytest

from judgebench.testing.faultservice import FaultService
from tests.docs.pages import files, page
from tests.e2e.harness import JB, Done, run
from tests.e2e.loopback_judge import loopback_judge

PAGE = page("judge-your-answers.md")
ROWS = [
    {
        "question": f"What is twice {i}?",
        "response": f"I think it is {2 * i + (i % 7 == 0)} (of twice {i})",
        "category": "small" if i < 100 else "large",
    }
    for i in range(200)
]


def _blocks() -> list[str]:
    blocks: list[str] = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return [block for block in blocks if "short_answers" not in block]  # which needs no service: below


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("answers")
    with (made / "answers.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(ROWS[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(ROWS)
    (made / "rubric.txt").write_text(files(PAGE)["rubric.txt"])
    bin_ = made / "bin"
    bin_.mkdir()
    for name, command in (
        ("jb", f'exec {sys.executable} -m judgebench "$@"'),
        ("python", f'exec {sys.executable} "$@"'),
    ):
        (bin_ / name).write_text(f"#!/bin/sh\n{command}\n")
        (bin_ / name).chmod(0o755)
    return made


@pytest.fixture(scope="module")
def done(folder: Path) -> list[Done]:
    """What each block of the page printed."""
    with FaultService(loopback_judge, model="j") as judge:
        path = f"{folder / 'bin'}:/usr/bin:/bin"
        return [
            run(["sh", "-c", block.replace("http://localhost:8080", judge.url)], folder, env={"PATH": path})
            for block in _blocks()
        ]


def test_every_block_works(done: list[Done]) -> None:
    assert [one.text for one in done if one.code] == []
    assert len(done) == 3


def test_the_page_shows_the_first_lines_of_the_file(folder: Path) -> None:
    shown = re.findall(r"^```text\n(question,.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[0]
    assert (folder / "answers.csv").read_text().startswith(shown)


def test_all_rows_come_back_with_the_six_columns_of_the_page(done: list[Done], folder: Path) -> None:
    assert "scored.csv (200 lines)" in done[0].out
    with (folder / "scored.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["score"] for line in lines] == ["1" if i % 7 == 0 else "5" for i in range(200)]
    named = re.findall(r"^\| `(\w+)` \|", PAGE.split("and six more:")[1].split("A column of yours")[0], re.MULTILINE)
    assert list(lines[0]) == [*ROWS[0], *named]


def test_the_ten_worst_are_listed_with_reasons(done: list[Done]) -> None:
    assert done[1].out.splitlines() == [f"1 | What is twice {7 * i}? | It is as it is." for i in range(10)]


def test_the_means_are_those_of_the_page(done: list[Done]) -> None:
    shown = PAGE.split("## Means per category")[1].split("```text\n")[1].split("```")[0]
    printed = [line.split() for line in done[2].out.splitlines()]
    lines = [line.split() for line in shown.splitlines() if not line.startswith(("dataset", "-"))]
    assert len(lines) == 2
    assert [line for line in lines if line not in printed] == []


@pytest.mark.local
def test_the_judge_that_needs_no_service_says_what_the_page_says(tmp_path: Path) -> None:
    (tmp_path / "capitals.csv").write_text(files(PAGE)["capitals.csv"])
    (command,) = re.findall(r"^jb (.*short_answers.*)$", PAGE, re.MULTILINE)
    done = run([*JB, *shlex.split(command)], tmp_path)
    assert done.code == 0, done.text
    with (tmp_path / "judged.csv").open(encoding="utf-8", newline="") as file:
        lines = [(line["response"], line["judge"], line["decision"]) for line in csv.DictReader(file)]
    assert [line for line in lines if line[1]] == [
        ("Canberra", "short-answers", "correct"),
        ("It is Toronto.", "short-answers", "incorrect"),
        ("six", "short-answers", "correct"),
    ]
    assert ("six", "", "") in lines  # of the rule, which reads no number
