"""``run.json``: what was asked for, what stands where, and how it ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from judgebench.errors import ReuseError
from judgebench.records.manifest import ManifestJudge, ManifestModel
from judgebench.records.run import Baseline, Plan, Typed
from judgebench.session.prepare import make_plan
from judgebench.store.manifest import read_manifest, write_ended, write_started
from judgebench.store.run_folder import mark
from tests.stages.in_one_process import EQUAL, OneProcess, judge, model


def planned(run: OneProcess, number: int = 1) -> Plan:
    stamp = f"20260101_00000{number}"
    request = run.request()
    plan = make_plan(
        run.config, request, run.graph(), run.run, name=f"{stamp}_7", stamp=stamp, command=["jb", f"--{number}"]
    )
    run.run.configs.mkdir(parents=True, exist_ok=True)
    (run.run.configs / f"{plan.name}.json").write_bytes(msgspec.json.encode(plan))
    return plan


def test_what_is_asked_for_and_where_it_stands(tmp_path: Path) -> None:
    judges = [
        judge(),
        judge("r", EQUAL, model={}),
        judge("c", compare_with="n"),
        judge("b", baseline=Baseline(path="other.jsonl", name="other")),
        judge("f", baseline=Baseline(path="other.jsonl"), members=["j"]),
    ]
    local = {"type": "tests.stages.in_one_process.Scripted", "abbr": "n", "path": "weights"}
    run = OneProcess(tmp_path, evaluator=EQUAL, rule_row=True, models=[model(), local], judges=judges)
    write_started(run.run, planned(run), "0.2")
    manifest = read_manifest(run.run)
    kind = "tests.stages.in_one_process.Scripted"
    assert (manifest.state, manifest.exit_code, manifest.datasets) == ("running", None, ["d"])
    assert manifest.models == [
        ManifestModel(abbr="m", type=kind, model="m"),
        ManifestModel(abbr="n", type=kind, model="weights"),
    ]
    assert manifest.judges[0] == ManifestJudge(
        abbr="j",
        dataset="d",
        method="judgebench.judges.ReferenceVerifier",
        model=ManifestModel(abbr="j", type=kind, model="j"),
    )
    assert manifest.judges[1].model is None
    assert [one.compare_with for one in manifest.judges] == ["", "", "n", "other", "other.jsonl"]
    assert manifest.judges[4].members == ["j"]
    own = {(row.row, row.judge): (row.predictions, row.judge_calls) for row in manifest.rows if row.model == "m"}
    answers = "predictions/m/d.jsonl"
    assert own["d", ""] == (answers, "")
    assert own["d-j", "j"] == (answers, "predictions/m/d-j.jsonl")
    assert own["d-r", "r"] == (answers, "")  # nobody is asked
    assert ("d-c", "c") not in {(row.row, row.judge) for row in manifest.rows if row.model == "n"}
    (first,) = [row for row in manifest.rows if (row.model, row.row) == ("m", "d-j")]
    assert (first.verdicts, first.result, first.comparisons) == ("verdicts/m/d-j.jsonl", "results/m/d-j.json", "")
    (said,) = manifest.invocations
    assert (said.command, said.mode, said.plan) == (["jb", "--1"], "all", "configs/20260101_000001_7.json")
    assert (said.config, said.judgebench, said.ended) == ("configs/20260101_000001_7.py", "0.2", "")


def test_the_items_of_a_benchmark_of_judges_bring_their_answers_along(tmp_path: Path) -> None:
    words = Typed(
        type="judgebench.judges.DeclaredJudge",
        options={
            "presentations": [{"prompt": "Is {answer} right?"}],
            "parser": {"type": "anchored", "decisions": {"A": "correct", "B": "incorrect"}},
            "aggregate": {"type": "first", "unread": "unparsed"},
        },
    )
    run = OneProcess(tmp_path, judges=[], method=words)
    write_started(run.run, planned(run), "0.2")
    (row,) = read_manifest(run.run).rows
    assert (row.row, row.predictions, row.judge_calls) == ("d", "", "predictions/m/d.jsonl")


@pytest.mark.parametrize(
    ("code", "state"), [(0, "done"), (8, "waiting"), (130, "interrupted"), (1, "failed"), (4, "failed")]
)
def test_how_a_run_ended(tmp_path: Path, code: int, state: str) -> None:
    run = OneProcess(tmp_path)
    plan = planned(run)
    write_started(run.run, plan, "0.2")
    run.run.comparisons("m", "d-j").parent.mkdir(parents=True)
    run.run.comparisons("m", "d-j").write_text("")
    run.run.summary.mkdir()
    (run.run.summary / "summary_20260101_000001.json").write_text("{}")
    write_ended(run.run, plan, code, "0.2")
    manifest = read_manifest(run.run)
    (said,) = manifest.invocations
    assert (manifest.state, manifest.exit_code, said.state, said.exit_code) == (state, code, state, code)
    assert said.ended
    assert said.summary == "summary/summary_20260101_000001.json"
    assert [row.comparisons for row in manifest.rows] == ["results/m/d-j.comparisons.jsonl"]


def test_an_invocation_that_never_ended_was_killed_and_its_rows_stay(tmp_path: Path) -> None:
    run = OneProcess(tmp_path)
    write_started(run.run, planned(run), "0.2")
    run.change(judges=[judge("k")])
    second = planned(run, 2)
    write_started(run.run, second, "0.3")
    write_ended(run.run, second, 0, "0.3")
    run.change(judges=[judge("l")])
    third = planned(run, 3)
    write_started(run.run, third, "0.3")
    manifest = read_manifest(run.run)
    assert [(one.state, one.summary) for one in manifest.invocations] == [("killed", ""), ("done", ""), ("running", "")]
    assert [row.row for row in manifest.rows] == ["d-j", "d-k", "d-l"]
    assert [one.abbr for one in manifest.judges] == ["l"]


@pytest.mark.parametrize("left", [None, b"rubbish", b'{"format": 1, "kind": "judgebench run"}'])
def test_a_marker_that_is_gone_is_made_again_unless_all_is(tmp_path: Path, left: bytes | None) -> None:
    run = OneProcess(tmp_path)
    plan = planned(run)
    write_started(run.run, plan, "0.2")
    run.run.marker.unlink()
    if left is not None:
        run.run.marker.write_bytes(left)
    write_ended(run.run, plan, 0, "0.2")
    assert [one.state for one in read_manifest(run.run).invocations] == ["done"]
    run.run.marker.unlink()
    (run.run.configs / f"{plan.name}.json").unlink()
    write_ended(run.run, plan, 0, "0.2")  # somebody has removed the run
    assert not run.run.marker.exists()


def test_a_run_that_never_began_says_nothing(tmp_path: Path) -> None:
    run = OneProcess(tmp_path)
    with pytest.raises(ReuseError, match="says nothing about a run"):
        read_manifest(run.run)
    mark(run.run)
    with pytest.raises(ReuseError, match="says nothing about a run"):
        read_manifest(run.run)


def test_what_a_judge_is_called_elsewhere_is_kept(tmp_path: Path) -> None:
    unnamed: dict[str, Any] = {"type": "tests.stages.in_one_process.Scripted", "abbr": "u"}
    run = OneProcess(tmp_path, models=[unnamed])
    write_started(run.run, planned(run), "0.2")
    assert [(one.abbr, one.model) for one in read_manifest(run.run).models] == [("u", "")]
