"""The small files of a run: what was spent, what was told, what was drawn, replies that are kept, who holds it."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench.errors import DataError, DiskError
from judgebench.records.draws import Draw
from judgebench.records.flow import Reply
from judgebench.records.shards import Shard
from judgebench.records.spending import Spending
from judgebench.store.draws import draw_file, read_draws, write_draw
from judgebench.store.event_log import EventLog
from judgebench.store.ledger import Ledger, LedgerEntry, read_ledger
from judgebench.store.lock import hold, holder_of
from judgebench.store.replies import ReplyCache
from judgebench.store.run_folder import RunFolder, in_round_robin, later_stamp, log_file
from judgebench.store.runs import remove_leftovers
from judgebench.store.shard_folder import ShardFolder
from tests.store.test_runs import NOON

SPENT = st.builds(
    Spending, calls=st.integers(0, 9).map(float), tokens=st.integers(0, 9).map(float), cost=st.integers(0, 9).map(float)
)
TASKS = st.lists(st.tuples(st.sampled_from(["a", "b"]), SPENT, SPENT), max_size=6)


@given(before=SPENT, first=TASKS, second=TASKS, torn=st.booleans())
@settings(max_examples=25)
def test_a_run_has_spent_what_was_spent_before_and_what_each_task_was_last_allowed(
    tmp_path_factory: pytest.TempPathFactory,
    before: Spending,
    first: list[tuple[str, Spending, Spending]],
    second: list[tuple[str, Spending, Spending]],
    torn: bool,
) -> None:
    path = tmp_path_factory.mktemp("a") / "spending.jsonl"
    for plan, tasks in (("1", first), ("2", second)):
        ledger = Ledger(path)
        ledger.write(LedgerEntry(plan=plan, before=before, currency="EUR"))
        for task, granted, spent in tasks:
            ledger.write(LedgerEntry(task=task, granted=granted, spent=spent))
        ledger.close()
        ledger.close()
        if torn:
            with path.open("ab") as file:
                file.write(b'{"task":"a","granted":{"calls":99')
    last = {task: granted.most(spent) for task, granted, spent in second}
    expected = before
    for spent in last.values():
        expected += spent
    assert read_ledger(path) == (expected, "EUR")


@pytest.mark.parametrize("amount", [-1, 1e16])
@pytest.mark.parametrize("name", ["before", "granted", "spent"])
def test_a_line_of_the_ledger_that_nobody_can_have_written_counts_for_nothing(
    tmp_path: Path, amount: float, name: str
) -> None:
    path = tmp_path / "spending.jsonl"
    line = {"task": "a" if name != "before" else "", name: {"calls": amount}}
    path.write_text(json.dumps({"task": "a", "spent": {"calls": 1e15}}) + "\n" + json.dumps(line) + "\n")
    assert read_ledger(path) == (Spending(calls=1e15), "")


def test_without_a_ledger_nothing_was_spent_and_one_that_is_no_file_is_told(tmp_path: Path) -> None:
    assert read_ledger(tmp_path / "spending.jsonl") == (Spending(), "")
    (tmp_path / "spending.jsonl").mkdir()
    with pytest.raises(DiskError, match="it is a folder"):
        read_ledger(tmp_path / "spending.jsonl")
    with pytest.raises(DiskError, match="it is a folder"):
        Ledger(tmp_path / "spending.jsonl").write(LedgerEntry())


def test_a_line_of_the_ledger_says_what_is_not_as_always(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "spending.jsonl")
    ledger.write(LedgerEntry(task="a", spent=Spending(calls=2.5)))
    ledger.close()
    assert (tmp_path / "spending.jsonl").read_text() == '{"task":"a","spent":{"calls":2.5}}\n'


def test_a_log_is_continued_and_a_torn_line_of_it_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text('{"a": 1}\n{"b"')
    log = EventLog(path)
    assert not log.begun
    log.write("2\n")
    assert log.begun
    log.write("3\n")
    log.flush()
    log.close()
    assert not log.begun
    log.write("4\n")
    log.close()
    assert path.read_text() == '{"a": 1}\n2\n3\n'


def test_no_run_fails_for_a_log_that_cannot_be_written(tmp_path: Path) -> None:
    log = EventLog(tmp_path)
    log.write("1\n")
    log.write("2\n")
    assert not log.begun


def test_the_newest_draw_stands_last_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    assert read_draws(run) == []
    draws = [
        Draw(row=row, dataset="d", strategy="uniform", seed=1, population=9, answers=[], time=time)
        for row, time in (
            ("d-c", "2026-01-01T10:00:00"),
            ("d-a", "2026-01-03T10:00:00"),
            ("d-b", "2026-01-02T10:00:00"),
        )
    ]
    for draw in draws:
        write_draw(run, draw)
    assert [draw.row for draw in read_draws(run)] == ["d-c", "d-b", "d-a"]
    draw_file(run, "d-b").write_text("{")
    with pytest.raises(DataError, match=r"labels/draws/d-b\.json cannot be read"):
        read_draws(run)


def test_a_reply_is_kept_by_what_was_asked(tmp_path: Path) -> None:
    cache = ReplyCache(tmp_path / "deep" / "cache")
    assert cache.get("aa") is None
    cache.put("aa", Reply(status="ok", text="one", finish_reason="stop"))
    cache.put("bb", Reply(status="ok", text="two"))
    cache.put("aa", Reply(status="ok", text="three"))
    cache.close()
    again = ReplyCache(tmp_path / "deep" / "cache")
    found = [again.get("aa"), again.get("bb"), again.get("cc")]
    assert [None if one is None else one.text for one in found] == ["three", "two", None]
    again.close()
    with sqlite3.connect(again.path) as base:
        base.execute("UPDATE replies SET reply = 'text' WHERE asked = ?", (bytes.fromhex("aa"),))
    last = ReplyCache(tmp_path / "deep" / "cache")
    assert last.get("aa") is None
    last.close()
    with pytest.raises(DiskError, match="cannot be used"):
        last.get("aa")


def test_a_process_of_another_user_is_at_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = RunFolder(tmp_path)
    left = tmp_path / ".d.jsonl.77.tmp"
    left.touch()

    def refused(pid: int, number: int) -> None:
        raise PermissionError(pid, number)

    monkeypatch.setattr(os, "kill", refused)
    holder = {"pid": 77, "host": socket.gethostname(), "command": "jb"}
    run.lock.with_name(".lock.holder").write_text(json.dumps(holder))
    found = holder_of(run)
    assert found is not None
    assert found.pid == 77
    remove_leftovers(run)
    assert left.exists()


def test_who_works_on_a_run(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    assert holder_of(run) is None
    with hold(run.lock, "jb --here"):
        found = holder_of(run)
        assert found is not None
        assert (found.pid, found.host, found.command) == (os.getpid(), socket.gethostname(), "jb --here")
    assert holder_of(run) is None
    names = run.lock.with_name(".lock.holder")
    names.write_text(json.dumps({"pid": 2**22 + 1, "host": socket.gethostname(), "command": "jb"}))
    assert holder_of(run) is None  # it has ended
    names.write_text(json.dumps({"pid": 2**22 + 1, "host": "elsewhere", "command": "jb"}))
    elsewhere = holder_of(run)
    assert elsewhere is not None
    assert elsewhere.host == "elsewhere"
    names.write_text(json.dumps({"pid": 1, "host": socket.gethostname(), "command": "jb"}))
    assert holder_of(run) is not None  # whosoever it is
    names.unlink()
    names.mkdir()
    assert holder_of(run) is None


def test_each_file_of_a_run_stands_in_its_place(tmp_path: Path) -> None:
    """Users and scripts rely on these names."""
    run = RunFolder(tmp_path / "run")

    def place(path: Path) -> str:
        return path.relative_to(run.path).as_posix()

    files = run.files("m", "d-j")
    assert [place(path) for path in files] == [
        "predictions/m/d-j.jsonl",
        "configs/identity/m/d-j.json",
        "verdicts/m/d-j.jsonl",
        "results/m/d-j.json",
        "results/m/d-j.comparisons.jsonl",
    ]
    assert (run.predictions("m", "d", "j"), run.identity("m", "d", "j")) == (files.predictions, files.identity)
    assert (run.verdicts("m", "d-j"), run.result("m", "d-j"), run.comparisons("m", "d-j")) == files[2:]
    assert [place(path) for path in (run.batches("m", "d"), run.labels("d"), run.ranking("d"))] == [
        "batches/m/d.jsonl", "labels/d.jsonl", "rankings/d.json",
    ]  # fmt: skip
    folders = (run.attachments, run.configs, run.summary, run.jobs, run.shards)
    assert [place(path) for path in folders] == ["attachments", "configs", "summary", "jobs", "shards"]
    single = (run.marker, run.events, run.ledger, run.lock)
    assert [place(path) for path in single] == ["run.json", "events.jsonl", "spending.jsonl", ".lock"]
    shard = ShardFolder(run, Shard(1, 4))
    assert place(shard.path) == f"shards/{Shard(1, 4).folder}"
    assert shard.attachments == run.attachments
    assert (log_file("eval", "m", "d"), in_round_robin("j", "n")) == ("logs/eval/m/d.out", "j-vs-n")


def test_a_link_out_of_the_run_folder_is_refused_wherever_it_stands(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.path.mkdir()
    for name in ("attachments", "configs", "summary", "shards", "predictions"):
        (run.path / name).symlink_to(tmp_path)
    for place in (
        lambda: run.attachments, lambda: run.configs, lambda: run.summary, lambda: run.shards,
        lambda: run.predictions("m", "d"),
    ):  # fmt: skip
        with pytest.raises(DiskError, match="lies outside the run folder"):
            place()


def test_a_name_by_the_time_is_later_than_those_before(tmp_path: Path) -> None:
    now = "20260102_120000"
    assert later_stamp(NOON, [], equal=False) == now
    assert later_stamp(NOON, ["20260102_115959", "notes", "x20270101_000000"], equal=False) == now
    assert later_stamp(NOON, [now], equal=True) == now
    assert later_stamp(NOON, [now], equal=False) == "20260102_120001"
    assert later_stamp(NOON, ["20261231_235959"], equal=True) == "20270101_000000"
    assert later_stamp(NOON, ["99999999_999999"], equal=True) == now  # no time
