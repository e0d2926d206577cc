from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from judgebench.dashboard.board import RunHeader, TaskRow
from judgebench.executors.fork_server import ForkServer
from judgebench.executors.local import LocalExecutor, TaskCommand
from judgebench.executors.outcome import RunOutcome
from judgebench.executors.supervision import supervise
from judgebench.records.run import DatasetConfig, Options, Plan, SummarizerConfig, TaskSpec, Typed

ROOT = Path(__file__).parents[2]
STANDIN = Path(__file__).with_name("standin.py")


class Recorder:
    """A display that remembers what it was told."""

    def __init__(self) -> None:
        self.header: RunHeader | None = None
        self.statuses: list[tuple[str, str]] = []
        self.messages: list[str] = []
        self.finished = 0

    def start(self, run: RunHeader, rows: Sequence[TaskRow]) -> None:
        self.header = run

    def task(self, row: TaskRow) -> None:
        if (row.id, row.status) not in self.statuses:
            self.statuses.append((row.id, row.status))

    def message(self, text: str) -> None:
        self.messages.append(text)

    def finding(self, kind: str, text: str, *, task: str = "") -> None:
        self.messages.append(text)

    def finish(self, *, interrupted: bool) -> None:
        self.finished += 1

    def done(self, *, exit_code: int, scores: object, next_command: str) -> None:
        raise AssertionError("the supervisor must leave the last word to its caller")


class BrokenDisplay(Recorder):
    """A display with a bug: it raises at the first row that fits."""

    def __init__(self, breaks: Callable[[TaskRow], bool]) -> None:
        super().__init__()
        self.breaks = breaks

    def task(self, row: TaskRow) -> None:
        if self.breaks(row):
            raise RuntimeError("a bug")
        super().task(row)


class Run:
    """A plan on disk, its stand-in tasks, and what came of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run_dir = folder / "run"
        self.run_dir.mkdir()
        self.plan_file = folder / "plan.json"
        self.display = Recorder()

    def plan(
        self,
        tasks: Sequence[TaskSpec],
        behaviour: Mapping[str, Mapping[str, Any]] | None = None,
        *,
        models: Mapping[str, dict[str, Any]] | None = None,
        options: Options | None = None,
    ) -> Plan:
        plan = Plan(
            run_dir=str(self.run_dir),
            timestamp="20260101_000000",
            mode="all",
            command=["jb"],
            models={"m": {}, **(models or {})},
            datasets={"d": DatasetConfig(abbr="d", loader=Typed(type="x"), prompt="p")},
            summarizer=SummarizerConfig(),
            combinations=[("m", "d")],
            options=options or Options(),
            tasks=list(tasks),
        )
        self.plan_file.write_bytes(msgspec.json.encode(plan))
        (self.folder / "behaviour.json").write_text(json.dumps(behaviour or {}))
        return plan

    def supervise(
        self,
        plan: Plan,
        *,
        task_command: TaskCommand | None = None,
        fork_server: ForkServer | None = None,
        **changes: Any,
    ) -> RunOutcome:
        settings: dict[str, Any] = {
            "display": self.display,
            "max_workers": 4,
            "overlap": True,
            "environment": {"PYTHONPATH": str(ROOT)},
            "executor": LocalExecutor(task_command=task_command or standin_command, fork_server=fork_server),
        }
        return asyncio.run(supervise(plan, self.plan_file, **(settings | changes)))

    def events(self) -> list[str]:
        file = self.folder / "events.txt"
        return file.read_text().splitlines() if file.exists() else []

    def pids(self, kind: str = "start") -> list[int]:
        return [int(line.split()[2]) for line in self.events() if line.split()[1] == kind]


def standin_command(plan_file: Path, task_id: str) -> list[str]:
    return [sys.executable, "-S", "-c", _BOOT, str(STANDIN), str(plan_file), task_id]


# Without `site` the start is twice as fast; msgspec is found through the path of this process.
_BOOT = (
    f"import runpy, sys; sys.path[:0] = {[path for path in sys.path if path.endswith('site-packages')]!r};"
    "sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
)


def gone(pid: int) -> bool:
    """Whether a process has ended (a zombie that waits for its foreign parent has)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def until(condition: Callable[[], bool], *, seconds: float = 200.0) -> bool:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def task(id: str, stage: str = "infer", **fields: Any) -> TaskSpec:
    log = f"logs/{'eval' if stage == 'extract' else 'infer'}/m/{id}.out"
    return TaskSpec(id=id, stage=stage, name=f"m/{id}", model="m", datasets=["d"], log=log, **fields)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)
