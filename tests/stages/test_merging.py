"""What tasks on shards wrote becomes one file, as one task would have left it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from judgebench.errors import ExitCode
from judgebench.identity.questions import read_identity
from judgebench.plan.shards import with_shards
from judgebench.records.flow import Failure, Reply
from judgebench.records.run import Plan, Typed
from judgebench.session.shards import divide_records
from tests.stages.in_one_process import ASKED, SAY, OneProcess, judge, model, number_in, rows

PAIRS = Typed(type="judgebench.judges.PairComparison", options={"aggregate": {"type": "counter", "unread": "drop"}})


def sharded(run: OneProcess, name: str) -> Plan:
    """Make the plan of a run in two shards, and give each its part of what there is."""
    plan = run.plan(name, shards=2)
    plan = msgspec.structs.replace(plan, tasks=with_shards(plan.tasks, 2))
    divide_records(run.run, run.config, plan)
    return plan


def test_two_shards_leave_what_one_task_would_have(tmp_path: Path) -> None:
    whole = OneProcess(tmp_path / "whole", data=rows(9))
    whole.do()
    parts = OneProcess(tmp_path / "parts", data=rows(9))
    plan = sharded(parts, "20260101_000001_1")
    assert set(parts.carry_out(plan).values()) == {0}
    assert sorted(number_in(one) for one in parts.asked("m")) == [str(at) for at in range(9)]
    assert parts.answers() == whole.answers()
    assert parts.calls() == whole.calls()
    assert parts.result().metrics == whole.result().metrics
    for who in ("", "j"):
        one, other = (read_identity(run.run.identity("m", "d", who)) for run in (whole, parts))
        assert one is not None
        assert other is not None
        assert (one.settings, one.planned, one.ok, one.failed) == (
            other.settings,
            other.planned,
            other.ok,
            other.failed,
        )
    assert parts.graph().kept == ["infer:m/d", "judge:m/d-j"]  # nothing is asked again, with shards or without
    assert not list(parts.run.shards.rglob("*.jsonl"))


def test_a_merge_that_is_done_once_more_changes_nothing(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, data=rows(5))
    plan = sharded(run, "20260101_000001_1")
    run.carry_out(plan)
    before = (run.answers(), run.calls())
    merges = msgspec.structs.replace(plan, tasks=[task for task in plan.tasks if task.stage == "merge"])
    assert set(run.carry_out(merges).values()) == {0}
    assert (run.answers(), run.calls()) == before
    assert run.last("merge:m/d").state == "finish"


def test_what_failed_in_a_shard_is_no_complete_answer(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, data=rows(5))
    failed = Reply(status="failed", error=Failure(kind="server", message="gone"))
    SAY["m"] = lambda request: failed if number_in(request) == "3" else f"It is {number_in(request)}."
    assert set(run.carry_out(sharded(run, "20260101_000001_1")).values()) == {0}
    found = read_identity(run.run.identity("m", "d"))
    assert found is not None
    assert (found.planned, found.ok, found.failed) == (5, 4, 1)
    ASKED.clear()
    SAY["m"] = lambda request: "It is 3."
    run.carry_out(sharded(run, "20260101_000002_1"))
    assert [number_in(one) for one in run.asked("m")] == ["3"]
    assert [one.id for one in run.answers()] == [one.id for one in run.calls()] == [0, 1, 2, 3, 4]


def test_two_models_behind_one_name_are_not_mixed(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, data=rows(9), models=[model(model="")], judges=[])
    plan = sharded(run, "20260101_000001_1")
    asking = [task for task in plan.tasks if task.stage == "infer"]
    run.carry_out(msgspec.structs.replace(plan, tasks=asking))
    (path,) = run.run.shards.glob("1-of-2/configs/identity/m/d.json")
    path.write_text(path.read_text().replace('"served"', '"another"'))
    merges = msgspec.structs.replace(plan, tasks=[task for task in plan.tasks if task.stage == "merge"])
    assert run.carry_out(merges) == {"merge:m/d": ExitCode.USAGE}
    assert "were asked of two models: 'served' and 'another'" in run.last("merge:m/d").error
    accepted = msgspec.structs.replace(merges, options=msgspec.structs.replace(plan.options, redo_changed=True))
    assert run.carry_out(accepted) == {"merge:m/d": 0}
    assert len(run.answers()) == 9


@pytest.mark.parametrize("cut", [0, 1])
def test_a_shard_that_was_not_done_leaves_its_part_to_be_asked(tmp_path: Path, cut: int) -> None:
    run = OneProcess(tmp_path, data=rows(9))
    plan = sharded(run, "20260101_000001_1")
    part = [task for task in plan.tasks if task.shard == f"{cut}/2" or task.stage == "merge"]
    assert set(run.carry_out(msgspec.structs.replace(plan, tasks=part)).values()) == {0}
    there = {one.id for one in run.answers()}
    assert 0 < len(there) < 9
    assert run.graph().kept == []
    run.do()
    assert {int(number_in(one)) for one in run.asked("m")} == set(range(9)) - there
    assert len(run.calls()) == 9


def test_every_question_about_an_answer_is_merged_and_one_line_of_each_answer(tmp_path: Path) -> None:
    """A judge may ask several questions about one answer; of an answer that was asked for again one line counts."""
    run = OneProcess(
        tmp_path, data=rows(5), models=[model("m"), model("n")], judges=[judge(method=PAIRS, compare_with="n")]
    )
    SAY["n"] = lambda request: "N says."
    plan = sharded(run, "20260101_000001_1")
    run.carry_out(
        msgspec.structs.replace(plan, tasks=[task for task in plan.tasks if task.stage in {"infer", "judge"}])
    )
    for path in run.run.shards.rglob("predictions/m/d.jsonl"):
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(line.replace(b'"uuid":"', b'"uuid":"0') for line in lines) + b"".join(lines))
    run.carry_out(msgspec.structs.replace(plan, tasks=[task for task in plan.tasks if task.stage == "merge"]))
    assert [one.id for one in run.answers()] == list(range(5))
    assert not any(one.uuid.startswith("0") for one in run.answers()), "the later line counts"
    assert [(one.id, one.presentation) for one in run.calls()] == [
        (at, shown) for at in range(5) for shown in ("AB", "BA")
    ]
    assert (run.last("merge:m/d").done, run.last("merge:m/d-j").done, run.last("merge:m/d-j").total) == (5, 10, 10)
