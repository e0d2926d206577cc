"""The supervision knows an executor by its protocol alone: here tasks are played by functions of this process."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Callable, Mapping

import pytest

from judgebench.errors import ExitCode, PrerequisiteError
from judgebench.executors.contract import Ended, RunContext, TaskReport
from judgebench.records.run import TaskSpec
from judgebench.stages.progress import Progress
from tests.executors.conftest import BrokenDisplay, Run, task

Part = Callable[["PlayedHandle"], AsyncGenerator[TaskReport, None]]


class PlayedHandle:
    pid = 0

    def __init__(self, spec: TaskSpec, part: Part) -> None:
        self.spec = spec
        self.lines: list[str] = []
        self.wanted = asyncio.Event()
        self.killed = False
        self._part = part

    def events(self) -> AsyncGenerator[TaskReport, None]:
        return self._part(self)

    def tell(self, line: str) -> None:
        self.lines.append(line)

    def stop(self) -> None:
        self.tell("stop")
        self.wanted.set()

    def kill(self) -> None:
        self.killed = True
        self.wanted.set()


class PlayedExecutor:
    follows = True
    reserves = False
    shares_machine = True

    def __init__(self, part: Part, *, follows: bool = True, starts: bool = True) -> None:
        self.part = part
        self.follows = follows
        self.starts = starts
        self.handles: dict[str, PlayedHandle] = {}
        self.order: list[str] = []
        self.closed = False

    async def start(self, spec: TaskSpec, run: RunContext, *, environment: Mapping[str, str]) -> PlayedHandle:
        self.order.append(spec.id)
        if not self.starts:
            await asyncio.Event().wait()
        self.handles[spec.id] = PlayedHandle(spec, self.part)
        return self.handles[spec.id]

    async def aclose(self) -> None:
        self.closed = True


def running(handle: PlayedHandle) -> Progress:
    return Progress(task=handle.spec.id, state="running", total=1)


async def well(handle: PlayedHandle) -> AsyncGenerator[TaskReport, None]:
    yield running(handle)
    await asyncio.sleep(0.05)
    yield Progress(task=handle.spec.id, state="finish", total=1)
    yield Ended(0, [])


async def until_wanted(handle: PlayedHandle) -> AsyncGenerator[TaskReport, None]:
    yield running(handle)
    await handle.wanted.wait()
    yield Ended(-signal.SIGKILL if handle.killed else int(ExitCode.INTERRUPTED), [])


@pytest.mark.parametrize("follows", [True, False])
def test_tasks_run_and_a_follower_starts_early_only_where_the_executor_can_follow(run: Run, follows: bool) -> None:
    tasks = [task("i"), task("other"), task("j", "judge", follows=["i"])]
    executor = PlayedExecutor(well, follows=follows)
    outcome = run.supervise(run.plan(tasks), executor=executor)
    assert {one.phase for one in outcome.tasks} == {"ok"}
    assert executor.handles["j"].lines == ["upstream-done i"]
    assert executor.closed
    seen = [one for one in run.display.statuses if one in {("i", "finish"), ("j", "starting")}]
    assert seen == ([("j", "starting"), ("i", "finish")] if follows else [("i", "finish"), ("j", "starting")])


def test_a_task_that_is_lost_fails_with_the_executors_sentence_and_is_ended(run: Run) -> None:
    async def lost(handle: PlayedHandle) -> AsyncGenerator[TaskReport, None]:
        yield running(handle)
        raise PrerequisiteError("The node n7 does not answer.", hint="Look at the queue.")

    executor = PlayedExecutor(lost)
    outcome = run.supervise(run.plan([task("i")]), executor=executor)
    assert (outcome.tasks[0].phase, outcome.tasks[0].error) == ("failed", "The node n7 does not answer.")
    assert outcome.exit_code == ExitCode.PREREQUISITE
    assert executor.handles["i"].killed


def test_a_stream_without_an_end_is_a_bug_of_the_executor_and_named_so(run: Run) -> None:
    async def silent(handle: PlayedHandle) -> AsyncGenerator[TaskReport, None]:
        yield running(handle)

    outcome = run.supervise(run.plan([task("i")]), executor=PlayedExecutor(silent))
    assert outcome.tasks[0].error == "PlayedExecutor did not say how task i ended."
    assert outcome.exit_code == ExitCode.BUG


def test_a_stop_and_a_kill_reach_tasks_that_run_and_tasks_that_only_start(run: Run) -> None:
    async def interrupt() -> None:
        os.kill(os.getpid(), signal.SIGINT)

    class Interrupted(PlayedExecutor):
        async def start(self, spec: TaskSpec, run: RunContext, *, environment: Mapping[str, str]) -> PlayedHandle:
            self.interrupting = asyncio.ensure_future(interrupt())
            return await super().start(spec, run, environment=environment)

    for starts in (True, False):
        executor = Interrupted(until_wanted, starts=starts)
        outcome = run.supervise(run.plan([task("i")]), executor=executor, drain=3600.0)
        assert outcome.tasks[0].phase == "interrupted"
        assert [handle.lines for handle in executor.handles.values()] == [["stop"]] * starts
        assert executor.closed


def test_nothing_is_left_where_the_display_breaks(run: Run) -> None:
    display = BrokenDisplay(lambda row: row.status == "running")
    executor = PlayedExecutor(until_wanted)
    with pytest.raises(RuntimeError, match="a bug"):
        run.supervise(run.plan([task("i")]), executor=executor, display=display)
    assert executor.handles["i"].killed
    assert executor.closed
