"""Tasks forked from a warm process are processes like any other."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec
import pytest

from judgebench.executors.fork_server import ForkedProcess, ForkServer, ForkServerGoneError, warm_tasks
from judgebench.executors.forked import ForkMessage
from judgebench.stages.progress import Progress
from tests.executors.conftest import Run, gone, task, until
from tests.executors.test_local import interrupt_when, phases

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="tasks are forked on Linux alone")


@pytest.fixture(autouse=True)
def started(monkeypatch: pytest.MonkeyPatch) -> None:
    """The warm process is really started here."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setattr("judgebench.executors.fork_server.subprocess", subprocess)


HELD = "no plan"
"""A task that is given this says in its log that there is no such plan, and stays where its log takes nothing."""


class Pipes:
    """What a task gets: a control pipe, a log, and a pipe for its reports."""

    def __init__(self, log: Path, *, held: bool) -> None:
        self.control, self.control_end = os.pipe()
        self.reports_end, self.reports = os.pipe()
        if held:
            self.log_end, self.log = os.pipe()
            fill(self.log)
        else:
            self.log = os.open(log, os.O_WRONLY | os.O_CREAT)

    def given(self) -> tuple[int, int, int]:
        return self.control, self.log, self.reports

    def let_go(self) -> None:
        for descriptor in self.given():
            os.close(descriptor)


def fill(pipe: int) -> None:
    """Write into a pipe that nobody reads until it holds no byte more: who writes next stays."""
    os.set_blocking(pipe, False)
    for piece in (b"x" * 4096, b"x"):
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(pipe, piece)
    os.set_blocking(pipe, True)


async def forked(
    fork_server: ForkServer, log: Path, *arguments: str, **environment: str
) -> tuple[ForkedProcess, Pipes]:
    pipes = Pipes(log, held=Path(arguments[0]).name == HELD)
    process = await fork_server.fork(arguments, environment={**os.environ, **environment}, descriptors=pipes.given())
    pipes.let_go()
    return process, pipes


def forking(work: Callable[[ForkServer], Coroutine[Any, Any, None]]) -> None:
    """Do some work with a warm process."""
    with warm_tasks(["infer", "judge", "extract", "summarize"]) as fork_server:
        assert fork_server
        asyncio.run(asyncio.wait_for(work(fork_server), 100))


@pytest.fixture
def held(tmp_path: Path) -> str:
    """A plan at which every task stays (``HELD``)."""
    return str(tmp_path / HELD)


def test_a_forked_task_writes_its_log_and_gives_its_exit_code(tmp_path: Path, run: Run) -> None:
    run.plan([task("a")])

    async def work(fork_server: ForkServer) -> None:
        process, pipes = await forked(fork_server, tmp_path / "log", str(run.plan_file), "no such task")
        assert await process.wait() == 2
        assert os.read(pipes.reports_end, 10) == b""  # nobody holds the other end any more

    forking(work)
    assert "there is no task 'no such task'" in (tmp_path / "log").read_text()


def test_many_are_forked_at_once_and_told_apart(tmp_path: Path, run: Run) -> None:
    run.plan([task("a")])

    async def one(fork_server: ForkServer, nth: int) -> int:
        process, _ = await forked(fork_server, tmp_path / str(nth), str(run.plan_file), f"task {nth}", BIG="x" * 50_000)
        code = await process.wait()
        assert f"there is no task 'task {nth}'" in (tmp_path / str(nth)).read_text()
        return code

    async def work(fork_server: ForkServer) -> None:
        assert await asyncio.gather(*(one(fork_server, nth) for nth in range(8))) == [2] * 8

    forking(work)


def test_a_task_whose_log_takes_nothing_stays_until_somebody_reads_it(tmp_path: Path, held: str) -> None:
    async def work(fork_server: ForkServer) -> None:
        process, pipes = await forked(fork_server, tmp_path / "log", held, "a")
        ended = asyncio.ensure_future(process.wait())
        await asyncio.wait([ended], timeout=0.2)
        assert not ended.done()
        os.set_blocking(pipes.log_end, False)
        said = b""
        while HELD.encode() not in said:
            with contextlib.suppress(BlockingIOError):
                said += os.read(pipes.log_end, 4096)
            await asyncio.sleep(0.01)
        assert await ended == 3

    forking(work)


def test_a_signal_that_ended_a_task_is_told_as_its_exit_code(tmp_path: Path, held: str) -> None:
    async def work(fork_server: ForkServer) -> None:
        process, _ = await forked(fork_server, tmp_path / "log", held, "a")
        assert os.getsid(process.pid) == process.pid
        os.killpg(process.pid, 9)
        assert await process.wait() == -9

    forking(work)


