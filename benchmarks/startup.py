"""How long a task takes to start: forked from a warm process as ``jb`` does it, and as a process of its own.

    python -m benchmarks.startup [--rounds 10]

``ready_ms`` is from the start of ``python -m judgebench.stages PLAN TASK`` to its report that it runs (imports done,
plan read), the shortest and the median of all rounds, in turn over the stages. ``cpu_ms`` is its CPU time until it has
ended, with nothing left to do. ``forked``: the same for a child of a process that has imported what the fork server
imports (``judgebench.executors.forked``); ``python``: an interpreter that does nothing, the least a process of its own
can cost.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.runs import ROOT, Service, inherited, jb, report, write_configs
from judgebench.records.run import Plan
from judgebench.stages.progress import Progress

Measure = Callable[[], tuple[float, float]]

WARM = """
import gc, os, sys
from judgebench.executors.forked import leave
from judgebench.stages import task as entry
from judgebench.stages.warm_up import warm_up
warm_up(list(entry.STAGE_MODULES))
gc.freeze()
for line in sys.stdin:
    plan, name, *follows = line.split()
    ours, theirs = os.pipe()
    os.write(theirs, "".join(f"upstream-done {one}\\n" for one in follows).encode())
    pid = os.fork()
    if not pid:
        os.dup2(ours, 0)
        leave(lambda: entry.main([plan, name]))
    os.close(ours)
    _, _, used = os.wait4(pid, 0)
    os.close(theirs)
    print(used.ru_utime + used.ru_stime, flush=True)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    with Service() as model, Service() as judge, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_configs(folder, 3, 3, [model, judge])
        jb(folder)
        (plan_file,) = folder.glob("outputs/default/*/configs/*.json")
        plan = msgspec.json.decode(plan_file.read_bytes(), type=Plan)
        os.chdir(folder)
        measures: dict[str, Measure] = {"python": bare_python}
        for task in plan.tasks:
            command = [sys.executable, "-m", "judgebench.stages", str(plan_file), task.id]
            measures[task.stage] = lambda command=command, task=task: spawned(command, task.follows)  # type: ignore[misc]
        with Warm() as warm:
            for task in plan.tasks:
                line = " ".join([str(plan_file), task.id, *task.follows])
                measures[f"{task.stage}, forked"] = lambda line=line: warm.fork(line)  # type: ignore[misc]
            found: dict[str, list[tuple[float, float]]] = {name: [] for name in measures}
            for _ in range(rounds):
                for what, measure in measures.items():
                    found[what].append(measure())
    report("startup", [row(what, times) for what, times in found.items()])


def row(what: str, times: list[tuple[float, float]]) -> dict[str, Any]:
    ready, cpu = ([1000 * one[at] for one in times] for at in (0, 1))
    shown = {"least ready_ms": min(ready), "ready_ms": statistics.median(ready), "cpu_ms": statistics.median(cpu)}
    return {"what": what, **{key: float(round(value)) for key, value in shown.items()}}


def environment(**more: str) -> dict[str, str]:
    return {**inherited(), "PYTHONPATH": str(ROOT), "NO_PROXY": "*", **more}


def bare_python() -> tuple[float, float]:
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    used = os.wait4(process.pid, 0)[2]
    process.returncode = 0
    return time.perf_counter() - began, used.ru_utime + used.ru_stime


def spawned(command: list[str], follows: list[str]) -> tuple[float, float]:
    ours, theirs = os.pipe()
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[theirs],
        env=environment(JB_PROGRESS_FD=str(theirs)),
    )
    os.close(theirs)
    assert process.stdin
    process.stdin.write("".join(f"upstream-done {one}\n" for one in follows).encode())
    process.stdin.flush()
    with os.fdopen(ours, "rb") as reports:
        ready = until_running(reports) - began
        reports.read()
    used = os.wait4(process.pid, 0)[2]
    process.returncode = 0
    process.stdin.close()
    return ready, used.ru_utime + used.ru_stime


def until_running(reports: Any) -> float:
    for line in reports:
        if msgspec.json.decode(line, type=Progress).state == "running":
            break
    return time.perf_counter()


class Warm:
    """A process that has imported everything and forks a child for each line."""

    def __init__(self) -> None:
        self.ours, theirs = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-c", WARM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            pass_fds=[theirs],
            env=environment(JB_PROGRESS_FD=str(theirs)),
        )
        os.close(theirs)
        self.reports = os.fdopen(self.ours, "rb")

    def __enter__(self) -> Warm:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()
        self.reports.close()

    def fork(self, line: str) -> tuple[float, float]:
        assert self.process.stdin
        assert self.process.stdout
        began = time.perf_counter()
        print(line, file=self.process.stdin, flush=True)
        ready = until_running(self.reports) - began
        cpu = float(self.process.stdout.readline())
        while msgspec.json.decode(self.reports.readline(), type=Progress).state not in {"finish", "error"}:
            pass
        return ready, cpu


if __name__ == "__main__":
    main()
