"""An own file from end to end: what is asked, which rule scores, and what is said about both."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from judgebench.testing.faultservice import prompt_text
from tests.e2e.harness import JB, Bench, Done, run
from tests.recordings import recording

Rows = list[dict[str, Any]]
CAPITALS: Rows = [
    {"question": f"What is the capital of {country}?", "answer": city, "continent": "?"}
    for country, city in (
        ("France", "Paris"),
        ("Spain", "Madrid"),
        ("Italy", "Rome"),
        ("Peru", "Lima"),
        ("Iran", "Tehran"),
    )
]
SUMS: Rows = [{"question": f"What is twice {i}?", "answer": str(2 * i)} for i in range(6)]
OPTIONS: Rows = [{"question": f"Which one is {i}?", "A": "-1", "B": f"{i}", "answer": "B"} for i in range(5)]
REASONS: Rows = [
    {"question": f"Why does {what}?", "answer": f"It does because {what} wherever it is warm, which everyone has seen."}
    for what in ("water boil", "ice melt", "wind blow", "grass grow", "dust fall")
]


def write(path: Path, rows: Rows) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        if path.suffix == ".jsonl":
            file.writelines(json.dumps(row) + "\n" for row in rows)
        else:
            table = csv.DictWriter(file, list(rows[0]), delimiter="\t" if path.suffix == ".tsv" else ",")
            table.writeheader()
            table.writerows(rows)
    return path


def ask(bench: Bench, name: str, rows: Rows, reply: Callable[[dict[str, Any]], str], *flags: str) -> Done:
    """Run ``jb`` on a file; the model replies to each row's question as told."""
    write(bench.folder / name, rows)

    def answer(body: dict[str, Any]) -> str:
        asked = prompt_text(body)
        return next((reply(row) for row in rows if str(next(iter(row.values()))) in asked), "OK")

    bench.model.answer = answer
    return run([*JB, "--models", "toy_model", "--custom-dataset-path", name, *flags], bench.folder)


def results(bench: Bench, row: str) -> dict[str, Any]:
    return dict(json.loads((bench.run / "results" / "toy-model" / f"{row}.json").read_text()))


@pytest.mark.parametrize("form", ["jsonl", "csv", "tsv"])
@pytest.mark.parametrize(
    ("rows", "reply", "rule"),
    [
        (CAPITALS, lambda row: f"That is easy.\n\nThe capital is {row['answer']}.", "FinalAnswerEqual"),
        (SUMS, lambda row: f"One adds.\nThe answer is {row['answer']}, not more.", "FinalAnswerEqual"),
        (OPTIONS, lambda row: f"Let me see.\nAnswer: {row['answer']}", "ChoiceEqual"),
    ],
)
def test_a_perfect_model_scores_100_and_the_rule_is_named(
    bench: Bench, form: str, rows: Rows, reply: Callable[[dict[str, Any]], str], rule: str
) -> None:
    done = ask(bench, f"mine.{form}", rows, reply)
    assert done.code == 0, done.text
    result = results(bench, "mine")
    assert result["metrics"]["accuracy"]["value"] == 100
    (said,) = [note for note in result["notes"] if note.startswith(f"rule {rule} compares with 'answer'")]
    assert f"mine: {said}" in done.out.splitlines()
    assert f"mine, toy-model: {said}" in done.out
    assert "WARNING" not in done.text


def test_columns_are_named_by_what_they_are_used_for(bench: Bench) -> None:
    done = ask(bench, "mine.csv", CAPITALS, lambda row: str(row["answer"]))
    line = "columns of mine.csv: asked: 'question'; gold answer: 'answer'; not used: 'continent'"
    assert f"mine: {line}" in done.out.splitlines()
    assert line in results(bench, "mine")["notes"]


def test_a_rule_that_calls_everything_wrong_is_named_in_a_warning(bench: Bench) -> None:
    done = ask(bench, "mine.csv", CAPITALS, lambda row: "London", "--judges", "other_model", "--go-on")
    assert done.code == 0, done.text
    assert "WARNING: the rule FinalAnswerEqual calls every answer wrong, all 5" in done.out
    for row in ("mine", "mine-other-model"):
        assert any("WARNING: the rule FinalAnswerEqual" in note for note in results(bench, row)["notes"])


def test_four_wrong_answers_are_nothing_remarkable(bench: Bench) -> None:
    done = ask(bench, "mine.csv", CAPITALS[:4], lambda row: "London")
    assert done.code == 0, done.text
    assert "WARNING" not in done.text


def test_no_rule_measures_the_judge_where_the_references_are_texts(bench: Bench) -> None:
    done = ask(bench, "mine.jsonl", REASONS, lambda row: "Heat.", "--judges", "other_model", "--go-on")
    assert done.code == 0, done.text
    assert "no rule: 'answer' holds texts, which only a judge can compare: 'It does because" in done.out
    assert not (bench.run / "results" / "toy-model" / "mine.json").exists()
    assert "agreement" not in results(bench, "mine-other-model")["diagnostics"]


def test_texts_without_a_judge_are_refused_before_anything_is_asked(bench: Bench) -> None:
    done = ask(bench, "mine.jsonl", REASONS, lambda row: "Heat.")
    assert done.code == 2
    assert "Nothing can score the dataset 'mine': no rule: 'answer' holds texts" in done.text
    assert "--judges" in done.text
    assert not bench.model.requests


def test_a_judge_that_needs_a_reference_is_refused_where_there_is_none(bench: Bench) -> None:
    done = ask(bench, "mine.jsonl", [{"question": "Why?"}], lambda row: "Heat.", "--judges", "other_model", "--go-on")
    assert done.code == 2
    assert "The judge 'other-model' cannot judge answers to the dataset 'mine': the item has no reference" in done.text
    assert not bench.model.requests
    assert not bench.runs


def test_an_answer_beside_a_reference_is_not_taken_for_gold(bench: Bench) -> None:
    rows: Rows = [{"question": "What is twice 1?", "answer": "3", "reference": "2", "category": "sums"}]
    done = ask(bench, "mine.csv", rows, lambda row: "2")
    assert done.code == 2
    assert "the columns 'answer' and 'reference' may each hold the gold answer" in done.text
    assert '{"output_column": "reference"}' in done.text
    assert not bench.model.requests
    (bench.folder / "mine.csv.meta.json").write_text('{"output_column": "reference"}')
    done = ask(bench, "mine.csv", rows, lambda row: "2")
    assert done.code == 0, done.text
    assert "gold answer: 'reference'; not used: 'answer', 'category'" in done.out
    assert results(bench, "mine")["metrics"]["accuracy"]["value"] == 100


@pytest.mark.parametrize(
    ("name", "gold", "question"),
    [
        ("gsm8k/test.jsonl", "answer", "question"),
        ("aime2025/aime2025.jsonl", "answer", "question"),
        ("math500/test.jsonl", "answer", "problem"),
    ],
)
def test_published_rows_as_an_own_file_give_a_perfect_model_100(
    bench: Bench, name: str, gold: str, question: str
) -> None:
    rows = [json.loads(line) for line in recording(name).read_text("utf-8").splitlines()[:12]]
    rows = [{question: row[question], **row} for row in rows]
    final = {row[question]: row[gold].rpartition("####")[2].strip() for row in rows}
    done = ask(bench, "mine.jsonl", rows, lambda row: f"So the result is \\boxed{{{final[row[question]]}}}.")
    assert done.code == 0, done.text
    assert f"asked: '{question}'; gold answer: '{gold}'" in done.out
    assert results(bench, "mine")["metrics"]["accuracy"]["value"] == 100