def test_when_it_is_gone_its_tasks_are_ended_and_no_other_is_forked(tmp_path: Path, held: str) -> None:
    async def work(fork_server: ForkServer) -> None:
        process, _ = await forked(fork_server, tmp_path / "log", held, "a")
        fork_server._process.kill()
        assert await process.wait() == -9
        with pytest.raises(ForkServerGoneError):
            await forked(fork_server, tmp_path / "other", held, "b")

    forking(work)


def test_it_ends_with_its_context_and_is_not_there_when_unwanted() -> None:
    with warm_tasks(["extract"]) as fork_server:
        assert fork_server
        pid = fork_server._process.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with warm_tasks([]) as none:
        assert none is None


def test_reports_come_through(tmp_path: Path, run: Run) -> None:
    run.plan([task("a")])

    async def work(fork_server: ForkServer) -> None:
        process, pipes = await forked(fork_server, tmp_path / "log", str(run.plan_file), "a")
        await process.wait()
        with os.fdopen(pipes.reports_end, "rb") as reports:
            said = [msgspec.json.decode(line, type=Progress) for line in reports]
        assert said[0].state == "starting"
        assert said[0].task == "a"

    forking(work)


def test_a_forked_task_shows_what_it_is(tmp_path: Path, held: str) -> None:
    async def work(fork_server: ForkServer) -> None:
        process, _ = await forked(fork_server, tmp_path / "log", held, "infer:m/d")
        command = Path("/proc") / str(process.pid) / "cmdline"
        await asyncio.to_thread(until, lambda: b"judgebench.stages " in command.read_bytes())
        assert command.read_bytes().rstrip(b"\0").endswith(f"{held} infer:m/d".encode())
        os.killpg(process.pid, 9)
        await process.wait()

    forking(work)


