"""``jb`` started by programs with habits: blocked signals, low limits."""

from __future__ import annotations

import shlex
import signal
import sys

import pytest

from tests.e2e.harness import Bench, run

_BLOCKING = """
import os, signal, sys
signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_signals_that_the_caller_blocked_are_noticed_all_the_same(bench: Bench) -> None:
    done = run([sys.executable, "-c", _BLOCKING, *bench.command()], bench.folder)
    assert done.code == 0, done.text
    assert bench.result()["accuracy"] == pytest.approx(500 / 6)


def test_ctrl_c_works_where_the_caller_blocked_it(bench: Bench) -> None:
    bench.model.latency = lambda: 20.0
    former = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        started = bench.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)
    try:
        while "starting" not in (line := started.stdout.readline()):  # type: ignore[union-attr]
            assert line
        started.send_signal(signal.SIGINT)
        assert started.wait(timeout=200) == 130
    finally:
        started.kill()


def test_a_low_soft_limit_of_open_files_is_raised(bench: Bench) -> None:
    bench.n = 60
    bench.model_keys = {"batch_size": 60}
    bench.write()
    bench.model.latency = lambda: 0.5
    limited = f"ulimit -S -n 50; exec {shlex.join(bench.command())}"
    done = run(["sh", "-c", limited], bench.folder)
    assert done.code == 0, done.text
    assert bench.model.most_in_flight > 50


def test_too_few_open_files_is_told_as_that_and_no_fault_of_the_service(bench: Bench) -> None:
    bench.n = 60
    bench.model_keys = {"batch_size": 60}
    bench.write()
    bench.model.latency = lambda: 0.5
    limited = f"ulimit -n 40; exec {shlex.join(bench.command())}"
    done = run(["sh", "-c", limited], bench.folder)
    assert done.code == 3, done.text
    assert "may not open more files and connections at once (limit: ulimit -n)" in done.text
    assert "Start the service" not in done.text
