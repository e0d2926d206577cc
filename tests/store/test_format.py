"""A run folder of another version of the format is refused with the reason, and left as it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from judgebench.errors import DiskError, ReuseError
from judgebench.identity.questions import FileIdentity, read_identity, write_identity
from judgebench.store.journal import mend, write_atomically
from judgebench.store.run_folder import FORMAT, RunFolder, check_format


def run_of(folder: Path, **plans: object) -> RunFolder:
    run = RunFolder(folder)
    run.create()
    for name, plan in plans.items():
        (run.configs / f"{name}.json").write_text(json.dumps(plan))
    return run


@pytest.mark.parametrize(("number", "whose"), [(FORMAT + 1, "newer"), (FORMAT - 1, "older")])
def test_one_plan_of_another_format_among_good_ones_is_refused(tmp_path: Path, number: int, whose: str) -> None:
    run = run_of(tmp_path, a={"format": FORMAT}, b={"format": number, "tasks": {"of": "another shape"}})
    with pytest.raises(ReuseError, match=f"b.json was written by an? {whose} version .* format {number}"):
        check_format(run)


def test_this_format_and_an_empty_folder_are_taken(tmp_path: Path) -> None:
    check_format(run_of(tmp_path / "a", plan={"format": FORMAT}))
    check_format(run_of(tmp_path / "b"))


def test_predictions_of_an_unknown_program_are_refused(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    write_atomically(run.predictions("m", "d"), b'{"id": 0, "prediction": "x"}\n')
    with pytest.raises(ReuseError, match="no plan"):
        check_format(run)


def test_what_was_asked_in_another_format_is_refused_whatever_its_shape(tmp_path: Path) -> None:
    path = tmp_path / "asked.json"
    write_identity(path, FileIdentity(settings={"a": 1}))
    assert read_identity(path) == FileIdentity(settings={"a": 1})
    path.write_text(json.dumps({"format": FORMAT + 1, "settings": ["no", "dict"]}))
    with pytest.raises(ReuseError, match=r"asked\.json"):
        read_identity(path)


def test_a_link_in_the_place_of_a_file_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.jsonl"
    outside.write_text('{"id": 1}\n{"torn')
    link = tmp_path / "inside.jsonl"
    link.symlink_to(outside)
    with pytest.raises(DiskError, match="symbolic link"):
        mend(link)
    write_atomically(link, b"new\n")
    assert outside.read_text() == '{"id": 1}\n{"torn'
    assert not link.is_symlink()
