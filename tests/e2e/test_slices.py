"""Slices by fields of the samples, from the config to the result, the summary, the gate and a data frame."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import judgebench
from tests.e2e.harness import Bench, model_answer, run
from tests.e2e.test_two_judges import judges_file


@pytest.fixture
def sliced(bench: Bench) -> Bench:
    """Questions 0 to 5, of which the model gets 1 and 2 wrong."""
    bench.model.answer = model_answer(lambda number: number in (1, 2))
    rows = [
        {"question": f"What is twice {i}?", "answer": str(2 * i), "name": f"q-{i}", "level": 10 * (1 + i % 2)}
        | ({"tags": ["small"]} if i < 2 else {})
        for i in range(6)
    ]
    (bench.folder / "toy.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for path in (bench.folder / "configs/datasets").glob("*.py"):
        path.write_text(
            path.read_text().replace("id_column=", "meta_columns=['level', 'tags'], by=['level', 'tags'], id_column=")
        )
    return bench


def slices_of(result: dict[str, Any]) -> dict[str, tuple[int, float | None]]:
    return {
        f"{one['by']}={one.get('value', '')}": (
            one["counts"]["planned"],
            one["metrics"][result["headline"]]["value"],
        )
        for one in result["slices"]
    }


def gate(bench: Bench, *flags: str) -> int:
    return run([*bench.command()[:3], "gate", "latest", *flags], bench.folder).code


def test_a_judged_run_is_sliced_by_its_fields(sliced: Bench) -> None:
    done = sliced.jb()
    assert done.code == 0, done.text
    result = sliced.result()
    expected = {
        "level=10": (3, pytest.approx(200 / 3)),
        "level=20": (3, pytest.approx(200 / 3)),
        "tags=small": (2, 50.0),
        "tags=": (4, 75.0),
    }
    assert slices_of(result) == expected
    assert all(one["metrics"]["accuracy"]["ci95"] for one in result["slices"])
    lines = [line.split() for line in done.out.splitlines()]
    assert ["toy-judge", "level", "10", "toy-model", "66.67"] in [line[:5] for line in lines]
    assert ["toy-judge", "tags", "(none)", "toy-model", "75.00"] in [line[:5] for line in lines]
    verdicts = (sliced.run / "verdicts/toy-model/toy-judge.jsonl").read_text().splitlines()
    assert json.loads(verdicts[0])["meta"] == {"level": 10, "tags": ["small"]}
    flags = ("--on", "value")
    assert gate(sliced, "--min", "toy-judge.accuracy/level=10>=60", *flags) == 0
    assert gate(sliced, "--min", "toy-judge.accuracy/tags=small>=60", *flags) == 5
    assert gate(sliced, "--min", "toy-judge.scored/tags=>=100", *flags) == 0
    assert gate(sliced, "--min", "toy-judge.accuracy/level=30>=60", *flags) == 2
    frame = judgebench.load(sliced.run).to_arrow("slices").to_pylist()
    assert {f"{one['by']}={one['slice'] or ''}": (one["planned"], one["value"]) for one in frame} == expected


def test_the_figures_of_a_score_are_sliced_too(sliced: Bench) -> None:
    judges_file(sliced, "grade", "judges = [dict(abbr='grade', judge_model=service, method=dict(type='RubricScore'))]")
    sliced.judge.answer = lambda body: "SCORE: 4" if "twice 1" in json.dumps(body) else "SCORE: 2"
    flags = ("--judges", "grade", "--no-preflight", "--override", "datasets.toy.score.type=PointScore")
    done = sliced.jb(*flags, dataset="toy_gen")
    assert done.code == 0, done.text
    assert slices_of(sliced.result("toy-grade"))["tags=small"] == (2, 3.0)
    assert slices_of(sliced.result("toy-grade"))["level=10"] == (3, 2.0)


def test_a_field_that_no_sample_has_is_one_error_before_anything_is_asked(sliced: Bench) -> None:
    done = sliced.jb("--override", "datasets.toy.by=['level', 'lvel']")
    assert done.code == 2, done.text
    assert "datasets.toy.by names the field 'lvel', which no sample of the dataset has." in done.err
    assert "Did you mean 'level'?" in done.err
    assert "question, tags" in done.err
    assert not sliced.asked()
    assert not sliced.judged()


def test_a_field_named_twice_is_refused(sliced: Bench) -> None:
    done = sliced.jb("--override", "datasets.toy.by=['level', 'level']")
    assert done.code == 2, done.text
    assert "names a field twice" in done.err


def test_without_a_look_at_the_rows_an_absent_field_is_a_note(sliced: Bench) -> None:
    done = sliced.jb("--no-preflight", "--override", "datasets.toy.by=['lvel']")
    assert done.code == 0, done.text
    assert sliced.result()["slices"] == []
    assert "there are no slices by 'lvel': no sample has it" in sliced.result()["notes"]


def test_a_column_that_the_rows_of_a_trial_lack_is_no_mistake(sliced: Bench, tmp_path: Path) -> None:
    done = sliced.jb("--ids", "5", "--override", "datasets.toy.by=['tags']")
    assert done.code == 0, done.text
    assert sliced.result()["slices"] == []
