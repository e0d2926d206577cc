"""Records that are divided among shards and taken in again are the same records, wherever that was cut off."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench.identity.questions import FileIdentity, read_identity, write_identity
from judgebench.identity.watermark import Watermark
from judgebench.records.shards import Shard
from judgebench.stages.shards import divide, rows_of_tasks, take_in
from judgebench.store.run_folder import RunFolder
from judgebench.store.shard_folder import ShardFolder
from tests.stages.in_one_process import OneProcess, judge

ROW = ("m", "d")


def lines_of(path: Path) -> list[str]:
    return sorted(path.read_text().splitlines()) if path.exists() else []


def record(number: int) -> str:
    return json.dumps({"id": number, "uid": f"{number * 2654435761 % 2**64:016x}", "uuid": "0" * 32, "status": "ok"})


def filled(folder: Path, numbers: list[int]) -> RunFolder:
    run = RunFolder(folder)
    files = run.files(*ROW)
    files.predictions.parent.mkdir(parents=True)
    files.predictions.write_text("".join(f"{record(number)}\n" for number in numbers))
    write_identity(files.identity, FileIdentity(settings={"model": "m"}), completed=files.predictions)
    return run


@settings(max_examples=40)
@given(numbers=st.lists(st.integers(0, 500), unique=True, max_size=30), count=st.integers(2, 5), cut=st.integers(0, 3))
def test_a_division_is_taken_back_whole(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[int], count: int, cut: int
) -> None:
    run = filled(tmp_path_factory.mktemp("run"), numbers)
    path = run.files(*ROW).predictions
    text = path.read_text()
    divide(run, count, [ROW], [])
    assert not path.exists()
    for index in range(count):
        shard = Shard(index, count)
        part = ShardFolder(run, shard).files(*ROW)
        assert lines_of(part.predictions) == sorted(
            line for line in text.splitlines() if shard.holds(json.loads(line)["uid"])
        )
        found = read_identity(part.identity)
        assert found is not None
        assert found.settings == {"model": "m"}
        assert found.size == -1  # the answers are this model's, and not all are there
    if cut == 1:  # killed before its own file was removed
        path.write_text(text)
    elif cut == 2:  # killed after it was written again
        path.write_text(text)
        ShardFolder(run, Shard(0, count)).files(*ROW).predictions.unlink()
    elif cut == 3:
        with ShardFolder(run, Shard(1, count)).files(*ROW).predictions.open("a") as file:
            file.write('{"id": 7, "uid"')  # a torn line
    lines = take_in(run)
    assert lines == ([] if cut in {1, 2} else [f"m/d: what {count} shards had recorded is in the run's own file again"])
    assert lines_of(path) == sorted(text.splitlines())
    assert not run.shards.exists()
    assert take_in(run) == []
    assert lines_of(path) == sorted(text.splitlines())


def test_the_rows_of_tasks_that_ask_are_written(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, judges=[judge("j"), judge("k")])
    assert rows_of_tasks(run.graph().tasks) == [("m", "d"), ("m", "d-j"), ("m", "d-k")]
    assert rows_of_tasks(run.graph("viz").tasks) == []


def test_what_was_asked_with_other_settings_is_told_by_each_question(tmp_path: Path) -> None:
    run = filled(tmp_path / "run", [1, 2, 3, 4])
    divide(run, 2, [ROW], [])
    one = ShardFolder(run, Shard(1, 2)).files(*ROW)
    write_identity(one.identity, FileIdentity(settings={"model": "m", "temperature": 1}))
    take_in(run)
    found = read_identity(run.files(*ROW).identity)
    assert found is not None
    assert found.settings == {"model": "m", "temperature": 1}  # the newest
    assert found.size == 0
    assert not found.untouched(run.files(*ROW).predictions)


def test_what_is_only_read_stays_where_it_is(tmp_path: Path) -> None:
    run = filled(tmp_path / "run", [1, 2, 3, 4])
    files = run.files(*ROW)
    replaced = files.predictions.with_name("d.jsonl.replaced")
    replaced.write_text(f"{record(9)}\n")
    before = read_identity(files.identity)
    divide(run, 2, [], [ROW])
    aside = ShardFolder(run, Shard(0, 2)).files(*ROW).predictions.with_name("d.jsonl.before-20260101_000000")
    aside.write_text("set aside\n")
    take_in(run)
    assert lines_of(files.predictions) == sorted(record(number) for number in [1, 2, 3, 4])
    assert read_identity(files.identity) == before
    assert before is not None
    assert before.untouched(files.predictions)
    assert lines_of(replaced) == [record(9)]  # once
    assert lines_of(files.predictions.with_name(aside.name)) == ["set aside"]


def test_lines_that_cannot_be_read_stay_with_the_first_shard_and_come_back(tmp_path: Path) -> None:
    run = filled(tmp_path / "run", [1, 2, 3, 4])
    path = run.files(*ROW).predictions
    damaged = ["{", '{"id": 1, "uid": "no hash", "uuid": "0", "status": "ok"}']
    with path.open("a") as file:
        file.write("".join(f"{line}\n" for line in damaged))
    divide(run, 3, [ROW], [])
    first, *others = [ShardFolder(run, Shard(index, 3)).files(*ROW).predictions for index in range(3)]
    assert set(damaged) <= set(lines_of(first))
    assert not any(set(damaged) & set(lines_of(one)) for one in others)
    take_in(run)
    assert lines_of(path) == sorted([*damaged, *(record(number) for number in [1, 2, 3, 4])])


def test_a_file_that_somebody_has_changed_is_told_by_each_question_in_its_shards(tmp_path: Path) -> None:
    run = filled(tmp_path / "run", [1, 2, 3, 4])
    files = run.files(*ROW)
    with files.predictions.open("a") as file:
        file.write(f"{record(5)}\n")
    divide(run, 2, [ROW], [])
    for index in range(2):
        found = read_identity(ShardFolder(run, Shard(index, 2)).files(*ROW).identity)
        assert found is not None
        assert (found.size, found.watermark, found.planned) == (0, None, 0)
    take_in(run)
    found = read_identity(files.identity)
    assert found is not None
    assert found.size == 0


def test_what_the_shards_found_out_of_their_service_is_known_of_the_whole(tmp_path: Path) -> None:
    run = filled(tmp_path / "run", [1, 2, 3, 4])
    divide(run, 3, [ROW], [])
    said: list[dict[str, Any]] = [
        {},
        {"served_model": "s", "constrained": ""},
        {"served_model": "t", "constrained": "k"},
    ]
    for index, more in enumerate(said):
        part = ShardFolder(run, Shard(index, 3)).files(*ROW)
        watermark = Watermark(below=1)
        identity = FileIdentity(settings={"model": "m"}, selection={"ids": ["1"]}, ok=2, watermark=watermark, **more)
        write_identity(part.identity, identity)
    take_in(run)
    found = read_identity(run.files(*ROW).identity)
    assert found == FileIdentity(settings={"model": "m"}, served_model="s", constrained="", size=-1)


def test_what_else_lies_among_the_shards_is_none(tmp_path: Path) -> None:
    run = filled(tmp_path / "run", [1, 2, 3, 4])
    text = run.files(*ROW).predictions.read_text()
    divide(run, 2, [ROW], [])
    for name in ("1", "x-of-2", "1-of-x", "notes"):
        (run.shards / name).mkdir()
    hidden = ShardFolder(run, Shard(0, 2)).files(*ROW).predictions.with_name(".d.jsonl.part.jsonl")
    hidden.write_text("half a file")
    assert take_in(run) == ["m/d: what 2 shards had recorded is in the run's own file again"]
    assert lines_of(run.files(*ROW).predictions) == sorted(text.splitlines())
    assert [path.name for path in run.files(*ROW).predictions.parent.iterdir()] == ["d.jsonl"]
