"""A folder is a run of ours only if its marker says so; nothing else is continued, written to or removed."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from judgebench.errors import DiskError, ReuseError, UsageError
from judgebench.store.run_folder import RunFolder, is_run, mark
from judgebench.store.runs import (
    check_outside_of_runs,
    existing_run,
    known_runs,
    new_run,
    planned_run,
    remove_leftovers,
    take_back,
)

NOON = datetime(2026, 1, 2, 12, 0, 0).astimezone()


def test_a_new_run_says_what_it_is(tmp_path: Path) -> None:
    run = new_run(tmp_path / "work", NOON)
    assert json.loads((run.path / "run.json").read_text()) == {"format": 1, "kind": "judgebench run"}
    assert run.timestamp == "20260102_120000"
    assert new_run(tmp_path / "work", NOON).timestamp == "20260102_120000_1"


def test_a_planned_run_is_the_one_that_would_be_made_and_is_not_made(tmp_path: Path) -> None:
    work = tmp_path / "work"
    for _ in range(3):
        planned = planned_run(work, NOON)
        assert not planned.path.exists()
        assert new_run(work, NOON).path == planned.path


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../..", "20260102_120000/..", "./", "/", "a\0b", "mine", "20250101_000000"]
)
def test_only_a_marked_folder_is_continued_whatever_name_leads_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    work = tmp_path / "work"
    new_run(work, NOON)
    for folder in ("mine", "20250101_000000"):
        (work / folder / "configs").mkdir(parents=True)
        (work / folder / "configs" / "x.json").write_text('{"format": 1}')
    monkeypatch.chdir(work)
    with pytest.raises(ReuseError, match=r"run\.json of a run"):
        existing_run(work, name)


@pytest.mark.parametrize("said", [b"", b"{}", b'{"kind": "other"}', b"\xff", b"[" * 100_000])
def test_a_marker_of_another_program_is_none(tmp_path: Path, said: bytes) -> None:
    (tmp_path / "run.json").write_bytes(said)
    assert not is_run(tmp_path)


def test_a_run_is_named_by_latest_its_time_or_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = tmp_path / "work"
    for _ in range(12):
        newest = new_run(work, NOON)
    first = work / "20260102_120000"
    (work / "20270101_000000").mkdir()  # not marked
    assert existing_run(work, "latest").path == newest.path
    assert newest.timestamp == "20260102_120000_11", "the twelfth, although _9 sorts behind it as a text"
    assert existing_run(work, "20260102_120000").path == first
    assert existing_run(tmp_path / "elsewhere", str(first)).path == first
    monkeypatch.chdir(first / "configs")
    assert existing_run(work, "..").path == first
    assert existing_run(work, "..").timestamp == "20260102_120000"
    assert len(known_runs(work)) == 12


def test_a_folder_that_is_not_there_holds_no_run(tmp_path: Path) -> None:
    assert known_runs(tmp_path / "none") == []


def test_an_empty_run_is_taken_back(tmp_path: Path) -> None:
    run = new_run(tmp_path / "work", NOON)
    (run.path / "logs" / "infer").mkdir(parents=True)
    run.lock.touch()
    take_back(run)
    assert list((tmp_path / "work").iterdir()) == []


@pytest.mark.parametrize("name", ["", "notes.txt", "configs/plan.json"])
def test_a_run_is_taken_back_where_no_memory_is_left_to_list_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    run = new_run(tmp_path / "work", NOON)
    if name:
        (run.path / name).write_text("precious")

    def exhausted(path: object) -> None:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", exhausted)
        take_back(run)
    assert is_run(run.path) == bool(name)
    assert len(list((tmp_path / "work").iterdir())) == bool(name)


@pytest.mark.parametrize("name", ["notes.txt", "configs/plan.json", "deep/down/thesis", "link"])
def test_a_run_that_holds_anything_else_stays_as_it_is(tmp_path: Path, name: str) -> None:
    run = new_run(tmp_path / "work", NOON)
    place = run.path / name
    place.parent.mkdir(parents=True, exist_ok=True)
    if name == "link":
        (tmp_path / "outside").mkdir()
        place.symlink_to(tmp_path / "outside")
    else:
        place.write_text("precious")
    before = sorted(run.path.rglob("*"))
    take_back(run)
    assert sorted(run.path.rglob("*")) == before
    assert is_run(run.path)


def test_nothing_of_anybody_is_written_into_a_run_but_by_the_run(tmp_path: Path) -> None:
    run = new_run(tmp_path / "work", NOON)
    check_outside_of_runs(tmp_path / "work", "--work-dir")
    (tmp_path / "door").symlink_to(run.path)
    for folder in (run.path, run.path / "new" / "deeper", tmp_path / "door" / "x"):
        with pytest.raises(UsageError, match="the folder of"):
            check_outside_of_runs(folder, "--cache")


def test_what_dead_processes_left_half_written_is_removed(tmp_path: Path) -> None:
    run = new_run(tmp_path, NOON)
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    names = [f"configs/.x.json.{int(dead.stdout)}.tmp", f"..lock.holder.{int(dead.stdout)}.tmp"]
    kept = [f"configs/.x.json.{os.getppid()}.tmp", "configs/.mine.tmp", "configs/x.1.tmp"]
    for name in [*names, *kept]:
        (run.path / name).touch()
    remove_leftovers(run)
    assert [name for name in [*names, *kept] if (run.path / name).exists()] == kept
    assert is_run(RunFolder(run.path).path)


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("20260305_153317", "20260305_153318"),
        ("20260305_153318", "20260305_153318_1"),
        ("20260305_153319", "20260305_153320"),  # the clock was set back
        ("20260305_173318_1", "20260305_173319"),  # a container with another time zone
        ("20260305_235959", "20260306_000000"),
        ("20269999_999999", "20260305_153318"),  # no time
    ],
)
def test_a_run_that_starts_later_is_the_latest_whatever_the_clock_says(
    tmp_path: Path, before: str, expected: str
) -> None:
    mark(RunFolder(tmp_path / before))
    (tmp_path / "20301231_000000").mkdir()  # of nobody
    made = new_run(tmp_path, datetime(2026, 3, 5, 15, 33, 18).astimezone())
    assert made.timestamp == expected
    assert before == "20269999_999999" or existing_run(tmp_path, "latest").path == made.path


def test_two_invocations_of_one_second_have_two_names(tmp_path: Path) -> None:
    run = new_run(tmp_path, NOON)
    (run.configs / f"{run.next_stamp(NOON)}_1.json").write_text("{}")
    assert run.next_stamp(NOON) == "20260102_120001"


def test_a_second_has_a_hundred_runs(tmp_path: Path) -> None:
    for number in range(99):
        (tmp_path / f"20260102_120000{f'_{number}' if number else ''}").mkdir()
    assert new_run(tmp_path, NOON).timestamp == "20260102_120000_99"
    with pytest.raises(DiskError, match="already holds 100 runs of 20260102_120000"):
        new_run(tmp_path, NOON)


def test_plans_stand_in_the_order_in_which_they_were_made_whatever_the_clock_says(tmp_path: Path) -> None:
    run = new_run(tmp_path, datetime(2026, 3, 5, 15, 33, 18).astimezone())
    for hour in (15, 14, 16, 3, 3):
        stamp = run.next_stamp(datetime(2026, 3, 5, hour, 33, 18).astimezone())
        plan = run.configs / f"{stamp}_{hour}.json"
        plan.write_text("{}")
        assert run.plans()[-1] == plan
    assert len(run.plans()) == 5
