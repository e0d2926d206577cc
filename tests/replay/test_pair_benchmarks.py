"""What simulated judges score on every pair benchmark, in closed form."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from judgebench.errors import DataError
from judgebench.records import Reply, Sample, Verdict
from tests.replay.simulated import (
    Judge,
    always_first,
    always_tie,
    brackets,
    dataset,
    inverted,
    judged,
    letters,
    numbers,
    perfect,
    samples,
    scored,
    silent,
    values,
)

Rows = dict[str, Sequence[dict[str, Any]]]
N = 20
LONG, SHORT = "a rather long answer", "short"


def pair(i: int, first: str, second: str, gold: str, labels: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One row: gold A for even numbers, the longer answer first in all."""
    return {first: f"{LONG} {i}", second: f"{SHORT} {i}", gold: labels["A" if i % 2 == 0 else "B"], **more}


def rows_of(name: str, n: int = N) -> Rows:
    """Return made rows of a benchmark's public layout, half of them with gold A."""
    every = range(n)
    if name == "judgebench_pairs":
        labels = {"A": "A>B", "B": "B>A"}
        return {
            "judgebench/pairs_gpt4o.jsonl": [
                pair(
                    i, "response_A", "response_B", "label", labels, pair_id=f"p{i}", question="q",
                    source=["mmlu-pro-law", "livecodebench"][i // 2 % 2],
                )
                for i in every
            ]
        }  # fmt: skip
    if name == "llmbar":
        labels = {"A": 1, "B": 2}
        return {
            f"llmbar/data/{split}.jsonl": [
                pair(i, "output_1", "output_2", "label", labels, idx=i, input="do it") for i in every
            ]
            for split in ("Natural", "Neighbor", "GPTInst", "GPTOut", "Manual")
        }
    if name == "pandalm":
        votes = [(0, 0, 1)] + [(1, 1, 2) if i % 2 else (2, 0, 2) for i in range(1, n - 1)] + [(0, 0, 0)]
        return {
            "pandalm/pairs.jsonl": [
                {
                    "idx": i, "instruction": "do", "input": "it", "cmp_key": "a_b",
                    "response1": f"{LONG} {i}", "response2": f"{SHORT} {i}",
                    "annotator1": vote[0], "annotator2": vote[1], "annotator3": vote[2],
                }
                for i, vote in enumerate(votes)
            ]
        }  # fmt: skip
    if name == "auto_j":
        return {
            "auto_j/testdata_pairwise.jsonl": [
                {
                    "prompt": "q", "response 1": f"{LONG} {i}", "response 2": f"{SHORT} {i}",
                    "label": 2 if i < 4 else i % 2, "scenario": "essay",
                }
                for i in every
            ]
        }  # fmt: skip
    if name == "judgelm_val":
        scores = {"A": [9, 3], "B": [2.5, 3]}
        made = [
            pair(i, "answer1_body", "answer2_body", "score", scores, question_id=i, question_body="q") for i in every
        ]
        return {"judgelm/val.jsonl": [*made, {**made[0], "question_id": "failed", "score": [-1, -1]}]}
    if name == "fair_eval":
        labels = {"A": "win", "B": "lose"}
        made = [
            pair(i, "answer1_body", "answer2_body", "label", labels, question_id=i, question_body="q") for i in every
        ]
        return {"fair_eval/pairs.jsonl": made}
    chosen: dict[str, tuple[str, dict[str, Any]]] = {
        "code_judge_bench": (
            "code_judge_bench/codegen.jsonl",
            {"question_content": "q", "pos_response": LONG, "neg_response": SHORT, "difficulty": "easy"},
        ),
        "rewardbench": (
            "rewardbench/filtered.jsonl",
            {"prompt": "q", "chosen": LONG, "rejected": SHORT, "subset": "hep-cpp"},
        ),
        "contextual_judge_bench": (
            "contextual_judge_bench/{split}.jsonl",
            {"question": "q", "context": "c", "positive_response": LONG, "negative_response": SHORT},
        ),
    }
    path, row = chosen[name]
    made = [{**row, "id": i, "question_id": i} for i in every]
    splits = "refusal_answerable refusal_unanswerable faithfulness_qa faithfulness_summ completeness_qa"
    names = [*splits.split(), "completeness_summ", "conciseness_qa", "conciseness_summ"] if "{split}" in path else [""]
    return {path.replace("{split}", split): made for split in names}


WRITES: dict[str, Callable[[str | None], Reply]] = {
    "judgebench_pairs": brackets,
    "llmbar": letters,
    "pandalm": letters,
    "auto_j": letters,
    "judgelm_val": numbers,
    "fair_eval": numbers,
    "code_judge_bench": letters,
    "rewardbench": letters,
    "contextual_judge_bench": letters,
}
ONE_ORDER = {"pandalm"}
TIES = {"pandalm": 10.0, "auto_j": 20.0, "judgelm_val": 0.0, "fair_eval": 0.0}
"""Percent of gold ties in the made rows, of the benchmarks whose judges may say "tie"."""
FIRST = {
    "judgebench_pairs": 0.0,  # every pair is a tie of the counter rule
    "llmbar": 50.0,
    "pandalm": 45.0,  # right where gold is the first answer: 9 of 20
    "auto_j": 0.0,
    "judgelm_val": 50.0,  # the first order decides
    "fair_eval": 0.0,  # equal means: ties
    "code_judge_bench": 50.0,
    "rewardbench": 50.0,
    "contextual_judge_bench": 0.0,
}
SILENT = {
    "judgebench_pairs": 0.0,
    "llmbar": 0.0,
    "pandalm": 10.0,  # garbage is a tie
    "auto_j": 0.0,
    "judgelm_val": 0.0,  # a tie, and gold has none
    "fair_eval": 0.0,
    "code_judge_bench": 0.0,
    "rewardbench": 50.0,  # half a point
    "contextual_judge_bench": 0.0,
}
TIED = {**TIES, "judgebench_pairs": 0.0}

everywhere = pytest.mark.parametrize("name", WRITES)


def figures(name: str, folder: Path, judge: Judge) -> dict[str, float | None]:
    data = dataset(name, folder, rows_of(name))
    return judged(data, samples(data, folder), judge, WRITES[name])


@everywhere
def test_a_perfect_judge_scores_everything(name: str, tmp_path: Path) -> None:
    found = figures(name, tmp_path, perfect)
    assert found["accuracy"] == 100.0
    if name not in ONE_ORDER:
        assert (found["consistency"], found["both_orders"], found["mean_of_orders"]) == (100.0, 100.0, 100.0)
        if name in ("judgebench_pairs", "llmbar"):
            assert found["first_shown_rate"] == 50.0


@everywhere
def test_an_inverted_judge_scores_nothing_and_is_as_consistent(name: str, tmp_path: Path) -> None:
    found = figures(name, tmp_path, inverted)
    assert found["accuracy"] == 0.0
    assert found.get("consistency", 100.0) == 100.0
    assert found["correct"] == 0.0


@everywhere
def test_a_judge_that_always_prefers_the_first_shown_is_found_out(name: str, tmp_path: Path) -> None:
    found = figures(name, tmp_path, always_first)
    assert found["accuracy"] == FIRST[name]
    if name not in ONE_ORDER:
        assert (found["consistency"], found["both_orders"], found["first_shown_rate"]) == (0.0, 0.0, 100.0)
        gold_first = name in ("code_judge_bench", "rewardbench", "contextual_judge_bench")
        share = 0.4 if name == "auto_j" else 1.0 if gold_first else 0.5
        assert found["first_order"] == pytest.approx(100 * share)
        half = 50.0 * (0.8 if name == "auto_j" else 1)
        assert found["mean_of_orders"] == pytest.approx(half)


@pytest.mark.parametrize("name", TIED)
def test_a_judge_that_always_ties_is_right_about_gold_ties_alone(name: str, tmp_path: Path) -> None:
    found = figures(name, tmp_path, always_tie)
    assert found["accuracy"] == TIED[name]
    assert found["unread"] == 0


@everywhere
def test_what_is_never_read_counts_as_documented(name: str, tmp_path: Path) -> None:
    found = figures(name, tmp_path, silent)
    assert found["accuracy"] == SILENT[name]
    assert found["unread"] == N * (5 if name == "llmbar" else 8 if name == "contextual_judge_bench" else 1)


@everywhere
def test_swapping_the_recorded_orders_inverts_the_judge(name: str, tmp_path: Path) -> None:
    if name in ONE_ORDER:
        pytest.skip("one order only")
    data = dataset(name, tmp_path, rows_of(name))
    items = [item for item in samples(data, tmp_path) if item.gold != "tie"]
    write = WRITES[name]
    swapped = values(scored(data, items, lambda sample, view: write(perfect(sample, view != "BA"))))
    assert swapped["accuracy"] == 0.0


@everywhere
def test_opposite_gold_inverts_the_judge(name: str, tmp_path: Path) -> None:
    data = dataset(name, tmp_path, rows_of(name))
    items = [item for item in samples(data, tmp_path) if item.gold != "tie"]
    other = {"A": "B", "B": "A"}
    turned = [msgspec.structs.replace(item, gold=other[item.gold]) for item in items]
    by_name = {item.id: item for item in items}
    write = WRITES[name]
    found = values(scored(data, turned, lambda sample, view: write(perfect(by_name[sample.id], view == "BA"))))
    assert found["accuracy"] == 0.0


@everywhere
def test_an_item_with_a_dropped_order_is_left_out_and_bounds_the_score(name: str, tmp_path: Path) -> None:
    data = dataset(name, tmp_path, rows_of(name))
    items = samples(data, tmp_path)
    write = WRITES[name]
    last = data.method.options["views"][-1]["name"] if data.method else ""

    def reply(sample: Sample, view: str) -> Reply | None:
        return None if sample.id < 2 and view == last else write(perfect(sample, view == "BA"))

    metric = scored(data, items, reply)["accuracy"]
    assert metric.n == len(items) - 2
    assert metric.value == 100.0
    assert metric.bounds == (pytest.approx(100 * (len(items) - 2) / len(items)), 100.0)


@everywhere
def test_the_longer_answer_baseline_stands_beside_every_judge(name: str, tmp_path: Path) -> None:
    found = figures(name, tmp_path, silent)
    chosen = name in ("code_judge_bench", "rewardbench", "contextual_judge_bench")
    share = 100.0 if chosen else {"pandalm": 45.0, "auto_j": 40.0}.get(name, 50.0)
    assert found["longer_wins"] == pytest.approx(share)


@pytest.mark.parametrize(("bias", "right"), [(0.3, 0.8), (0.0, 0.6), (0.7, 0.5)])
def test_a_biased_coin_scores_what_the_closed_form_says(bias: float, right: float, tmp_path: Path) -> None:
    data = dataset("llmbar", tmp_path, rows_of("llmbar", 400))
    items = samples(data, tmp_path)
    rng = random.Random(7)

    def judge(sample: Sample, swapped: bool) -> str:
        if rng.random() < bias:
            return "first"
        return perfect(sample, swapped) if rng.random() < right else inverted(sample, swapped)

    found = judged(data, items, judge, letters)
    u, v = bias + (1 - bias) * right, (1 - bias) * right
    expected = {
        "both_orders": u * v,
        "consistency": u * v + (1 - u) * (1 - v),
        "mean_of_orders": (u + v) / 2,
        "first_shown_rate": bias + (1 - bias) / 2,
    }
    for name, share in expected.items():
        assert found[name] == pytest.approx(100 * share, abs=450 * (share * (1 - share) / len(items)) ** 0.5), name


def test_equal_answers_are_a_tie_that_nobody_is_asked_about(tmp_path: Path) -> None:
    rows = rows_of("judgebench_pairs")
    ((path, lines),) = rows.items()
    same = {**lines[0], "response_B": lines[0]["response_A"]}
    data = dataset("judgebench_pairs", tmp_path, {path: [same, *lines[1:]]})
    asked: list[int] = []

    def reply(sample: Sample, view: str) -> Reply:
        asked.append(sample.id)
        return brackets(perfect(sample, view == "BA"))

    found = values(scored(data, samples(data, tmp_path), reply))
    assert 0 not in asked
    assert (found["equal_answers"], found["accuracy"], found["correct"]) == (1.0, 95.0, 19.0)


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("judgebench_pairs", {"label": None}, "no gold.*'label'"),
    ("judgebench_pairs", {"label": "A>>B"}, "'label' holds 'A>>B'; one of 'A>B', 'B>A'"),
    ("judgebench_pairs", {"response_B": None}, "'response_B' is empty"),
    ("judgebench_pairs", {"response_B": 3}, "'response_B' holds int; a text"),
    ("judgebench_pairs", {"pair_id": "p1"}, "'p1'.*earlier row"),
    ("judgebench_pairs", {"pair_id": None}, "'pair_id'.*missing or empty"),
    ("llmbar", {"label": 3}, "'label' holds 3"),
    ("pandalm", {"annotator1": 0, "annotator2": 1, "annotator3": 2}, "no majority"),
    ("judgelm_val", {"score": [3]}, "two scores were expected"),
    ("auto_j", {"label": True}, "'label' holds True"),
]


