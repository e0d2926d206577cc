"""Launched services: real processes on loopback ports."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from judgebench.errors import ExitCode, LaunchError
from judgebench.executors import guard
from judgebench.executors.replicated_service import ReplicatedService
from judgebench.executors.services import OnLoss, launched_models
from judgebench.models.access import launch_key
from judgebench.models.contract import LaunchConfig, ModelConfig
from judgebench.records.run import DatasetConfig, JudgeConfig, Plan, Typed
from judgebench.testing.faultservice import closed_port
from tests.executors.conftest import Run, gone, task, until
from tests.executors.test_local import interrupt_when, phases, start_supervisor

SERVICE = str(Path(__file__).with_name("service.py"))
MODEL_TYPE = "tests.executors.launchers.Model"


def launch(run: Run, how: str = "", **fields: Any) -> dict[str, Any]:
    command = [sys.executable, "-S", SERVICE, "{port}", how]
    return {"command": command, "env": {"SERVICE_PIDS": str(run.folder / "pids")}, **fields}


def model(run: Run, how: str = "", **fields: Any) -> dict[str, Any]:
    return {"type": MODEL_TYPE, "abbr": "m", "launch": launch(run, how, **fields)}


def service_pids(run: Run) -> list[int]:
    file = run.folder / "pids"
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def addresses(run: Run) -> list[dict[str, str]]:
    return [
        json.loads(line.split(maxsplit=3)[3]) for line in run.events() if line.split()[1] == "start" and "{" in line
    ]


def test_one_service_for_two_tasks_healthy_before_they_start_and_gone_after(run: Run) -> None:
    plan = run.plan([task("a"), task("b"), task("e", "extract", needs=["a"])], models={"m": model(run, "slow")})
    outcome = run.supervise(plan)
    assert set(phases(outcome).values()) == {"ok"}
    assert len(service_pids(run)) == 1
    assert all(gone(pid) for pid in service_pids(run))
    first, second = addresses(run)
    assert first == second
    assert list(first) == [launch_key(launched_models(plan, plan.tasks[0])[0])]
    assert next(iter(first.values())).startswith("http://127.0.0.1:")
    assert "loading" in (run.run_dir / "logs/services/m.out").read_text()
    assert run.display.statuses[0] == ("a", "launching")


def test_replicas_have_an_address_a_process_and_a_log_each(run: Run) -> None:
    outcome = run.supervise(run.plan([task("a")], models={"m": model(run, replicas=2)}))
    assert set(phases(outcome).values()) == {"ok"}
    (several,) = addresses(run)[0].values()
    assert len(set(several.split())) == 2
    assert len(service_pids(run)) == 2
    assert all(gone(pid) for pid in service_pids(run))
    assert (run.run_dir / "logs/services/m.1.out").exists()


class FakeService:
    """A service that is healthy at once, or never."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.on_loss: OnLoss | None = None

    def lose(self) -> asyncio.Future[str]:
        assert self.on_loss is not None
        back: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.on_loss(back)
        return back

    async def start(self) -> str:
        if not self.address:
            raise LaunchError("It did not become healthy.")
        return self.address

    async def stop(self) -> None:
        pass


def test_a_replica_that_does_not_become_healthy_is_left_out_and_told() -> None:
    said: list[str] = []
    service = ReplicatedService([FakeService("http://a:1"), FakeService(""), FakeService("http://b:2")], said.append)
    assert asyncio.run(service.start()) == "http://a:1 http://b:2"
    assert said == ["It did not become healthy. The run goes on with 2 of 3 replicas."]


def test_the_addresses_of_replicas_change_when_none_is_left_and_when_one_is_back() -> None:
    async def play() -> list[str]:
        first, second = FakeService("http://a:1"), FakeService("http://b:2")
        service = ReplicatedService([first, second], print)
        await service.start()
        told: list[asyncio.Future[str]] = []
        service.on_loss = told.append
        first_back = first.lose()
        assert not told  # the other works on
        second_back = second.lose()
        assert [one.done() for one in told] == [False]
        first_back.set_result("http://a:3")
        found = [await told[0]]
        second_back.set_result("http://b:4")
        await asyncio.sleep(0)
        return [*found, await told[1]]

    assert asyncio.run(play()) == ["http://a:3", "http://a:3 http://b:4"]


