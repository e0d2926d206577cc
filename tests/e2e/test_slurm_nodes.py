"""Nodes and the controller of a real, throw-away Slurm that die, forget, or are given up, under runs that work."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.e2e.harness import ROOT, Bench, slower_after, wait_until
from tests.e2e.slurm_bench import (
    LIMIT,
    Hold,
    Launched,
    N,
    check_answers,
    finished,
    kept_once,
    start,
    write_executor,
)
from tests.executors.throwaway_slurm import ThrowawaySlurm, needs_slurm

pytestmark = [needs_slurm, pytest.mark.xdist_group("slurm-nodes")]


@pytest.fixture
def bench(slurm_bench: Bench) -> Bench:
    """The benchmark on Slurm."""
    return slurm_bench


def test_a_controller_that_forgets_its_jobs_loses_nothing(bench: Bench, own_cluster: ThrowawaySlurm) -> None:
    """Its numbers of jobs begin at 1 again, so it cannot serve another test: its nodes know jobs of these numbers."""
    slower_after(3, bench.model, then=0.6)
    process = start(bench, own_cluster, "--mode", "infer")
    wait_until(lambda: len(finished(bench, "toy")) >= 3)
    own_cluster.kill("slurmctld")
    for file in (own_cluster.folder / "state").glob("job_state*"):
        file.unlink()
    own_cluster.start_controller()
    out, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, out
    assert bench.asked() == dict.fromkeys(range(N), 1)
    check_answers(bench)


def test_a_node_that_is_given_up_but_goes_on_writing_is_not_joined_by_another(
    bench: Bench, frail_cluster: ThrowawaySlurm
) -> None:
    """Its daemon dies, Slurm gives the job up, and the job works on: as long as it shows that, nobody else begins."""
    hold = Hold(bench.model, after=3)
    process = start(bench, frail_cluster, "--mode", "infer")
    wait_until(lambda: len(finished(bench, "toy")) >= 3)
    (node,) = frail_cluster.run("squeue", "-h", "-o", "%N").split()
    frail_cluster.kill(node)
    wait_until(lambda: "NODE_FAIL" in frail_cluster.run("squeue", "-h", "--states=all", "-o", "%T"))
    (beat,) = bench.run.glob("jobs/*/1/beat.json")
    seen = beats(beat)
    wait_until(lambda: beats(beat) > seen + 2)
    hold.end()
    out, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, out
    assert "attempt" not in out
    assert bench.asked() == dict.fromkeys(range(N), 1)
    check_answers(bench)


def beats(file: Path) -> int:
    """How far an agent has counted."""
    count: int = json.loads(file.read_text())["count"]
    return count


def test_a_node_that_dies_with_its_job_is_replaced(bench: Bench, frail_cluster: ThrowawaySlurm) -> None:
    write_executor(bench, silence=3.0, lease=3.0)
    slower_after(3, bench.model, then=0.5)
    process = start(bench, frail_cluster, "--mode", "infer")
    wait_until(lambda: len(finished(bench, "toy")) >= 3)
    before = finished(bench, "toy")
    (node,) = frail_cluster.run("squeue", "-h", "-o", "%N").split()
    frail_cluster.kill(node)
    agent = json.loads(next(bench.run.glob("jobs/*/1/claim")).read_text())["pid"]
    tasks = Path(f"/proc/{agent}/task/{agent}/children").read_text().split()
    for number in [agent, *map(int, tasks)]:
        os.kill(number, signal.SIGKILL)
    out, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, out
    assert "attempt 2 goes on" in out
    kept_once(bench, before, bench.model)
    check_answers(bench)


CLOCK = """
import os, time

shift = float(os.environ.get("NODE_CLOCK", "0"))
if shift:
    true_time, true_time_ns = time.time, time.time_ns
    time.time = lambda: true_time() + shift
    time.time_ns = lambda: true_time_ns() + int(shift * 1e9)
    with open(os.environ["NODE_CLOCKS"], "a") as file:
        file.write(f"{shift}\\n")
"""


def test_nodes_whose_clocks_differ_by_minutes_lose_nothing(
    bench: Bench, cluster: ThrowawaySlurm, tmp_path: Path
) -> None:
    """Every other job has a clock ten minutes fast, the others one ten minutes slow, and the files have any times."""
    (tmp_path / "clock").mkdir()
    (tmp_path / "clock/sitecustomize.py").write_text(CLOCK)
    clocks = tmp_path / "clocks"
    setup = [f"export NODE_CLOCKS={clocks}", "export NODE_CLOCK=$(( SLURM_JOB_ID % 2 * 1200 - 600 ))"]
    model = Launched("m", tmp_path, pace=0.4)
    bench.model_keys = model.keys | {"batch_size": 2}
    bench.write()
    write_executor(bench, setup=setup, silence=3.0, lease=3.0, service_host="127.0.0.1")
    environment = cluster.environment | {"PYTHONPATH": f"{tmp_path / 'clock'}:{ROOT}"}
    process = bench.start("--executor", "cluster", "--no-preflight", "--mode", "infer", env=environment)
    with strange_times(bench.folder / "outputs"):
        wait_until(lambda: len(finished(bench, "toy")) >= 3)
        before = finished(bench, "toy")
        agent = json.loads(next(bench.run.glob("jobs/infer-*/1/claim")).read_text())["pid"]
        os.kill(agent, signal.SIGKILL)
        out, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, out
    assert "attempt 2 goes on" in out
    assert set(clocks.read_text().split()) == {"600.0", "-600.0"}
    asked = model.asked()
    assert set(asked) == set(range(N))
    assert not [number for number in before if asked[number] > 1], asked
    check_answers(bench)
    wait_until(lambda: not cluster.jobs())


@contextmanager
def strange_times(outputs: Path) -> Iterator[None]:
    """Set the times of all files by which jobs are known, again and again, to minutes before and after now."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.2):
            with suppress(OSError):  # what is looked at may be cleared away meanwhile
                for path in [*outputs.glob("default/*/jobs/*"), *outputs.glob("default/*/jobs/*/*/*")]:
                    then = time.time() + random.uniform(-600, 600)
                    os.utime(path, (then, then))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
