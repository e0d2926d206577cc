"""The agent of a job, as a process: who may work, who is stopped, what is written down."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from judgebench.executors.job_files import TaskJobs, jobs_in
from judgebench.executors.left_jobs import left_jobs
from tests.e2e.harness import wait_until

WORKS = """
import os, sys, time
out = int(os.environ["JB_PROGRESS_FD"])
open({here!r} + "/worked", "a").write(os.environ["SECRET"] + "\\n")
os.write(out, b'{{"task":"t","state":"running","done":1,"total":2}}\\n')
for line in sys.stdin:
    if line == "stop\\n":
        sys.exit(130)
    open({here!r} + "/heard", "a").write(line)
"""


@pytest.fixture
def agents() -> Iterator[list[subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for one in started:
        one.kill()
        one.wait()


class Job:
    """An attempt at a task that tells what it hears."""

    def __init__(self, run_dir: Path, agents: list[subprocess.Popen[bytes]], *, lease: float = 1.0) -> None:
        self.run_dir, self.agents, self.lease = run_dir, agents, lease
        self.jobs = TaskJobs.of(run_dir, "infer:m/d")
        self.next()

    def next(self) -> None:
        self.attempt = self.jobs.make(
            "infer:m/d",
            self.run_dir,
            command=[sys.executable, "-c", WORKS.format(here=str(self.run_dir))],
            log="logs/infer.out",
            environment={**os.environ, "SECRET": "sk-0123456789", "SLURM_JOB_ID": "of the submitting shell"},
            lease=self.lease,
            executor="judgebench.executors.slurm.SlurmExecutor",
            options={},
        )

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "judgebench.executors.job_agent", str(self.attempt.folder)]
        self.agents.append(subprocess.Popen(command))
        return self.agents[-1]

    def works(self) -> bool:
        return (self.run_dir / "worked").exists()


@pytest.fixture
def job(tmp_path: Path, agents: list[subprocess.Popen[bytes]]) -> Job:
    return Job(tmp_path, agents)


def test_a_job_that_is_started_twice_works_once(job: Job) -> None:
    first = job.start()
    wait_until(job.works)
    assert job.start().wait(200) == 0
    assert (job.run_dir / "worked").read_text() == "sk-0123456789\n"
    job.attempt.tell("allowance 1 2 3 4")
    wait_until((job.run_dir / "heard").exists)
    job.attempt.tell("stop")
    assert first.wait(200) == 130
    end = job.attempt.end()
    assert end is not None
    assert (end.code, end.signal) == (130, 0)
    assert [one.done for one in job.attempt.reports()] == [1]


def test_secrets_are_gone_from_disk_when_the_task_has_them(job: Job) -> None:
    secret = job.attempt.folder / "environment"
    assert secret.stat().st_mode & 0o077 == 0
    assert "SLURM_JOB_ID" not in json.loads(secret.read_text())
    job.start()
    wait_until(job.works)
    looked = 0
    for path in job.attempt.folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):  # a heartbeat that has just got its name
            assert b"sk-01" not in path.read_bytes(), path
            looked += 1
    assert looked


@pytest.mark.parametrize("owner", ["2\n", "0\n", "", "1 2"])
def test_an_attempt_that_lost_the_work_never_begins_or_ends_at_once(job: Job, owner: str) -> None:
    agent = job.start()
    wait_until(job.works)
    (job.jobs.folder / "owner").write_text(owner)
    assert agent.wait(200) != 0
    (job.run_dir / "worked").unlink()
    (job.attempt.folder / "claim").unlink()
    assert job.start().wait(200) == 0
    assert not job.works()


def test_a_folder_that_is_taken_away_ends_the_task(job: Job) -> None:
    agent = job.start()
    wait_until(job.works)
    job.run_dir.rename(job.run_dir.with_name("moved"))
    assert agent.wait(200) != 0


def test_an_agent_that_wakes_after_another_has_begun_leaves_the_work_to_it(job: Job) -> None:
    old = job.start()
    wait_until(job.works)
    old.send_signal(signal.SIGSTOP)
    before = job.attempt
    job.next()
    new = job.start()
    wait_until(lambda: len((job.run_dir / "worked").read_text().splitlines()) == 2)
    old.send_signal(signal.SIGCONT)
    assert old.wait(200) != 0
    end = before.end()
    assert end is not None
    assert end.code == -1000
    assert new.poll() is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_a_signal_of_the_batch_system_is_an_order_to_stop(job: Job, number: signal.Signals) -> None:
    agent = job.start()
    wait_until(job.works)
    agent.send_signal(number)
    assert agent.wait(200) == 130
    end = job.attempt.end()
    assert end is not None
    assert end.signal == number


def test_looking_at_jobs_changes_nothing_of_one_that_is_being_made(job: Job) -> None:
    being_made = job.jobs.folder / "2"
    being_made.mkdir()
    assert left_jobs(job.run_dir) == []
    assert being_made.is_dir()
    (being_made / "job.json").write_text("{")
    assert left_jobs(job.run_dir) == []
    assert [one.folder for one in jobs_in(job.run_dir)] == [job.jobs.folder]


def test_a_foreign_folder_names_no_other_jobs(job: Job) -> None:
    """``scancel --name`` takes lists; a name of somebody else's must not get there."""
    file = job.attempt.folder / "job.json"
    said = json.loads(file.read_text())
    for name in ("training", "jb-a,training", "jb-a b", ""):
        file.write_text(json.dumps({**said, "name": name}))
        assert left_jobs(job.run_dir) == []


def test_a_run_folder_with_any_name_gives_a_name_that_a_batch_system_takes(
    tmp_path: Path, agents: list[subprocess.Popen[bytes]]
) -> None:
    folder = tmp_path / "my run,1 %j|é"
    folder.mkdir()
    name = Job(folder, agents).attempt.job.name
    assert name.startswith("jb-my-run-1--j---")
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._")


def test_two_tasks_with_names_of_one_look_have_folders_of_their_own(tmp_path: Path) -> None:
    assert TaskJobs.of(tmp_path, "infer:a/b-c").folder != TaskJobs.of(tmp_path, "infer:a-b/c").folder
