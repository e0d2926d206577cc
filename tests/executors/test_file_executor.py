"""A judged run whose tasks share nothing with it but the run folder's files."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from judgebench.executors.file_channel import FileChannel
from judgebench.records.run import TaskSpec
from judgebench.stages.task_files import ORDERS, orders_in
from judgebench.testing.faultservice import FaultService
from tests.e2e.harness import Bench, judge_answer, model_answer, slower_after, wait_until
from tests.e2e.test_images import check_no_base64, look, look_again, stored, write_configs, write_rows
from tests.e2e.test_kills import processes_of, recorded

N = 12


def write_executors(bench: Bench) -> None:
    """Write configs of two executors that go through files."""
    folder = bench.folder / "configs" / "executors"
    folder.mkdir(parents=True)
    for name, kind in (("files", "FileExecutor"), ("growing_files", "FollowingFileExecutor")):
        (folder / f"{name}.py").write_text(
            f"from tests.executors.file_executor import {kind}\n"
            f"executor = dict(type={kind}, resources=dict(infer=dict(cores=2, gpus=1, memory=7.5)))\n"
        )


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A judged benchmark with two executors that go through files."""
    with (
        FaultService(model_answer(lambda i: i % 3 == 0), model="m") as model,
        FaultService(judge_answer(), model="j") as judge,
    ):
        bench = Bench(tmp_path, model, judge, n=N)
        bench.model_keys = bench.judge_keys = {"batch_size": 2}
        bench.write()
        write_executors(bench)
        yield bench


def tasks_of(bench: Bench) -> dict[int, str]:
    """The processes of tasks, without the agents that started them."""
    living = processes_of(bench.folder)
    return {
        pid: command for pid, command in living.items() if " judgebench.stages " in command and "agent" not in command
    }


def check_result(bench: Bench) -> None:
    result = bench.result()
    assert result["counts"]["ok"] == N
    assert result["metrics"]["accuracy"]["value"] == pytest.approx(100 * 8 / 12)
    assert [row["id"] for row in bench.rows()] == list(range(N))
    assert [row["id"] for row in bench.rows("toy-judge")] == list(range(N))
    assert list((bench.run / "logs" / "tasks").iterdir()) == []  # every channel is gone with its task


def outcome(bench: Bench) -> dict[str, Any]:
    """All that a run says in the end, without what depends on when and where it ran."""
    run = bench.run
    table = (run / "summary").glob("summary_*.csv")
    return {
        "verdicts": {str(path.relative_to(run)): path.read_bytes() for path in (run / "verdicts").rglob("*.jsonl")},
        "results": {
            path.name: {**json.loads(path.read_text()), "plan": "", "usage": {}}
            for path in (run / "results").rglob("*.json")
        },
        "answers": [(row["uuid"], row["prediction"], row["origin_prompt"]) for row in bench.rows()],
        "judgments": [(row["uuid"], row["prediction"], row["origin_prompt"]) for row in bench.rows("toy-judge")],
        "summary": max(table).read_text(),
        "attachments": stored(run),
        "manifest": {key: json.loads((run / "run.json").read_text())[key] for key in ("state", "rows", "models")},
    }


@pytest.mark.parametrize("executor", ["files", "growing_files"])
@pytest.mark.parametrize("stage", ["infer", "judge"])
def test_a_killed_and_continued_run_with_images_gives_what_an_untouched_local_one_gives(
    tmp_path: Path, executor: str, stage: str
) -> None:
    """The whole scenario: images to model and judge, a kill -9 of a task, ``--reuse``, and every file after it."""
    with FaultService(look, model="m") as model, FaultService(look_again, model="j") as judge:
        benches = {name: Bench(tmp_path / name, model, judge) for name in ("local", executor)}
        for bench in benches.values():
            bench.folder.mkdir()
            bench.model_keys = bench.judge_keys = {"batch_size": 1}
            write_rows(bench.folder, [number % 4 for number in range(8)])
            write_configs(bench)
        assert benches["local"].jb("--no-preflight").code == 0
        bench = benches[executor]
        write_executors(bench)
        slow = model if stage == "infer" else judge
        model.requests.clear()
        judge.requests.clear()
        slower_after(3, slow)
        process = bench.start("--executor", executor, "--no-preflight")
        wait_until(lambda: len(slow.requests) > 3 or process.poll() is not None)
        (victim,) = [pid for pid, command in tasks_of(bench).items() if f"{stage}:" in command]
        os.kill(victim, signal.SIGKILL)
        out, _ = process.communicate(timeout=200)
        assert process.returncode == 1, out
        assert "SIGKILL" in out
        wait_until(lambda: not processes_of(bench.folder))
        kept = [len(recorded(bench, name)) for name in ("toy", "toy-judge")]
        assert 0 < kept[stage == "judge"] < 8
        model.latency = judge.latency = 0.0
        model.requests.clear()
        judge.requests.clear()
        done = bench.jb("--reuse", "--no-preflight")
        assert done.code == 0, done.text
        assert [len(service.requests) for service in (model, judge)] == [8 - count for count in kept]
        expected = outcome(benches["local"])
        assert all(expected.values())
        assert outcome(bench) == expected
        check_no_base64(bench.run)
        assert list((bench.run / "logs" / "tasks").iterdir()) == []


