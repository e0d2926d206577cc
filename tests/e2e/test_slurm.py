"""Judged runs whose tasks are jobs of a real, throw-away Slurm: what is submitted, and what is refused."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.harness import Bench, slower_after, wait_until
from tests.e2e.slurm_bench import (
    LIMIT,
    N,
    check_answers,
    check_complete,
    finished,
    jb,
    run_verb,
    start,
    write_executor,
)
from tests.executors.test_file_executor import outcome
from tests.executors.throwaway_slurm import ThrowawaySlurm, needs_slurm

pytestmark = [needs_slurm, pytest.mark.xdist_group("slurm")]


@pytest.fixture
def bench(slurm_bench: Bench, cluster: ThrowawaySlurm) -> Iterator[Bench]:
    """The benchmark; its jobs end with the test."""
    yield slurm_bench
    cluster.run("scancel", "--me")


def test_a_judged_run_gives_what_a_local_one_gives_and_leaves_no_job(
    bench: Bench, cluster: ThrowawaySlurm, tmp_path: Path
) -> None:
    done = jb(bench, cluster)
    assert done.code == 0, done.text
    check_complete(bench)
    assert bench.asked() == bench.judged() == dict.fromkeys(range(N), 1)
    wait_until(lambda: not cluster.jobs())
    local = Bench(tmp_path / "local", bench.model, bench.judge, n=N)
    local.model_keys = local.judge_keys = {"batch_size": 2}
    local.folder.mkdir()
    local.write()
    assert local.jb("--no-preflight").code == 0
    assert outcome(bench) == outcome(local)


def test_a_job_that_never_starts_says_why(bench: Bench, cluster: ThrowawaySlurm) -> None:
    write_executor(bench, extra=["--begin=now+1hour"])
    process = start(bench, cluster, "--json")
    lines: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)
        if '"queued"' in line:
            break
    assert json.loads(lines[-1])["note"] == "BeginTime"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=LIMIT)
    assert process.returncode == 130
    wait_until(lambda: not cluster.jobs())


def test_a_job_that_can_never_start_is_refused_with_the_reason(bench: Bench, cluster: ThrowawaySlurm) -> None:
    write_executor(bench, time="3:00:00", silence=3.0)  # the partition allows one hour
    process = start(bench, cluster, "--mode", "infer")
    listed: list[str] = []

    def is_listed() -> bool:
        listed[:] = [run_verb(bench, cluster, "jobs", "latest").out]
        return "impossible (PartitionTimeLimit, it asks for more time than its partition allows)" in listed[0]

    wait_until(lambda: is_listed() or process.poll() is not None)
    out, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == 3, out
    assert "can never start: PartitionTimeLimit, it asks for more time than its partition allows." in out
    wait_until(lambda: not cluster.jobs())


def test_a_partition_that_is_not_there_is_one_sentence(bench: Bench, cluster: ThrowawaySlurm) -> None:
    write_executor(bench, partition="nowhere")
    done = jb(bench, cluster)
    assert done.code == 3, done.text
    assert "invalid partition specified: nowhere" in done.text
    assert "Traceback" not in done.text


def test_a_submission_that_timed_out_but_arrived_is_not_made_twice(
    bench: Bench, cluster: ThrowawaySlurm, tmp_path: Path
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    lying = tools / "sbatch"
    lying.write_text(
        "#!/bin/sh\n"
        f"echo $* >> {tmp_path}/submitted\n"
        '/usr/bin/sbatch "$@" > /dev/null || exit 1\n'
        "echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2\n"
        "exit 1\n"
    )
    lying.chmod(0o755)
    env = {**cluster.environment, "PATH": f"{tools}:{os.environ['PATH']}"}
    done = bench.jb("--executor", "cluster", "--mode", "infer", "--no-preflight", env=env, timeout=LIMIT)
    assert done.code == 0, done.text
    assert len((tmp_path / "submitted").read_text().splitlines()) == 1
    assert bench.asked() == dict.fromkeys(range(N), 1)
    check_answers(bench)


def test_secrets_are_in_no_state_of_slurm_and_on_disk_only_until_read(bench: Bench, cluster: ThrowawaySlurm) -> None:
    secret = "sk-slurm-0123456789abcdefghij"
    slower_after(3, bench.model, then=2.0)
    env = {**cluster.environment, "TOY_KEY": secret}
    process = bench.start("--executor", "cluster", "--mode", "infer", "--no-preflight", env=env)
    wait_until(lambda: len(finished(bench, "toy")) >= 3)
    for folder in (cluster.folder, bench.run):
        for path in folder.rglob("*"):
            with suppress(FileNotFoundError):  # gone since it was listed
                assert not path.is_file() or secret.encode() not in path.read_bytes(), path
    out, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, out


def test_a_folder_with_signs_that_slurm_fills_in_is_found(bench: Bench, cluster: ThrowawaySlurm) -> None:
    done = jb(bench, cluster, "--mode", "infer", "--work-dir", "out %j,1 %%/x")
    assert done.code == 0, done.text
    assert bench.asked() == dict.fromkeys(range(N), 1)
    assert sorted(path.name for path in bench.folder.glob("out*")) == ["out %j,1 %%"]
