"""What a task says of itself: to whom, how often, and all of it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from judgebench.engine.client import Traffic
from judgebench.records.facts import LiveVerdict
from judgebench.records.spending import TaskSpending
from judgebench.stages import progress
from judgebench.stages.progress import Progress, Reporter, report_regularly, supervised

YEARS = 1e9


class Allowed:
    """An allowance that says only whether it was told of the end."""

    def __init__(self) -> None:
        self.ends: list[bool] = []

    def state(self, *, ended: bool) -> TaskSpending:
        self.ends.append(ended)
        return TaskSpending(seen=len(self.ends))


def reporter(interval: float = YEARS) -> tuple[Reporter, list[Progress]]:
    """A reporter that has just reported, and what it says from now on."""
    said: list[Progress] = []
    made = Reporter("t", interval=interval, emit=lambda line: said.append(msgspec.json.decode(line, type=Progress)))
    made.send(force=True)
    said.clear()
    return made, said


def test_what_changes_soon_after_a_report_waits_for_the_next() -> None:
    made, said = reporter()
    made.update(done=1)
    made.send()
    assert said == []
    made.update({"post": 4}, done=2, force=True)
    assert [(one.task, one.done, one.post, one.total) for one in said] == [("t", 2, 4, 0)]


def test_a_task_has_done_nothing_when_it_starts() -> None:
    told: list[bytes] = []
    Reporter("t", emit=told.append).send(force=True)
    assert msgspec.json.decode(told[0]) == {"task": "t"}
    zeros = msgspec.to_builtins(msgspec.json.decode(told[0], type=Progress))
    assert {name: value for name, value in msgspec.structs.asdict(Progress(task="t")).items() if value} == {
        "task": "t",
        "state": "starting",
    }
    assert zeros == {"task": "t"}


def test_the_time_since_the_last_report_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: now))
    made, said = reporter(interval=10)
    for now in (1005.0, 1009.0, 1010.0, 1015.0, 1020.5):
        made.update(done=int(now))
    assert [one.done for one in said] == [1010, 1020]


def test_four_reports_a_second_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: now))
    said: list[bytes] = []
    made = Reporter("t", emit=said.append)
    for now in (1000.0, 1000.2, 1000.3, 1000.5, 1000.6):
        made.update(done=int(10 * now))
    assert [msgspec.json.decode(line)["done"] for line in said] == [10000, 10003, 10006]


def test_another_state_is_told_at_once() -> None:
    made, said = reporter()
    made.update(state="running")
    assert [one.state for one in said] == ["running"]


def test_each_change_is_told_where_there_is_time() -> None:
    made, said = reporter(interval=0)
    for number in range(3):
        made.update(done=number)
    assert [one.done for one in said] == [0, 1, 2]


def test_what_changes_all_the_time_goes_into_each_report() -> None:
    made, said = reporter()
    number = iter(range(10))
    made.latest = lambda: {"done": next(number)}
    made.send(force=True)
    made.send(force=True)
    made.latest = None
    made.send(force=True)
    assert [one.done for one in said] == [0, 1, 1]


def test_an_allowance_goes_into_each_report_and_hears_of_the_end() -> None:
    made, said = reporter()
    allowed = Allowed()
    made.update(state="running")
    assert said[-1].spending is None
    made.allowance = allowed  # type: ignore[assignment]
    for state in ("running", "draining", "finish", "error"):
        made.update(state=state)
    assert allowed.ends == [False, False, True, True]
    assert [one.spending.seen for one in said[1:] if one.spending is not None] == [1, 2, 3, 4]


def verdict(number: int) -> LiveVerdict:
    return LiveVerdict(id=number, repeat=0, status="ok", decision="correct")


def test_many_verdicts_go_in_several_reports_and_each_once() -> None:
    made, said = reporter()
    made.verdicts = [verdict(number) for number in range(650)]
    made.send(force=True)
    assert [len(one.verdicts) for one in said] == [300, 300, 50]
    assert [one.id for report in said for one in report.verdicts] == list(range(650))
    made.send(force=True)
    assert said[-1].verdicts == []


def lines(data: bytes) -> list[Progress]:
    return [msgspec.json.decode(line, type=Progress) for line in data.splitlines()]


def test_a_process_under_supervision_reports_to_its_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    monkeypatch.setenv("JB_PROGRESS_FD", str(writer))
    assert supervised()
    made = Reporter("t", interval=YEARS)
    made.verdicts = [verdict(number) for number in range(301)]
    made.update(done=1, force=True)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        assert [(one.done, len(one.verdicts)) for one in lines(pipe.read())] == [(1, 300), (1, 1)]


def test_a_supervisor_that_is_gone_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    monkeypatch.setenv("JB_PROGRESS_FD", str(writer))
    made = Reporter("t", interval=0)
    made.update(done=1, force=True)
    os.close(writer)
    made.update(done=2, force=True)
    assert made.progress.done == 2


def test_a_task_that_shares_no_pipe_reports_to_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JB_PROGRESS_FD", raising=False)
    monkeypatch.setenv("JB_TASK_FILES", str(tmp_path))
    assert supervised()
    for number in (1, 2):
        Reporter("t").update(done=number, force=True)
    assert [one.done for one in lines((tmp_path / "progress.jsonl").read_bytes())] == [1, 2]
    assert (tmp_path / "progress.jsonl").stat().st_mode & 0o077 == 0
    monkeypatch.setenv("JB_TASK_FILES", str(tmp_path / "gone"))
    Reporter("t").update(done=3, force=True)


def test_nobody_is_told_where_nobody_listens(monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    monkeypatch.delenv("JB_PROGRESS_FD", raising=False)
    monkeypatch.delenv("JB_TASK_FILES", raising=False)
    assert not supervised()
    Reporter("t").update(state="running", force=True)
    assert capfd.readouterr() == ("", "")


def test_what_the_client_counts_is_told_until_the_stage_ends() -> None:
    made, said = reporter()
    traffic = Traffic(post=5, recv=4, completion_tokens=9, in_flight=1, limit=8, note="backing off")

    async def work() -> None:
        with report_regularly(made, traffic, lambda: {"done": 3}):
            made.send(force=True)
            traffic.post = 6
        traffic.post = 7
        made.send(force=True)

    asyncio.run(work())
    assert [one.post for one in said] == [5, 6, 6]
    first = said[0]
    assert (first.done, first.recv, first.tokens, first.in_flight, first.limit, first.note) == (
        3, 4, 9, 1, 8, "backing off",
    )  # fmt: skip


def test_who_listens_hears_several_times_a_second_how_far_a_stage_is(monkeypatch: pytest.MonkeyPatch) -> None:
    made, said = reporter(interval=0)
    pauses: list[float] = []
    number = iter(range(1000))

    async def at_once(seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0)

    monkeypatch.setattr(progress, "asyncio", SimpleNamespace(create_task=asyncio.create_task, sleep=at_once))

    async def work() -> None:
        with report_regularly(made, Traffic(), lambda: {"done": next(number)}):
            for _ in range(5):
                await asyncio.sleep(0)
        ended = len(said)
        await asyncio.sleep(0)
        assert len(said) == ended

    asyncio.run(work())
    assert len(said) > 3
    assert [one.done for one in said] == sorted(one.done for one in said)
    assert max(pauses) < 0.5
