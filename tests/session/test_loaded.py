"""``judgebench.load`` reads a finished, a running and a damaged run folder, and changes nothing in it."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

import judgebench
from judgebench.errors import ReuseError, UsageError
from judgebench.records.flow import JudgeCall, Prediction, TaskResult
from judgebench.store.lock import hold
from judgebench.store.run_folder import RunFolder
from tests.e2e.conftest import stand


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with stand(tmp_path_factory.mktemp("made")) as bench:
        assert bench.jb().code == 0
        return bench.run


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / made.name)


def content(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_finished_run_gives_its_records_and_stays_as_it_is(folder: Path) -> None:
    before = content(folder)
    run = judgebench.load(folder)
    assert run.state == "finished"
    (result,) = run.results
    assert isinstance(result, TaskResult)
    assert result.dataset == "toy-judge"
    predictions = list(run.predictions())
    assert [(type(one), one.id) for one in predictions] == [(Prediction, number) for number in range(6)]
    calls = list(run.judge_calls("toy-model", "toy", "judge"))
    assert [(type(one), one.id) for one in calls] == [(JudgeCall, number) for number in range(6)]
    assert {one.gold for one in calls} == {one.uuid for one in predictions}
    assert [list(run.predictions("other")), list(run.predictions(dataset="o")), list(run.judge_calls(judge="o"))] == [
        [], [], [],
    ]  # fmt: skip
    assert run.problems == []
    assert content(folder) == before


def test_its_tables_have_a_row_for_each_record(folder: Path) -> None:
    run = judgebench.load(folder)
    results = run.to_pandas()
    headline = results[results.headline].iloc[0]
    assert (headline.metric, headline.n, headline.planned) == ("accuracy", 6, 6)
    assert headline.value == pytest.approx(100 * 5 / 6)
    predictions = run.to_arrow("predictions").to_pylist()
    assert [(one["model"], one["dataset"], one["reference"]) for one in predictions][:2] == [
        ("toy-model", "toy", "0"), ("toy-model", "toy", "2"),
    ]  # fmt: skip
    calls = run.to_pandas("judge_calls")
    assert set(calls.judge) == {"judge"}
    joined = run.to_pandas("predictions").merge(calls, left_on="id", right_on="id", suffixes=("", "_judge"))
    assert list(joined[joined.text_judge.str.contains("B")].id) == [5]
    with pytest.raises(UsageError, match="no table 'verdict'"):
        run.to_arrow("verdict")  # type: ignore[arg-type]


def test_a_table_of_an_empty_run_has_its_columns(folder: Path) -> None:
    shutil.rmtree(folder / "predictions")
    table = judgebench.load(folder).to_arrow("predictions")
    assert (table.num_rows, "prompt_tokens" in table.column_names) == (0, True)


def test_a_run_that_somebody_works_on_is_running(folder: Path) -> None:
    with hold(RunFolder(folder).lock, "jb of a test"):
        assert judgebench.load(folder).state == "running"
    assert judgebench.load(folder).state == "finished"


def test_of_several_records_of_an_item_the_last_that_succeeded_counts(folder: Path) -> None:
    path = folder / "predictions/toy-model/toy.jsonl"
    lines = path.read_text().splitlines()
    failed = json.dumps({**json.loads(lines[2]), "status": "failed", "success": False})
    later = json.dumps({**json.loads(lines[3]), "prediction": "later"})
    path.write_text("\n".join([failed, *lines, failed, later]) + "\n" + lines[4][:20])
    predictions = {one.id: one for one in judgebench.load(folder).predictions()}
    assert len(predictions) == 6
    assert predictions[2].success
    assert predictions[3].prediction == "later"


@pytest.mark.parametrize("damage", ["marker", "plans", "result", "line"])
def test_a_damaged_run_gives_the_rest_and_says_what_is_missing(folder: Path, damage: str) -> None:
    if damage == "marker":
        (folder / "run.json").write_text("{")
    elif damage == "plans":
        for plan in folder.glob("configs/*.json"):
            plan.write_text("{")
    elif damage == "result":
        (folder / "results/toy-model/toy-judge.json").write_text("{")
    else:
        path = folder / "predictions/toy-model/toy.jsonl"
        path.write_text(path.read_text().replace('"id":3', '"id":"three"', 1))
    before = content(folder)
    run = judgebench.load(folder)
    assert len(list(run.predictions())) == (5 if damage == "line" else 6)
    assert len(list(run.judge_calls())) == 6
    assert len(run.results) == (0 if damage == "result" else 1)
    (problem,) = run.problems
    assert str(folder) in problem
    assert content(folder) == before


def test_what_is_no_run_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReuseError, match="no run folder"):
        judgebench.load(tmp_path)


def test_a_folder_of_another_format_is_refused(folder: Path) -> None:
    (folder / "run.json").write_text('{"format": 99, "kind": "judgebench run"}')
    with pytest.raises(ReuseError, match="format 99"):
        judgebench.load(folder)
