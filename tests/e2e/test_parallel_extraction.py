"""Extraction by several processes gives the result that one process gives, and leaves no process behind."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
from typing import Any

import msgspec
import pytest

from judgebench.errors import DiskError
from judgebench.executors.guard import children_of
from judgebench.records.run import Plan
from judgebench.stages import extract, parallel_extraction
from judgebench.stages.task import Task
from tests.e2e.harness import Bench, environment, judge_answer, wait_until
from tests.executors.conftest import gone


def plan_of(bench: Bench) -> Plan:
    """Return the plan of the only run, with paths that hold wherever the test runs."""
    plan = msgspec.json.decode(next((bench.run / "configs").glob("*.json")).read_bytes(), type=Plan)
    return msgspec.structs.replace(plan, run_dir=str(bench.run))


def extracted(bench: Bench, plan: Plan) -> dict[str, Any]:
    """Extract again, in this process and those that it starts, and return the result."""
    (spec,) = (task for task in plan.tasks if task.stage == "extract")

    async def work() -> None:
        await extract.run(Task(plan, spec))

    (bench.run / "results/toy-model/toy-judge.json").unlink()
    asyncio.run(work())
    return bench.result()


@pytest.fixture
def judged(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A judged run with two answers per item, a rule beside the judge, wrong answers and unreadable verdicts."""
    bench.n = 13
    bench.model_keys = {"generation_kwargs": {"num_return_sequences": 2}}
    bench.write()
    config = bench.folder / "configs/datasets/toy_llmjudge.py"
    config.write_text(
        config.read_text().replace("judge_infer_cfg", "evaluator=dict(type=NumberEqual), judge_infer_cfg")
    )
    perfect = judge_answer()
    bench.judge.answer = lambda body: "I cannot say." if "of twice 7)" in str(body) else perfect(body)
    done = bench.jb("--dump-eval-details")
    assert done.code == 0, done.text
    monkeypatch.chdir(bench.folder)
    monkeypatch.setenv("PYTHONPATH", environment()["PYTHONPATH"])
    monkeypatch.setattr(parallel_extraction, "PARALLEL_FROM", 1)
    return bench


def test_the_result_is_the_one_of_a_single_process(judged: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = judged.result()
    assert alone["counts"]["unparsed"] == 2
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: range(3), raising=False)
    started: list[tuple[int, int | None]] = []
    whole = parallel_extraction.ranges

    def noted(samples: int, parts: int) -> list[tuple[int, int | None]]:
        started.extend(whole(samples, parts))
        return started

    monkeypatch.setattr(parallel_extraction, "ranges", noted)
    assert extracted(judged, plan_of(judged)) == alone
    assert len(started) == 3


def test_an_error_in_a_part_is_the_tasks_error(judged: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: range(2), raising=False)

    async def derive(self: object, **_: object) -> None:
        raise DiskError("There is no room.", hint="Make some.")

    monkeypatch.setattr(extract.ExtractRun, "derive", derive)
    with pytest.raises(DiskError, match="no room") as caught:
        extracted(judged, plan_of(judged))
    assert caught.value.hint == "Make some."
    assert multiprocessing.active_children() == []


def extracting(bench: Bench) -> tuple[subprocess.Popen[str], list[int]]:
    """An extract task in a process of its own, of which every part waits for ever; and the processes of the parts."""
    plan = plan_of(bench)
    plan_file = bench.folder / "plan.json"
    plan_file.write_bytes(msgspec.json.encode(plan))
    (task,) = (task.id for task in plan.tasks if task.stage == "extract")
    code = (
        "import asyncio, os, sys; from judgebench.stages import extract, task, parallel_extraction as parallel\n"
        "async def wait(*args, **kwargs): await asyncio.sleep(600)\n"
        "extract.ExtractRun.derive, parallel.PARALLEL_FROM = wait, 1\n"
        "os.sched_getaffinity = lambda pid: range(2); sys.exit(task.main(sys.argv[1:]))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(plan_file), task],
        cwd=bench.folder,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    parts: list[int] = []

    def started() -> bool:
        parts[:] = children_of(process.pid)
        return process.poll() is not None or len(parts) == 2

    wait_until(started)
    if process.poll() is not None:
        pytest.fail(f"it ended with {process.returncode}: {process.stderr.read() if process.stderr else None}")
    return process, parts


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_no_part_outlives_a_task_that_is_killed(judged: Bench) -> None:
    process, parts = extracting(judged)
    assert len(parts) == 2
    process.kill()
    process.communicate()
    wait_until(lambda: all(gone(pid) for pid in parts))


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_a_killed_part_ends_the_task_with_a_sentence(judged: Bench) -> None:
    process, parts = extracting(judged)
    os.kill(parts[0], signal.SIGKILL)
    _, said = process.communicate(timeout=200)
    assert process.returncode == 3
    assert "A process that derives verdicts for toy-model/toy-judge was killed." in said
    assert "Traceback" not in said
    wait_until(lambda: all(gone(pid) for pid in parts))


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_a_task_that_is_stopped_ends_its_parts(judged: Bench) -> None:
    process, parts = extracting(judged)
    process.terminate()
    process.communicate(timeout=200)
    assert process.returncode == 130
    wait_until(lambda: all(gone(pid) for pid in parts))


@pytest.mark.parametrize("parts", [1, 2, 7])
def test_ranges_hold_every_sample_once(parts: int) -> None:
    found = parallel_extraction.ranges(100, parts)
    assert [start for start, _ in found] == [0, *[start + (count or 0) for start, count in found[:-1]]]
    assert found[-1][1] is None
    counts = [count for _, count in found[:-1] if count is not None]
    assert counts == sorted(counts, reverse=True)
