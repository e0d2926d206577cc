from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from judgebench.judges.rules.sandbox import KillablePool, Overrun

HERE = "tests.rules.runaways"
ROOT = Path(__file__).parents[2]


def calls(*messages, workers=1, deadline=60.0, memory=256 << 20):
    async def run():
        async with KillablePool(workers, deadline=deadline, memory=memory) as pool:
            results = await asyncio.gather(*(pool.call(f"{HERE}.{name}", *args) for name, *args in messages))
            return results, pool.started

    return asyncio.run(run())


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "zombie" not in Path(f"/proc/{pid}/status").read_text("ascii") if Path("/proc").is_dir() else True


def test_results_come_back_as_json_values_whatever_the_text_holds():
    text = "\ud800 \x00 \u2028 \n" + "x" * 200_000
    results, started = calls(("echo", text, [1, None]), ("echo", {"a": 1.5}, True))
    assert results == [[text, [1, None]], [{"a": 1.5}, True]]
    assert started == 1


@pytest.mark.parametrize("name", ["spin", "spin_in_c"])
def test_a_call_that_never_ends_is_stopped_and_the_next_one_works(name):
    start = time.monotonic()
    (stopped, fine), started = calls((name,), ("echo", 1), deadline=1.0)
    assert stopped == Overrun(kind="time", message="took longer than 1 s")
    assert fine == [1]
    assert started == 2
    assert time.monotonic() - start < 60


def test_what_a_module_does_once_is_not_on_the_clock_of_a_call():
    """Its ``warm_up`` takes a second."""
    (fine,), _ = calls(("echo", 1), deadline=0.9)
    assert fine == [1]


@pytest.mark.parametrize("name", ["hoard", "hoard_and_hide"])
def test_a_call_that_takes_all_memory_is_stopped_even_when_it_hides_the_error(name):
    (stopped, fine), started = calls((name,), ("echo", 1), deadline=60.0)
    assert stopped.kind == "memory"
    assert fine == [1]
    assert started == 2


def test_a_call_that_kills_its_process_is_a_crash_and_one_that_raises_an_error():
    (died, raised, missing, fine), started = calls(("die",), ("fail",), ("no_such_function",), ("echo", 1))
    assert died.kind == "crash"
    assert raised == Overrun(kind="error", message="ValueError in fail")
    assert missing.kind == "error"
    assert fine == [1]
    assert started == 2


def test_what_a_function_prints_does_not_mix_with_the_replies():
    (first, second), _ = calls(("loud",), ("echo", 2))
    assert (first, second) == ("said", [2])


def test_the_same_call_runs_once_also_when_it_is_looked_at_the_same_time(tmp_path):
    log = tmp_path / "log"
    results, _ = calls(*[("note", str(log), "x")] * 5, ("note", str(log), "y"), workers=2)
    assert results == ["x"] * 5 + ["y"]
    assert sorted(log.read_text("utf-8")) == ["x", "y"]


def test_workers_run_side_by_side_and_no_more_than_allowed():
    results, started = calls(*[("nap", 0.1, n) for n in range(8)], workers=2, deadline=10)
    assert results == list(range(8))
    assert started == 2


def test_nothing_is_started_before_the_first_call_and_nothing_is_left_after_closing():
    async def run():
        pool = KillablePool(1)
        assert pool.started == 0
        pid = await pool.call(f"{HERE}.pid")
        assert alive(pid)
        await pool.aclose()
        again = await pool.call(f"{HERE}.echo", 1)
        await pool.aclose()
        return pid, again

    pid, again = asyncio.run(run())
    assert not alive(pid)
    assert again == [1]


def test_an_idle_worker_that_dies_costs_no_call():
    async def run():
        async with KillablePool(1, deadline=60) as pool:
            os.kill(await pool.call(f"{HERE}.pid"), signal.SIGKILL)
            while pool._idle[0].alive:  # noqa: ASYNC110 - no event tells of it
                await asyncio.sleep(0.01)
            return await pool.call(f"{HERE}.echo", 1)

    assert asyncio.run(run()) == [1]


def test_a_cancelled_call_ends_its_worker(tmp_path):
    async def run():
        async with KillablePool(1, deadline=60) as pool:
            task = asyncio.create_task(pool.call(f"{HERE}.spin_with_pid", str(tmp_path / "pid")))
            while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return int((tmp_path / "pid").read_text()), await pool.call(f"{HERE}.echo", 1)

    pid, after = asyncio.run(run())
    assert not alive(pid)
    assert after == [1]


def test_a_cancellation_is_not_lost_that_comes_with_the_workers_first_line():
    async def run():
        async with KillablePool(1, deadline=60) as pool:
            task = asyncio.create_task(pool.call(f"{HERE}.nap", 60.0, 1))
            while not any(worker._process.stdout._buffer for worker in pool._all):  # noqa: ASYNC110
                await asyncio.sleep(0)  # until the line has come in and nobody has taken it
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(run())


@pytest.mark.parametrize("busy", [False, True])
def test_no_worker_outlives_a_parent_that_is_killed(tmp_path, busy):
    code = f"""
import asyncio
from judgebench.judges.rules.sandbox import KillablePool
async def main():
    pool = KillablePool(1, deadline=1)
    if {busy}:
        await pool.call("{HERE}.spin_with_pid", {str(tmp_path / "pid")!r})
    else:
        await pool.call("{HERE}.note_pid", {str(tmp_path / "pid")!r})
        await asyncio.sleep(60)
asyncio.run(main())
"""
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    deadline = time.monotonic() + 60
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    pid = int((tmp_path / "pid").read_text())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 60
    while alive(pid):
        assert time.monotonic() < deadline, "the worker is an orphan"
        time.sleep(0.05)


def test_ctrl_c_in_the_terminal_does_not_turn_a_call_into_a_crash(tmp_path):
    code = f"""
import asyncio, signal
from judgebench.judges.rules.sandbox import KillablePool
signal.signal(signal.SIGINT, lambda *_: None)
async def main():
    async with KillablePool(1, deadline=60) as pool:
        print(await pool.call("{HERE}.nap_with_pid", 1.0, {str(tmp_path / "pid")!r}))
asyncio.run(main())
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(parent.pid, signal.SIGINT)
    assert parent.communicate(timeout=200)[0] == "slept\n"


def test_the_worker_of_a_rule_gets_no_secret(monkeypatch):
    monkeypatch.setenv("JB_SECRET_M_API_KEY", "sk-test")
    monkeypatch.setenv("JB_ORDINARY", "kept")
    results, _ = calls(("variables", "JB_"))
    assert "JB_ORDINARY" in results[0]
    assert "JB_SECRET_M_API_KEY" not in results[0]
