"""Random kills over all that takes part in a run on a cluster: nothing is lost or asked twice, and no job stays."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.harness import Bench, wait_until
from tests.e2e.slurm_bench import LIMIT, Launched, start, write_executor
from tests.executors.throwaway_slurm import ThrowawaySlurm, needs_slurm

pytestmark = [needs_slurm, pytest.mark.xdist_group("slurm-kills")]

ITEMS_PER_KILL = 4
KINDS = ("agent", "task", "service", "node", "supervisor")


class Run:
    """A judged run on a cluster that is killed again and again, and what is known of it from outside."""

    def __init__(self, bench: Bench, cluster: ThrowawaySlurm, kills: int, seed: int) -> None:
        self.bench, self.cluster, self.kills = bench, cluster, kills
        self.random = random.Random(seed)
        place = bench.folder
        self.services = {"toy": Launched("m", place, pace=0.4), "toy-judge": Launched("j", place, pace=0.4)}
        bench.model_keys, bench.judge_keys = (
            one.keys | {"batch_size": 2, "retry": 1} for one in self.services.values()
        )
        self.finished: dict[str, dict[int, int]] = {name: {} for name in self.services}
        """For each item that was seen on disk, how often it had been asked by then."""
        self.killed: Counter[str] = Counter()
        self.process: subprocess.Popen[str] | None = None
        self.output = ""

    def start(self) -> None:
        """Begin the run, or go on with it."""
        self.process = start(self.bench, self.cluster, *(["--reuse"] if self.bench.runs else []))

    def victims(self, kind: str) -> list[int]:
        """Return the processes of a kind of which one is killed; a node's daemon comes with all that its jobs do."""
        assert self.process is not None
        if kind == "supervisor":
            return [self.process.pid] if self.process.poll() is None else []
        if kind == "service":
            return [pid for service in self.services.values() for pid in service.pids()]
        agents = self.agents()
        if kind == "task":
            return [
                child for pid, (task, _) in agents.items() if not task.startswith("service-") for child in children(pid)
            ]
        return list(agents)

    def agents(self) -> dict[int, tuple[str, str]]:
        """Return the task and the job of each agent that works."""
        found = {}
        for claim in self.bench.folder.glob("outputs/default/*/jobs/*/*/claim"):
            with suppress(OSError, ValueError):
                said = json.loads(claim.read_text())
                if not claim.with_name("end.json").exists() and Path(f"/proc/{said['pid']}").exists():
                    found[said["pid"]] = (claim.parts[-3], said["job"])
        return found

    def look(self) -> None:
        """Note what is finished now, with the number of times that it was asked."""
        for name, seen in self.finished.items():
            ended = []
            for path in self.bench.folder.glob(f"outputs/default/*/predictions/toy-model/{name}.jsonl"):
                for line in path.read_text().splitlines():
                    with suppress(ValueError):
                        record = json.loads(line)
                        ended += [record["id"]] if record["status"] == "ok" else []
            asked = self.services[name].asked()  # after the records: what is on disk was asked before
            for number in ended:
                seen.setdefault(number, asked[number])

    def kill(self, kind: str) -> bool:
        """Kill one victim of a kind, if there is any."""
        found = self.victims(kind)
        if not found:
            return False
        self.look()
        victim = self.random.choice(found)
        try:
            if kind == "node":
                self.kill_node(victim)
            else:
                os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            return False
        self.killed[kind] += 1
        return True

    def kill_node(self, agent: int) -> None:
        """Kill the daemon of the node of an agent and all that its jobs do there, and let the node come back."""
        places = dict(line.split("|") for line in self.cluster.run("squeue", "-h", "-o", "%i|%N").split())
        jobs = {pid: job for pid, (_, job) in self.agents().items()}
        if agent not in jobs or not (node := places.get(jobs[agent])):
            raise ProcessLookupError
        self.cluster.kill(node)
        for pid, job in jobs.items():
            if places.get(job) == node:
                for one in [pid, *descendants(pid)]:
                    with suppress(ProcessLookupError):
                        os.kill(one, signal.SIGKILL)
        wait_until(lambda: not Path(f"/proc/{agent}/exe").exists())
        self.cluster.start_node(node)

    def play(self) -> None:
        """Kill as often as was said, each kind as often as any other, and then let the run end."""
        kinds = [KINDS[number % len(KINDS)] for number in range(self.kills)]
        self.random.shuffle(kinds)
        self.start()
        while kinds:
            assert self.process is not None
            if self.process.poll() is not None:
                self.output += self.process.communicate()[0]
                self.start()
            time.sleep(self.random.uniform(0.2, 1.5))
            kind = next((kind for kind in dict.fromkeys(kinds) if self.kill(kind)), "")
            if kind:
                kinds.remove(kind)
            if kind == "supervisor":
                self.output += self.process.communicate(timeout=LIMIT)[0]
                self.start()
        for service in self.services.values():
            service.set_pace(0.0)
        for _ in range(10):
            assert self.process is not None
            self.output += self.process.communicate(timeout=LIMIT)[0]
            if self.process.returncode == 0:
                return
            self.start()
        raise AssertionError(self.output[-5000:])


def children(pid: int) -> list[int]:
    """Return the processes that a process started."""
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def descendants(pid: int) -> list[int]:
    """Return all processes that come from a process."""
    return [one for child in children(pid) for one in (child, *descendants(child))]


@pytest.mark.parametrize(
    ("kills", "seed"), [(10, 1), *[pytest.param(50, seed, marks=pytest.mark.soak) for seed in range(2, 6)]]
)
def test_random_kills_lose_nothing_and_leave_no_job(
    slurm_bench: Bench, cluster: ThrowawaySlurm, kills: int, seed: int
) -> None:
    bench = slurm_bench
    n = bench.n = ITEMS_PER_KILL * kills
    run = Run(bench, cluster, kills, seed)
    bench.write()
    write_executor(bench, every=0.2, silence=1.0, lease=3.0, max_jobs=100, service_host="127.0.0.1")
    run.play()
    assert set(run.killed) == set(KINDS)
    assert run.killed.total() == kills
    assert bench.result()["counts"]["ok"] == n, run.output[-3000:]
    assert [row["id"] for row in bench.rows()] == list(range(n))
    for name, service in run.services.items():
        asked = service.asked()
        twice = [number for number, before in run.finished[name].items() if asked[number] > before]
        assert not twice, (name, twice, run.output[-3000:])
    wait_until(lambda: not cluster.jobs())
    assert not list((bench.run / "jobs").iterdir())
    assert not [pid for service in run.services.values() for pid in service.pids()]