def test_a_task_starts_the_ordinary_way_when_the_warm_process_hangs(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("judgebench.executors.fork_server.PATIENCE", 0.3)
    with warm_tasks(["infer"]) as fork_server:
        assert fork_server
        fork_server._process.send_signal(signal.SIGSTOP)
        outcome = run.supervise(run.plan([task("a"), task("b")]), fork_server=fork_server)
        assert phases(outcome) == {"a": "ok", "b": "ok"}
        assert until(lambda: gone(fork_server._process.pid))


def test_ctrl_c_ends_a_run_at_once_whose_warm_process_hangs(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("judgebench.executors.fork_server.PATIENCE", 3600.0)
    with warm_tasks(["infer"]) as fork_server:
        assert fork_server
        fork_server._process.send_signal(signal.SIGSTOP)
        interrupt_when(lambda: bool(fork_server._starting), number=signal.SIGINT)
        outcome = run.supervise(run.plan([task("a"), task("b")]), fork_server=fork_server, drain=3600.0)
        assert phases(outcome) == {"a": "interrupted", "b": "interrupted"}


def test_what_a_hanging_process_has_forked_is_ended_with_it_told_or_not(
    tmp_path: Path, held: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(fork_server: ForkServer) -> None:
        told, _ = await forked(fork_server, tmp_path / "told", held, "a")
        untold, _ = await forked(fork_server, tmp_path / "untold", held, "b")
        fork_server._running = {number: one for number, one in fork_server._running.items() if one[0] != untold.pid}
        fork_server._process.send_signal(signal.SIGSTOP)
        monkeypatch.setattr("judgebench.executors.fork_server.PATIENCE", 0.3)
        with pytest.raises(ForkServerGoneError):
            await forked(fork_server, tmp_path / "log", held, "c")
        assert await told.wait() == -9
        assert await asyncio.to_thread(until, lambda: gone(told.pid) and gone(untold.pid))

    forking(work)


def test_an_order_that_does_not_get_through_holds_up_nothing_else(
    tmp_path: Path, held: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than a socket's buffer holds, and nobody who reads it."""

    async def work(fork_server: ForkServer) -> None:
        fork_server._process.send_signal(signal.SIGSTOP)
        starting = [
            asyncio.ensure_future(forked(fork_server, tmp_path / str(nth), held, "a", BIG="x" * 4_000_000))
            for nth in range(2)
        ]
        await asyncio.sleep(0)
        await asyncio.wait_for(asyncio.sleep(0.01), 60)  # the event loop runs
        assert not any(one.done() for one in starting)
        starting[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting[0]
        with pytest.raises(ForkServerGoneError):
            await starting[1]

    monkeypatch.setattr("judgebench.executors.fork_server.PATIENCE", 3600.0)
    forking(work)


def test_a_task_that_is_cancelled_in_the_turn_in_which_it_is_told_does_not_stay(
    tmp_path: Path, held: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(fork_server: ForkServer) -> None:
        starting = asyncio.ensure_future(forked(fork_server, tmp_path / "log", held, "a"))
        take = fork_server._take

        def take_and_cancel(message: ForkMessage) -> None:
            take(message)
            starting.cancel()

        monkeypatch.setattr(fork_server, "_take", take_and_cancel)
        with pytest.raises(asyncio.CancelledError):
            await starting
        ((pid, ended),) = fork_server._running.values()
        assert await ended == -9
        assert gone(pid)

    forking(work)


def test_the_end_of_a_task_is_learned_when_the_warm_process_hangs_meanwhile(
    tmp_path: Path, held: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(fork_server: ForkServer) -> None:
        process, _ = await forked(fork_server, tmp_path / "log", held, "a")
        fork_server._process.send_signal(signal.SIGSTOP)
        os.killpg(process.pid, 9)
        assert await process.wait() == -9

    monkeypatch.setattr("judgebench.executors.fork_server.LAST_PATIENCE", 0.1)
    forking(work)


@pytest.mark.parametrize(
    ("ends", "code", "said"),
    [
        ("0", 0, ""),
        ("7", 7, ""),
        ("None", 0, ""),
        ("sys.exit(5)", 5, ""),
        ("sys.exit()", 0, ""),
        ("sys.exit('enough')", 1, "enough"),
        ("1 / 0", 1, "ZeroDivisionError"),
    ],
)
def test_a_forked_process_ends_as_any_other(tmp_path: Path, ends: str, code: int, said: str) -> None:
    done = ended(tmp_path, f"def work():\n    return {ends}")
    assert done.returncode == code
    assert said in done.stderr
    assert bool(said) == bool(done.stderr)


def test_what_a_forked_process_left_open_is_written(tmp_path: Path) -> None:
    work = """
class Kind(type):
    __hash__ = None
class Unhashable(metaclass=Kind):
    def __init__(self):
        self.itself = self
def work():
    global plain, raw, packed, stored, odd
    odd = type("Odd", (), {"__class__": property(lambda self: 1 / 0)})(), Unhashable()
    plain, raw = open("plain", "w"), open("raw", "wb")
    packed, stored = gzip.open("packed", "wt"), gzip.GzipFile(fileobj=open("stored", "wb"), mode="wb")
    print("printed", end="")
    for file in (plain, packed):
        file.write("left open")
    for file in (raw, stored):
        file.write(b"left open")
    atexit.register(lambda: plain.write(" to the end"))
    threading.Thread(target=lambda: (time.sleep(0.2), raw.write(b" by a thread"))).start()
    return 0
"""
    done = ended(tmp_path, work)
    assert (done.returncode, done.stdout, done.stderr) == (0, "printed", "")
    assert (tmp_path / "plain").read_text() == "left open to the end"
    assert (tmp_path / "raw").read_text() == "left open by a thread"
    for name in ("packed", "stored"):
        assert gzip.decompress((tmp_path / name).read_bytes()) == b"left open"
    assert (tmp_path / "inherited").read_text() == "once "


@pytest.mark.parametrize("held", ["reads.read()", "writes.write(b'x' * 2**20)"])
def test_a_file_that_a_daemon_thread_holds_keeps_no_forked_process(tmp_path: Path, held: str) -> None:
    work = f"""
def work():
    global reads, writes, plain
    reads, writes = [os.fdopen(one, mode) for one, mode in zip(os.pipe(), ("rb", "wb"))]
    plain = open("plain", "w")
    plain.write("left open")
    threading.Thread(target=lambda: {held}, daemon=True).start()
    time.sleep(0.2)
    return 3
"""
    assert ended(tmp_path, work).returncode == 3
    assert (tmp_path / "plain").read_text() == "left open"


def test_an_interrupt_at_the_end_loses_nothing_that_was_written(tmp_path: Path) -> None:
    work = """
def work():
    global plain
    plain = open("plain", "w")
    plain.write("left open")
    main = os.getpid()
    threading.Thread(target=lambda: (time.sleep(0.2), os.kill(main, 2), time.sleep(0.2))).start()
    return 4
"""
    assert ended(tmp_path, work).returncode == 4
    assert (tmp_path / "plain").read_text() == "left open"


def ended(folder: Path, work: str) -> subprocess.CompletedProcess[str]:
    """Run a function ``work`` in a process that is forked as tasks are, and return how that ended."""
    script = f"""
import atexit, gc, gzip, os, sys, threading, time
from judgebench.executors.forked import leave
{work}
inherited = open("inherited", "w")
inherited.write("once ")
gc.freeze()
if pid := os.fork():
    inherited.close()
    os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
leave(work)
"""
    return subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, timeout=200, check=False
    )
