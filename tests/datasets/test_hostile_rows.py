"""Whatever a data file holds where something else was declared is one error that names the row, never a crash."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from judgebench.datasets.alpaca_eval import AlpacaEval
from judgebench.datasets.answer_pairs import AnswerPairs
from judgebench.datasets.code_judge import CodeJudgeBench
from judgebench.datasets.columns import Row
from judgebench.datasets.judge_samples import JudgeSamples
from judgebench.errors import DataError

from .sources import written

ODD: list[Any] = [["a list"], {"an": "object"}, None, True]


def items(loader: Any, **keys: Any) -> list[Any]:
    return list(loader(loader.Config(**keys)).samples(None))


def lines(*rows: Any) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.mark.parametrize(
    "text",
    [
        '{"q": "\\ud800", "a": "x"}',
        '{"q": "x", "a": 1e999}',
        '{"q": "x", "a": NaN}',
        f'{{"q": "x", "a": {"1" * 5000}}}',
        '{"q": ' + "[" * 100_000 + "]" * 100_000 + "}",
    ],
)
@pytest.mark.parametrize("name", ["data.jsonl", "data.json"])
def test_what_is_no_json_text_or_number_is_refused_in_every_layout(tmp_path: Path, name: str, text: str) -> None:
    path = written(tmp_path, text, name)
    with pytest.raises(DataError, match=name):
        items(JudgeSamples, path=str(path), input_columns=["q"], output_column="a")


@pytest.mark.parametrize("deep", ["[" * 65 + "]" * 65, '{"a":' * 64 + "[]" + "}" * 64, "[" * 900 + "]" * 900])
def test_what_is_nested_too_deep_to_be_written_again_is_refused(tmp_path: Path, deep: str) -> None:
    path = written(tmp_path, f'{{"q": {deep}}}')
    with pytest.raises(DataError, match=r"data\.jsonl:1: the column 'q' is nested more than 64 deep"):
        items(JudgeSamples, path=str(path), input_columns=["q"])


def test_what_is_nested_as_data_are_is_taken(tmp_path: Path) -> None:
    path = written(tmp_path, '{"q": ' + "[" * 64 + "]" * 64 + "}")
    (sample,) = items(JudgeSamples, path=str(path), input_columns=["q"])
    assert json.dumps(sample.fields["q"]) == "[" * 64 + "]" * 64


def test_a_limit_counts_as_it_reads(tmp_path: Path) -> None:
    path = written(tmp_path, lines(*({"q": str(number)} for number in range(5))))
    for limit, rows in ((None, 5), (3, 3), (0, 0), (9, 5)):
        loader = JudgeSamples(JudgeSamples.Config(path=str(path), input_columns=["q"], limit=limit))
        assert (loader.count(None), len(list(loader.samples(None)))) == (rows, rows)


@pytest.mark.parametrize("vote", [["A"], {"A": 1}])
def test_an_annotators_vote_that_is_no_label_is_refused(tmp_path: Path, vote: Any) -> None:
    path = written(tmp_path, lines({"q": "x", "one": "A", "two": vote}))
    with pytest.raises(DataError, match="one label was expected in each of one, two"):
        items(JudgeSamples, path=str(path), input_columns=["q"], gold_majority=["one", "two"])


@pytest.mark.parametrize("score", [float("nan"), float("inf"), "7", True, None])
def test_a_teachers_score_that_is_no_number_decides_nothing(score: Any) -> None:
    class OneRow(JudgeSamples):
        def rows(self, data_dir: Path | None) -> Any:  # as Parquet files and hubs give them
            yield Row({"q": "x", "first": score, "second": 3.0}, "hub", 0)

    with pytest.raises(DataError, match="two scores were expected in first, second"):
        items(OneRow, input_columns=["q"], gold_scores=["first", "second"])


@pytest.mark.parametrize("code", [*ODD, "-1", -9])
def test_an_unknown_kind_of_failure_is_refused(tmp_path: Path, code: Any) -> None:
    row = {"question_content": "q", "pos_response": "a", "neg_response": "b", "wrong_code": "c"}
    path = written(tmp_path, lines({**row, "wrong_meta": {"error_code": code}}))
    with pytest.raises(DataError, match="error_code"):
        items(CodeJudgeBench, path=str(path), task="coderepair")


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("side", ["tested", "baseline"])
def test_an_instruction_that_is_no_text_is_refused(tmp_path: Path, side: str, odd: Any) -> None:
    rows = {name: {"instruction": "do", "output": "done"} for name in ("tested", "baseline")}
    rows[side]["instruction"] = odd
    paths = {name: str(written(tmp_path, lines(row), f"{name}.jsonl")) for name, row in rows.items()}
    with pytest.raises(DataError, match=rf"{side}\.jsonl.*instruction"):
        items(AlpacaEval, path=paths["tested"], baseline=paths["baseline"])


@pytest.mark.parametrize("odd", ODD)
def test_a_number_of_an_instruction_that_is_none_is_refused(tmp_path: Path, odd: Any) -> None:
    rows = written(tmp_path, lines({"idx": odd}), "recorded.jsonl")
    known = written(tmp_path, lines({"idx": 0, "instruction": "do"}), "instructions.jsonl")
    with pytest.raises(DataError, match=r"recorded\.jsonl.*idx"):
        items(AlpacaEval, path=str(rows), instructions=str(known))


@pytest.mark.parametrize("odd", ODD)
def test_a_category_without_a_baseline_is_refused_whatever_it_is(tmp_path: Path, odd: Any) -> None:
    questions = written(tmp_path, lines({"question_id": 1, "turns": ["q"], "category": odd}), "questions.jsonl")
    for name in ("mine", "theirs"):
        written(tmp_path, lines({"question_id": 1, "choices": [{"turns": ["a"]}]}), f"{name}.jsonl")
    with pytest.raises(DataError, match="no baseline for the category"):
        items(
            AnswerPairs,
            path=str(questions),
            answers=str(tmp_path / "{model}.jsonl"),
            models=["mine"],
            baseline={"math": "theirs"},
        )
