"""Judged runs whose tasks are jobs of a real, throw-away Slurm."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from judgebench.executors.service_task import Need
from tests.e2e.harness import JB, Bench, Done, judge_answer, model_answer, run, slower_after, wait_until
from tests.executors.test_file_executor import outcome
from tests.executors.throwaway_slurm import ThrowawaySlurm, needs_slurm, throwaway_slurm
from tests.faultservice import FaultService

pytestmark = [needs_slurm, pytest.mark.xdist_group("slurm")]

N = 12


@pytest.fixture(scope="module")
def cluster() -> Iterator[ThrowawaySlurm]:
    """Two nodes on this machine."""
    with throwaway_slurm(nodes=2) as cluster:
        yield cluster


@pytest.fixture
def bench(tmp_path: Path, cluster: ThrowawaySlurm) -> Iterator[Bench]:
    """A judged benchmark and an executor that knows the cluster."""
    with (
        FaultService(model_answer(lambda i: i % 3 == 0), model="m") as model,
        FaultService(judge_answer(), model="j") as judge,
    ):
        bench = Bench(tmp_path, model, judge, n=N)
        bench.model_keys = bench.judge_keys = {"batch_size": 2}
        bench.write()
        write_executor(bench)
        yield bench
    cluster.run("scancel", "--me")


def write_executor(bench: Bench, **keys: Any) -> None:
    folder = bench.folder / "configs" / "executors"
    folder.mkdir(parents=True, exist_ok=True)
    said = {"every": 0.3, "silence": 3.0, "lease": 3.0, "notice": 10, **keys}
    (folder / "cluster.py").write_text(
        f"from judgebench.executors import SlurmExecutor\nexecutor = dict(type=SlurmExecutor, **{said!r})\n"
    )


def jb(bench: Bench, cluster: ThrowawaySlurm, *flags: str) -> Done:
    return bench.jb("--executor", "cluster", "--no-preflight", *flags, env=cluster.environment)


def start(bench: Bench, cluster: ThrowawaySlurm, *flags: str) -> subprocess.Popen[str]:
    return bench.start("--executor", "cluster", "--no-preflight", *flags, env=cluster.environment)


def check_answers(bench: Bench) -> None:
    assert sorted(row["id"] for row in bench.rows()) == list(range(bench.n))
    assert list((bench.run / "jobs").iterdir()) == []


def check_complete(bench: Bench) -> None:
    result = bench.result()
    assert result["counts"]["ok"] == N
    assert result["metrics"]["accuracy"]["value"] == pytest.approx(100 * 8 / 12)
    for name in ("toy", "toy-judge"):
        assert sorted(row["id"] for row in bench.rows(name)) == list(range(N))
    assert list((bench.run / "jobs").iterdir()) == []


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


def running_job(cluster: ThrowawaySlurm) -> str:
    """The name of the one job that works."""
    found: list[str] = []

    def one() -> bool:
        found[:] = [name for name, state in cluster.jobs().items() if state == "RUNNING"]
        return len(found) == 1

    wait_until(one)
    return found[0]


def kept_once(bench: Bench, before: list[int], service: FaultService) -> None:
    """Nothing that was finished is asked twice; only what was in flight may be."""
    asked = bench.asked() if service is bench.model else bench.judged()
    assert set(asked) == set(range(N))
    assert not [number for number in before if asked[number] > 1], asked


def finished(bench: Bench, name: str) -> list[int]:
    path = next(bench.folder.glob(f"outputs/default/*/predictions/toy-model/{name}.jsonl"), None)
    lines = path.read_text().splitlines() if path else []
    return [json.loads(line)["id"] for line in lines if line.endswith("}")]


def test_a_job_that_a_person_cancels_stays_cancelled_and_reuse_goes_on(bench: Bench, cluster: ThrowawaySlurm) -> None:
    slower_after(4, bench.model, then=2.0)
    process = start(bench, cluster, "--mode", "infer")
    wait_until(lambda: len(finished(bench, "toy")) >= 4)
    cluster.run("scancel", f"--name={running_job(cluster)}", "--me")
    out, _ = process.communicate(timeout=200)
    assert process.returncode in {1, 130}, out
    before = finished(bench, "toy")
    bench.model.latency = 0.0
    done = bench.jb("--reuse", "--mode", "infer", "--no-preflight", env=cluster.environment)
    assert done.code == 0, done.text
    kept_once(bench, before, bench.model)
    check_answers(bench)


def test_an_agent_that_is_killed_is_followed_by_another_attempt(bench: Bench, cluster: ThrowawaySlurm) -> None:
    slower_after(4, bench.judge, then=1.0)
    process = start(bench, cluster)
    wait_until(lambda: len(finished(bench, "toy-judge")) >= 3)
    before = finished(bench, "toy-judge")
    claim = json.loads(next(bench.run.glob("jobs/judge-*/1/claim")).read_text())
    os.kill(claim["pid"], signal.SIGKILL)
    out, _ = process.communicate(timeout=200)
    assert process.returncode == 0, out
    assert "attempt 2 goes on" in out
    kept_once(bench, before, bench.judge)
    check_complete(bench)
    assert not cluster.jobs()


def test_a_supervisor_that_is_killed_leaves_its_jobs_at_work_and_reuse_waits_for_them(
    bench: Bench, cluster: ThrowawaySlurm
) -> None:
    slower_after(3, bench.model, then=5.0)
    process = start(bench, cluster, "--mode", "infer")
    wait_until(lambda: len(finished(bench, "toy")) >= 3)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=200)
    listed = run_verb(bench, cluster, "jobs", str(bench.run))
    assert "infer:toy-model/toy" in listed.out, listed.text
    assert "running" in listed.out
    again = bench.start("--reuse", "--mode", "infer", "--no-preflight", env=cluster.environment)
    assert again.stdout is not None
    assert any("still works as job" in line for line in again.stdout)
    bench.model.latency = 0.0
    out, _ = again.communicate(timeout=200)
    assert again.returncode == 0, out
    assert bench.asked() == dict.fromkeys(range(N), 1)  # not even what was in flight
    check_answers(bench)


def test_jobs_that_were_left_can_be_ended(bench: Bench, cluster: ThrowawaySlurm) -> None:
    slower_after(3, bench.model, then=1.0)
    process = start(bench, cluster, "--mode", "infer")
    wait_until(lambda: len(finished(bench, "toy")) >= 3)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=200)
    ended = run_verb(bench, cluster, "jobs", str(bench.run), "--stop")
    assert ended.code == 0, ended.text
    assert "its job has ended" in ended.out
    wait_until(lambda: not cluster.jobs())
    assert run_verb(bench, cluster, "jobs", str(bench.run)).out == "The run has no jobs.\n"
    before = finished(bench, "toy")
    bench.model.latency = 0.0
    done = bench.jb("--reuse", "--mode", "infer", "--no-preflight", env=cluster.environment)
    assert done.code == 0, done.text
    kept_once(bench, before, bench.model)
    check_answers(bench)


def test_ctrl_c_ends_the_jobs_and_loses_nothing(bench: Bench, cluster: ThrowawaySlurm) -> None:
    slower_after(4, bench.model, then=1.0)
    process = start(bench, cluster, "--mode", "infer")
    wait_until(lambda: sum(bench.asked().values()) > 4)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=200)
    assert process.returncode == 130, out
    wait_until(lambda: not cluster.jobs())
    bench.model.latency = 0.0
    done = bench.jb("--reuse", "--mode", "infer", "--no-preflight", env=cluster.environment)
    assert done.code == 0, done.text
    assert bench.asked() == dict.fromkeys(range(N), 1)
    check_answers(bench)


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
    process.communicate(timeout=200)
    assert process.returncode == 130
    wait_until(lambda: not cluster.jobs())


def test_a_job_that_can_never_start_is_refused_with_the_reason(bench: Bench, cluster: ThrowawaySlurm) -> None:
    write_executor(bench, time="3:00:00")  # the partition allows one hour
    process = start(bench, cluster, "--mode", "infer")
    listed: list[str] = []

    def is_listed() -> bool:
        listed[:] = [run_verb(bench, cluster, "jobs", "latest").out]
        return "impossible (PartitionTimeLimit, it asks for more time than its partition allows)" in listed[0]

    wait_until(lambda: is_listed() or process.poll() is not None)
    out, _ = process.communicate(timeout=200)
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
    done = bench.jb("--executor", "cluster", "--mode", "infer", "--no-preflight", env=env)
    assert done.code == 0, done.text
    assert len((tmp_path / "submitted").read_text().splitlines()) == 1
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
    out, _ = process.communicate(timeout=200)
    assert process.returncode == 0, out
    assert "attempt 2 goes on" in out
    assert bench.asked() == dict.fromkeys(range(bench.n), 1)  # what was in flight was waited for
    check_answers(bench)


def test_secrets_are_in_no_state_of_slurm_and_on_disk_only_until_read(bench: Bench, cluster: ThrowawaySlurm) -> None:
    secret = "sk-slurm-0123456789abcdefghij"
    slower_after(3, bench.model, then=0.5)
    env = {**cluster.environment, "TOY_KEY": secret}
    process = bench.start("--executor", "cluster", "--mode", "infer", "--no-preflight", env=env)
    wait_until(lambda: len(finished(bench, "toy")) >= 3)
    for folder in (cluster.folder, bench.run):
        for path in folder.rglob("*"):
            if path.is_file():
                assert secret.encode() not in path.read_bytes(), path
    out, _ = process.communicate(timeout=200)
    assert process.returncode == 0, out


def run_verb(bench: Bench, cluster: ThrowawaySlurm, *words: str) -> Done:
    return run([*JB, *words], bench.folder, env=cluster.environment)


@pytest.fixture
def frail_cluster() -> Iterator[ThrowawaySlurm]:
    """Two nodes for a test that breaks them; Slurm notices that soon."""
    with throwaway_slurm(nodes=2, patience=6) as cluster:
        yield cluster


def test_a_controller_that_forgets_its_jobs_loses_nothing(bench: Bench) -> None:
    with throwaway_slurm(nodes=2) as own_cluster:
        slower_after(3, bench.model, then=0.6)
        process = start(bench, own_cluster, "--mode", "infer")
        wait_until(lambda: len(finished(bench, "toy")) >= 3)
        own_cluster.kill("slurmctld")
        for file in (own_cluster.folder / "state").glob("job_state*"):
            file.unlink()
        own_cluster.start_controller()
        out, _ = process.communicate(timeout=200)
    assert process.returncode == 0, out
    assert bench.asked() == dict.fromkeys(range(N), 1)
    check_answers(bench)


def test_a_node_that_is_given_up_but_goes_on_writing_is_not_joined_by_another(
    bench: Bench, frail_cluster: ThrowawaySlurm
) -> None:
    """Its daemon dies, Slurm gives the job up, and the job works on: as long as it shows that, nobody else begins."""
    slower_after(3, bench.model, then=7.0)
    process = start(bench, frail_cluster, "--mode", "infer")
    wait_until(lambda: len(finished(bench, "toy")) >= 3)
    (node,) = frail_cluster.run("squeue", "-h", "-o", "%N").split()
    frail_cluster.kill(node)
    wait_until(lambda: "RUNNING" not in frail_cluster.jobs().values())
    bench.model.latency = 0.5
    out, _ = process.communicate(timeout=200)
    assert process.returncode == 0, out
    assert bench.asked() == dict.fromkeys(range(N), 1)
    check_answers(bench)


def test_a_node_that_dies_with_its_job_is_replaced(bench: Bench, frail_cluster: ThrowawaySlurm) -> None:
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
    out, _ = process.communicate(timeout=200)
    assert process.returncode == 0, out
    assert "attempt 2 goes on" in out
    kept_once(bench, before, bench.model)
    check_answers(bench)


def test_a_preempted_job_goes_on_later(bench: Bench, cluster: ThrowawaySlurm) -> None:
    slower_after(3, bench.model, then=5.0)
    process = start(bench, cluster, "--mode", "infer")
    wait_until(lambda: len(finished(bench, "toy")) >= 3)
    before = finished(bench, "toy")
    cluster.run("sbatch", "--partition=urgent", "--exclusive", "--nodes=2", "--output=/dev/null", "--wrap=sleep 3")
    wait_until(lambda: bool(list(bench.run.glob("jobs/*/2"))) or process.poll() is not None)
    bench.model.latency = 0.0
    out, _ = process.communicate(timeout=200)
    assert process.returncode == 0, out
    assert "attempt 2 goes on" in out
    kept_once(bench, before, bench.model)
    check_answers(bench)


def test_jobs_can_be_ended_while_jb_looks_after_them(bench: Bench, cluster: ThrowawaySlurm) -> None:
    slower_after(3, bench.model, then=1.0)
    process = start(bench, cluster, "--mode", "infer")
    wait_until(lambda: len(finished(bench, "toy")) >= 3)
    ended = run_verb(bench, cluster, "jobs", str(bench.run), "--stop")
    assert f"jb still works on the run (process {process.pid} on " in ended.out, ended.text
    out, _ = process.communicate(timeout=200)
    assert process.returncode == 130, out
    assert "attempt 2" not in out
    wait_until(lambda: not cluster.jobs())
    bench.model.latency = 0.0
    done = bench.jb("--reuse", "--mode", "infer", "--no-preflight", env=cluster.environment)
    assert done.code == 0, done.text
    assert bench.asked() == dict.fromkeys(range(N), 1)
    check_answers(bench)


def test_a_folder_with_signs_that_slurm_fills_in_is_found(bench: Bench, cluster: ThrowawaySlurm) -> None:
    done = jb(bench, cluster, "--mode", "infer", "--work-dir", "out %j,1 %%/x")
    assert done.code == 0, done.text
    assert bench.asked() == dict.fromkeys(range(N), 1)
    assert sorted(path.name for path in bench.folder.glob("out*")) == ["out %j,1 %%"]


SERVICE = """
import re, signal, sys, threading, time
from tests.e2e.harness import judge_answer, model_answer
from tests.faultservice import FaultService
stopped = threading.Event()


