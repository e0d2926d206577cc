"""Random kills over all that takes part in a run on a cluster: nothing is lost or asked twice, and no job stays."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.harness import Bench, judge_answer, model_answer, wait_until
from tests.e2e.test_slurm import write_executor
from tests.executors.throwaway_slurm import ThrowawaySlurm, needs_slurm, throwaway_slurm
from tests.faultservice import FaultService

pytestmark = needs_slurm

ITEMS_PER_KILL = 6


@pytest.fixture
def cluster() -> Iterator[ThrowawaySlurm]:
    with throwaway_slurm(nodes=2) as cluster:
        yield cluster


class Run:
    """A judged run on a cluster that is killed again and again, and what is known of it from outside."""

    def __init__(self, bench: Bench, cluster: ThrowawaySlurm, kills: int, seed: int) -> None:
        self.bench, self.cluster, self.kills = bench, cluster, kills
        self.random = random.Random(seed)
        self.finished: dict[str, dict[int, int]] = {"toy": {}, "toy-judge": {}}
        """For each item that was seen on disk, how often it had been asked by then."""
        self.process: subprocess.Popen[str] | None = None
        self.output = ""

    def start(self) -> None:
        again = ["--reuse"] if self.bench.runs else []
        flags = ["--executor", "cluster", "--no-preflight", *again]
        self.process = self.bench.start(*flags, env=self.cluster.environment)

    def victims(self) -> dict[str, list[int]]:
        """Processes by what they are."""
        found: dict[str, list[int]] = {"supervisor": [], "agent": [], "task": [], "node": []}
        if self.process is not None and self.process.poll() is None:
            found["supervisor"].append(self.process.pid)
        for claim in self.bench.folder.glob("outputs/default/*/jobs/*/*/claim"):
            if claim.with_name("end.json").exists():
                continue
            with suppress(OSError, ValueError):
                agent = json.loads(claim.read_text())["pid"]
                children = Path(f"/proc/{agent}/task/{agent}/children").read_text().split()
                found["agent"].append(agent)
                found["task"] += [int(child) for child in children]
        return found

    def look(self) -> None:
        """Note what is finished now, with the number of times that it was asked."""
        asked = {"toy": self.bench.asked(), "toy-judge": self.bench.judged()}
        for name, seen in self.finished.items():
            for path in self.bench.folder.glob(f"outputs/default/*/predictions/toy-model/{name}.jsonl"):
                for line in path.read_text().splitlines():
                    with suppress(ValueError):
                        seen.setdefault(json.loads(line)["id"], asked[name][json.loads(line)["id"]])

    def play(self) -> None:
        self.start()
        done = 0
        while done < self.kills:
            assert self.process is not None
            if self.process.poll() is not None:
                self.output += self.process.communicate()[0]
                self.start()
            time.sleep(self.random.uniform(0.5, 2.0))
            kind = self.random.choice(["agent", "agent", "task", "supervisor"])
            found = self.victims()[kind]
            if not found:
                continue
            self.look()
            victim = self.random.choice(found)
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
                done += 1
            if kind == "supervisor":
                self.output += self.process.communicate(timeout=200)[0]
                self.start()
        self.bench.model.latency = self.bench.judge.latency = 0.0
        for _ in range(10):
            assert self.process is not None
            self.output += self.process.communicate(timeout=200)[0]
            if self.process.returncode == 0:
                return
            self.start()
        raise AssertionError(self.output[-5000:])


@pytest.mark.parametrize(
    ("kills", "seed"), [(20, 1), *[pytest.param(50, seed, marks=pytest.mark.soak) for seed in range(2, 6)]]
)
def test_random_kills_lose_nothing_and_leave_no_job(
    tmp_path: Path, cluster: ThrowawaySlurm, kills: int, seed: int
) -> None:
    n = ITEMS_PER_KILL * kills
    with (
        FaultService(model_answer(lambda i: i % 3 == 0), model="m", latency=0.4) as model,
        FaultService(judge_answer(), model="j", latency=0.4) as judge,
    ):
        bench = Bench(tmp_path, model, judge, n=n)
        bench.model_keys = bench.judge_keys = {"batch_size": 2}
        bench.write()
        write_executor(bench, every=0.2, silence=1.0, lease=1.0, max_jobs=100)
        run = Run(bench, cluster, kills, seed)
        run.play()
        assert bench.result()["counts"]["ok"] == n, run.output[-3000:]
        assert [row["id"] for row in bench.rows()] == list(range(n))
        for name, asked in (("toy", bench.asked()), ("toy-judge", bench.judged())):
            twice = [number for number, before in run.finished[name].items() if asked[number] > before]
            assert not twice, (name, twice)
        wait_until(lambda: not cluster.jobs())
        assert not list((bench.run / "jobs").iterdir())
