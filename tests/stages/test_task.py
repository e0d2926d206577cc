"""A task from its beginning to each of its ends: what it is told, what it tells, and its exit code."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from judgebench.errors import DataError, ExitCode, UsageError
from judgebench.records.facts import LiveVerdict
from judgebench.records.run import Plan, TaskSpec
from judgebench.stages import task as stage_task
from judgebench.stages.progress import Progress
from judgebench.stages.task import STAGE_MODULES, InThread, SafeFormatter, Task, listen, main, of_shard, run_in_thread
from tests.stages.in_one_process import OneProcess, judge, model

Work = Callable[[Task], Awaitable[None]]
WORK: list[Work] = []
"""What the stage of this module does."""


async def run(task: Task) -> None:
    await WORK[-1](task)


def plan_of(folder: Path, **options: Any) -> Plan:
    """The plan of a run of one model and a judge."""
    return OneProcess(folder, models=[model(batch_size=3)]).plan("20260101_000000_1", **options)


def spec_of(plan: Plan, task_id: str = "infer:m/d") -> TaskSpec:
    return next(one for one in plan.tasks if one.id == task_id)


def task_of(folder: Path, task_id: str = "infer:m/d", **options: Any) -> Task:
    """A task in a thread of the caller, to which nobody listens."""
    plan = plan_of(folder, **options)
    return Task(plan, spec_of(plan, task_id), thread=InThread(lambda _: None))


class Ended:
    """How a task ended whose stage does this work."""

    def __init__(self, folder: Path, work: Work, **options: Any) -> None:
        self.file = folder / "plan.json"
        self.file.write_bytes(msgspec.json.encode(plan_of(folder, **options)))
        self.said: list[Progress] = []
        self.thread = InThread(lambda line: self.said.append(msgspec.json.decode(line, type=Progress)))
        WORK.append(work)
        try:
            self.code = run_in_thread(self.file, "infer:m/d", self.thread)
        finally:
            WORK.pop()

    @property
    def states(self) -> list[str]:
        return [one.state for one in self.said]

    @property
    def last(self) -> Progress:
        return self.said[-1]


@pytest.fixture(autouse=True)
def _own_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STAGE_MODULES, "infer", __name__)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # a task as a process sets its own


async def nothing(_: Task) -> None:
    """Be done."""


def test_a_task_that_is_done_says_so_and_that_it_had_begun(tmp_path: Path) -> None:
    ended = Ended(tmp_path, nothing)
    assert (ended.code, ended.states) == (ExitCode.DONE, ["starting", "finish"])
    assert (ended.last.task, ended.last.error, ended.last.exit_code) == ("infer:m/d", "", 0)
    ended.thread.tell("stop")
    ended.thread.cancel()  # to tell a task something that has ended is no error


def test_the_figures_of_a_task_are_in_its_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def work(task: Task) -> None:
        task.reporter.update(figures={"rate": 2.5, "extra": 3.0})

    with caplog.at_level(logging.INFO):
        Ended(tmp_path, work)
        assert "figures: rate 2.5, extra 3" in caplog.text
        caplog.clear()
        Ended(tmp_path, nothing)
    assert "figures" not in caplog.text


def raising(error: BaseException) -> Work:
    async def work(_: Task) -> None:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "code", "said", "hint"),
    [
        (DataError("It is so.", hint="Do this."), DataError.exit_code, "It is so.", "Do this."),
        (ValueError("odd"), ExitCode.BUG, "ValueError: odd", ""),
        (SystemExit(4), ExitCode.BUG, "SystemExit: 4", ""),
        (MemoryError("no room"), ExitCode.PREREQUISITE, "There is not enough memory", "Raise the limit"),
    ],
)
def test_what_a_stage_raises_is_told_with_its_exit_code(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, error: BaseException, code: int, said: str, hint: str
) -> None:
    ended = Ended(tmp_path, raising(error))
    assert (ended.code, ended.last.exit_code, ended.states) == (code, code, ["starting", "error"])
    assert ended.last.error.startswith(said)
    assert ended.last.hint.startswith(hint)
    assert bool(ended.last.hint) == bool(hint)
    assert ("nothing foresaw" in caplog.text) == (code == ExitCode.BUG)


def test_a_task_without_its_plan_says_which_one_is_gone(tmp_path: Path) -> None:
    said: list[Progress] = []
    thread = InThread(lambda line: said.append(msgspec.json.decode(line, type=Progress)))
    path = tmp_path / "plan.json"
    assert run_in_thread(path, "t", thread) == ExitCode.PREREQUISITE
    path.write_text("{")
    assert run_in_thread(path, "t", thread) == ExitCode.PREREQUISITE
    assert [(one.task, one.state) for one in said] == [("t", "error")] * 2
    assert [str(path) in one.error for one in said] == [True, True]


def test_a_task_that_the_plan_does_not_have_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(msgspec.json.encode(plan_of(tmp_path)))
    assert main([str(path), "infer:m/e"]) == UsageError.exit_code
    assert "there is no task 'infer:m/e' in" in capsys.readouterr().err


def test_a_task_that_may_spend_no_more_ends_as_a_run_that_can_go_on(tmp_path: Path) -> None:
    async def work(task: Task) -> None:
        task.stop.set()

    ended = Ended(tmp_path, work)
    assert (ended.code, ended.last.state) == (ExitCode.BUDGET_REACHED, "error")
    assert ended.last.error.startswith("The run has spent what it may")
    assert "--reuse" in ended.last.hint


def test_a_task_that_need_do_no_more_is_done(tmp_path: Path) -> None:
    async def work(task: Task) -> None:
        task.receive("decided")
        assert (task.stop.is_set(), task.decided, task.interrupted.is_set(), task.unfinished) == (
            True,
            True,
            False,
            True,
        )

    ended = Ended(tmp_path, work)
    assert (ended.code, ended.last.state) == (ExitCode.DONE, "finish")


def test_a_task_that_is_stopped_ends_what_it_does_and_can_go_on(tmp_path: Path) -> None:
    async def work(task: Task) -> None:
        assert not task.unfinished
        task.receive("stop\n")
        await task.stop.wait()

    ended = Ended(tmp_path, work)
    assert (ended.code, ended.last.error) == (ExitCode.INTERRUPTED, "stopped before the end")
    assert ended.last.hint == "Continue with --reuse."


def test_a_task_that_is_stopped_is_waited_for_but_not_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage_task, "DRAIN_LIMIT", 0.0)
    given_up: list[bool] = []

    async def work(task: Task) -> None:
        task.reporter.progress.outstanding = "two answers are still to come"
        task.interrupt()
        try:
            await asyncio.Event().wait()
        finally:
            given_up.append(True)

    ended = Ended(tmp_path, work)
    assert (ended.code, ended.states, given_up) == (ExitCode.INTERRUPTED, ["starting", "draining", "error"], [True])
    assert ended.last.error == "stopped before the end; two answers are still to come"


@pytest.mark.parametrize("by_itself", [True, False])
def test_a_task_that_has_nothing_to_do_but_wait_says_for_what(tmp_path: Path, by_itself: bool) -> None:
    async def work(task: Task) -> None:
        task.batches().left("A batch of 3 answers goes on at the provider", by_itself)
        assert (task.waiting, task.unfinished, task.interrupted.is_set()) == (by_itself,) * 3

    ended = Ended(tmp_path, work)
    assert ended.last.outstanding == "A batch of 3 answers goes on at the provider"
    if by_itself:
        assert (ended.code, ended.last.hint) == (ExitCode.WAITING, "Nothing is asked twice.")
        assert ended.last.error == "A batch of 3 answers goes on at the provider."
    else:
        assert ended.code == ExitCode.DONE


def test_requests_are_written_to_their_file_to_the_last(tmp_path: Path) -> None:
    async def work(task: Task) -> None:
        task.batches().left("5 questions are in a file", True)
        assert (task.waiting, task.unfinished, task.stop.is_set()) == (True, True, False)

    assert Ended(tmp_path, work, requests=str(tmp_path / "out")).code == ExitCode.WAITING


@pytest.mark.parametrize(("task_id", "name", "scope"), [("infer:m/d", "d", "m/"), ("judge:m/d-j", "d-j", "m/j")])
def test_each_task_keeps_its_batches_for_itself(tmp_path: Path, task_id: str, name: str, scope: str) -> None:
    task = task_of(tmp_path, task_id)
    place = task.batches()
    assert place.path == task.run.batches("m", name)
    assert (place.scope, place.stop, place.requests) == (scope, task.interrupted, None)
    assert place.replies == task.run.path / "batches" / "replies.jsonl"
    assert task_of(tmp_path, requests="out").batches().requests == Path("out")


def test_followed_tasks_have_ended_when_the_last_of_them_has(tmp_path: Path) -> None:
    task = task_of(tmp_path, "judge:m/d-j")
    assert not task.upstream_done.is_set()
    for line in ("upstream-done infer:m/e", "upstream-done", "nonsense"):
        task.receive(line)
    assert not task.upstream_done.is_set()
    task.receive(" upstream-done infer:m/d\n")
    assert task.upstream_done.is_set()
    assert task_of(tmp_path).upstream_done.is_set(), "it follows nobody"


def test_a_task_that_runs_by_itself_follows_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JB_PROGRESS_FD", "JB_TASK_FILES"):
        monkeypatch.delenv(name, raising=False)
    plan = plan_of(tmp_path)
    assert Task(plan, spec_of(plan, "judge:m/d-j")).upstream_done.is_set()
    monkeypatch.setenv("JB_TASK_FILES", str(tmp_path))
    assert not Task(plan, spec_of(plan, "judge:m/d-j")).upstream_done.is_set()


def test_a_task_whose_supervisor_is_gone_stops(tmp_path: Path) -> None:
    task = task_of(tmp_path, "judge:m/d-j")
    task.supervisor_gone()
    assert (task.stop.is_set(), task.interrupted.is_set(), task.upstream_done.is_set()) == (True, True, True)


class Allowed:
    """An allowance that notes what it is told."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, ...]] = []

    def refuse(self) -> None:
        self.lines.append(("refused",))

    def receive(self, word: str, subject: str) -> None:
        self.lines.append((word, subject))


