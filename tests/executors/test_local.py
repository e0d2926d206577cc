"""The supervisor with real processes that stand in for the stages."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from judgebench.errors import DiskError, ExitCode
from judgebench.executors.local import LocalExecutor, stage_command
from judgebench.executors.scheduler import RunDone, replay
from judgebench.executors.supervision import EVENT_LOG, supervise
from judgebench.records.run import Options, TaskSpec
from tests.executors.conftest import ROOT, BrokenDisplay, Run, gone, standin_command, task, until


def pipeline() -> list[TaskSpec]:
    return [
        task("i"),
        task("j", "judge", follows=["i"]),
        task("e", "extract", needs=["i", "j"]),
        task("summarize", "summarize", needs=["e"]),
    ]


def phases(outcome: object) -> dict[str, str]:
    return {one.id: one.phase for one in outcome.tasks}


def test_pipeline_runs_with_logs_orders_and_figures(run: Run) -> None:
    behaviour = {"i": {"until": "j start", "items": 5, "prints": ["hello from i"]}, "j": {"follow": True}}
    outcome = run.supervise(run.plan(pipeline(), behaviour), environment={"PYTHONPATH": str(ROOT), "SECRET": "k3y"})
    assert set(phases(outcome).values()) == {"ok"}
    assert outcome.exit_code == ExitCode.DONE
    assert "hello from i" in (run.run_dir / "logs/infer/m/i.out").read_text()
    events = run.events()
    assert "j upstream-done i" in events
    assert all(line.endswith("k3y") for line in events if " start " in line)
    progress = outcome.tasks[0].progress
    assert progress is not None
    assert (progress.done, progress.total, progress.tokens) == (5, 5, 50)
    assert ("i", "running") in run.display.statuses
    assert ("summarize", "finish") in run.display.statuses
    assert run.display.finished == 1
    assert all(gone(pid) for pid in run.pids())


def test_the_event_log_replays_to_the_same_end(run: Run) -> None:
    run.supervise(run.plan(pipeline(), {"j": {"exit": 3}}))
    again, instructions = replay((run.run_dir / EVENT_LOG).read_bytes().splitlines())
    assert {task: ending.phase for task, ending in again.endings.items()} == {
        "i": "ok", "j": "failed", "e": "skipped", "summarize": "skipped",
    }  # fmt: skip
    assert instructions[-1][-1] == RunDone()


def test_failure_is_told_with_sentence_hint_and_last_lines_and_others_go_on(run: Run) -> None:
    tasks = [task("a"), task("b"), task("c", "extract", needs=["a"])]
    behaviour = {"a": {"exit": 3, "error": "No such model.", "hint": "Try x.", "prints": ["red \x1b[31malert", "bye"]}}
    outcome = run.supervise(run.plan(tasks, behaviour))
    assert phases(outcome) == {"a": "failed", "b": "ok", "c": "skipped"}
    failed = outcome.tasks[0]
    assert (failed.exit_code, failed.error, failed.hint) == (3, "No such model.", "Try x.")
    assert failed.tail == ["red \\x1b[31malert", "bye"]
    assert outcome.tasks[2].cause == "a"
    assert outcome.exit_code == ExitCode.PREREQUISITE


def test_death_at_import_is_detected_at_once(run: Run) -> None:
    """Scenario E18: the parent must not wait for a task that never reported."""
    outcome = run.supervise(run.plan([task("a")], {"a": {"dies": True}}))
    assert outcome.tasks[0].exit_code == 1
    assert "exit code 1" in outcome.tasks[0].error
    assert outcome.tasks[0].tail[-1] == "ImportError: no module of that name"


def test_a_killed_task_is_named_with_its_signal(run: Run) -> None:
    outcome = run.supervise(run.plan([task("a")], {"a": {"kill": True}}))
    assert "SIGKILL" in outcome.tasks[0].error
    assert "memory" in outcome.tasks[0].hint
    assert outcome.exit_code == ExitCode.BUG


def test_items_failed_lets_dependants_run_and_shows_in_the_exit_code(run: Run) -> None:
    outcome = run.supervise(run.plan(pipeline(), {"i": {"exit": 4, "error": "2 of 6 items failed."}}))
    assert phases(outcome) == {"i": "partial", "j": "ok", "e": "ok", "summarize": "ok"}
    assert outcome.exit_code == ExitCode.ITEMS_FAILED
    assert outcome.tasks[0].error == "2 of 6 items failed."


def test_a_program_that_cannot_be_started_is_a_failed_task(run: Run) -> None:
    outcome = run.supervise(run.plan([task("a")]), task_command=lambda _plan, _id: ["/nowhere/program"])
    assert outcome.tasks[0].phase == "failed"
    assert "could not be started" in outcome.tasks[0].error


def test_what_a_task_leaves_behind_is_ended_with_it(run: Run) -> None:
    run.supervise(run.plan([task("a")], {"a": {"child": True}}))
    (child,) = run.pids("child")
    try:
        assert until(lambda: gone(child))
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def test_debug_runs_in_turn_and_shows_output_made_visible_beside_the_logs(run: Run) -> None:
    plan = run.plan(
        [task("a"), task("b", "judge", follows=["a"])],
        {"a": {"prints": ["\x1b[2Jgone"]}, "b": {"follow": True}},
        options=Options(debug=True),
    )
    outcome = run.supervise(plan)
    assert set(phases(outcome).values()) == {"ok"}
    assert "infer m/a | \\x1b[2Jgone" in run.display.messages
    assert (run.run_dir / "logs/infer/m/a.out").read_text() == "\x1b[2Jgone\n"
    events = run.events()
    assert events.index("a end 2") < next(n for n, e in enumerate(events) if e.startswith("b start"))


def test_a_linked_log_folder_is_not_followed_out_of_the_run(run: Run, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (run.run_dir / "logs").mkdir()
    (run.run_dir / "logs/infer").symlink_to(tmp_path / "elsewhere")
    outcome = run.supervise(run.plan([task("a")]))
    assert "outside the run folder" in outcome.tasks[0].error
    assert not list((tmp_path / "elsewhere").rglob("*.out"))


def test_a_linked_log_file_is_not_written_through(run: Run, tmp_path: Path) -> None:
    (run.run_dir / "logs/infer/m").mkdir(parents=True)
    (run.run_dir / "logs/infer/m/a.out").symlink_to(tmp_path / "victim")
    outcome = run.supervise(run.plan([task("a")]))
    assert outcome.tasks[0].phase == "failed"
    assert not (tmp_path / "victim").exists()


def test_a_run_folder_that_cannot_be_written_is_one_clear_error(run: Run) -> None:
    (run.run_dir / "logs").write_text("in the way")
    with pytest.raises(DiskError, match="cannot be made"):
        run.supervise(run.plan([task("a")]))
    assert run.display.finished == 1


def test_a_cancelled_supervisor_leaves_no_task(run: Run) -> None:
    plan = run.plan([task("i")], {"i": {"items": 1000, "pause": 0.05, "deaf": True}})

    async def cancel_in_the_middle() -> None:
        supervisor = asyncio.create_task(
            supervise(
                plan,
                run.plan_file,
                LocalExecutor(task_command=standin_command),
                display=run.display,
                max_workers=1,
                overlap=True,
                environment={"PYTHONPATH": str(ROOT)},
            )
        )
        await asyncio.to_thread(until, lambda: bool(run.events()))
        supervisor.cancel()
        with pytest.raises(asyncio.CancelledError):
            await supervisor

    asyncio.run(cancel_in_the_middle())
    assert all(gone(pid) for pid in run.pids())
    assert run.display.finished == 1


def test_a_broken_display_ends_the_run_and_its_tasks(run: Run) -> None:
    """A bug of ours must not leave processes behind either."""
    display = BrokenDisplay(lambda _row: bool(run.events()))
    with pytest.raises(RuntimeError, match="a bug"):
        run.supervise(run.plan([task("i")], {"i": {"items": 100, "pause": 0.05}}), display=display)
    assert until(lambda: all(gone(pid) for pid in run.pids()))


def interrupt_when(*conditions: Callable[[], bool], number: int, pause: float = 0.0) -> None:
    """Send a signal to this process once a condition holds, and again after a pause once the next one does."""

    def wait_and_send() -> None:
        for nth, condition in enumerate(conditions):
            if not until(condition):
                return
            time.sleep(pause if nth else 0.0)
            os.kill(os.getpid(), number)

    threading.Thread(target=wait_and_send, daemon=True).start()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_stops_gracefully(run: Run, number: int) -> None:
    plan = run.plan(pipeline(), {"i": {"items": 1000, "pause": 0.01}, "j": {"follow": True}})
    interrupt_when(lambda: any(line.startswith("j start") for line in run.events()), number=number)
    outcome = run.supervise(plan)
    assert outcome.interrupted
    assert outcome.exit_code == ExitCode.INTERRUPTED
    assert {"i stop", "j stop"} <= set(run.events())
    assert phases(outcome) == dict.fromkeys(["i", "j", "e", "summarize"], "interrupted")
    assert all(gone(pid) for pid in run.pids())
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_the_second_signal_ends_deaf_tasks_at_once(run: Run) -> None:
    plan = run.plan([task("i")], {"i": {"items": 10_000, "pause": 0.05, "deaf": True}})
    stopped = lambda: "i stop" in run.events()  # noqa: E731
    interrupt_when(lambda: bool(run.events()), stopped, number=signal.SIGINT, pause=0.4)
    outcome = run.supervise(plan, drain=600.0)
    assert phases(outcome) == {"i": "interrupted"}
    assert all(gone(pid) for pid in run.pids())


def test_the_time_to_drain_is_bounded(run: Run) -> None:
    plan = run.plan([task("i")], {"i": {"items": 10_000, "pause": 0.05, "deaf": True}})
    interrupt_when(lambda: bool(run.events()), number=signal.SIGINT)
    began = time.monotonic()
    outcome = run.supervise(plan, drain=0.5)
    assert time.monotonic() - began > 0.4
    assert phases(outcome) == {"i": "interrupted"}


SUPERVISOR = """
import asyncio, sys, msgspec
from pathlib import Path
from judgebench.records.run import Plan
from judgebench.dashboard.plain import PlainDisplay
from judgebench.executors.local import LocalExecutor
from judgebench.executors.supervision import supervise
from tests.executors.conftest import standin_command
plan_file = Path(sys.argv[1])
plan = msgspec.json.decode(plan_file.read_bytes(), type=Plan)
outcome = asyncio.run(supervise(plan, plan_file, LocalExecutor(task_command=standin_command),
    display=PlainDisplay(sys.stdout), max_workers=4, overlap=True, environment={"PYTHONPATH": %r}))