def noted(answer, marks):
    def slowly(body):
        with open(marks, "a") as file:
            file.write(f"{re.search('twice ([0-9]+)', str(body['messages']))[1]}\\n")
        time.sleep(0.7)
        return answer(body)

    return slowly


signal.signal(signal.SIGTERM, lambda *_: stopped.set())
answer = {"m": model_answer(lambda i: i % 3 == 0), "j": judge_answer()}[sys.argv[1]]
if len(sys.argv) > 3:
    answer = noted(answer, sys.argv[3])
print("loading", sys.argv[1], flush=True)
with FaultService(answer, model=sys.argv[1], port=int(sys.argv[2])):
    stopped.wait()
"""


def launched(name: str, marks: Path | None = None) -> dict[str, Any]:
    """Keys of a model whose service is launched: one of this project's tests, which notes what it is asked."""
    command = [sys.executable, "-c", SERVICE, name, "{port}", *([str(marks)] if marks else [])]
    return {"url": "", "launch": {"command": command, "health": "/v1/models", "time_limit": 60.0}}


def test_services_are_jobs_of_their_own_and_end_with_the_run(bench: Bench, cluster: ThrowawaySlurm) -> None:
    bench.model_keys, bench.judge_keys = launched("m"), launched("j")
    bench.write()
    write_executor(bench, service_host="127.0.0.1")
    process = start(bench, cluster)
    wait_until(lambda: len(cluster.jobs()) == 1)
    listed = run_verb(bench, cluster, "jobs", "latest")
    assert "service:toy-model" in listed.out, listed.text
    out, _ = process.communicate(timeout=200)
    assert process.returncode == 0, out
    check_complete(bench)
    wait_until(lambda: not cluster.jobs())
    assert not bench.asked()  # the services of the test itself stood beside