@pytest.mark.parametrize(("name", "change", "message"), BAD)
def test_a_bad_row_is_one_error_with_file_and_row(
    name: str, change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    rows = rows_of(name)
    path, lines = next(iter(rows.items()))
    data = dataset(name, tmp_path, {**rows, path: [*lines[:4], {**lines[4], **change}, *lines[5:]]})
    with pytest.raises(DataError, match=rf"{Path(path).name}:5: .*{message}"):
        samples(data, tmp_path)


def test_truth_values_in_text_columns_are_taken_as_text_where_the_benchmark_says_so(tmp_path: Path) -> None:
    ((path, lines),) = rows_of("pandalm").items()
    data = dataset("pandalm", tmp_path, {path: [{**lines[0], "response1": True}, *lines[1:]]})
    assert samples(data, tmp_path)[0].answers[0] == "true"


def test_an_undefined_kappa_is_null(tmp_path: Path) -> None:
    ((path, lines),) = rows_of("pandalm").items()
    same = [{**line, "annotator1": 1, "annotator2": 1} for line in lines]
    data = dataset("pandalm", tmp_path, {path: same})
    found = scored(data, samples(data, tmp_path), lambda sample, view: letters("first"))
    assert (found["accuracy"].value, found["kappa"].value) == (100.0, None)
    assert "undefined" in found["kappa"].note


def test_a_verdict_that_was_never_given_scores_nothing(tmp_path: Path) -> None:
    data = dataset("pandalm", tmp_path, rows_of("pandalm"))
    found = scored(data, samples(data, tmp_path), lambda sample, view: None)
    assert found["accuracy"].value is None
    assert found["accuracy"].bounds == (0.0, 100.0)
    assert Verdict(status="not_judged").label is None