@pytest.mark.parametrize(
    ("line", "noted"),
    [
        ("allowance 1 2 3 4", ("allowance", "1 2 3 4")),
        ("limit-reached", ("limit-reached", "")),
        ("stop", ("refused",)),
        ("decided", ("refused",)),
    ],
)
def test_an_allowance_is_told_what_is_about_it_and_of_the_end(
    tmp_path: Path, line: str, noted: tuple[str, ...]
) -> None:
    task = task_of(tmp_path)
    task.receive(line)  # nobody to tell
    task.reporter.allowance = allowed = Allowed()  # type: ignore[assignment]
    task.receive(line)
    assert allowed.lines == [noted]


def test_verdicts_are_told_where_somebody_waits_for_them(tmp_path: Path) -> None:
    verdict = LiveVerdict(1, 0, "prediction_failed")
    task = task_of(tmp_path)
    task.tell(verdict)
    assert task.reporter.verdicts == []
    waited_for = task_of(tmp_path, in_random_order=True, shuffle=1)
    waited_for.tell(verdict)
    assert waited_for.reporter.verdicts == [verdict]


def test_a_task_on_a_shard_has_its_folder_and_its_items(tmp_path: Path) -> None:
    plan = plan_of(tmp_path)
    assert of_shard(plan, "") is plan
    spec = msgspec.structs.replace(spec_of(plan), shard="1/3")
    task = Task(plan, spec)
    assert (task.plan.options.shard, plan.options.shard) == ("1/3", "")
    assert task.run.path == Path(plan.run_dir) / "shards" / "1-of-3"
    assert Task(plan, spec_of(plan)).run.path == Path(plan.run_dir)