def service_pids(name: str, log: Path) -> list[int]:
    """Processes that are a launched service of this test: those that write into its log."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if words[1:2] == [b"-c"] and name.encode() in words and (entry / "fd/1").resolve() == log.resolve():
                found.append(int(entry.name))
    return found


def test_a_service_job_that_dies_under_load_is_begun_again_and_nothing_is_lost(
    bench: Bench, cluster: ThrowawaySlurm, tmp_path: Path
) -> None:
    marks = tmp_path / "asked"
    bench.model_keys = launched("m", marks)
    bench.write()
    write_executor(bench, service_host="127.0.0.1")
    process = start(bench, cluster, "--mode", "infer")
    wait_until(lambda: len(finished(bench, "toy")) >= 3)
    (service,) = service_pids("m", bench.run / "logs/services/toy-model.out")
    before = finished(bench, "toy")
    os.kill(service, signal.SIGKILL)
    out, _ = process.communicate(timeout=200)
    assert process.returncode == 0, out
    assert "The launched service of model toy-model ended with exit code" in out
    assert "another job begins it again" in out
    asked = marks.read_text().split()
    assert not [number for number in before if asked.count(str(number)) > 1]
    assert set(asked) == set(map(str, range(N)))
    check_answers(bench)
    wait_until(lambda: not cluster.jobs())


def test_a_full_disk_ends_the_task_in_one_sentence_and_reuse_goes_on(bench: Bench, cluster: ThrowawaySlurm) -> None:
    place = bench.folder / "outputs"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(place)], check=False).returncode:
        pytest.skip("a tmpfs cannot be mounted here")
    try:
        slower_after(3, bench.model, then=0.7)
        process = start(bench, cluster, "--mode", "infer")
        wait_until(lambda: len(finished(bench, "toy")) >= 3)
        with suppress(OSError), (place / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(b"x" * 4096)
        out, _ = process.communicate(timeout=200)
        assert process.returncode == 3, out
        assert "cannot be written: the disk is full." in out, out
        assert "Traceback" not in out
        wait_until(lambda: not cluster.jobs())
        before = finished(bench, "toy")
        (place / "filler").unlink()
        done = jb(bench, cluster, "--reuse", "--mode", "infer")
        assert done.code == 0, done.text
        kept_once(bench, before, bench.model)
        check_answers(bench)
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


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
