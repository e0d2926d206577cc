"""Extraction spread over several processes gives the result that one process gives, and leaves no process behind."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import Any

import msgspec
import pytest

from judgebench.plan.spec import Plan
from judgebench.stages import extract, spread
from judgebench.stages.spread import Part
from judgebench.stages.task import Task
from tests.e2e.harness import Bench, environment, judge_answer


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
    monkeypatch.setattr(spread, "SPREAD_FROM", 1)
    return bench


def test_the_result_is_the_one_of_a_single_process(judged: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = judged.result()
    assert alone["counts"]["unparsed"] == 2
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: range(3), raising=False)
    started: list[tuple[int, int | None]] = []
    whole = spread.ranges

    def noted(samples: int, parts: int) -> list[tuple[int, int | None]]:
        started.extend(whole(samples, parts))
        return started

    monkeypatch.setattr(spread, "ranges", noted)
    assert extracted(judged, plan_of(judged)) == alone
    assert len(started) == 3


def test_a_part_that_fails_is_no_reason_for_another_result(judged: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = judged.result()
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: range(2), raising=False)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert extracted(judged, plan_of(judged)) == alone


def test_a_part_ends_with_the_task_that_started_it(judged: Bench) -> None:
    plan = plan_of(judged)
    predictions = judged.run / "predictions/toy-model/toy.jsonl"
    predictions.unlink()
    os.mkfifo(predictions)  # whoever reads it waits for ever
    part = Part(plan, next(task.id for task in plan.tasks if task.stage == "extract"), "toy", 0, None)
    process = subprocess.Popen(
        [sys.executable, "-m", "judgebench.stages.shard"],
        cwd=judged.folder,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin
    process.stdin.write(msgspec.json.encode(part) + b"\n")
    process.stdin.flush()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1.5)
    process.stdin.close()
    assert process.wait(60) == 1


@pytest.mark.parametrize("parts", [1, 2, 7])
def test_ranges_hold_every_sample_once(parts: int) -> None:
    found = spread.ranges(100, parts)
    assert [start for start, _ in found] == [0, *[start + (count or 0) for start, count in found[:-1]]]
    assert found[-1][1] is None
    counts = [count for _, count in found[:-1] if count is not None]
    assert counts == sorted(counts, reverse=True)
