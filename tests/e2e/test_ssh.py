"""Judged runs whose tasks are started over ssh, by a real server on loopback."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from judgebench.testing.faultservice import FaultService
from tests.e2e.harness import Bench, judge_answer, model_answer, slower_after, wait_until
from tests.e2e.test_kills import processes_of
from tests.executors.loopback_ssh import LoopbackSsh, loopback_ssh, needs_ssh
from tests.executors.test_file_executor import outcome

pytestmark = needs_ssh

N = 12


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackSsh]:
    with loopback_ssh(tmp_path_factory.mktemp("ssh")) as server:
        yield server


@pytest.fixture
def bench(tmp_path: Path, server: LoopbackSsh) -> Iterator[Bench]:
    """A judged benchmark and an executor of two names of this machine."""
    with (
        FaultService(model_answer(lambda i: i % 3 == 0), model="m") as model,
        FaultService(judge_answer(), model="j") as judge,
    ):
        bench = Bench(tmp_path, model, judge, n=N)
        bench.model_keys = bench.judge_keys = {"batch_size": 2}
        bench.write()
        write_executor(bench, hosts=["127.0.0.1", "localhost"], options=server.options)
        yield bench


def write_executor(bench: Bench, **keys: Any) -> None:
    folder = bench.folder / "configs" / "executors"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "farm.py").write_text(
        f"from judgebench.executors import SshExecutor\nexecutor = dict(type=SshExecutor, **{keys!r})\n"
    )


def test_a_judged_run_gives_what_a_local_one_gives(bench: Bench, tmp_path: Path) -> None:
    done = bench.jb("--executor", "farm", "--no-preflight")
    assert done.code == 0, done.text
    assert bench.asked() == bench.judged() == dict.fromkeys(range(N), 1)
    assert not processes_of(bench.folder)
    assert list((bench.run / "logs" / "tasks").iterdir()) == []
    local = Bench(tmp_path / "local", bench.model, bench.judge, n=N)
    local.model_keys = local.judge_keys = {"batch_size": 2}
    local.folder.mkdir()
    local.write()
    assert local.jb("--no-preflight").code == 0
    assert outcome(bench) == outcome(local)


def test_a_killed_task_is_named_and_reuse_goes_on(bench: Bench) -> None:
    slower_after(4, bench.model, then=5.0)
    process = bench.start("--executor", "farm", "--mode", "infer", "--no-preflight")
    wait_until(lambda: sum(bench.asked().values()) > 4)
    victims = [pid for pid, command in processes_of(bench.folder).items() if " judgebench.stages " in command]
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    out, _ = process.communicate(timeout=200)
    assert process.returncode == 1, out
    assert "SIGKILL" in out
    go_on(bench)


def test_a_lost_connection_ends_the_task_over_there_before_anybody_goes_on(bench: Bench, server: LoopbackSsh) -> None:
    slower_after(4, bench.model, then=5.0)
    process = bench.start("--executor", "farm", "--mode", "infer", "--no-preflight")
    wait_until(lambda: sum(bench.asked().values()) > 4)
    (connection,) = server.connections()
    os.kill(connection, signal.SIGKILL)
    out, _ = process.communicate(timeout=200)
    assert process.returncode == 3, out
    assert "was lost while task infer:toy-model/toy worked there" in out
    assert not processes_of(bench.folder)
    go_on(bench)


def test_ctrl_c_keeps_what_is_in_flight(bench: Bench) -> None:
    slower_after(4, bench.model, then=1.0)
    process = bench.start("--executor", "farm", "--mode", "infer", "--no-preflight")
    wait_until(lambda: sum(bench.asked().values()) > 4)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=200)
    assert process.returncode == 130, out
    wait_until(lambda: not processes_of(bench.folder))
    bench.model.latency = 0.0
    done = bench.jb("--reuse", "--mode", "infer", "--no-preflight")
    assert done.code == 0, done.text
    assert bench.asked() == dict.fromkeys(range(N), 1)


def test_a_machine_that_cannot_be_reached_is_one_sentence(bench: Bench, server: LoopbackSsh) -> None:
    write_executor(bench, hosts=["127.0.0.1"], options=["-p", "1", *server.options])
    done = bench.jb("--executor", "farm", "--mode", "infer", "--no-preflight")
    assert done.code == 3, done.text
    assert "The machine 127.0.0.1 cannot be reached over ssh" in done.text
    assert "Traceback" not in done.text


def test_a_jb_that_is_killed_while_it_connects_leaves_secrets_until_the_next_one_alone(
    bench: Bench, server: LoopbackSsh
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never speaks
        write_executor(bench, hosts=["127.0.0.1"], options=["-p", str(silent.getsockname()[1]), *server.options])
        flags = ("--executor", "farm", "--mode", "infer", "--no-preflight")
        process = bench.start(*flags, env={"TOY_KEY": "sk-ssh-0123456789abcdef"})
        wait_until(lambda: bool(list(bench.folder.glob("outputs/default/*/logs/tasks/*/task.json"))))
        (file,) = bench.folder.glob("outputs/default/*/logs/tasks/*/task.json")
        assert file.stat().st_mode & 0o077 == 0
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=200)
    done = bench.jb("--reuse", "--executor", "local", "--mode", "infer", "--no-preflight")
    assert done.code == 0, done.text
    assert not file.exists()
    assert bench.asked() == dict.fromkeys(range(N), 1)


def go_on(bench: Bench) -> None:
    """Nothing that is finished is asked twice."""
    before = {row["id"] for row in bench.rows()}
    bench.model.latency = 0.0
    bench.model.requests.clear()
    done = bench.jb("--reuse", "--mode", "infer", "--no-preflight")
    assert done.code == 0, done.text
    assert set(bench.asked()) == set(range(N)) - before