def test_a_task_knows_its_judge(tmp_path: Path) -> None:
    task = task_of(tmp_path, "judge:m/d-j")
    assert [one.abbr for one in task.datasets] == ["d"]
    assert task.judge(task.datasets[0]) == judge()


def test_lines_of_the_log_steer_no_terminal(caplog: pytest.LogCaptureFixture) -> None:
    record = logging.LogRecord("n", logging.INFO, "f", 1, "red \x1b[31m", (), None)
    assert SafeFormatter("%(message)s").format(record) == "red \\x1b[31m"
    error = ValueError("unforeseen")
    stage_task._log_uncaught(ValueError, error, None)
    assert "the task ends with an error that nothing foresaw" in caplog.text
    assert "ValueError: unforeseen" in caplog.text


def test_lines_on_standard_input_come_whole_in_whatever_pieces() -> None:
    reader, writer = os.pipe()
    kept = os.dup(0)
    try:
        os.dup2(reader, 0)
        orders = stage_task._orders_on_stdin()
        os.write(writer, b"first\nsec")
        assert next(orders) == "first"
        os.write(writer, b"ond\nthird\nnever whole")
        assert [next(orders), next(orders)] == ["second", "third"]
        os.close(writer)
        assert list(orders) == []
    finally:
        os.dup2(kept, 0)
        for one in (reader, kept):
            os.close(one)


