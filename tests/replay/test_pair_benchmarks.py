"""What pair benchmarks make of equal answers, bad rows and undefined figures; scores of judges: `tests/mutations`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from judgebench.errors import DataError
from judgebench.records.flow import Reply, Sample, Verdict
from tests.replay.simulated import (
    brackets,
    dataset,
    letters,
    perfect,
    samples,
    scored,
    values,
)

Rows = dict[str, Sequence[Any]]
N = 20
LONG, SHORT = "a rather long answer", "short"


def pair(i: int, first: str, second: str, gold: str, decisions: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One row: gold A for even numbers, the longer answer first in all."""
    return {first: f"{LONG} {i}", second: f"{SHORT} {i}", gold: decisions["A" if i % 2 == 0 else "B"], **more}


def rows_of(name: str, n: int = N) -> Rows:
    """Return made rows of a benchmark's public layout, half of them with gold A."""
    every = range(n)
    if name == "judgebench_pairs":
        decisions = {"A": "A>B", "B": "B>A"}
        return {
            "judgebench/pairs_gpt4o.jsonl": [
                pair(
                    i, "response_A", "response_B", "label", decisions, pair_id=f"p{i}", question="q",
                    source=["mmlu-pro-law", "livecodebench"][i // 2 % 2],
                )
                for i in every
            ]
        }  # fmt: skip
    if name == "llmbar":
        decisions = {"A": 1, "B": 2}
        return {
            f"llmbar/data/{split}.jsonl": [
                pair(i, "output_1", "output_2", "label", decisions, idx=i, input="do it") for i in every
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
    raise KeyError(name)


def test_equal_answers_are_a_tie_that_nobody_is_asked_about(tmp_path: Path) -> None:
    rows = rows_of("judgebench_pairs")
    ((path, lines),) = rows.items()
    same = {**lines[0], "response_B": lines[0]["response_A"]}
    data = dataset("judgebench_pairs", tmp_path, {path: [same, *lines[1:]]})
    asked: list[int] = []

    def reply(sample: Sample, presentation: str) -> Reply:
        asked.append(sample.id)
        return brackets(perfect(sample, presentation == "BA"))

    found = values(scored(data, samples(data, tmp_path), reply))
    assert 0 not in asked
    assert (found["equal_answers"], found["accuracy"], found["correct"]) == (1.0, 95.0, 19.0)


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("judgebench_pairs", {"label": None}, "no gold.*'label'"),
    ("judgebench_pairs", {"label": "A>>B"}, "'label' holds 'A>>B'; one of 'A>B', 'B>A'"),
    ("judgebench_pairs", {"response_B": None}, "'response_B' is empty"),
    ("judgebench_pairs", {"response_B": 3}, "'response_B' holds int; a text"),
    ("judgebench_pairs", {"pair_id": "p1"}, "'p1'.*previous row"),
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
    found = scored(data, samples(data, tmp_path), lambda sample, presentation: letters("first"))
    assert (found["accuracy"].value, found["kappa"].value) == (100.0, None)
    assert "undefined" in found["kappa"].note


def test_a_verdict_that_was_never_given_scores_nothing(tmp_path: Path) -> None:
    data = dataset("pandalm", tmp_path, rows_of("pandalm"))
    found = scored(data, samples(data, tmp_path), lambda sample, presentation: None)
    assert found["accuracy"].value is None
    assert found["accuracy"].bounds == (0.0, 100.0)
    assert Verdict(status="not_judged").decision is None
