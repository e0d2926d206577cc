"""Jobs of a real, throw-away Slurm that are ended from outside in the middle of a run, and ``jb`` itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.e2e.harness import Bench, slower_after, wait_until
from tests.e2e.slurm_bench import (
    LIMIT,
    Hold,
    N,
    again,
    check_answers,
    check_complete,
    finished,
    kept_once,
    run_verb,
    running_job,
    start,
    write_executor,
)
from tests.executors.throwaway_slurm import ThrowawaySlurm, needs_slurm

pytestmark = [needs_slurm, pytest.mark.xdist_group("slurm-ends")]


@pytest.fixture
def bench(slurm_bench: Bench, cluster: ThrowawaySlurm) -> Iterator[Bench]:
    """The benchmark; its jobs end with the test."""
    yield slurm_bench
    cluster.run("scancel", "--me")


def test_a_job_that_a_person_cancels_stays_cancelled_and_reuse_goes_on(bench: Bench, cluster: ThrowawaySlurm) -> None:
    write_executor(bench, silence=3.0)
    slower_after(4, bench.model, then=4.0)
    process = start(bench, cluster, "--mode", "infer")
    wait_until(lambda: len(finished(bench, "toy")) >= 4)
    cluster.run("scancel", f"--name={running_job(cluster)}", "--me")
    out, _ = process.communicate(timeout=LIMIT)
    assert process.returncode in {1, 130}, out
    before = finished(bench, "toy")
    bench.model.latency = 0.0
    done = again(bench, cluster, "--mode", "infer")
    assert done.code == 0, done.text
    kept_once(bench, before, bench.model)
    check_answers(bench)


def test_an_agent_that_is_killed_is_followed_by_another_attempt(bench: Bench, cluster: ThrowawaySlurm) -> None:
    write_executor(bench, silence=3.0, lease=3.0)
    slower_after(4, bench.judge, then=2.0)
    process = start(bench, cluster)
    wait_until(lambda: len(finished(bench, "toy-judge")) >= 3)
    before = finished(bench, "toy-judge")
    claim = json.loads(next(bench.run.glob("jobs/judge-*/1/claim")).read_text())
    os.kill(claim["pid"], signal.SIGKILL)
    out, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, out
    assert "attempt 2 goes on" in out
    kept_once(bench, before, bench.judge)
    check_complete(bench)
    assert not cluster.jobs()


def test_a_supervisor_that_is_killed_leaves_its_jobs_at_work_and_reuse_waits_for_them(
    bench: Bench, cluster: ThrowawaySlurm
) -> None:
    hold = Hold(bench.model, after=3)
    process = start(bench, cluster, "--mode", "infer")
    wait_until(lambda: len(finished(bench, "toy")) >= 3)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=LIMIT)
    listed = run_verb(bench, cluster, "jobs", str(bench.run))
    assert "infer:toy-model/toy" in listed.out, listed.text
    assert "running" in listed.out
    process = start(bench, cluster, "--mode", "infer", "--reuse")
    assert process.stdout is not None
    assert any("still works as job" in line for line in process.stdout)
    hold.end()
    out, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, out
    assert bench.asked() == dict.fromkeys(range(N), 1)  # not even what was in flight
    check_answers(bench)


def test_jobs_that_were_left_can_be_ended(bench: Bench, cluster: ThrowawaySlurm) -> None:
    slower_after(3, bench.model, then=4.0)
    process = start(bench, cluster, "--mode", "infer")
    wait_until(lambda: len(finished(bench, "toy")) >= 3)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=LIMIT)
    ended = run_verb(bench, cluster, "jobs", str(bench.run), "--stop")
    assert ended.code == 0, ended.text
    assert "its job has ended" in ended.out
    wait_until(lambda: not cluster.jobs())
    assert run_verb(bench, cluster, "jobs", str(bench.run)).out == "The run has no jobs.\n"
    before = finished(bench, "toy")
    bench.model.latency = 0.0
    done = again(bench, cluster, "--mode", "infer")
    assert done.code == 0, done.text
    kept_once(bench, before, bench.model)
    check_answers(bench)


def test_jobs_can_be_ended_while_jb_looks_after_them(bench: Bench, cluster: ThrowawaySlurm) -> None:
    slower_after(3, bench.model, then=4.0)
    process = start(bench, cluster, "--mode", "infer")
    wait_until(lambda: len(finished(bench, "toy")) >= 3)
    ended = run_verb(bench, cluster, "jobs", str(bench.run), "--stop")
    assert f"jb still works on the run (process {process.pid} on " in ended.out, ended.text
    out, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == 130, out
    assert "attempt 2" not in out
    wait_until(lambda: not cluster.jobs())
    bench.model.latency = 0.0
    done = again(bench, cluster, "--mode", "infer")
    assert done.code == 0, done.text
    assert bench.asked() == dict.fromkeys(range(N), 1)
    check_answers(bench)


def test_ctrl_c_ends_the_jobs_and_loses_nothing(bench: Bench, cluster: ThrowawaySlurm) -> None:
    slower_after(4, bench.model, then=4.0)
    process = start(bench, cluster, "--mode", "infer")
    wait_until(lambda: sum(bench.asked().values()) > 4)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == 130, out
    wait_until(lambda: not cluster.jobs())
    bench.model.latency = 0.0
    done = again(bench, cluster, "--mode", "infer")
    assert done.code == 0, done.text
    assert bench.asked() == dict.fromkeys(range(N), 1)
    check_answers(bench)


def test_a_time_limit_ends_a_job_and_another_goes_on(bench: Bench, cluster: ThrowawaySlurm) -> None:
    write_executor(bench, time="0:01:00", notice=55)
    bench.model_keys = {"batch_size": 1}
    bench.n = 120
    bench.write()
    slower_after(2, bench.model, then=1.0)  # a stopped task waits for it; Slurm looks at limits every half minute
    process = start(bench, cluster, "--mode", "infer")
    wait_until(
        lambda: bool(list(bench.folder.glob("outputs/default/*/jobs/*/2"))) or process.poll() is not None, timeout=200
    )
    bench.model.latency = 0.0
    out, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, out
    assert "attempt 2 goes on" in out
    assert bench.asked() == dict.fromkeys(range(bench.n), 1)  # what was in flight was waited for
    check_answers(bench)


def test_a_preempted_job_goes_on_later(bench: Bench, cluster: ThrowawaySlurm) -> None:
    write_executor(bench, silence=3.0, lease=3.0)
    slower_after(3, bench.model, then=5.0)
    process = start(bench, cluster, "--mode", "infer")
    wait_until(lambda: len(finished(bench, "toy")) >= 3)
    before = finished(bench, "toy")
    cluster.run("sbatch", "--partition=urgent", "--exclusive", "--nodes=2", "--output=/dev/null", "--wrap=sleep 3")
    wait_until(lambda: bool(list(bench.run.glob("jobs/*/2"))) or process.poll() is not None)
    bench.model.latency = 0.0
    out, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, out
    assert "attempt 2 goes on" in out
    kept_once(bench, before, bench.model)
    check_answers(bench)


def test_a_full_disk_ends_the_task_in_one_sentence_and_reuse_goes_on(bench: Bench, cluster: ThrowawaySlurm) -> None:
    place = bench.folder / "outputs"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(place)], check=False).returncode:
        pytest.skip("a tmpfs cannot be mounted here")
    try:
        slower_after(3, bench.model, then=2.0)
        process = start(bench, cluster, "--mode", "infer")
        wait_until(lambda: len(finished(bench, "toy")) >= 3)
        with suppress(OSError), (place / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(b"x" * 4096)
        out, _ = process.communicate(timeout=LIMIT)
        assert process.returncode == 3, out
        assert "cannot be written: the disk is full." in out, out
        assert "Traceback" not in out
        wait_until(lambda: not cluster.jobs())
        before = finished(bench, "toy")
        (place / "filler").unlink()
        done = again(bench, cluster, "--mode", "infer")
        assert done.code == 0, done.text
        kept_once(bench, before, bench.model)
        check_answers(bench)
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)
