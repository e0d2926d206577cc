"""Extraction by several processes: which is spread, that its result is the usual one, and that no process stays."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from judgebench.datasets.samples import PlannedSamples
from judgebench.errors import DiskError
from judgebench.executors.guard import children_of
from judgebench.records.run import DatasetConfig, Options, Plan, Typed
from judgebench.stages import extract, parallel_extraction
from judgebench.stages.parallel_extraction import PARALLEL_FROM, parts_for, ranges
from judgebench.stages.task import Task
from tests.e2e.harness import environment, wait_until
from tests.executors.conftest import gone
from tests.stages.in_one_process import EQUAL, SAY, OneProcess, model, number_in, rows, text_of


@pytest.fixture
def cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(4)), raising=False)


def planned(folder: Path, count: int = 8) -> tuple[DatasetConfig, PlannedSamples]:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps({"question": str(at), "answer": "1"}) + "\n" for at in range(count)))
    options = {"path": str(path), "input_columns": ["question"], "output_column": "answer"}
    dataset = DatasetConfig(abbr="d", loader=Typed(type="JsonlDataset", options=options))
    return dataset, PlannedSamples(dataset, Options())


@pytest.mark.usefixtures("cores")
def test_a_score_sees_every_item_in_one_process(tmp_path: Path) -> None:
    """However large the dataset: of a part alone it would make figures of that part."""
    dataset, samples = planned(tmp_path)
    assert len(parts_for(dataset, samples, repeats=20_000)) == 4
    scored = msgspec.structs.replace(dataset, score=Typed(type="PairScore", options={}))
    assert parts_for(scored, samples, repeats=20_000) == []


@pytest.mark.usefixtures("cores")
def test_what_is_small_is_done_by_one_process(tmp_path: Path) -> None:
    dataset, samples = planned(tmp_path)
    assert parts_for(dataset, samples, repeats=PARALLEL_FROM // 8 - 1) == []
    assert len(parts_for(dataset, samples, repeats=PARALLEL_FROM // 8)) == 4
    assert len(parts_for(*planned(tmp_path, 4), repeats=PARALLEL_FROM)) == 4
    few = planned(tmp_path, 3)
    assert parts_for(*few, repeats=PARALLEL_FROM) == [], "fewer items than cores"


def test_a_single_core_has_nothing_to_spread_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0}, raising=False)
    assert parts_for(*planned(tmp_path), repeats=PARALLEL_FROM) == []


@pytest.mark.parametrize(("found", "parts"), [(1, 0), (2, 2), (8, 8), (64, 8)])
def test_two_cores_are_enough_and_eight_processes_are_the_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: int, parts: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(found)), raising=False)
    assert len(parts_for(*planned(tmp_path), repeats=PARALLEL_FROM)) == parts


@pytest.mark.parametrize(("cores", "parts"), [(3, 3), (1, 0), (None, 0)])
def test_the_cores_of_this_process_count_or_else_those_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cores: int | None, parts: int
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert len(parts_for(*planned(tmp_path), repeats=PARALLEL_FROM)) == parts
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {1, 2} if pid == 0 else set(range(7)), raising=False)
    assert len(parts_for(*planned(tmp_path), repeats=PARALLEL_FROM)) == 2


@pytest.mark.parametrize("parts", [1, 2, 7])
def test_ranges_hold_every_sample_once(parts: int) -> None:
    found = ranges(100, parts)
    assert [start for start, _ in found] == [0, *[start + (count or 0) for start, count in found[:-1]]]
    assert found[-1][1] is None
    counts = [count for _, count in found[:-1] if count is not None]
    assert len(counts) == parts - 1
    assert counts == sorted(counts, reverse=True)


@pytest.mark.parametrize("parts", [2, 4, 8])
def test_all_parts_take_the_same_time_where_passing_over_a_sample_takes_an_eighth_of_checking_it(parts: int) -> None:
    count = 1_000_000
    times = []
    for start, own in ranges(count, parts):
        times.append(0.13 * start + (own if own is not None else count - start))
    assert max(times) < 1.001 * min(times)


@pytest.fixture
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OneProcess:
    """A judged run with two answers per item, a rule beside the judge, wrong answers and unreadable verdicts."""
    twice = model(generation_kwargs={"num_return_sequences": 2, "temperature": 1})
    run = OneProcess(tmp_path, data=rows(13), models=[twice], evaluator=EQUAL)
    SAY["m"] = lambda request: f"It is {int(number_in(request)) + request.nth}."
    SAY["j"] = lambda request: "I cannot say." if "is 7?" in text_of(request) else "VERDICT: A"
    assert set(run.do(dump_details=True).values()) == {0}
    monkeypatch.setattr(parallel_extraction, "PARALLEL_FROM", 1)
    return run


def extracted_again(run: OneProcess) -> None:
    """Extract in this process and those that it starts, as a task under no supervision does."""
    (path,) = run.run.plans()
    plan = msgspec.json.decode(path.read_bytes(), type=Plan)
    spec = next(task for task in plan.tasks if task.id == "extract:m/d-j")
    run.run.result("m", "d-j").unlink()

    async def work() -> None:
        await extract.run(Task(plan, spec))

    asyncio.run(work())


def test_the_result_is_the_one_of_a_single_process(judged: OneProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    alone, verdicts = judged.result(), judged.run.verdicts("m", "d-j").read_bytes()
    assert alone.counts.unparsed == 2
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(3)), raising=False)
    started: list[tuple[int, int | None]] = []

    def noted(samples: int, parts: int) -> list[tuple[int, int | None]]:
        started.extend(ranges(samples, parts))
        return started

    monkeypatch.setattr(parallel_extraction, "ranges", noted)
    extracted_again(judged)
    assert judged.result() == alone
    assert judged.run.verdicts("m", "d-j").read_bytes() == verdicts
    assert len(started) == 3


def test_an_error_in_a_part_is_the_tasks_error(judged: OneProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(2)), raising=False)

    async def derive(self: object, **_: object) -> None:
        raise DiskError("There is no room.", hint="Make some.")

    monkeypatch.setattr(extract.ExtractRun, "derive", derive)
    with pytest.raises(DiskError, match="no room") as caught:
        extracted_again(judged)
    assert caught.value.hint == "Make some."
    assert multiprocessing.active_children() == []


def test_a_part_is_derived_written_and_reported(judged: OneProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    (plan_file,) = judged.run.plans()
    plan = msgspec.json.decode(plan_file.read_bytes(), type=Plan)
    whole = judged.run.verdicts("m", "d-j").read_bytes().splitlines()
    done = [0, 0]
    monkeypatch.setattr(parallel_extraction, "_done", done)
    monkeypatch.setattr(parallel_extraction, "_indexes", {})
    place = judged.folder / "part.jsonl"
    found = parallel_extraction._derive(1, plan, "extract:m/d-j", "d", 3, 4, place)
    assert place.read_bytes().splitlines() == whole[6:14], "of two answers to each of four samples"
    assert (found.tally.counts().planned, done) == (8, [0, 8])
    rest = parallel_extraction._derive(0, plan, "extract:m/d-j", "d", 7, None, place)
    assert (rest.tally.counts().planned, done) == (12, [12, 8])


def test_a_process_of_a_part_reports_to_nobody_and_ends_with_the_task(monkeypatch: pytest.MonkeyPatch) -> None:
    handled: dict[int, Any] = {}
    started: list[tuple[Any, bool]] = []
    ended: list[Any] = []
    monkeypatch.setattr(signal, "signal", handled.__setitem__)
    monkeypatch.setattr(signal, "set_wakeup_fd", ended.append)
    for name in ("JB_PROGRESS_FD", "JB_TASK_FILES"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setattr(parallel_extraction, "_done", None)
    monkeypatch.setattr(parallel_extraction, "_indexes", {})

    class Thread:
        def __init__(self, *, target: Any, daemon: bool) -> None:
            started.append((target, daemon))

        def start(self) -> None:
            started.append(("started", True))

    monkeypatch.setattr(parallel_extraction.threading, "Thread", Thread)
    parallel_extraction._begin([5], {})
    assert parallel_extraction._done == [5]
    assert handled == {signal.SIGINT: signal.SIG_IGN, signal.SIGTERM: signal.SIG_DFL}
    assert ended == [-1]
    assert not {"JB_PROGRESS_FD", "JB_TASK_FILES"} & os.environ.keys()
    assert started == [(parallel_extraction._end_with_the_task, True), ("started", True)]
    ended.clear()
    monkeypatch.setattr(os, "_exit", ended.append)
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: None)
    parallel_extraction._end_with_the_task()
    assert ended == [], "this is no process of a pool"
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: SimpleNamespace(join=lambda: ended.append("joined")))
    parallel_extraction._end_with_the_task()
    assert ended[0] == "joined"
    assert ended[1:] != [0]
    assert len(ended) == 2


def extracting(run: OneProcess) -> tuple[subprocess.Popen[str], list[int]]:
    """An extract task in a process of its own, of which every part waits for ever; and the processes of the parts."""
    (plan_file,) = run.run.plans()
    code = (
        "import asyncio, os, sys; from judgebench.stages import extract, task, parallel_extraction as parallel\n"
        "async def wait(*args, **kwargs): await asyncio.sleep(600)\n"
        "extract.ExtractRun.derive, parallel.PARALLEL_FROM = wait, 1\n"
        "os.sched_getaffinity = lambda pid: range(2); sys.exit(task.main(sys.argv[1:]))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(plan_file), "extract:m/d-j"],
        cwd=run.folder,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    parts: list[int] = []

    def started() -> bool:
        parts[:] = children_of(process.pid)
        return process.poll() is not None or len(parts) == 2

    wait_until(started)
    if process.poll() is not None:
        pytest.fail(f"it ended with {process.returncode}: {process.stderr.read() if process.stderr else None}")
    return process, parts


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_no_part_outlives_a_task_that_is_killed(judged: OneProcess) -> None:
    process, parts = extracting(judged)
    assert len(parts) == 2
    process.kill()
    process.communicate()
    wait_until(lambda: all(gone(pid) for pid in parts))


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_a_killed_part_ends_the_task_with_a_sentence(judged: OneProcess) -> None:
    process, parts = extracting(judged)
    os.kill(parts[0], signal.SIGKILL)
    _, said = process.communicate(timeout=200)
    assert process.returncode == 3
    assert "A process that derives verdicts for m/d-j was killed." in said
    assert "Traceback" not in said
    wait_until(lambda: all(gone(pid) for pid in parts))


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_a_task_that_is_stopped_ends_its_parts(judged: OneProcess) -> None:
    process, parts = extracting(judged)
    process.terminate()
    process.communicate(timeout=200)
    assert process.returncode == 130
    wait_until(lambda: all(gone(pid) for pid in parts))
