"""Plain lines for pipes, JSON events for scripts, and who gets which."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest

from judgebench.dashboard.board import RunHeader, TaskRow
from judgebench.dashboard.display import ShownScore, display_for
from judgebench.dashboard.events import EventDisplay
from judgebench.dashboard.plain import PlainDisplay
from judgebench.stages.progress import Progress

RUN = RunHeader(run="20260101_000000", base="outputs/default/20260101_000000", pid=42, max_workers=4)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def drive(display: PlainDisplay | EventDisplay, clock: Clock, *, seconds: int) -> TaskRow:
    """One task that reports four times a second, flips into backing-off now and then, and ends."""
    row = TaskRow(id="infer:m/d", name="m/d", stage="infer", log="logs/infer/m/d.out")
    display.start(RUN, [row])
    row.start(7, clock.now)
    display.task(row)
    for tick in range(seconds * 4):
        state = "backing-off" if tick % 6 == 0 else "running"
        clock.now += 0.25
        row.report(Progress(task=row.id, state=state, done=tick, total=1000, post=tick, fail=1), clock.now)
        display.task(row)
    row.end("finish", clock.now, exit_code=0)
    display.task(row)
    display.task(row)
    display.finish(interrupted=False)
    return row


def test_plain_is_quiet_and_without_control_codes() -> None:
    out, clock = io.StringIO(), Clock()
    drive(PlainDisplay(out, clock=clock), clock, seconds=60)
    text = out.getvalue()
    lines = text.splitlines()
    assert len(lines) <= 4 + 60 / 3
    assert all(character.isprintable() or character == "\n" for character in text)
    assert "Base path of result&log : outputs/default/20260101_000000" in lines[0]
    assert sum("infer m/d: finish" in line for line in lines) == 1
    assert "1 failed" in lines[-1]
    assert "took 0:01:00" in lines[-1]


def test_plain_tells_every_task_and_change() -> None:
    out, clock = io.StringIO(), Clock()
    display = PlainDisplay(out, clock=clock)
    rows = [TaskRow(id=str(number), name=f"m/{number}", stage="judge", log="") for number in range(3)]
    display.start(RUN, rows)
    for row in rows:
        row.start(1, clock.now)
        display.task(row)
        row.end("finish", clock.now)
        display.task(row)
    assert [line.split("judge ")[1].split(" ")[:2] for line in out.getvalue().splitlines()[2:]] == [
        [f"m/{number}:", status] for number in range(3) for status in ("starting", "finish")
    ]


def test_plain_shows_a_failure_with_its_last_lines() -> None:
    out = io.StringIO()
    display = PlainDisplay(out)
    row = TaskRow(id="x", name="m/d", stage="infer", log="logs/x.out")
    display.start(RUN, [row])
    row.start(1, 0.0)
    row.tail = ["Traceback", "boom"]
    row.end("error", 1.0, exit_code=1, error="It broke \x1b[2J.", hint="Do this.")
    display.task(row)
    said = out.getvalue()
    assert "infer m/d: error: It broke \\x1b[2J." in said
    assert "  Do this." in said
    assert "    boom" in said


def test_events_follow_the_contract() -> None:
    out, human, clock = io.StringIO(), io.StringIO(), Clock()
    display = EventDisplay(out, PlainDisplay(human, clock=clock), clock=clock)
    drive(display, clock, seconds=10)
    display.finding("unparsed", "3 replies could not be read", task="judge:m/d-j")
    display.message("human only")
    score = ShownScore(name="d-j.accuracy", value=80.0, lo=70.0, hi=90.0, n=30)
    display.done(exit_code=4, scores=[score], next_command="jb --reuse x")
    events = [json.loads(line) for line in out.getvalue().splitlines()]
    kinds = [event["event"] for event in events]
    assert kinds[:2] == ["launch", "plan"]
    assert events[0] | {"run": RUN.run, "pid": 42, "dir": RUN.base} == events[0]
    assert events[1]["tasks"][0]["id"] == "infer:m/d"
    assert kinds.count("progress") >= 1
    assert 9 <= kinds.count("progress") + kinds.count("task") <= 13  # one a second, the start and the end
    statuses = [event["status"] for event in events if event["event"] == "task"]
    assert statuses[0] == "starting"
    assert statuses[-1] == "finish"
    assert kinds[-2:] == ["finding", "done"]
    assert events[-1] == {
        "event": "done", "status": "failed", "exit_code": 4, "next": "jb --reuse x",
        "scores": [{"name": "d-j.accuracy", "value": 80.0, "lo": 70.0, "hi": 90.0, "n": 30}],
    }  # fmt: skip
    assert "human only" in human.getvalue()
    assert "human only" not in out.getvalue()


def test_launch_comes_first_and_no_finding_is_lost() -> None:
    out = io.StringIO()
    display = EventDisplay(out, PlainDisplay(io.StringIO()))
    display.finding("preflight", "slow \x1b[2J endpoint")
    display.start(RUN, [])
    display.done(exit_code=0, scores=[], next_command="")
    kinds = [json.loads(line)["event"] for line in out.getvalue().splitlines()]
    assert kinds == ["launch", "plan", "finding", "done"]
    assert "\\u001b" not in out.getvalue()
    out = io.StringIO()
    display = EventDisplay(out, PlainDisplay(io.StringIO()))
    display.finding("preflight", "no endpoint")
    display.done(exit_code=3, scores=[], next_command="")
    assert [json.loads(line)["event"] for line in out.getvalue().splitlines()] == ["finding", "done"]


@pytest.mark.parametrize(("code", "status"), [(0, "done"), (130, "interrupted"), (3, "failed")])
def test_done_names_the_status(code: int, status: str) -> None:
    out = io.StringIO()
    EventDisplay(out, PlainDisplay(io.StringIO())).done(exit_code=code, scores=[], next_command="")
    assert json.loads(out.getvalue())["status"] == status


def test_a_reader_that_leaves_does_not_end_the_run() -> None:
    class Gone(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    clock = Clock()
    drive(EventDisplay(Gone(), PlainDisplay(Gone(), clock=clock), clock=clock), clock, seconds=1)


def test_pipes_debug_and_json_never_get_the_live_board() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert isinstance(display_for(json=False, debug=False, stream=io.StringIO()), PlainDisplay)
    assert isinstance(display_for(json=False, debug=True, stream=Terminal()), PlainDisplay)
    assert isinstance(display_for(json=True, debug=False, stream=Terminal()), EventDisplay)


def test_json_keeps_standard_output_for_events() -> None:
    program = (
        "import sys; from judgebench.dashboard.display import display_for;"
        "from judgebench.dashboard.board import RunHeader;"
        "d = display_for(json=True, debug=False, stream=sys.stdout);"
        "d.start(RunHeader(run='r', base='b', pid=1), []); d.message('hello'); d.finish(interrupted=True);"
        "d.done(exit_code=130, scores=[], next_command='jb --reuse r');"
        "assert 'rich' not in sys.modules"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert [json.loads(line)["event"] for line in ended.stdout.splitlines()] == ["launch", "plan", "done"]
    assert "hello" in ended.stderr
