"""What the details and the doubtful verdicts of a result show of an item."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from judgebench.testing.faultservice import FaultService, prompt_text
from tests.e2e.harness import Bench, model_answer
from tests.e2e.test_two_judges import PAIR, judges_file


@pytest.fixture
def two_models(bench: Bench) -> Iterator[Bench]:
    """A judge that compares two models' answers; one of them is wrong about question 1."""
    with FaultService(model_answer(lambda i: i == 1), model="m") as other:
        path = bench.folder / "configs/models/other_model.py"
        path.write_text(path.read_text().replace(bench.model.url, other.url))
        judges_file(
            bench, "pair", f"judges = [dict(abbr='pair', judge_model=service, compare_with='other-model', {PAIR})]"
        )
        yield bench


def test_an_unread_order_is_shown_with_its_own_reply_and_both_answers(two_models: Bench) -> None:
    bench = two_models

    def torn(body: dict) -> str:
        asked = prompt_text(body)
        first_right = asked.index("I think it is 2 ") < asked.index("I think it is 3 ")
        return "Hard to tell." if first_right else "The second is better. VERDICT: B"

    bench.judge.answer = torn
    models = ["toy_model", "other_model"]
    done = bench.jb(
        "--judges", "pair", "--no-preflight", "--ids", "1", "--dump-eval-details", dataset="toy_gen", models=models
    )
    assert done.code == 4, done.text  # nothing of the row is scored
    result = bench.result("toy-pair")
    (doubt,) = result["diagnostics"]["doubtful"]
    assert doubt["answers"] == {
        "toy-model": "I think it is 2 (of twice 1)",
        "other-model": "I think it is 3 (of twice 1)",
    }
    assert doubt["judge_replies"] == {"judge, AB": "Hard to tell."}
    assert doubt["question"].startswith("What is twice ")
    assert "other-model: I think it is 3" in done.out
    assert "judge, AB: Hard to tell." in done.out
    assert "The second is better" not in done.out
    (detail,) = result["details"]
    assert detail["judge_reply"] == "Hard to tell."
    assert detail["answers"] == ["I think it is 2 (of twice 1)", "I think it is 3 (of twice 1)"]
    assert detail["correct"] is None


def test_which_answer_is_better_is_neither_right_nor_wrong(two_models: Bench) -> None:
    bench = two_models
    bench.judge.answer = lambda body: (
        "VERDICT: A" if "is 2 " in prompt_text(body).partition("is 3 ")[0] else "VERDICT: B"
    )
    flags = ("--judges", "pair", "--no-preflight", "--ids", "1", "--dump-eval-details")
    assert bench.jb(*flags, dataset="toy_gen", models=["toy_model", "other_model"]).code == 0
    (detail,) = bench.result("toy-pair")["details"]
    assert (detail["predictions"], detail["correct"]) == ("A", None)


def test_a_grade_is_neither_right_nor_wrong(bench: Bench) -> None:
    judges_file(bench, "grade", "judges = [dict(abbr='grade', judge_model=service, method=dict(type='RubricScore'))]")
    bench.judge.answer = lambda body: "SCORE: 4"
    done = bench.jb("--judges", "grade", "--no-preflight", "--dump-eval-details", dataset="toy_gen")
    assert done.code == 0, done.text
    assert [(one["predictions"], one["correct"]) for one in bench.result("toy-grade")["details"]] == [(4.0, None)] * 6


@pytest.fixture
def judged_benchmark(bench: Bench) -> Bench:
    """A benchmark of judges: its items bring their answers along."""
    rows = [{"question": "Twice 1?", "reply": f"It is {n}.", "truth": "good" if n == 2 else "bad"} for n in (2, 3)]
    (bench.folder / "given.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (bench.folder / "configs/datasets/given.py").write_text(
        "from judgebench.datasets import JudgeSamples\nfrom judgebench.judges import SolutionVerifier\n"
        "given_datasets = [dict(abbr='given', type=JudgeSamples, path='given.jsonl', input_columns=['question'],\n"
        "    answer_columns=['reply'], gold_column='truth', gold_labels={'good': 'correct', 'bad': 'incorrect'},\n"
        "    method=dict(type=SolutionVerifier), score=dict(type='empty_score.Empty'))]\n"
    )
    (bench.folder / "empty_score.py").write_text(
        "import msgspec\nfrom judgebench.metrics.contract import Measure\n\n\nclass Empty(Measure):\n"
        "    class Config(msgspec.Struct):\n        pass\n\n"
        "    def __init__(self, config):\n        pass\n\n"
        "    def add(self, sample, repeat, verdict, rule=None):\n        pass\n\n"
        "    def merge(self, later):\n        pass\n\n"
        "    def identity(self):\n        return {}\n\n"
        "    def result(self):\n        return {}\n"
    )
    bench.model.answer = lambda body: "Hard to say."
    return bench


def test_recorded_answers_are_shown_with_what_was_asked_about_them(judged_benchmark: Bench) -> None:
    bench = judged_benchmark
    path = {"PYTHONPATH": str(bench.folder)}
    done = bench.jb("--no-preflight", "--dump-eval-details", dataset="given", env=path)
    assert done.code == 4, done.text  # nothing of the row is scored
    result = bench.result("given")
    assert [one["answers"] for one in result["details"]] == [["It is 2."], ["It is 3."]]
    assert all(one["origin_prediction"] == "Hard to say." and one["prompt"] for one in result["details"])
    assert "answer: It is 2." in done.out
    assert "(empty)" not in done.out


def test_a_score_without_a_figure_is_a_gap_and_no_bug(judged_benchmark: Bench) -> None:
    done = judged_benchmark.jb("--no-preflight", dataset="given", env={"PYTHONPATH": str(judged_benchmark.folder)})
    assert done.code == 4, done.text  # nothing of the row is scored
    assert "gave no figure" in done.out
    result = judged_benchmark.result("given")
    assert result["metrics"][result["headline"]]["value"] is None


def test_where_a_rule_decided_and_no_verdict_was_read_the_note_says_that(bench: Bench) -> None:
    path = bench.folder / "configs/datasets/toy_llmjudge.py"
    path.write_text(path.read_text().replace("judge_infer_cfg=", "evaluator=dict(type=NumberEqual), judge_infer_cfg="))
    assert bench.jb().code == 0
    bench.judge.answer = lambda body: "Hard to say."
    other = bench.folder / "configs/models/other_model.py"
    both = bench.jb("--no-preflight", "--reuse", models=["toy_model", "other_model"])
    assert other.exists()
    assert "no rule decided" not in both.out
    assert "none could be read" in both.out


def test_a_score_groups_model_answers_by_category_too(bench: Bench) -> None:
    rows = [{"question": f"What is twice {i}?", "answer": str(2 * i), "kind": ("even", "odd")[i % 2]} for i in range(6)]
    (bench.folder / "toy.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    path = bench.folder / "configs/datasets/toy_llmjudge.py"
    text = (
        path.read_text()
        .replace("ReferenceVerifier", "RubricScore")
        .replace("id_column='name'", "meta_columns=['kind']")
    )
    path.write_text(text.replace("[dict(abbr", "[dict(score=dict(type='PointScore', group_by='kind'), abbr"))
    bench.judge.answer = lambda body: f"SCORE: {4 if re.search(r'of twice [024]', prompt_text(body)) else 2}"
    done = bench.jb("--no-preflight")
    assert done.code == 0, done.text
    metrics = bench.result()["metrics"]
    assert [metrics[name]["value"] for name in ("mean_score", "mean_score/even", "mean_score/odd")] == [3.0, 4.0, 2.0]
