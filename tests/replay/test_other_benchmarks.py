"""What simulated judges score on the benchmarks that grade, check, look for wrong steps or measure preference."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from judgebench.datasets import alpaca_eval
from judgebench.errors import DataError
from judgebench.judges.parsers.reading import parser_of
from judgebench.metrics.scores.list_score import ties_score
from judgebench.records.flow import Reply, Sample
from tests.replay.simulated import dataset, samples, scored, tokens, values


def said(text: str) -> Reply:
    return Reply(status="ok", text=text)


def mt_bench(folder: Path, answers: list[dict[str, Any]]) -> Any:
    questions = [{"question_id": i, "category": "math", "turns": ["Add 1 and 2.", "Double it."]} for i in (1, 2)]
    references = [{"question_id": 2, "choices": [{"turns": ["3", "6"]}]}]
    files = {
        "mt_bench/question.jsonl": questions,
        "mt_bench/reference_answer_gpt-4.jsonl": references,
        "mt_bench/model_answer/m.jsonl": answers,
    }
    return dataset("mt_bench_single", folder, files)


ANSWERS = [{"question_id": i, "model_id": "m", "choices": [{"turns": ["three", "six"]}]} for i in (1, 2)]


def test_mt_bench_grades_every_turn_and_averages_what_was_read(tmp_path: Path) -> None:
    data = mt_bench(tmp_path, ANSWERS)
    items = samples(data, tmp_path)
    assert [item.key for item in items] == ["m-1-1", "m-1-2", "m-2-1", "m-2-2"]
    assert "Earlier answer:\nthree" in items[1].fields["previous"]
    assert [bool(item.fields["reference_part"]) for item in items] == [False, False, True, True]
    grades = {"m-1-1": "Good. Rating: [[8]]", "m-1-2": "[[2]] not [[9]]", "m-2-1": "[6]", "m-2-2": "$ERROR$"}
    found = values(scored(data, items, lambda sample, presentation: said(grades[sample.key or ""])))
    assert found["mean_score"] == pytest.approx(16 / 3)
    assert (found["mean_score/turn1"], found["mean_score/turn2"]) == (7.0, 2.0)
    assert (found["judged"], found["unread"]) == (4.0, 1.0)


def test_mt_bench_without_any_grade_has_no_score(tmp_path: Path) -> None:
    data = mt_bench(tmp_path, ANSWERS)
    found = values(scored(data, samples(data, tmp_path), lambda sample, presentation: said("$ERROR$")))
    assert found["mean_score"] is None


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"question_id": 9, "choices": [{"turns": ["a", "b"]}]}, "no question 9"),
        ({"question_id": 2, "choices": [{"turns": ["a"]}]}, "2 turns were asked and 1 answered"),
        ({"question_id": 2, "choices": []}, r"choices\[0\]\.turns"),
        ({"question_id": 2, "turn": 1}, "holds no answer"),
        (ANSWERS[0], "'m-1-1'.*previous row"),
    ],
)
def test_a_bad_mt_bench_row_is_named(row: dict[str, Any], message: str, tmp_path: Path) -> None:
    data = mt_bench(tmp_path, [ANSWERS[0], row])
    with pytest.raises(DataError, match=rf"model_answer/m\.jsonl:2: .*{message}"):
        samples(data, tmp_path)


def alpaca(folder: Path, n: int = 40) -> Any:
    instructions = [f"Do thing {i}" for i in range(n)]
    data = dataset("alpaca_eval2", folder, {})
    (folder / "alpaca_eval2").mkdir(exist_ok=True)
    for name, answer in (("model", "tested"), ("baseline", "base")):
        rows = [{"instruction": one, "output": f"{answer} {one}", "dataset": "d"} for one in instructions]
        (folder / f"alpaca_eval2/{name}_outputs.json").write_text(json.dumps(rows))
    return data


def test_alpaca_eval_weighs_probabilities_and_skips_equal_answers(tmp_path: Path) -> None:
    data = alpaca(tmp_path, 2)
    same = [{"instruction": f"Do thing {i}", "output": "tested Do thing 0"} for i in range(2)]
    (tmp_path / "alpaca_eval2/baseline_outputs.json").write_text(json.dumps(same))
    items = samples(data, tmp_path)
    asked: list[int] = []

    def reply(sample: Sample, presentation: str) -> Reply:
        asked.append(sample.id)
        return tokens("first" if sample.meta["tested_first"] else "second")

    found = values(scored(data, items, reply))
    p = 1 / (1 + math.exp(-9 + 0.001))
    assert asked == [1]
    assert found["win_rate"] == pytest.approx(100 * (0.5 + p) / 2)
    assert (found["n_draws"], found["n_wins"], found["equal_answers"]) == (1.0, 1.0, 1.0)
    assert found["standard_error"] == pytest.approx(100 * (p - 0.5) / 2, abs=1e-9)


def test_the_order_is_the_instructions_own() -> None:
    shown = [alpaca_eval.tested_shown_first(f"instruction {i}", 0) for i in range(200)]
    assert shown == [alpaca_eval.tested_shown_first(f"instruction {i}", 0) for i in range(200)]
    assert 70 < sum(shown) < 130
    assert shown != [alpaca_eval.tested_shown_first(f"instruction {i}", 1) for i in range(200)]


def verifier(folder: Path, human: list[Any]) -> Any:
    rows = [
        {"idx": i, "model": f"m{i % 2}", "question": "q", "references": ["x"], "answer": "y", "human": one}
        for i, one in enumerate(human)
    ]
    data = dataset("judging_the_judges", folder, {"v1.jsonl": rows}, path=repr(str(folder / "v1.jsonl")), key="'{idx}'")
    return data, samples(data, folder)


def test_verifiers_are_measured_beyond_agreement(tmp_path: Path) -> None:
    data, items = verifier(tmp_path, [1, 0] * 50)
    truth = {"correct": "CORRECT", "incorrect": "INCORRECT"}
    other = {"correct": "INCORRECT", "incorrect": "CORRECT"}
    perfect = values(scored(data, items, lambda s, v: said(f"VERDICT: {truth[s.gold]}")))
    assert (perfect["agreement"], perfect["cohen_kappa"], perfect["scott_pi"]) == (100.0, 1.0, 1.0)
    assert (perfect["false_positive_rate"], perfect["false_negative_rate"], perfect["score_shift"]) == (0.0, 0.0, 0.0)
    inverted = values(scored(data, items, lambda s, v: said(f"VERDICT: {other[s.gold]}")))
    assert (inverted["agreement"], inverted["cohen_kappa"]) == (0.0, -1.0)
    lenient = values(scored(data, items, lambda s, v: said("VERDICT: CORRECT")))
    assert (lenient["agreement"], lenient["cohen_kappa"], lenient["score_shift"]) == (50.0, 0.0, 50.0)
    assert lenient["rogan_gladen"] is None
    mute = values(scored(data, items, lambda s, v: said("I cannot tell.")))
    assert (mute["agreement"], mute["unread"], mute["cohen_kappa"]) == (None, 100.0, None)


def test_an_undefined_kappa_of_verifiers_is_null(tmp_path: Path) -> None:
    data, items = verifier(tmp_path, [1] * 20)
    found = scored(data, items, lambda s, v: said("VERDICT: CORRECT"))
    assert (found["agreement"].value, found["cohen_kappa"].value, found["scott_pi"].value) == (100.0, None, None)


def test_rows_without_a_human_verdict_are_left_out_by_name(tmp_path: Path) -> None:
    _, items = verifier(tmp_path, [1, None, 0])
    assert [item.key for item in items] == ["0", "2"]


def test_three_way_verdicts_are_scored_by_class(tmp_path: Path) -> None:
    rows = [
        {"idx": i, "question": "q", "gold_answer": "4", "llm_response": "4", "gold_judgment": letter}
        for i, letter in enumerate("AABBCC")
    ]
    data = dataset("compassverifier", tmp_path, {"compassverifier/samples.jsonl": rows})
    items = samples(data, tmp_path)
    letter = {"correct": "A", "incorrect": "B", "invalid": "C"}
    found = values(scored(data, items, lambda s, v: said(f"VERDICT: {letter[s.gold]}")))
    assert (found["accuracy"], found["macro_f1"], found["agreement"]) == (100.0, 100.0, 100.0)
    found = values(scored(data, items, lambda s, v: said("VERDICT: C")))
    assert found["accuracy"] == pytest.approx(100 / 3)
    assert found["agreement"] == pytest.approx(200 / 3)  # invalid is not right, either


def test_direct_judging_reads_truth_values_as_gold(tmp_path: Path) -> None:
    rows = [{"question": f"q{i}", "answer": "a", "right": i % 2 == 0, "dataset": "math"} for i in range(4)]
    data = dataset("judgeboard", tmp_path, {"judgeboard/answers.jsonl": rows})
    found = values(scored(data, samples(data, tmp_path), lambda s, v: said("VERDICT: INCORRECT")))
    assert (found["agreement"], found["judge_rate/math"], found["gold_rate/math"]) == (50.0, 0.0, 50.0)


def process(folder: Path) -> Any:
    rows = [
        {"id": f"x-{i}", "problem": "p", "steps": ["one", "two", "three"], "label": -1 if i % 2 else i // 2}
        for i in range(6)
    ]
    splits = ("gsm8k", "math", "olympiadbench", "omnimath")
    return dataset("process_bench", folder, {f"process_bench/{split}.jsonl": rows for split in splits})


def test_process_bench_takes_the_harmonic_mean_of_both_kinds(tmp_path: Path) -> None:
    data = process(tmp_path)
    items = samples(data, tmp_path)
    assert items[0].fields["steps"] == "[0] one\n\n[1] two\n\n[2] three"
    perfect = values(scored(data, items, lambda s, v: said(f"First I see \\boxed{{7}}. So \\boxed{{{s.gold}}}")))
    assert (perfect["f1"], perfect["first_error_accuracy"]) == (100.0, 100.0)
    always_right = values(scored(data, items, lambda s, v: said("\\boxed{-1}")))
    assert (always_right["f1"], always_right["accuracy_correct"], always_right["accuracy_error"]) == (0.0, 100.0, 0.0)
    half = values(scored(data, items, lambda s, v: said("\\boxed{0}" if s.gold >= 0 else "\\boxed{-1}")))
    assert half["f1"] == pytest.approx(100 * 2 * (1 / 3) / (4 / 3))
    mute = values(scored(data, items, lambda s, v: said("Step 1 looks odd.")))
    assert (mute["f1"], mute["unread"]) == (0.0, 24.0)


def projudge(folder: Path) -> Any:
    rows = [
        {
            "id": i, "question": "p", "subject": "Physics",
            "process_evaluation": [
                ["one", "1", "", ""],
                ["two", "1", "", ""] if i % 2 == 0 else ["two", "0", "calculation", "7 is not 8"],
            ],
        }
        for i in range(4)
    ]  # fmt: skip
    return dataset("projudge_bench", folder, {"ProJudgeBench/test.jsonl": rows})


def test_projudge_scores_steps_and_kinds_of_errors(tmp_path: Path) -> None:
    data = projudge(tmp_path)
    items = samples(data, tmp_path)

    def listed(right: list[bool], kind: str = "calculation") -> Reply:
        return said("Here:\n```json\n" + json.dumps([{"correct": one, "error_type": kind} for one in right]) + "\n```")

    perfect = values(scored(data, items, lambda s, v: listed(s.gold)))
    assert (perfect["step_accuracy"], perfect["error_type_accuracy"], perfect["f1"]) == (100.0, 100.0, 100.0)
    assert perfect["step_accuracy/Physics"] == 100.0
    short = values(scored(data, items, lambda s, v: listed(s.gold[:1])))
    assert (short["step_accuracy"], short["error_type_accuracy"]) == (50.0, 0.0)
    long = values(scored(data, items, lambda s, v: listed([*s.gold, False])))
    assert long["step_accuracy"] == 100.0
    other = values(scored(data, items, lambda s, v: listed(s.gold, "reasoning")))
    assert other["error_type_accuracy"] == 0.0
    mute = values(scored(data, items, lambda s, v: said("All steps are fine.")))
    assert (mute["step_accuracy"], mute["unread"]) == (0.0, 4.0)


@pytest.mark.parametrize(
    "text",
    [
        '[{"correct": "true"}]',
        '[{"right": true}]',
        "[true, false]",
        "[]",
        "no list",
        '[{"correct": true}, 3]',
        "[" * 500,
    ],
)
def test_a_list_of_steps_is_read_only_where_it_is_one(text: str) -> None:
    assert parser_of("step_list").read(said(text)).status == "unparsed"


def test_the_last_list_of_steps_counts() -> None:
    text = 'Draft: [{"correct": false}]. Final: [{"correct": true}, {"correct": false, "error_type": "logic"}]'
    found = parser_of("step_list").read(said(text))
    assert found.score == 1.0
    assert found.span is not None
    assert text[slice(*found.span)].startswith('[{"correct": true}')


def test_prometheus_correlates_grades_with_gold_and_prefers_the_chosen(tmp_path: Path) -> None:
    rows = [
        {"idx": i, "response_source": "m", "category": "c", "instruction": f"grade {i}", "gpt4_score": [i, i, i]}
        for i in range(1, 6)
    ]
    data = dataset("prometheus_eval", tmp_path, {"made.jsonl": rows}, path=repr(str(tmp_path / "made.jsonl")))
    items = samples(data, tmp_path)
    found = values(scored(data, items, lambda s, v: said(f"Feedback: fine. [RESULT] {6 - s.gold[0]}")))
    assert (found["pearson"], found["kendall"], found["gold_mean"]) == (pytest.approx(-1.0), pytest.approx(-1.0), 3.0)
    flat = scored(data, items, lambda s, v: said("[RESULT] 3"))["pearson"]
    assert flat.value is None
    assert "undefined" in flat.note


def graded(grades: dict[str, int | None]) -> Any:
    return lambda sample, presentation: said(
        "No number." if grades[presentation] is None else f"Reasons.\n{grades[presentation]}"
    )


FOUR = ("right_0", "wrong_0", "wrong_1", "wrong_2")


@pytest.mark.parametrize(
    ("grades", "points"),
    [((9, 1, 2, 3), 100.0), ((9, 9, 2, 3), 50.0), ((5, 5, 5, 5), 25.0), ((1, 9, 9, 9), 0.0), ((9, None, 1, 1), 25.0)],
)
def test_the_right_answer_must_be_the_best_of_four(
    grades: tuple[int | None, ...], points: float, tmp_path: Path
) -> None:
    row = {"id": "7", "prompt": "q", "chosen": ["r"], "rejected": ["a", "b", "c"], "subset": "Factuality"}
    other = {**row, "id": "8", "subset": "Ties", "chosen": ["r", "s"]}
    data = dataset("rewardbench2", tmp_path, {"rewardbench2/test.jsonl": [row, other]})
    items = samples(data, tmp_path)
    assert [item.key for item in items] == ["7"]
    found = values(scored(data, items, graded(dict(zip(FOUR, grades, strict=True)))))
    assert found["accuracy"] == points


def test_styles_are_nine_comparisons(tmp_path: Path) -> None:
    row = {"id": 1, "prompt": "q", "chosen": ["a", "b", "c"], "rejected": ["x", "y", "z"], "domain": "chat"}
    data = dataset("rm_bench", tmp_path, {"rm_bench/total_dataset.jsonl": [row]})
    items = samples(data, tmp_path)
    names = [f"{side}_{style}" for side in ("chosen", "rejected") for style in range(3)]

    def parts(grades: list[int | None]) -> list[float | None]:
        found = values(scored(data, items, graded(dict(zip(names, grades, strict=True)))))
        return [found[name] for name in ("accuracy", "easy", "normal", "hard")]

    assert parts([9, 9, 9, 1, 1, 1]) == [100.0, 100.0, 100.0, 100.0]
    assert parts([1, 5, 9, 1, 5, 9]) == pytest.approx([100 / 3, 100.0, 0.0, 0.0])  # grades style alone
    assert parts([5, 5, 5, 5, 5, 5]) == [0.0, 0.0, 0.0, 0.0]
    assert parts([5, 5, 5, None, 5, 5]) == [0.0, 0.0, 0.0, 0.0]


def test_the_ties_formula_rewards_margins_over_spread() -> None:
    perfect = ties_score([([9], [1])], [([9, 8], [1])])
    assert perfect == pytest.approx(0.3 + 0.3 + 0.2 + 0.2 + 0.01 * math.tanh(7 / 1 - 1))
    assert ties_score([([1], [9])], [([1, 2], [9])]) == pytest.approx(0.01 * math.tanh(-8 - 1))
    assert ties_score([([5], [5])], [([5, 5], [5])]) == 0.0
    assert ties_score([], []) is None
