"""One judged run under every executor: two models, two judges, a round robin, a kill in the middle, the same tables."""

from __future__ import annotations

import csv
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.e2e.harness import Bench, judge_answer, model_answer, slower_after, wait_until
from tests.e2e.test_kills import processes_of
from tests.e2e.test_slurm import write_executor as write_slurm
from tests.e2e.test_ssh import write_executor as write_ssh
from tests.e2e.test_two_judges import PAIR, judges_file, pair_answer
from tests.executors.loopback_ssh import loopback_ssh, needs_ssh
from tests.executors.throwaway_slurm import needs_slurm, throwaway_slurm
from tests.faultservice import FaultService

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


@needs_ssh
@needs_slurm
def test_the_same_run_gives_the_same_tables_everywhere(tmp_path: Path) -> None:
    here = table_of("local", tmp_path)
    assert len(here) > 2
    assert table_of("farm", tmp_path) == here
    assert table_of("cluster", tmp_path) == here


def table_of(executor: str, tmp_path: Path) -> list[list[str]]:
    """Run, kill a judge's task in the middle, go on, and return the table."""
    with stand(tmp_path / executor) as bench, ExitStack() as stack:
        env: dict[str, str] = {}
        if executor == "farm":
            (tmp_path / "ssh").mkdir()
            server = stack.enter_context(loopback_ssh(tmp_path / "ssh"))
            write_ssh(bench, hosts=["127.0.0.1", "localhost"], options=server.options)
        elif executor == "cluster":
            env = stack.enter_context(throwaway_slurm(nodes=2)).environment
            write_slurm(bench)
        models = ("toy_model", "other_model")
        slower_after(5, bench.judge, then=1.5)
        process = bench.start("--executor", executor, *FLAGS, dataset="toy_gen", models=models, env=env)
        wait_until(lambda: len(bench.judge.requests) > 5, timeout=120)
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