@pytest.mark.parametrize("through", ["a folder", "standard input"])
def test_a_task_outlives_its_supervisor_by_no_more_than_its_patience(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, through: str
) -> None:
    """The thread that listens ends the process, even where the event loop does not come to it."""
    ends: list[Any] = []

    def orders(*_: Path) -> Iterator[str]:
        yield "upstream-done infer:m/d"
        yield "decided"

    monkeypatch.setenv("JB_TASK_FILES", str(tmp_path) if through == "a folder" else "")
    monkeypatch.setattr(stage_task, "orders_in" if through == "a folder" else "_orders_on_stdin", orders)
    monkeypatch.setattr(stage_task, "time", SimpleNamespace(sleep=ends.append))
    task = task_of(tmp_path, "judge:m/d-j")

    async def listening() -> None:
        gone = asyncio.Event()
        loop = asyncio.get_running_loop()

        def end(code: int) -> None:
            ends.append((code, threading.current_thread().daemon))
            loop.call_soon_threadsafe(gone.set)

        monkeypatch.setattr(os, "_exit", end)
        listen(task, last_patience=7.0)
        await gone.wait()

    asyncio.run(listening())
    assert ends == [7.0, (ExitCode.INTERRUPTED, True)]
    assert (task.decided, task.upstream_done.is_set(), task.interrupted.is_set()) == (True, True, True)


def test_a_supervisor_that_hangs_up_after_the_end_ends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended, ends = threading.Event(), list[Any]()

    def orders(_: Path) -> Iterator[str]:
        ended.wait()
        yield "stop"

    monkeypatch.setenv("JB_TASK_FILES", str(tmp_path))
    monkeypatch.setattr(stage_task, "orders_in", orders)
    monkeypatch.setattr(os, "_exit", ends.append)
    task = task_of(tmp_path)

    async def work() -> None:
        listen(task, last_patience=0.0)

    before = set(threading.enumerate())
    asyncio.run(work())
    (thread,) = [one for one in threading.enumerate() if one not in before and one.name == "supervisor"]
    ended.set()
    thread.join()
    assert (ends, task.stop.is_set()) == ([], False)


@pytest.mark.parametrize("supervisor", [True, False])
def test_a_process_listens_to_its_supervisor_where_it_has_one_and_a_thread_never_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, supervisor: bool
) -> None:
    patiences: list[float] = []
    folder = tmp_path / "files"
    folder.mkdir()
    for name in ("JB_PROGRESS_FD", "JB_TASK_FILES"):
        monkeypatch.delenv(name, raising=False)
    if supervisor:
        monkeypatch.setenv("JB_TASK_FILES", str(folder))
    monkeypatch.setattr(stage_task, "listen", lambda _, *, last_patience: patiences.append(last_patience))
    ended = Ended(tmp_path, nothing)
    assert (ended.code, patiences) == (ExitCode.DONE, [])
    monkeypatch.setattr(sys.modules[__name__], "WORK", [nothing])
    assert main([str(ended.file), "infer:m/d"]) == ExitCode.DONE
    assert len(patiences) == supervisor
    assert all(one > stage_task.DRAIN_LIMIT for one in patiences), "it may still write down what was in flight"
    said = (folder / "progress.jsonl").read_bytes().splitlines() if supervisor else []
    assert [json.loads(line).get("state") for line in said] == ([None, "finish"] if supervisor else [])
