"""Runs that ask in batches: killed, stopped, left alone and continued, by the service's own count of questions."""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from judgebench.testing import BatchService, Fate, ServiceRequest
from judgebench.testing.protocol import KEY, MODEL
from tests.e2e.forking import ForkedProcess
from tests.e2e.harness import Bench, Done
from tests.e2e.test_kills import processes_of


def answer(request: ServiceRequest) -> str:
    """Answers a toy question rightly, and judges by what the prompt shows."""
    if "VERDICT" in request.text:
        reply = re.search(r"I think it is (\d+) \(of twice (\d+)\)", request.text)
        return "VERDICT: A" if reply is None or int(reply[1]) == 2 * int(reply[2]) else "VERDICT: B"
    number = re.search(r"twice (\d+)", request.text)
    return f"I think it is {2 * int(number[1])} (of twice {number[1]})" if number else "OK"


@contextmanager
def batched(bench: Bench, protocol: str, **service: Any) -> Iterator[BatchService]:
    """Give the toy benchmark a service that model and judge ask in batches."""
    with BatchService(protocol, answer, **service) as found:
        keys = {
            "type": found.protocol.type,
            "model": MODEL,
            "url": found.url,
            "api_key": "${BATCH_KEY}",
            "retry": 0,
            "batch": {"wait": 0.1, "poll": 0.1},
        }
        (bench.folder / "configs" / "models" / "batched.py").write_text(
            f"models = [dict(abbr='toy-model', **{keys!r})]\n"
        )
        path = bench.folder / "configs" / "datasets" / "toy_llmjudge.py"
        path.write_text(
            re.sub(r"judge_model=dict\(.*\),\n", f"judge_model=dict(abbr='judge', **{keys!r}),\n", path.read_text())
        )
        yield found


def jb(bench: Bench, *flags: str) -> Done:
    return bench.jb("--no-preflight", *flags, models=("batched",), env={"BATCH_KEY": KEY})


def start(bench: Bench) -> ForkedProcess | subprocess.Popen[str]:
    return bench.fork("--no-preflight", models=("batched",), env={"BATCH_KEY": KEY})


def test_a_run_that_is_killed_asks_nothing_twice(bench: Bench) -> None:
    """Kill -9 of all its processes while the judge's batch is under way; the rest comes with --reuse."""
    reached = threading.Event()

    def second_batch(step: str) -> bool:
        if step == "submitted" and len(service.batches) == 2 and not reached.is_set():
            reached.set()
            return True
        return False

    with batched(bench, "anthropic", interrupt=second_batch) as service:
        process = start(bench)
        assert reached.wait(200)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        service.batches[1].fate = Fate(looks=0)
        done = jb(bench, "--reuse")
        assert done.code == 0, done.text
        assert len(service.submitted) == len(set(service.submitted)) == 2 * bench.n
    result = bench.result()
    assert result["metrics"]["accuracy"]["value"] == 100.0
    assert result["counts"]["ok"] == bench.n
    assert KEY not in "".join(path.read_text() for path in bench.folder.rglob("outputs/**/*") if path.is_file())


def test_a_run_is_left_looked_at_and_fetched(bench: Bench) -> None:
    """Ctrl-C leaves the batch; --reuse says how far it is, with code 8; another brings the answers."""
    looked = threading.Event()

    def at(step: str) -> bool:
        if step == "poll":
            looked.set()
        return False

    with batched(
        bench, "openai", fates=lambda number: Fate(looks=1 if number else 10**6, share=0.5), interrupt=at
    ) as service:
        process = start(bench)
        assert looked.wait(200)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=200)
        assert process.returncode == 130
        assert re.search(r"Waiting: infer:toy-model/toy: 1 batch is still working at the provider: \d+ % of 6", out)
        assert "(fetches the answers when they are there)" in out
        done = jb(bench, "--reuse")
        assert done.code == 8, done.text
        assert f"0 % of {bench.n} questions are answered" in done.out
        assert "(fetches the answers when they are there)" in done.out
        assert "accuracy" not in done.out, "nothing is scored before it is there"
        service.batches[0].fate = Fate(looks=0)
        done = jb(bench, "--reuse")
        assert done.code == 0, done.text
        assert len(service.submitted) == 2 * bench.n
    assert bench.result()["metrics"]["accuracy"]["value"] == 100.0


@pytest.mark.parametrize("protocol", ["gemini"])
def test_answers_first_and_judgments_later(bench: Bench, protocol: str) -> None:
    """--mode infer, then --mode judge: the recipe for batches; the judge of the second stays to the end."""
    with batched(bench, protocol) as service:
        assert jb(bench, "--mode", "infer").code == 0
        assert jb(bench, "--mode", "judge", "--reuse").code == 0
        assert [len(batch.lines) for batch in service.batches] == [bench.n, bench.n]
        done = jb(bench, "--mode", "eval", "--reuse")
        assert done.code == 0, done.text
    assert bench.result()["metrics"]["accuracy"]["value"] == 100.0


def test_a_method_with_rounds_takes_a_batch_for_each_and_says_so_first(bench: Bench) -> None:
    """It asks for a reference, then about the answer; the trial calls before the run are ordinary ones."""
    with batched(bench, "openai") as service:
        path = bench.folder / "configs" / "datasets" / "toy_llmjudge.py"
        rounds = "dict(type='Prepared', prepare=['reference'], judge=dict(type=ReferenceVerifier))"
        path.write_text(path.read_text().replace("method=dict(type=ReferenceVerifier)", f"method={rounds}"))
        done = bench.jb(models=("batched",), env={"BATCH_KEY": KEY})
        assert done.code == 0, done.text
        assert "it asks about each item in several rounds, and every round takes a batch of its own" in done.text
        assert [len(batch.lines) for batch in service.batches] == [bench.n] * 3
        (bench.folder / "configs" / "models" / "batched.py").write_text(
            f"models = [dict(abbr='toy-model', type='OllamaChat', model='m', url={service.url!r}, batch=dict())]\n"
        )
        done = bench.jb("--mode", "infer", models=("batched",))
        assert done.code == 2, done.text
        assert "models.toy-model.batch: OllamaChat has no batch API." in done.err
        assert len(bench.runs) == 1, "told before there is a run"


@pytest.mark.soak
@pytest.mark.parametrize("protocol", ["openai", "anthropic", "gemini"])
def test_kills_at_random_moments_submit_nothing_twice_and_lose_nothing(bench: Bench, protocol: str) -> None:
    """Every process of the run, again and again, in either stage; then it is left to end."""
    dice = random.Random(protocol)
    kills = 0
    with batched(bench, protocol, fates=lambda _: Fate(looks=dice.randrange(1, 8))) as service:
        while kills < 20:
            flags = ["--reuse"] if list(bench.folder.glob("outputs/default/*/run.json")) else []
            process = bench.fork(
                "--no-preflight", *flags, "--override", "*.*.batch.stay=60", models=("batched",), env={"BATCH_KEY": KEY}
            )
            try:
                process.communicate(timeout=dice.uniform(1, 9))
                break
            except subprocess.TimeoutExpired:
                for pid in {process.pid, *processes_of(bench.folder)}:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                process.communicate()
                kills += 1
        done = jb(bench, "--reuse", "--override", "*.*.batch.stay=60")
        assert done.code == 0, done.text
        assert len(service.submitted) == len(set(service.submitted)) == 2 * bench.n
    assert bench.result()["metrics"]["accuracy"]["value"] == 100.0