def test_where_no_replica_comes_back_whoever_waits_is_told() -> None:
    async def play() -> None:
        first, second = FakeService("http://a:1"), FakeService("http://b:2")
        service = ReplicatedService([first, second], print)
        await service.start()
        told: list[asyncio.Future[str]] = []
        service.on_loss = told.append
        for one in (first.lose(), second.lose()):
            one.set_exception(LaunchError("It was begun too often."))
        await told[0]

    with pytest.raises(LaunchError, match="begun too often"):
        asyncio.run(play())


def test_where_no_replica_becomes_healthy_the_first_says_why(run: Run) -> None:
    outcome = run.supervise(run.plan([task("a")], models={"m": model(run, "dies", replicas=2)}))
    assert "model 'm.0' ended with exit code 1 before it was healthy" in outcome.tasks[0].error


def test_no_service_is_launched_that_no_task_needs(run: Run) -> None:
    run.supervise(run.plan([task("e", "extract")], models={"m": model(run)}))
    assert service_pids(run) == []


def test_a_judge_needs_its_own_model_and_not_the_tested_one(run: Run) -> None:
    plan = run.plan([], models={"m": model(run)})
    judge = JudgeConfig(abbr="judge", model=model(run) | {"model": "other"}, method=Typed(type="x"))
    dataset = DatasetConfig(abbr="d", loader=Typed(type="x"), prompt="p", judges=[judge])
    changed = {name: getattr(plan, name) for name in plan.__struct_fields__} | {"datasets": {"d": dataset}}
    spec = task("j", "judge", judge="judge")
    assert [found.model for found in launched_models(Plan(**changed), spec)] == ["other"]
    assert launched_models(Plan(**changed), task("e", "extract")) == []


def test_a_built_in_launcher_gives_the_command_and_its_notice_once(run: Run) -> None:
    block = {"type": "tests.executors.launchers.Launcher", "options": {"how": "family"}}
    described = {"type": MODEL_TYPE, "abbr": "m", "path": "weights.gguf", "launch": block}
    outcome = run.supervise(run.plan([task("a"), task("b")], models={"m": described}))
    assert set(phases(outcome).values()) == {"ok"}
    assert run.display.messages == ["Licence: be kind."]


def test_early_death_is_a_launch_error_with_the_last_lines(run: Run) -> None:
    plan = run.plan([task("a"), task("e", "extract", needs=["a"])], models={"m": model(run, "dies")})
    outcome = run.supervise(plan)
    assert phases(outcome) == {"a": "failed", "e": "skipped"}
    assert outcome.exit_code == ExitCode.PREREQUISITE
    assert "ended with exit code 1 before it was healthy" in outcome.tasks[0].error
    assert "no such weights" in outcome.tasks[0].hint
    assert "\\x1b[31m" in outcome.tasks[0].hint
    assert run.events() == []


def test_a_program_that_is_not_there(run: Run) -> None:
    described = {"type": MODEL_TYPE, "abbr": "m", "launch": {"command": ["/nowhere/server"]}}
    outcome = run.supervise(run.plan([task("a")], models={"m": described}))
    assert "127" in outcome.tasks[0].error
    assert "/nowhere/server" in outcome.tasks[0].hint


def test_never_healthy_ends_at_the_time_limit(run: Run) -> None:
    outcome = run.supervise(run.plan([task("a")], models={"m": model(run, "never", time_limit=0.5)}))
    assert "within 0.5 s" in outcome.tasks[0].error
    assert all(gone(pid) for pid in service_pids(run))


