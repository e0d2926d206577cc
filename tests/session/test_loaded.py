"""``judgebench.load`` reads a finished, a running and a damaged run folder, and changes nothing in it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
from pathlib import Path
from typing import get_args

import msgspec
import pytest

import judgebench
from judgebench.errors import ReuseError, UsageError
from judgebench.records.facts import Label, RecordedVerdict
from judgebench.records.flow import JudgeCall, Prediction, TaskResult
from judgebench.session.loaded import Table
from judgebench.store.labels import append_labels
from judgebench.store.lock import hold
from judgebench.store.run_folder import RunFolder
from tests.e2e.conftest import stand
from tests.e2e.harness import JB, slower_after, wait_until
from tests.e2e.harness import run as run_jb


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


def test_verdicts_samples_and_labels_are_records(folder: Path) -> None:
    run = judgebench.load(folder)
    verdicts = list(run.verdicts("toy-model", "toy", "judge"))
    assert [(type(one), one.id, one.decision) for one in verdicts] == [
        (RecordedVerdict, number, "incorrect" if number == 5 else "correct") for number in range(6)
    ]
    assert [list(run.verdicts("other")), list(run.verdicts(dataset="o")), list(run.verdicts(judge="o"))] == [[], [], []]
    samples = list(run.samples("toy"))
    assert [(one.dataset, one.id, one.key, one.reference) for one in samples] == [
        ("toy", number, f"q-{number}", str(2 * number)) for number in range(6)
    ]
    assert [one.uid for one in samples] == [one.uid for one in run.predictions()]
    assert "twice 3" in str(samples[3].prompt)
    assert list(run.samples("other")) == []
    label = Label(answer_hash=verdicts[2].answer_hash, id=2, model="toy-model", annotator="ann", decision="incorrect")
    append_labels(folder / "labels/toy.jsonl", [label, msgspec.structs.replace(label, decision="correct")])
    assert [(type(one), one.decision) for one in run.labels("toy")] == [(Label, "correct")]
    assert [list(run.labels("to")), list(run.labels("*"))] == [[], []]
    assert run.problems == []


def test_each_record_has_a_table_in_pandas_and_in_polars(folder: Path) -> None:
    run = judgebench.load(folder)
    verdicts = run.to_polars("verdicts")
    label = Label(answer_hash=verdicts["answer_hash"][2], id=2, annotator="ann", decision="incorrect")
    append_labels(folder / "labels/toy.jsonl", [label])
    assert verdicts["judge"].unique().to_list() == ["judge"]
    assert verdicts.filter(verdicts["decision"] == "incorrect")["id"].to_list() == [5]
    both = run.to_pandas("labels").merge(run.to_pandas("verdicts"), on="answer_hash", suffixes=("", "_of_judge"))
    assert both[["decision", "decision_of_judge"]].to_numpy().tolist() == [["incorrect", "correct"]]
    samples = run.to_polars("samples")
    assert samples["reference"].to_list() == ["0", "2", "4", "6", "8", "10"]
    assert samples.join(verdicts, on=["dataset", "id"]).height == 6
    heights = {table: run.to_polars(table).height for table in get_args(Table)}
    assert heights == {**heights, "samples": 6, "predictions": 6, "judge_calls": 6, "verdicts": 6, "labels": 1}
    assert heights["results"] >= 1
    with pytest.raises(UsageError, match="no table 'verdict'"):
        run.to_polars("verdict")  # type: ignore[arg-type]


def test_a_run_is_read_while_it_goes_on(tmp_path: Path) -> None:
    """What is there is read at each look, and a line that is still being written is left for the next."""
    with stand(tmp_path) as bench:
        slower_after(3, bench.model, then=60.0)
        process = bench.start("--no-preflight")
        try:
            wait_until(lambda: bool(bench.runs) and (bench.run / "predictions/toy-model/toy.jsonl").exists())
            run = judgebench.load(bench.run)
            wait_until(lambda: sum(1 for _ in run.predictions()) == 3)
            assert run.state == "running"
            assert [run.results, list(run.verdicts()), list(run.labels())] == [[], [], []]
            assert len(list(run.samples())) == 3
            assert run.to_polars("verdicts").height == 0
            assert run.problems == []
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        assert run.state == "unfinished"
        assert len(list(run.predictions())) == 3


def test_a_benchmark_of_judges_has_samples_without_a_prompt(tmp_path: Path) -> None:
    rows = [
        {"question": "What is twice 2?", "reply": f"I think it is {n} (of twice 2)", "truth": "correct", "answer": "4"}
        for n in (4, 5)
    ]
    with stand(tmp_path) as bench:
        (tmp_path / "graded.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        judged = {"abbr": "graded", "type": "JsonlDataset", "path": "graded.jsonl", "input_columns": ["question"]}
        judged |= {
            "answer_columns": ["reply"],
            "output_column": "answer",
            "gold_column": "truth",
            "method": {"type": "ReferenceVerifier"},
        }
        (tmp_path / "configs/datasets/graded.py").write_text(f"graded_datasets = [{judged!r}]\n")
        done = run_jb([*JB, "--models", "toy_model", "--datasets", "graded", "--no-preflight"], tmp_path)
        assert done.code == 4, done.text  # no reply of it can be read
        samples = list(judgebench.load(bench.run).samples())
    assert [(one.id, one.prompt, one.reference, bool(one.uid)) for one in samples] == [
        (0, None, "correct", True), (1, None, "correct", True),
    ]  # fmt: skip


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


@pytest.mark.parametrize("damage", ["marker", "plans", "result", "line", "verdict", "label"])
def test_a_damaged_run_gives_the_rest_and_says_what_is_missing(folder: Path, damage: str) -> None:
    if damage == "marker":
        (folder / "run.json").write_text("{")
    elif damage == "plans":
        for plan in folder.glob("configs/*.json"):
            plan.write_text("{")
    elif damage == "result":
        (folder / "results/toy-model/toy-judge.json").write_text("{")
    elif damage == "verdict":
        path = folder / "verdicts/toy-model/toy-judge.jsonl"
        path.write_text(path.read_text().replace('"id":3', '"id":"three"', 1))
    elif damage == "label":
        (folder / "labels").mkdir()
        (folder / "labels/toy.jsonl").write_text("{}\n")
    else:
        path = folder / "predictions/toy-model/toy.jsonl"
        path.write_text(path.read_text().replace('"id":3', '"id":"three"', 1))
    before = content(folder)
    run = judgebench.load(folder)
    assert len(list(run.predictions())) == (5 if damage == "line" else 6)
    assert len(list(run.judge_calls())) == 6
    assert len(run.results) == (0 if damage == "result" else 1)
    assert [one.id for one in run.verdicts(judge="judge")] == [0, 1, 2, *([] if damage == "verdict" else [3]), 4, 5]
    assert list(run.labels()) == []
    assert len(list(run.samples("toy"))) == 6
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
