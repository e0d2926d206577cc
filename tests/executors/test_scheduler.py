"""The scheduler: hand-made graphs for each rule, random graphs and orders of events for the invariants."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench.errors import InternalError
from judgebench.executors.scheduler import (
    FINAL,
    PASSED,
    Instruction,
    Interrupted,
    KillTask,
    Machine,
    RunDone,
    RunStarted,
    StartTask,
    StopTask,
    TaskExited,
    TaskReported,
    UpstreamDone,
    encode_log,
    replay,
)
from judgebench.records.run import StageName, TaskSpec


def task(
    id: str, *, needs: tuple[str, ...] = (), follows: tuple[str, ...] = (), stage: StageName = "infer"
) -> TaskSpec:
    return TaskSpec(id=id, stage=stage, name=id, needs=list(needs), follows=list(follows))


def pipeline() -> list[TaskSpec]:
    return [
        task("i"),
        task("j", follows=("i",), stage="judge"),
        task("e", needs=("i", "j"), stage="extract"),
        task("summarize", needs=("e",), stage="summarize"),
    ]


def started(instructions: list[Instruction]) -> list[str]:
    return [instruction.task for instruction in instructions if isinstance(instruction, StartTask)]


def test_follower_starts_once_the_followed_task_works_and_is_told_when_it_ends() -> None:
    machine = Machine(pipeline(), max_workers=4, overlap=True)
    assert machine.handle(RunStarted()) == [StartTask("i")]
    assert machine.handle(TaskReported("i", "preflight")) == []
    assert machine.handle(TaskReported("i", "running")) == [StartTask("j")]
    assert machine.handle(TaskExited("i", 0)) == [UpstreamDone("j", "i")]
    assert machine.handle(TaskExited("j", 0)) == [StartTask("e")]
    assert machine.handle(TaskExited("e", 0)) == [StartTask("summarize")]
    assert machine.handle(TaskExited("summarize", 0)) == [RunDone()]


def test_without_overlap_the_follower_waits_and_is_told_at_its_start() -> None:
    machine = Machine(pipeline(), max_workers=4, overlap=False)
    machine.handle(RunStarted())
    assert machine.handle(TaskReported("i", "running")) == []
    assert machine.handle(TaskExited("i", 0)) == [StartTask("j"), UpstreamDone("j", "i")]


def test_one_worker_runs_the_pipeline_in_turn_without_deadlock() -> None:
    machine = Machine(pipeline(), max_workers=1, overlap=True)
    order = started(machine.handle(RunStarted()))
    for _ in range(4):
        machine.handle(TaskReported(order[-1], "running"))
        order += started(machine.handle(TaskExited(order[-1], 0)))
    assert order == ["i", "j", "e", "summarize"]


def test_a_follower_does_not_take_the_slot_of_an_upstream_that_waits() -> None:
    tasks = [task("a"), task("b"), task("f", follows=("a", "b"), stage="judge")]
    machine = Machine(tasks, max_workers=1, overlap=True)
    machine.handle(RunStarted())
    assert machine.handle(TaskReported("a", "running")) == []
    assert started(machine.handle(TaskExited("a", 0))) == ["b"]


def test_failed_upstream_before_the_start_skips_dependants_with_the_first_cause() -> None:
    machine = Machine(pipeline(), max_workers=4, overlap=True)
    machine.handle(RunStarted())
    assert machine.handle(TaskExited("i", 3, "refused")) == [RunDone()]
    assert machine.endings["i"].reason == "refused"
    for id in ("j", "e", "summarize"):
        assert machine.endings[id].phase == "skipped"
        assert machine.endings[id].cause == "i"
        assert "i " in machine.endings[id].reason


def test_failed_upstream_lets_a_running_follower_finish_what_is_there() -> None:
    machine = Machine(pipeline(), max_workers=4, overlap=True)
    machine.handle(RunStarted())
    machine.handle(TaskReported("i", "running"))
    assert machine.handle(TaskExited("i", -9)) == [UpstreamDone("j", "i")]
    machine.handle(TaskExited("j", 0))
    assert machine.endings["e"].cause == "i"


@pytest.mark.parametrize("code", [4, 7])
def test_failed_items_do_not_hold_up_what_comes_after(code: int) -> None:
    machine = Machine(pipeline(), max_workers=4, overlap=False)
    machine.handle(RunStarted())
    assert started(machine.handle(TaskExited("i", code))) == ["j"]
    assert machine.endings["i"].phase == "partial"


def test_where_answers_are_to_come_judges_go_on_and_nothing_is_scored() -> None:
    """The judge of such answers has ended well and is not done all the same."""
    machine = Machine(pipeline(), max_workers=4, overlap=False)
    machine.handle(RunStarted())
    assert started(machine.handle(TaskExited("i", 8))) == ["j"]
    assert machine.handle(TaskExited("j", 0)) == [RunDone()]
    assert {task: ending.phase for task, ending in machine.endings.items()} == {
        "i": "outstanding", "j": "outstanding", "e": "skipped", "summarize": "skipped",
    }  # fmt: skip
    assert "still waits for answers" in machine.endings["e"].reason


def test_summary_runs_when_one_of_two_results_is_there_and_not_when_none_is() -> None:
    tasks = [task("x", stage="extract"), task("y", stage="extract")]
    tasks.append(task("summarize", needs=("x", "y"), stage="summarize"))
    machine = Machine(tasks, max_workers=2, overlap=True)
    machine.handle(RunStarted())
    assert machine.handle(TaskExited("x", 1)) == []
    assert machine.handle(TaskExited("y", 0)) == [StartTask("summarize")]
    machine = Machine(tasks, max_workers=2, overlap=True)
    machine.handle(RunStarted())
    machine.handle(TaskExited("x", 1))
    assert machine.handle(TaskExited("y", 1)) == [RunDone()]
    assert machine.endings["summarize"].phase == "skipped"


def test_interrupt_stops_then_kills_and_starts_nothing_more() -> None:
    machine = Machine(pipeline(), max_workers=4, overlap=True)
    machine.handle(RunStarted())
    machine.handle(TaskReported("i", "running"))
    assert machine.handle(Interrupted()) == [StopTask("i"), StopTask("j")]
    assert machine.phase("e") == machine.phase("summarize") == "interrupted"
    assert machine.handle(Interrupted()) == []
    assert machine.handle(TaskExited("i", 0)) == [UpstreamDone("j", "i")]
    assert machine.phase("i") == "ok"
    assert machine.handle(Interrupted(at_once=True)) == [KillTask("j")]
    assert machine.handle(TaskExited("j", -9)) == [RunDone()]
    assert machine.phase("j") == "interrupted"


def test_a_real_failure_during_the_drain_stays_a_failure() -> None:
    machine = Machine([task("i")], max_workers=1, overlap=True)
    machine.handle(RunStarted())
    machine.handle(Interrupted())
    machine.handle(TaskExited("i", 3, "disk full"))
    assert machine.phase("i") == "failed"


def test_empty_plan_is_done_at_once() -> None:
    assert Machine([], max_workers=1, overlap=True).handle(RunStarted()) == [RunDone()]


@pytest.mark.parametrize(
    ("tasks", "words"),
    [
        ([task("a"), task("a")], "one id"),
        ([task("a", needs=("b",))], "not in the plan"),
        ([task("a", needs=("b",)), task("b", follows=("a",))], "circle: a, b"),
    ],
)
def test_a_broken_graph_is_refused(tasks: list[TaskSpec], words: str) -> None:
    with pytest.raises(InternalError, match=words):
        Machine(tasks, max_workers=1, overlap=True)


def test_an_exit_of_a_task_that_does_not_run_is_a_bug() -> None:
    with pytest.raises(InternalError):
        Machine([task("a")], max_workers=1, overlap=True).handle(TaskExited("a", 0))


@st.composite
def graphs(draw: st.DrawFn) -> list[TaskSpec]:
    size = draw(st.integers(1, 8))
    tasks: list[TaskSpec] = []
    for number in range(size):
        before = [other.id for other in tasks]
        upstream = draw(st.lists(st.sampled_from(before), unique=True, max_size=3)) if before else []
        cut = draw(st.integers(0, len(upstream)))
        stage: StageName = "summarize" if number == size - 1 and draw(st.booleans()) else "judge"
        tasks.append(task(f"t{number}", needs=tuple(upstream[:cut]), follows=tuple(upstream[cut:]), stage=stage))
    return list(draw(st.permutations(tasks)))


def check_start(machine: Machine, instruction: StartTask, working: set[str], *, overlap: bool) -> None:
    spec = next(task for task in machine.header.tasks if task.id == instruction.task)
    if spec.stage == "summarize":
        assert all(machine.phase(other) in FINAL for other in [*spec.needs, *spec.follows])
        return
    assert all(machine.phase(other) in PASSED for other in spec.needs)
    for other in spec.follows:
        assert machine.phase(other) in PASSED or (overlap and other in working)


@settings(max_examples=150, deadline=None)
@given(graph=graphs(), workers=st.integers(1, 4), overlap=st.booleans(), data=st.data())
def test_any_graph_in_any_order_of_events_ends_and_keeps_the_rules(
    graph: list[TaskSpec], workers: int, overlap: bool, data: st.DataObject
) -> None:
    """Terminates, never above max_workers, never before its needs, one final state each, every follower told."""
    machine = Machine(graph, max_workers=workers, overlap=overlap)
    running: list[str] = []
    working: set[str] = set()
    told: set[tuple[str, str]] = set()
    ever: list[str] = []
    done = 0
    stopped = killed = False
    produced: list[list[Instruction]] = []

    def feed(instructions: list[Instruction]) -> None:
        nonlocal done
        produced.append(instructions)
        for instruction in instructions:
            if isinstance(instruction, StartTask):
                assert not stopped
                check_start(machine, instruction, working, overlap=overlap)
                running.append(instruction.task)
                ever.append(instruction.task)
            elif isinstance(instruction, UpstreamDone):
                assert instruction.task in running
                assert (instruction.task, instruction.upstream) not in told
                told.add((instruction.task, instruction.upstream))
            elif isinstance(instruction, RunDone):
                done += 1
            else:
                assert instruction.task in running
        assert len(running) <= workers

    feed(machine.handle(RunStarted()))
    for _ in range(10 * len(graph) + 10):
        if not running:
            break
        kind = data.draw(st.sampled_from(["report", "exit", "exit", "exit", "stop", "kill"]))
        if kind == "stop" and data.draw(st.integers(0, 3)) == 0:
            stopped = True
            feed(machine.handle(Interrupted()))
        elif kind == "kill" and stopped and not killed:
            killed = True
            feed(machine.handle(Interrupted(at_once=True)))
        elif kind == "report":
            one = data.draw(st.sampled_from(running))
            state = data.draw(st.sampled_from(["starting", "preflight", "running", "draining"]))
            if state in {"running", "draining"}:
                working.add(one)
            feed(machine.handle(TaskReported(one, state)))
        else:
            one = data.draw(st.sampled_from(running))
            follows = next(spec.follows for spec in graph if spec.id == one)
            assert {other for other in follows if other in machine.endings} == {up for id, up in told if id == one}
            running.remove(one)
            feed(machine.handle(TaskExited(one, data.draw(st.sampled_from([0, 0, 0, 1, 3, 4, 130, -9])))))
    for one in list(running):
        running.remove(one)
        feed(machine.handle(TaskExited(one, 0)))
        while running:
            feed(machine.handle(TaskExited(running.pop(0), 0)))
    assert done == 1
    assert machine.finished
    assert len(ever) == len(set(ever))
    assert set(machine.endings) == {spec.id for spec in graph}
    assert all(ending.phase in FINAL for ending in machine.endings.values())
    for spec in graph:
        ending = machine.endings[spec.id]
        assert (ending.code is not None) == (spec.id in ever)
        if ending.phase == "skipped":
            assert machine.endings[ending.cause].phase in {"failed", "interrupted"}
    again, instructions = replay(encode_log(machine))
    assert instructions == produced
    assert again.endings == machine.endings


@pytest.mark.parametrize("code", [0, 1])
def test_a_task_waits_for_those_it_comes_after_however_they_end(code: int) -> None:
    member = task("member", stage="judge")
    panel = TaskSpec(id="panel", stage="extract", name="panel", after=["member"])
    machine = Machine([member, panel], max_workers=4, overlap=True)
    assert started(machine.handle(RunStarted())) == ["member"]
    assert started(machine.handle(TaskExited("member", code))) == ["panel"]


def test_a_task_cannot_come_after_itself() -> None:
    with pytest.raises(InternalError, match="circle"):
        Machine([TaskSpec(id="a", stage="extract", name="a", after=["a"])], max_workers=1, overlap=True)
