"""``--predictions`` and ``--rubric``: which column is what, and what the judges become."""

from __future__ import annotations

import json
import os

import pytest

from judgebench.config.dump import dump_config
from judgebench.config.resolve import load_run
from judgebench.errors import ConfigError, DataError, UsageError
from judgebench.records.request import Rubric, Selection


@pytest.fixture
def resolve(folder, toys):
    def _resolve(path, judges=("m",), rubric=None, overrides=()):
        return load_run(
            Selection(
                config_dirs=[str(folder)],
                judges=list(judges),
                predictions=str(path),
                rubric=rubric,
                overrides=list(overrides),
            ),
            {},
        )

    return _resolve


def jsonl(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def options(run):
    (dataset,) = run.datasets.values()
    return dataset.loader.options


@pytest.mark.parametrize("column", ["prediction", "response", "output", "Response"])
def test_the_answer_is_in_the_column_that_is_named_so(resolve, tmp_path, column):
    run = resolve(jsonl(tmp_path / "mine.jsonl", {"question": "q", column: "x", "answer": "2", "level": 1}))
    assert options(run)["answer_column"] == column
    assert options(run)["output_column"] == "answer"
    assert options(run)["input_columns"] == ["question"]
    assert options(run)["meta_columns"] == ["level"]
    assert run.combinations == [("recorded", "mine")]
    assert run.models["recorded"]["type"].endswith("RecordedAnswers")


def test_answer_is_what_a_model_said_only_beside_a_reference(resolve, tmp_path):
    run = resolve(jsonl(tmp_path / "mine.jsonl", {"question": "q", "answer": "x", "reference": "y"}))
    assert (options(run)["answer_column"], options(run)["output_column"]) == ("answer", "reference")
    with pytest.raises(DataError, match="'answer' may be what a model answered or the right answer") as refused:
        resolve(jsonl(tmp_path / "mine.jsonl", {"question": "q", "answer": "x"}))
    assert '{"prediction_column": "answer"}' in refused.value.hint


def test_two_columns_of_answers_are_asked_about(resolve, tmp_path):
    path = jsonl(tmp_path / "mine.jsonl", {"question": "q", "prediction": "x", "output": "y"})
    with pytest.raises(DataError, match="the columns 'prediction' and 'output' may each hold the answers"):
        resolve(path)
    (tmp_path / "mine.jsonl.meta.json").write_text('{"prediction_column": "output"}')
    assert options(resolve(path))["answer_column"] == "output"


@pytest.mark.parametrize(
    ("meta", "message"),
    [
        ({"prediction_column": "no"}, "has no column 'no', which its meta file names"),
        ({"model_column": "no"}, "has no column 'no', which its meta file names"),
        ({"id_column": "no"}, "has no column 'no', which its meta file names"),
        ({"answers": "x"}, "has the unknown key 'answers'"),
    ],
)
def test_a_meta_file_that_names_what_is_not_there_is_refused(resolve, tmp_path, meta, message):
    path = jsonl(tmp_path / "mine.jsonl", {"question": "q", "prediction": "x"})
    (tmp_path / "mine.jsonl.meta.json").write_text(json.dumps(meta))
    with pytest.raises(DataError, match=message):
        resolve(path)


def test_each_model_of_the_file_is_a_tested_model(resolve, tmp_path):
    rows = [{"question": "q", "prediction": "x", "model": name} for name in ("org/a", "b")]
    run = resolve(jsonl(tmp_path / "mine.jsonl", *rows))
    assert run.combinations == [("org_a", "mine"), ("b", "mine")]
    assert run.models["org_a"]["model"] == "org/a"
    (tmp_path / "mine.jsonl.meta.json").write_text('{"model_column": ""}')
    run = resolve(tmp_path / "mine.jsonl")
    assert run.combinations == [("recorded", "mine")]
    assert options(run)["meta_columns"] == ["model"]


def test_the_question_is_called_so_whatever_its_column_is(resolve, tmp_path):
    run = resolve(jsonl(tmp_path / "mine.jsonl", {"instruction": "q", "prediction": "x", "context": "c"}))
    (dataset,) = run.datasets.values()
    assert options(run)["rename"] == {"instruction": "question"}
    assert dataset.prompt[0]["content"] == "context: {context}\ninstruction: {question}"


def test_a_file_in_which_no_row_has_an_answer_is_refused(resolve, tmp_path):
    with pytest.raises(DataError, match="no row has an answer in the column 'prediction'"):
        resolve(jsonl(tmp_path / "mine.jsonl", {"question": "q", "prediction": ""}))


@pytest.mark.parametrize(("name", "problem"), [("none.jsonl", "does not exist"), (".", "is a folder")])
def test_a_file_that_is_not_there_is_told(resolve, tmp_path, name, problem):
    with pytest.raises(UsageError, match=problem):
        resolve(tmp_path / name)


def test_a_file_of_another_kind_is_refused(resolve, tmp_path):
    (tmp_path / "mine.xlsx").write_text("x")
    with pytest.raises(UsageError, match=r"is none of .jsonl, .csv, .tsv, .parquet"):
        resolve(tmp_path / "mine.xlsx")


def test_a_rubric_replaces_the_method_and_the_rule(resolve, tmp_path):
    path = jsonl(tmp_path / "mine.jsonl", {"question": "q", "prediction": "x", "reference": "2", "context": "c"})
    (tmp_path / "rubric.txt").write_text("Is it {right}? ${HOME}\n")
    assert resolve(path).datasets["mine"].evaluator is not None
    dataset = resolve(path, rubric=Rubric(path=str(tmp_path / "rubric.txt"), low=1, high=5)).datasets["mine"]
    (judge,) = dataset.judges
    assert dataset.evaluator is None
    assert judge.method.type.endswith("RubricScore")
    assert judge.method.options["criteria"] == "Is it {{right}}? ${{HOME}}"
    assert (judge.method.options["low"], judge.method.options["high"]) == (1, 5)
    assert judge.method.options["question"] == "context: {context}\nquestion: {question}"


def test_such_a_run_is_the_same_when_its_config_is_read_again(resolve, tmp_path, folder):
    path = jsonl(tmp_path / "mine.jsonl", {"question": "q", "prediction": "x", "model": "a"})
    (tmp_path / "rubric.txt").write_text("Is it {right}? ${HOME}\n")
    run = resolve(path, rubric=Rubric(path=str(tmp_path / "rubric.txt"), low=1, high=5))
    (tmp_path / "again.py").write_text(dump_config(run))
    again = load_run(Selection(config=str(tmp_path / "again.py")), {})
    assert again.datasets == run.datasets
    assert again.models == run.models


@pytest.mark.parametrize(("text", "message"), [(None, "cannot be read"), (b"\n", "is empty"), (b"\xff", "no UTF-8")])
def test_a_rubric_that_says_nothing_is_refused(resolve, tmp_path, text, message):
    path = jsonl(tmp_path / "mine.jsonl", {"question": "q", "prediction": "x"})
    if text is not None:
        (tmp_path / "rubric.txt").write_bytes(text)
    with pytest.raises(UsageError, match=message):
        resolve(path, rubric=Rubric(path=str(tmp_path / "rubric.txt"), low=1, high=5))


def test_a_judge_that_asks_no_model_cannot_score_by_a_rubric(resolve, tmp_path):
    path = jsonl(tmp_path / "mine.jsonl", {"question": "q", "prediction": "x"})
    (tmp_path / "rubric.txt").write_text("Good?")
    with pytest.raises(ConfigError, match="asks no model, so it cannot score by a rubric"):
        resolve(path, judges=("panel_scores",), rubric=Rubric(path=str(tmp_path / "rubric.txt"), low=1, high=5))


def test_a_pipe_in_the_place_of_the_answers_is_named_and_not_waited_for(tmp_path, resolve):
    os.mkfifo(tmp_path / "rows.jsonl")
    with pytest.raises(UsageError, match="is no file"):
        resolve(tmp_path / "rows.jsonl")
