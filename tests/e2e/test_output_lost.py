"""Output that cannot be written, and readers that go away: the exit code still says what happened."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.e2e.harness import JB, Bench, environment

FULL = Path("/dev/full")
pytestmark = pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")


def into(out: Path, command: list[str], folder: Path, *, err: Path | None = None) -> subprocess.CompletedProcess[str]:
    with out.open("w") as stdout, (err or folder / "stderr").open("w") as stderr:
        done = subprocess.run(
            command, cwd=folder, env=environment(), stdout=stdout, stderr=stderr, timeout=200, check=False
        )
    said = "" if err else (folder / "stderr").read_text()
    return subprocess.CompletedProcess(command, done.returncode, "", said)


@pytest.mark.parametrize("words", [["ls"], ["--help"], ["--version"], ["schema"], ["show", "demo_facts"]])
def test_what_cannot_be_printed_is_told_and_no_bug(tmp_path: Path, words: list[str]) -> None:
    done = into(FULL, [*JB, *words], tmp_path)
    assert done.returncode == 3, done.stderr
    assert done.stderr.startswith("jb: disk: The output of jb could not be written: No space left on device.\n")
    assert "bug" not in done.stderr


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_a_run_whose_table_or_events_are_lost_does_not_end_as_if_all_were_well(bench: Bench, flags: list[str]) -> None:
    done = into(FULL, bench.command(*flags), bench.folder)
    assert done.returncode == 3, done.stderr
    assert "The output of jb could not be written" in done.stderr
    assert bench.result()["counts"]["ok"] == bench.n


def test_a_mistake_has_its_exit_code_where_nobody_can_be_told(tmp_path: Path) -> None:
    assert into(FULL, [*JB, "--modles"], tmp_path, err=FULL).returncode == 2
    assert into(FULL, [*JB, "--modles", "--json", "--debug"], tmp_path, err=FULL).returncode == 2


def test_a_gate_that_fails_fails_where_its_reader_has_gone(bench: Bench) -> None:
    assert bench.jb().code == 0
    reader, writer = os.pipe()
    os.close(reader)
    command = [*JB, "gate", "latest", "--max", "toy-judge.accuracy<=1", "--junit", "gate.xml"]
    with os.fdopen(writer, "w") as closed:
        done = subprocess.run(command, cwd=bench.folder, env=environment(), stdout=closed, timeout=200, check=False)
    assert done.returncode == 5
    assert "failure" in (bench.folder / "gate.xml").read_text()
