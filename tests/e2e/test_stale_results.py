"""A result that newer work has begun to replace decides nothing until that work is done."""

from __future__ import annotations

import json
import os
import signal
import subprocess

import pytest

from tests.e2e.forking import ForkedProcess
from tests.e2e.harness import JB, Bench, Done, run, slower_after, wait_until

RULES = ("--min", "toy-judge.accuracy>=5", "--min-scored", "98")


def gate(bench: Bench, *more: str) -> Done:
    return run([*JB, "gate", "latest", *RULES, *more], bench.folder)


def kill(process: ForkedProcess | subprocess.Popen[str]) -> None:
    """End ``jb`` and wait until no task of it writes any more."""
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=200)
    wait_until(lambda: not living(process.pid))


def living(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("stop", ["kill", "Ctrl-C"])
def test_a_gate_does_not_pass_on_a_part_of_the_items(bench: Bench, stop: str) -> None:
    assert bench.jb("--ids", "1", "2", "4").code == 0
    assert gate(bench).code == 0
    before = len(bench.model.requests)
    slower_after(before + 2, bench.model)
    process = bench.fork("--reuse", "--num-prompts", "6", "--no-preflight")
    wait_until(lambda: len(bench.model.requests) > before + 2)
    if stop == "kill":
        kill(process)
    else:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=200)
        assert process.returncode == 130
    done = gate(bench)
    assert done.code == 6, done.text
    assert "newer" in done.text
    assert "PASS" not in done.text
    bench.model.latency = 0.0
    assert bench.jb("--reuse", "--num-prompts", "6").code == 0
    assert gate(bench).code == 0


def test_a_clock_that_goes_back_does_not_make_old_plans_new(bench: Bench) -> None:
    """Half of the runs of a team are started in a container, whose time zone is another."""
    assert bench.jb("--ids", "1", "2", "4", env={"TZ": "UTC-14"}).code == 0
    before = len(bench.model.requests)
    slower_after(before + 2, bench.model)
    process = bench.fork("--reuse", "--num-prompts", "6", "--no-preflight", env={"TZ": "UTC+12"})
    wait_until(lambda: len(bench.model.requests) > before + 2)
    kill(process)
    assert gate(bench).code == 6
    bench.model.latency = 0.0
    done = run([*JB, "--reuse"], bench.folder, env={"TZ": "UTC+12"})
    assert done.code == 0, done.text
    assert "of 6 items" in done.text, "it goes on with what was begun last"
    assert gate(bench).code == 0


def test_the_latest_run_is_the_one_that_was_started_last(bench: Bench) -> None:
    assert bench.jb(env={"TZ": "UTC-14"}).code == 0
    done = bench.jb("--num-prompts", "2", env={"TZ": "UTC+12"})
    assert "holds a run of a later time than now" in done.text
    assert gate(bench, "--on", "value").code == 0
    assert "of 2 items" in bench.jb("--reuse", "--mode", "eval", "--num-prompts", "2").text
    assert len(bench.runs) == 2


def test_a_gate_does_not_pass_on_what_an_earlier_judge_said(bench: Bench) -> None:
    assert bench.jb().code == 0
    bench.judge.answer = lambda body: "VERDICT: B"
    before = len(bench.judge.requests)
    slower_after(before + 2, bench.judge)
    process = bench.fork("--reuse", "--rejudge", "--no-preflight")
    wait_until(lambda: len(bench.judge.requests) > before + 2)
    kill(process)
    undecided = gate(bench, "--junit", "gate.xml")
    assert undecided.code == 6, undecided.text
    assert b'errors="2"' in (bench.folder / "gate.xml").read_bytes()
    table = bench.jb("--reuse", "--mode", "viz")
    assert "83.33" not in table.out, "the earlier judge's number"
    assert "newer" in table.out
    assert gate(bench).code == 6, "a summary of what is there makes nothing newer"
    bench.judge.latency = 0.0
    done = bench.jb("--reuse")
    assert done.code == 0, done.text
    failed = gate(bench, "--on", "value")
    assert failed.code == 5, failed.text


def test_what_is_kept_stays_decided(bench: Bench) -> None:
    assert bench.jb().code == 0
    assert bench.jb("--reuse", "--mode", "viz").code == 0
    assert gate(bench).code == 0
    assert bench.jb("--reuse", "--mode", "infer").code == 0, "everything is answered"
    assert gate(bench).code == 0


def test_a_planned_row_without_a_result_is_not_passed_over(bench: Bench) -> None:
    """The plan says what is missing where no summary does."""
    assert bench.jb(models=["toy_model", "other_model"]).code == 0
    for path in [*bench.run.glob("summary/*"), *bench.run.glob("results/other-model/*")]:
        path.unlink()
    done = gate(bench)
    assert done.code == 6, done.text
    assert "other-model:toy-judge" in done.text


def test_no_ranking_is_made_of_stale_results(bench: Bench) -> None:
    both = ["toy_model", "other_model"]
    assert bench.jb(models=both).code == 0
    assert json.loads((bench.run / "rankings" / "toy-judge.json").read_text())["models"]
    before = len(bench.judge.requests)
    slower_after(before + 2, bench.judge)
    process = bench.fork("--reuse", "--rejudge", "--no-preflight", models=both)
    wait_until(lambda: len(bench.judge.requests) > before + 2)
    kill(process)
    assert bench.jb("--reuse", "--mode", "viz").code == 0
    assert not (bench.run / "rankings" / "toy-judge.json").exists()