sys.exit(int(outcome.exit_code))
""" % str(ROOT)  # noqa: UP031 braces in the text


def start_supervisor(run: Run) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(run.plan_file)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip


def test_tasks_stop_by_themselves_when_the_supervisor_is_killed(run: Run) -> None:
    run.plan(pipeline(), {"i": {"items": 1000, "pause": 0.02}, "j": {"follow": True}})
    supervisor = start_supervisor(run)
    assert until(lambda: len(run.pids()) == 2)
    supervisor.kill()
    supervisor.communicate()
    assert until(lambda: all(gone(pid) for pid in run.pids()))
    assert {"i eof", "j eof"} <= set(run.events())


def test_exit_code_and_plain_lines_of_an_interrupted_supervisor(run: Run) -> None:
    run.plan(pipeline(), {"i": {"items": 1000, "pause": 0.02}, "j": {"follow": True}})
    supervisor = start_supervisor(run)
    assert until(lambda: len(run.pids()) == 2)
    supervisor.send_signal(signal.SIGTERM)
    said, _ = supervisor.communicate(timeout=200)
    assert supervisor.returncode == ExitCode.INTERRUPTED
    assert "interrupted" in said
    assert "\x1b" not in said


def test_stage_command_names_plan_and_task_and_keeps_secrets_out() -> None:
    command = stage_command(Path("plan.json"), "infer:m/d")
    assert command[-4:] == ["-m", "judgebench.stages", "plan.json", "infer:m/d"]