@pytest.mark.parametrize("executor", ["files", "growing_files"])
def test_a_judged_run_is_complete_and_asks_nothing_twice(bench: Bench, executor: str) -> None:
    done = bench.jb("--executor", executor, "--no-preflight")
    assert done.code == 0, done.text
    check_result(bench)
    assert bench.asked() == bench.judged() == dict.fromkeys(range(N), 1)
    assert not processes_of(bench.folder)
    plan = json.loads(next((bench.run / "configs").glob("2*.json")).read_text())
    assert [task["gpus"] for task in plan["tasks"]] == [1, 0, 0, 0]


def test_a_dry_run_says_what_a_task_needs(bench: Bench) -> None:
    done = bench.jb("--executor", "files", "--dry-run")
    assert done.code == 0, done.text
    assert "  needs:   cores 2, memory (GiB) 7.5, GPUs 1\n" in done.out


@pytest.mark.parametrize(("executor", "stage"), [("files", "judge"), ("growing_files", "infer")])
def test_a_killed_task_is_named_and_the_run_goes_on_where_it_was(bench: Bench, executor: str, stage: str) -> None:
    slower_after(5, bench.model if stage == "infer" else bench.judge, then=20.0)
    process = bench.start("--executor", executor, "--no-preflight")
    asked = bench.asked if stage == "infer" else bench.judged
    wait_until(lambda: sum(asked().values()) > 5)
    (victim,) = [pid for pid, command in tasks_of(bench).items() if f"{stage}:" in command]
    os.kill(victim, signal.SIGKILL)
    out, _ = process.communicate(timeout=200)
    assert process.returncode == 1, out
    assert "SIGKILL" in out
    wait_until(lambda: not processes_of(bench.folder))
    kept = recorded(bench, "toy"), recorded(bench, "toy-judge")
    assert kept[stage == "judge"]
    bench.model.latency = bench.judge.latency = 0.0
    done = bench.jb("--reuse", "--no-preflight")  # it says by itself where its tasks ran
    assert done.code == 0, done.text
    check_result(bench)
    for ids, asked_of in zip(kept, (bench.asked(), bench.judged()), strict=True):
        assert not {id_ for id_, count in asked_of.items() if count > 1} & ids
    plans = sorted((bench.run / "configs").glob("2*.json"), key=lambda path: path.stat().st_mtime_ns)
    assert "FileExecutor" in json.loads(plans[-1].read_text())["executor"]["type"]


def test_ctrl_c_stops_tasks_and_loses_nothing(bench: Bench) -> None:
    slower_after(4, bench.model, then=1.0)
    process = bench.start("--executor", "files", "--no-preflight")
    wait_until(lambda: sum(bench.asked().values()) > 4)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=200)
    assert process.returncode == 130, out
    wait_until(lambda: not processes_of(bench.folder))
    done = bench.jb("--reuse", "--no-preflight")
    assert done.code == 0, done.text
    check_result(bench)
    assert bench.asked() == dict.fromkeys(range(N), 1)  # what was in flight at the stop was kept


def test_a_task_that_nobody_listens_to_any_more_learns_it_by_the_silence(tmp_path: Path) -> None:
    (tmp_path / ORDERS).write_text("upstream-done a\nst")
    orders = orders_in(tmp_path, silence=0.2, poll=0.01)
    assert next(orders) == "upstream-done a"
    with (tmp_path / ORDERS).open("a") as file:
        file.write("op\n")
    assert list(orders) == ["stop"]


def test_a_channel_carries_orders_and_whole_reports(tmp_path: Path) -> None:
    spec = TaskSpec(id="infer:m/d", stage="infer", name="m/d")
    channel = FileChannel(tmp_path, spec)
    channel.tell("stop")
    assert next(orders_in(channel.folder)) == "stop"
    reports = channel.folder / "progress.jsonl"
    reports.write_bytes(b'{"task":"infer:m/d","state":"running","done":1}\n{"task":"inf')
    assert [report.done for report in channel.reports()] == [1]
    with reports.open("ab") as file:
        file.write(b'er:m/d","done":2}\ntorn\n')
    assert [report.done for report in channel.reports()] == [2]