def test_a_fixed_port_that_is_taken_is_refused_instead_of_asking_a_stranger(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        outcome = run.supervise(run.plan([task("a")], models={"m": model(run, port=port)}))
    assert f"port {port}" in outcome.tasks[0].error
    assert service_pids(run) == []


def test_two_models_in_turn_hold_one_fixed_port_without_overlap(run: Run) -> None:
    """A service is stopped as soon as no task needs it, so one GPU or port can serve two models in turn."""
    port = closed_port()
    second = model(run, port=port) | {"abbr": "n", "model": "n", "path": "other"}
    tasks = [task("a"), task("b", needs=["a"])]
    tasks[1] = type(tasks[1])(id="b", stage="infer", name="n/b", model="n", needs=["a"], log="logs/infer/n/b.out")
    outcome = run.supervise(run.plan(tasks, models={"m": model(run, port=port), "n": second}), overlap=False)
    assert set(phases(outcome).values()) == {"ok"}
    assert len(service_pids(run)) == 2


def test_a_service_that_dies_during_the_run_is_told(run: Run) -> None:
    plan = run.plan([task("a")], {"a": {"items": 10_000, "pause": 0.02}}, models={"m": model(run)})
    killed: list[int] = []

    def told() -> bool:
        if run.events() and not killed:
            killed.extend(service_pids(run))
            os.kill(killed[0], signal.SIGKILL)
        return any("ended with exit code 137 during the run" in text for text in run.display.messages)

    interrupt_when(told, number=signal.SIGINT)
    assert run.supervise(plan).interrupted
    assert told()


def test_an_interrupt_while_launching_stops_the_service(run: Run) -> None:
    plan = run.plan([task("a")], models={"m": model(run, "never")})
    interrupt_when(lambda: bool(service_pids(run)), number=signal.SIGINT)
    outcome = run.supervise(plan)
    assert phases(outcome) == {"a": "interrupted"}
    assert all(gone(pid) for pid in service_pids(run))


@pytest.mark.parametrize("delay", [0.0, 0.1, 0.2, 0.35, 0.6])
def test_nothing_is_left_when_the_supervisor_is_killed_at_any_moment(run: Run, delay: float) -> None:
    """Before the guard runs, while the service loads, while tasks work: no task, service or child of it stays."""
    run.plan([task("a")], {"a": {"items": 1000, "pause": 0.02}}, models={"m": model(run, "family")})
    supervisor = start_supervisor(run)
    assert supervisor.stdout is not None
    supervisor.stdout.readline()
    time.sleep(delay)
    supervisor.kill()
    supervisor.communicate()
    time.sleep(0.3)  # what was being started when the kill came has written its id by now
    assert until(lambda: all(gone(pid) for pid in [*service_pids(run), *run.pids()]), seconds=guard.GRACE + 60)


def test_a_task_and_its_service_run_when_the_supervisor_is_killed(run: Run) -> None:
    run.plan([task("a")], {"a": {"items": 1000, "pause": 0.02}}, models={"m": model(run, "family")})
    supervisor = start_supervisor(run)
    assert until(lambda: bool(run.events()))
    pids = [*service_pids(run), *run.pids()]
    assert len(pids) == 3
    assert not any(gone(pid) for pid in pids)
    supervisor.kill()
    supervisor.communicate()
    assert until(lambda: all(gone(pid) for pid in pids), seconds=guard.GRACE + 60)


def test_a_service_that_ignores_sigterm_is_killed_after_the_pause(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    command = [sys.executable, "-S", SERVICE, str(closed_port()), "stubborn"]
    process, pid = start_guard(command, tmp_path, grace=0.3, SERVICE_PIDS=str(pids))
    assert until(pids.exists)  # it is deaf by then
    process.stdin.close()
    assert process.wait(200) == 128 + signal.SIGKILL
    assert gone(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's death signal is Linux's")
def test_the_service_does_not_outlive_a_killed_guard(tmp_path: Path) -> None:
    process, pid = start_guard([sys.executable, "-S", SERVICE, str(closed_port())], tmp_path)
    process.kill()
    process.wait()
    assert until(lambda: gone(pid))


def scattered(tmp_path: Path, **more: str) -> tuple[subprocess.Popen[bytes], list[int]]:
    """A guard, and the service with one worker in a session of its own and one that has lost its parent."""
    pids = tmp_path / "pids"
    command = [sys.executable, "-S", SERVICE, str(closed_port()), "scattered"]
    process, _ = start_guard(command, tmp_path, SERVICE_PIDS=str(pids), **more)
    assert until(lambda: pids.exists() and len(pids.read_text().split()) == 3)
    return process, [int(pid) for pid in pids.read_text().split()]


def guard_of(service: int) -> int:
    return int(Path(f"/proc/{service}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's adoption of orphans is Linux's")
@pytest.mark.parametrize("how", ["eof", "service ends", "guard is killed", "second is killed", "owner and second"])
def test_no_worker_of_a_service_stays_in_whatever_session_it_is(tmp_path: Path, how: str) -> None:
    process, pids = scattered(tmp_path)
    assert not any(gone(pid) for pid in pids)
    if how == "eof":
        process.stdin.close()
    elif how == "service ends":
        os.kill(pids[0], signal.SIGKILL)
    elif how == "guard is killed":
        os.kill(guard_of(pids[0]), signal.SIGKILL)
    else:
        process.kill()
        if how == "owner and second":
            process.stdin.close()
    process.wait(200)
    assert until(lambda: all(gone(pid) for pid in pids))


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's adoption of orphans is Linux's")
def test_no_worker_stays_after_ctrl_c_or_a_killed_supervisor(run: Run) -> None:
    for number in (signal.SIGINT, signal.SIGKILL):
        (run.folder / "pids").unlink(missing_ok=True)
        (run.folder / "events.txt").unlink(missing_ok=True)
        run.plan([task("a")], {"a": {"items": 1000, "pause": 0.02}}, models={"m": model(run, "scattered")})
        supervisor = start_supervisor(run)
        assert until(lambda: bool(run.events()))
        pids = service_pids(run)
        assert len(pids) == 3
        supervisor.send_signal(number)
        supervisor.communicate()
        assert until(lambda pids=pids: all(gone(pid) for pid in pids), seconds=guard.GRACE + 60)


@pytest.mark.parametrize("how", ["eof", "term"])
def test_the_guard_ends_the_whole_family(tmp_path: Path, how: str) -> None:
    pids = tmp_path / "pids"
    command = [sys.executable, "-S", SERVICE, str(closed_port()), "family"]
    process, _ = start_guard(command, tmp_path, SERVICE_PIDS=str(pids))
    assert until(lambda: pids.exists() and len(pids.read_text().split()) == 2)
    if how == "eof":
        process.stdin.close()
    else:
        process.terminate()
    assert process.wait(200) == 128 + signal.SIGTERM
    assert until(lambda: all(gone(int(pid)) for pid in pids.read_text().split()))


def test_the_guard_passes_the_exit_code_on_and_runs_as_a_module(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "judgebench.executors.guard", "--", "sh", "-c", "exit 7"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        assert process.wait(timeout=200) == 7  # its stdin stays open until then: the end of it is the order to stop


def start_guard(
    command: list[str], folder: Path, *, grace: float = guard.GRACE, **variables: str
) -> tuple[subprocess.Popen[bytes], int]:
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", guard.__file__, str(grace), "--", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **variables},
        start_new_session=True,
    )
    return process, int(process.stdout.readline())


def test_the_address_answers(run: Run) -> None:
    """What a task is handed is the service itself."""
    plan = run.plan([task("a")], {"a": {"items": 10_000, "pause": 0.02}}, models={"m": model(run)})
    answered: list[int] = []

    def ask() -> bool:
        if not addresses(run):
            return False
        url = next(iter(addresses(run)[0].values()))
        answered.append(urllib.request.urlopen(f"{url}/health").status)
        return True

    interrupt_when(ask, number=signal.SIGINT)
    run.supervise(plan)
    assert answered == [200]


def test_equal_blocks_share_a_key() -> None:
    block = LaunchConfig(command=["x"])
    one, two = (ModelConfig(type="t", abbr=abbr, launch=block) for abbr in ("a", "b"))
    assert launch_key(one) == launch_key(two)
    adapter = ModelConfig(type="t", abbr="c", launch=block, model="adapter")
    assert launch_key(adapter) == launch_key(one), "one service may know several models by name"
    assert launch_key(ModelConfig(type="t", abbr="d", launch=block, path="/other.gguf")) != launch_key(one)
