"""Nothing that finished is lost or asked again, whatever is killed and whenever."""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from judgebench.testing.faultservice import FaultService
from judgebench.testing.faultservice.faults import Call, json_reply
from tests.e2e.harness import Bench, judge_answer, model_answer, wait_until

N = 24
CONCURRENCY = 4
LATENCY = 0.04


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Bench]:
    """A run of about a second, long enough to be killed in either stage."""
    with (
        FaultService(model_answer(lambda i: i % 3 == 0), model="m", latency=LATENCY) as model,
        FaultService(judge_answer(), model="j", latency=LATENCY) as judge,
    ):
        bench = Bench(tmp_path, model, judge, n=N)
        bench.model_keys = bench.judge_keys = {"batch_size": CONCURRENCY}
        bench.write()
        yield bench


def processes_of(folder: Path) -> dict[int, str]:
    """Return the living processes that work in a folder or name it in their command line, with their command."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                place = str((entry / "cwd").readlink())
            except OSError:
                continue
            if (str(folder) in command or place == str(folder)) and state != "Z":
                found[int(entry.name)] = command
    return found


def kill(bench: Bench, jb: int, victim: str) -> None:
    """Kill -9 ``jb``, one of its task processes, one of their sending processes, what they are forked from, or all."""
    living = processes_of(bench.folder)
    tasks = [pid for pid, command in living.items() if "judgebench.stages " in command]
    servers = [pid for pid, command in living.items() if "judgebench.executors.forked" in command]
    senders = [pid for pid, command in living.items() if "judgebench.engine.sender" in command]
    one_task, one_sender = tasks[:1] or [jb], senders[:1] or tasks[:1] or [jb]
    pids = {"jb": [jb], "task": one_task, "sender": one_sender, "fork server": servers or [jb], "all": [jb, *living]}[
        victim
    ]
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def recorded(bench: Bench, name: str) -> set[int]:
    """Return the ids whose reply is on disk."""
    path = bench.run / "predictions" / "toy-model" / f"{name}.jsonl"
    if not path.exists():
        return set()
    whole = [line for line in path.read_text("utf-8").splitlines(keepends=True) if line.endswith("\n")]
    return {int(found[1]) for line in whole if '"success":true' in line and (found := re.search(r'"id":(\d+)', line))}


def check_one_kill(bench: Bench, victim: str, after: float) -> None:
    """Start a run, kill ``victim`` after a while, resume, and compare with what an uninterrupted run gives."""
    process = bench.start("--no-preflight")
    wait_until(lambda: bool(bench.model.requests) or process.poll() is not None)
    time.sleep(after)
    kill(bench, process.pid, victim)
    process.wait(timeout=200)
    wait_until(lambda: not processes_of(bench.folder))  # no orphan, whichever way jb died
    answered, judged = recorded(bench, "toy"), recorded(bench, "toy-judge")
    before, judged_before = bench.asked(), bench.judged()
    done = bench.jb("--reuse", "--no-preflight")
    assert done.code == 0, done.text
    twice_asked = {id_ for id_, count in bench.asked().items() if count > 1}
    twice_judged = {id_ for id_, count in bench.judged().items() if count > 1}
    assert not twice_asked & answered
    assert not twice_judged & judged
    assert len(twice_asked) <= CONCURRENCY
    assert len(twice_judged) <= CONCURRENCY
    assert set(before) <= set(bench.asked())
    assert set(judged_before) <= set(bench.judged())
    assert [row["id"] for row in bench.rows()] == list(range(N))
    assert [row["id"] for row in bench.rows("toy-judge")] == list(range(N))
    for row in bench.rows("toy-judge"):
        assert f"What is twice {row['id']}?" in str(row["origin_prompt"])
    result = bench.result()
    assert result["counts"]["ok"] == N
    assert result["metrics"]["accuracy"]["value"] == pytest.approx(100 * 16 / 24)


@pytest.mark.parametrize(
    ("victim", "after"),
    [("jb", 0.45), ("task", 0.02), ("task", 0.2), ("fork server", 0.2), ("all", 0.02)],
)
def test_a_killed_run_resumes_to_the_same_result(slow: Bench, victim: str, after: float) -> None:
    check_one_kill(slow, victim, after)


@pytest.mark.parametrize(("victim", "after"), [("jb", 0.4), ("task", 0.05), ("sender", 0.4)])
def test_so_does_one_whose_sending_is_spread_over_processes(slow: Bench, victim: str, after: float) -> None:
    slow.model_keys = slow.judge_keys = {"batch_size": CONCURRENCY, "senders": 2}
    slow.write()
    check_one_kill(slow, victim, after)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(210))
def test_two_hundred_random_moments(slow: Bench, seed: int) -> None:
    dice = random.Random(seed)
    check_one_kill(slow, dice.choice(["jb", "task", "fork server", "all"]), dice.uniform(0.0, 0.8))


def test_sigterm_is_a_graceful_stop(slow: Bench) -> None:
    process = slow.start("--no-preflight")
    wait_until(lambda: len(slow.model.requests) > 2)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=200)
    assert process.returncode == 130, out
    assert "--reuse" in out
    assert not processes_of(slow.folder)
    assert slow.jb("--reuse", "--no-preflight").code == 0
    assert slow.asked() == dict.fromkeys(range(N), 1)


def test_a_second_ctrl_c_stops_at_once_and_loses_nothing_finished(slow: Bench) -> None:
    slow.model.latency = 600.0
    slow.model.set_faults(lambda seen: None)
    process = slow.start("--no-preflight")
    wait_until(lambda: len(slow.model.requests) >= CONCURRENCY)
    process.send_signal(signal.SIGINT)
    wait_until(lambda: '"interrupt' in (slow.run / "logs/scheduler.jsonl").read_text())
    time.sleep(0.4)  # what comes sooner is the same wish
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=200)
    assert process.returncode == 130, out
    assert not processes_of(slow.folder)


def test_the_second_jb_on_one_run_is_refused(slow: Bench) -> None:
    over = threading.Event()

    async def held(call: Call) -> web.StreamResponse:
        while not over.is_set():  # noqa: ASYNC110 - it is set by another thread
            await asyncio.sleep(0.01)
        return json_reply(call.reply())

    slow.model.set_faults(lambda seen: held)  # so that the first is still at it when the second has come up
    process = slow.start("--no-preflight")
    wait_until(lambda: len(slow.model.requests) > 2)
    second = slow.jb("--reuse", "--no-preflight")
    over.set()
    assert second.code == 2, second.text
    assert str(process.pid) in second.err
    process.communicate(timeout=200)
    assert process.returncode == 0
