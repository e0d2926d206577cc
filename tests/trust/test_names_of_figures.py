"""Every name that the verbs of trust print or write has its line in the docs: what it is, and where that comes from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from judgebench.cli.main import run as jb
from judgebench.records.facts import Label
from judgebench.records.figures import Metric
from judgebench.report.compared import askings_record, compared_table
from judgebench.report.corrected import corrected_table
from judgebench.report.gate_file import BY_LABELS
from judgebench.report.schema import Summary
from judgebench.report.tables import Notes
from judgebench.store.labels import append_labels
from judgebench.store.run_folder import RunFolder
from judgebench.trust.askings import Askings
from judgebench.trust.comparing import compare_runs
from judgebench.trust.corrected import corrected_scores
from judgebench.trust.judged import judged_rows
from tests.audit.test_audit import made_run as audited_run
from tests.trust.made import WORDS
from tests.trust.test_drops import pair

PAGE = (Path(__file__).parents[2] / "docs/metrics.md").read_text("utf-8")
SECTION = PAGE[PAGE.index("## Every name of a figure of trust") :].partition("\n## ")[0]


def named(command: str) -> set[str]:
    """Return the names in the first column of the table of a command."""
    (part,) = (part for part in SECTION.split("\n### Of ") if part.startswith(command))
    rows = [line for line in part.splitlines() if line.startswith("| `")]
    assert all(len(row.split("|")[2].strip()) > 10 for row in rows)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[1])}


def keys_in(value: Any) -> Iterator[str]:
    """Yield the names in a JSON document."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys_in(inner)


def heads_in(printed: str) -> Iterator[str]:
    """Yield the column names of every table in a text: what stands above a line of dashes, cell by cell."""
    lines = printed.splitlines()
    for at, line in enumerate(lines):
        if re.fullmatch(r"-{2,}(  +-{2,})+\s*", line):
            spans = [match.span() for match in re.finditer(r"-+", line)]
            above = at
            while above and lines[above - 1].strip() and not lines[above - 1].startswith("#"):
                above -= 1
            for start, end in spans:
                words = " ".join(row[start:end].strip() for row in lines[above:at]).split()
                yield " ".join(words)


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    """Two runs with labels by two people, whose judge became stricter."""
    found = pair(tmp_path, worse=0.4, drift=0.1, noise=0.03)
    for run in map(RunFolder, found):
        (row,) = judged_rows(run)
        append_labels(
            run.labels("toy"),
            [
                Label(
                    id=id, answer_hash=one.answer_hash, annotator=who, probability=0.5,
                    decision=WORDS[(one.decision == "correct") ^ (id % 9 == 0)],
                )
                for (id, _), one in row.answers.items()
                if id % 2
                for who in ("ada", "bob")
            ],
        )  # fmt: skip
    return found


def written(file: Path) -> set[str]:
    return set(keys_in(json.loads(file.read_text())))


def test_names_in_files_of_a_comparison(runs: list[Path], tmp_path: Path) -> None:
    file, table = tmp_path / "c.json", tmp_path / "c.csv"
    assert jb(["compare", *map(str, runs), "--margin", "2", "--json", str(file), "--csv", str(table)]) == 0
    assert not written(file) - named("`jb compare`")
    columns = table.read_text().splitlines()[0].replace(",", ".").split(".")  # difference.ci95.first
    assert not set(columns) - named("`jb compare`")
    heads = compared_table(compare_runs(*map(RunFolder, runs))).headers
    assert not {one.replace("\n", " ") for one in heads} - named("`jb compare`")


@pytest.mark.parametrize(
    "words",
    [
        ["coverage", "--items", "200", "--labels", "50", "--label-price", "1"],
        ["judges", "--judge", "sensitivity=0.9", "--judge", "sensitivity=0.8", "--items", "50"],
        ["gate", "--items", "100"],
        ["plan", "--judge", "sensitivity=0.95,specificity=0.85", "--call-price", "1"],
    ],
    ids=lambda words: words[0],
)
def test_names_of_simulations(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "s.json"
    assert jb(["simulate", *words, "--draws", "3", "--json", str(file)]) == 0
    heads = set(heads_in(capsys.readouterr().out))
    assert len(heads) > 3
    assert not heads - named("`jb simulate`")
    assert not written(file) - named("`jb simulate`")


def test_names_of_an_audit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = audited_run(tmp_path / "20260101_000000")
    table, file = tmp_path / "expected.csv", tmp_path / "a.json"
    table.write_text("model,dataset,accuracy\nnorth,toy-strict,60.0\n")
    jb(["audit", str(run), "--expected", str(table), "--json", str(file)])
    heads = set(heads_in(capsys.readouterr().out))
    assert len(heads) > 3
    assert not heads - named("`jb audit`")
    assert not written(file) - named("`jb audit`")


def test_names_of_a_gate(runs: list[Path], tmp_path: Path) -> None:
    file = tmp_path / "gate.md"
    words = ["--baseline", str(runs[0]), "--max-drop", "toy-strict.accuracy=2", "--markdown", str(file)]
    jb(["gate", str(runs[1]), *words])
    heads = {cell.strip() for cell in next(one for one in file.read_text().splitlines() if "|" in one).split("|")}
    assert not heads - named("`jb gate`") - {""}
    assert not {*BY_LABELS, "again_rate", "judge_shift"} - named("`jb gate`")


def test_names_of_what_asking_again_shows() -> None:
    record = askings_record(Askings("north", "toy-strict", 3, 2, Metric(value=1.0, ci95=(0.0, 2.0)), None))
    assert record is not None
    assert not set(record) - named("`jb compare`")


def test_names_of_corrected_scores_in_a_summary(runs: list[Path]) -> None:
    summary = Summary(
        run="", timestamp="", models=[], rows=[], results=[], corrected=corrected_scores(RunFolder(runs[0]))
    )
    heads = {one.replace("\n", " ") for one in corrected_table(summary, Notes([])).headers}
    assert not heads - named("the corrected")
    assert not set(keys_in(msgspec.to_builtins(summary.corrected))) - named("the corrected")
