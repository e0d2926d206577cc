"""One judged run under every executor: two models, two judges, a round robin, a kill in the middle, the same tables."""

from __future__ import annotations

import csv
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from judgebench.testing.faultservice import FaultService
from tests.e2e.harness import Bench, judge_answer, model_answer, slower_after, wait_until
from tests.e2e.slurm_bench import write_executor as write_slurm
from tests.e2e.test_kills import processes_of
from tests.e2e.test_ssh import write_executor as write_ssh
from tests.e2e.test_two_judges import PAIR, judges_file, pair_answer
from tests.executors.loopback_ssh import loopback_ssh, needs_ssh
from tests.executors.throwaway_slurm import ThrowawaySlurm, needs_slurm

pytestmark = pytest.mark.xdist_group("everywhere")

N = 12
FLAGS = ("--judges", "strict", "pairs_all", "--no-preflight")


def answer_of_judges(body: dict[str, Any]) -> str:
    """Two judges behind one address: ``k`` judges one answer, ``j`` two."""
    return judge_answer()(body) if body["model"] == "k" else pair_answer(body)


@contextmanager
def stand(folder: Path) -> Iterator[Bench]:
    """Yield a benchmark with its services."""
    folder.mkdir()
    with (
        FaultService(model_answer(lambda i: i % 3 == 0), model="m") as model,
        FaultService(model_answer(lambda i: i % 4 == 1), model="m") as other,
        FaultService(answer_of_judges, model="j") as judge,
    ):
        bench = Bench(folder, model, judge, n=N)
        bench.model_keys = bench.judge_keys = {"batch_size": 2}
        bench.write()
        path = bench.folder / "configs/models/other_model.py"
        path.write_text(path.read_text().replace(model.url, other.url))
        judges_file(bench, "pairs_all", f"judges = [dict(abbr='all', judge_model=service, compare_with='all', {PAIR})]")
        judges_file(
            bench, "strict",
            "judges = [dict(abbr='strict', judge_model=dict(service, model='k'), "
            "method=dict(type='ReferenceVerifier'))]",
        )  # fmt: skip
        yield bench


@contextmanager
def elsewhere(executor: str, bench: Bench, place: Path, cluster: ThrowawaySlurm) -> Iterator[dict[str, str]]:
    """Yield the environment in which tasks of a benchmark work on this machine, over ssh or on Slurm."""
    if executor == "farm":
        place.mkdir()
        with loopback_ssh(place) as server:
            write_ssh(bench, hosts=["127.0.0.1", "localhost"], options=server.options)
            yield {}
    else:
        if executor == "cluster":
            write_slurm(bench)
        yield cluster.environment


@needs_ssh
@needs_slurm
def test_the_same_run_gives_the_same_tables_everywhere(tmp_path: Path, cluster: ThrowawaySlurm) -> None:
    here = table_of("local", tmp_path, cluster)
    assert len(here) > 2
    assert table_of("farm", tmp_path, cluster) == here
    assert table_of("cluster", tmp_path, cluster) == here


@needs_ssh
@needs_slurm
@pytest.mark.parametrize("executor", ["farm", "cluster"])
def test_a_limit_holds_where_tasks_work_elsewhere(executor: str, tmp_path: Path, cluster: ThrowawaySlurm) -> None:
    flags = ("--executor", executor, "--no-preflight", "--mode", "infer")
    with stand(tmp_path / "run") as bench, elsewhere(executor, bench, tmp_path / "ssh", cluster) as env:
        done = bench.jb(*flags, "--max-calls", "5", dataset="toy_gen", env=env, timeout=300)
        assert done.code == 7, done.text
        assert len(bench.model.requests) == 5
        again = bench.jb(*flags, "--reuse", "--max-calls", str(N), dataset="toy_gen", env=env, timeout=300)
        assert again.code == 0, again.text
        assert bench.asked() == dict.fromkeys(range(N), 1)


def table_of(executor: str, tmp_path: Path, cluster: ThrowawaySlurm) -> list[list[str]]:
    """Run, kill a judge's task in the middle, go on, and return the table."""
    with (
        stand(tmp_path / executor) as bench,
        elsewhere(executor, bench, tmp_path / "ssh", cluster) as env,
    ):
        models = ("toy_model", "other_model")
        slower_after(5, bench.judge, then=1.5)
        process = bench.start("--executor", executor, *FLAGS, dataset="toy_gen", models=models, env=env)
        wait_until(lambda: len(bench.judge.requests) > 5, timeout=250)
        victim = next(
            pid
            for pid, command in processes_of(bench.folder).items()
            if " judgebench.stages " in command and " judge:" in command
        )
        os.kill(victim, signal.SIGKILL)
        bench.judge.latency = 0.0
        out, _ = process.communicate(timeout=200)
        if process.returncode != 0:
            done = bench.jb("--reuse", *FLAGS, dataset="toy_gen", models=models, env=env, timeout=200)
            assert done.code == 0, out + done.text
        wait_until(lambda: not [one for one in processes_of(bench.folder).values() if "judgebench" in one])
        assert all(count == 1 for count in bench.asked().values())
        judgments = [
            line for path in bench.run.glob("predictions/*/toy-*.jsonl") for line in path.read_text().splitlines()
        ]
        assert 0 <= len(bench.judge.requests) - len(judgments) <= 4  # what the killed task had in flight
        newest = max((bench.run / "summary").glob("summary_*.csv"))
        assert '"comparisons"' in (bench.run / "rankings/toy-all.json").read_text()
        return list(csv.reader(newest.read_text().splitlines()))
