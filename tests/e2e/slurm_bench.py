"""What the tests of runs on Slurm share: an executor, services held back or launched, and what is kept."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp.web import StreamResponse

from judgebench.testing.faultservice import FaultService
from judgebench.testing.faultservice.faults import Call, json_reply
from judgebench.testing.faultservice.replies import whole
from tests.e2e.harness import JB, Bench, Done, run, wait_until
from tests.executors.throwaway_slurm import ThrowawaySlurm

N = 12
LIMIT = 600.0
"""Seconds after which a run that does not end is a failure, on a slow and loaded machine too."""


SERVICE = """
import re, signal, sys, threading
from pathlib import Path
from tests.e2e.harness import judge_answer, model_answer
from judgebench.testing.faultservice import FaultService

name, port, marks, pace = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])
stopped = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stopped.set())
answer = {"m": model_answer(lambda i: i % 3 == 0), "j": judge_answer()}[name]


def note(seen):
    with marks.open("a") as file:
        file.write(f"{re.search('twice ([0-9]+)', seen.prompt)[1]}\\n")


print("loading", name, flush=True)
with FaultService(answer, note, latency=lambda: float(pace.read_text()), model=name, port=port):
    stopped.wait()
"""


class Hold:
    """Keeps back the replies of a service from the request after the first ones on, until its end.

    Args:
        service: The service.
        after: How many requests it answers.
    """

    def __init__(self, service: FaultService, *, after: int) -> None:
        self._over = threading.Event()
        service.set_faults(lambda _: self._held if len(service.requests) > after else None)

    def end(self) -> None:
        """Send what was kept back, and keep nothing back any more."""
        self._over.set()

    async def _held(self, call: Call) -> StreamResponse:
        await asyncio.to_thread(self._over.wait)
        return json_reply(whole(call.body, call.answer, call.model))


class Launched:
    """A model whose service is launched, and which notes what it is asked.

    Args:
        name: ``m`` answers as the tested model, ``j`` as the judge.
        folder: Where its notes are.
        pace: Seconds that a reply takes.
        launch: Further keys of its launch block.
    """

    def __init__(self, name: str, folder: Path, *, pace: float = 0.0, **launch: Any) -> None:
        self._marks, self._pace = folder / f"{name}.asked", folder / f"{name}.pace"
        self._marks.touch()
        self.set_pace(pace)
        command = [sys.executable, "-c", SERVICE, name, "{port}", str(self._marks), str(self._pace)]
        self.keys = {
            "url": "",
            "launch": {"command": command, "health": "/v1/models", "time_limit": 300.0, **launch},
        }

    def set_pace(self, pace: float) -> None:
        """Let a reply take so many seconds from now on."""
        part = self._pace.with_suffix(".part")
        part.write_text(str(pace))
        part.replace(self._pace)

    def asked(self) -> Counter[int]:
        """Return how often it was asked each question."""
        return Counter(map(int, self._marks.read_text().split()))

    def pids(self) -> list[int]:
        """Return the processes that serve it."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                words = (entry / "cmdline").read_bytes().split(b"\0")
                if words[1:2] == [b"-c"] and str(self._marks).encode() in words:
                    found.append(int(entry.name))
        return found


def write_executor(bench: Bench, **keys: Any) -> None:
    """Write the executor ``cluster``.

    Its silence and lease are longer than a loaded machine stands still: a test in which an agent dies, so that the
    next attempt waits for both, gives shorter ones.
    """
    folder = bench.folder / "configs" / "executors"
    folder.mkdir(parents=True, exist_ok=True)
    said = {"every": 0.3, "silence": 60.0, "lease": 60.0, "notice": 10, **keys}
    (folder / "cluster.py").write_text(
        f"from judgebench.executors import SlurmExecutor\nexecutor = dict(type=SlurmExecutor, **{said!r})\n"
    )


def jb(bench: Bench, cluster: ThrowawaySlurm, *flags: str) -> Done:
    return bench.jb("--executor", "cluster", "--no-preflight", *flags, env=cluster.environment, timeout=LIMIT)


def again(bench: Bench, cluster: ThrowawaySlurm, *flags: str) -> Done:
    """Go on with the run, with the executor that it was begun with."""
    return bench.jb("--reuse", "--no-preflight", *flags, env=cluster.environment, timeout=LIMIT)


def start(bench: Bench, cluster: ThrowawaySlurm, *flags: str) -> subprocess.Popen[str]:
    return bench.start("--executor", "cluster", "--no-preflight", *flags, env=cluster.environment)


def run_verb(bench: Bench, cluster: ThrowawaySlurm, *words: str) -> Done:
    return run([*JB, *words], bench.folder, env=cluster.environment, timeout=LIMIT)


def running_job(cluster: ThrowawaySlurm) -> str:
    """The name of the one job that works."""
    found: list[str] = []

    def one() -> bool:
        found[:] = [name for name, state in cluster.jobs().items() if state == "RUNNING"]
        return len(found) == 1

    wait_until(one)
    return found[0]


def finished(bench: Bench, name: str) -> list[int]:
    path = next(bench.folder.glob(f"outputs/default/*/predictions/toy-model/{name}.jsonl"), None)
    lines = path.read_text().splitlines() if path else []
    return [json.loads(line)["id"] for line in lines if line.endswith("}")]


def kept_once(bench: Bench, before: list[int], service: FaultService) -> None:
    """Nothing that was finished is asked twice; only what was in flight may be."""
    asked = bench.asked() if service is bench.model else bench.judged()
    assert set(asked) == set(range(N))
    assert not [number for number in before if asked[number] > 1], asked


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
