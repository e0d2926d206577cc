"""Launched services that are jobs of a real, throw-away Slurm."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from judgebench.executors.service_task import Need
from tests.e2e.harness import Bench, wait_until
from tests.e2e.slurm_bench import (
    LIMIT,
    Launched,
    N,
    check_answers,
    check_complete,
    finished,
    jb,
    run_verb,
    start,
    write_executor,
)
from tests.executors.throwaway_slurm import ThrowawaySlurm, needs_slurm

pytestmark = [needs_slurm, pytest.mark.xdist_group("slurm-services")]


@pytest.fixture
def bench(slurm_bench: Bench, cluster: ThrowawaySlurm) -> Iterator[Bench]:
    """The benchmark; its jobs end with the test."""
    yield slurm_bench
    cluster.run("scancel", "--me")


def test_services_are_jobs_of_their_own_and_end_with_the_run(
    bench: Bench, cluster: ThrowawaySlurm, tmp_path: Path
) -> None:
    bench.model_keys, bench.judge_keys = Launched("m", tmp_path).keys, Launched("j", tmp_path).keys
    bench.write()
    write_executor(bench, service_host="127.0.0.1")
    process = start(bench, cluster)
    wait_until(lambda: len(cluster.jobs()) == 1)
    listed = run_verb(bench, cluster, "jobs", "latest")
    assert "service:toy-model" in listed.out, listed.text
    out, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, out
    check_complete(bench)
    wait_until(lambda: not cluster.jobs())
    assert not bench.asked()  # the services of the test itself stood beside


def test_a_service_job_that_dies_under_load_is_begun_again_and_nothing_is_lost(
    bench: Bench, cluster: ThrowawaySlurm, tmp_path: Path
) -> None:
    model = Launched("m", tmp_path, pace=0.7)
    bench.model_keys = model.keys | {"batch_size": 2}
    bench.write()
    write_executor(bench, service_host="127.0.0.1")
    process = start(bench, cluster, "--mode", "infer")
    wait_until(lambda: len(finished(bench, "toy")) >= 3)
    (service,) = model.pids()
    before = finished(bench, "toy")
    os.kill(service, signal.SIGKILL)
    out, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, out
    assert "The launched service of model toy-model ended with exit code" in out
    assert "another job begins it again" in out
    asked = model.asked()
    assert not [number for number in before if asked[number] > 1]
    assert set(asked) == set(range(N))
    check_answers(bench)
    wait_until(lambda: not cluster.jobs())


def test_replicas_are_a_job_each_and_one_that_dies_costs_nothing(
    bench: Bench, cluster: ThrowawaySlurm, tmp_path: Path
) -> None:
    model = Launched("m", tmp_path, pace=0.7, replicas=2)
    bench.model_keys = model.keys | {"batch_size": 4, "retry": 3}
    bench.write()
    write_executor(bench, service_host="127.0.0.1")
    process = start(bench, cluster, "--mode", "infer")
    wait_until(lambda: len(finished(bench, "toy")) >= 3)
    services = model.pids()
    assert len(services) == 2
    before = finished(bench, "toy")
    os.kill(services[0], signal.SIGKILL)
    out, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, out
    asked = model.asked()
    assert not [number for number in before if asked[number] > 1]
    assert set(asked) == set(range(N))
    check_answers(bench)
    wait_until(lambda: not cluster.jobs())
    assert not model.pids()


def test_a_service_that_dies_before_it_is_healthy_is_one_sentence_with_its_last_words(
    bench: Bench, cluster: ThrowawaySlurm
) -> None:
    bench.model_keys = {"url": "", "launch": {"command": ["sh", "-c", "echo no such weights; exit 9"]}}
    bench.write()
    done = jb(bench, cluster, "--mode", "infer")
    assert done.code == 3, done.text
    assert "The launched service of model 'toy-model' ended before it was healthy." in done.text
    assert "no such weights" in done.text
    wait_until(lambda: not cluster.jobs())


def test_services_that_outlive_jb_end_when_nobody_needs_them(tmp_path: Path) -> None:
    need = Need(tmp_path)
    need.lasts, need.every = 0.3, 0.0
    assert need.is_there()
    (tmp_path / "infer-a" / "1").mkdir(parents=True)
    (tmp_path / "infer-a" / "1" / "claim").touch()
    (tmp_path / "service-m" / "1").mkdir(parents=True)
    (tmp_path / "service-m" / "1" / "claim").touch()
    time.sleep(0.4)
    assert need.is_there()  # a task works
    (tmp_path / "infer-a" / "1" / "end.json").touch()
    assert need.is_there()  # it has just ended
    time.sleep(0.4)
    assert not need.is_there()
