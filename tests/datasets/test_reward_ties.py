"""RewardBench 2's subset of prompts with many right answers, from rows as published to its own score."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from judgebench.errors import DataError
from judgebench.records.flow import Reply, Sample
from judgebench.records.run import DatasetConfig
from tests.replay.simulated import dataset, samples, scored, values


def prompts(pair: str, right: int = 3, wrong: int = 2) -> list[dict[str, Any]]:
    """A prompt with one right answer and its partner with several."""
    row = {"prompt": f"Name one of {pair}.", "subset": "Ties", "rejected": [f"wrong {i}" for i in range(wrong)]}
    return [
        {**row, "id": f"ref:{pair}", "chosen": ["right"], "num_correct": 1},
        {**row, "id": f"tied:{pair}", "chosen": [f"right {i}" for i in range(right)], "num_correct": right},
    ]


OTHER = {"id": "7", "prompt": "q", "subset": "Math", "chosen": ["r"], "rejected": ["a", "b", "c"], "num_correct": 1}


def made(folder: Path, rows: list[dict[str, Any]], **keys: Any) -> DatasetConfig:
    return dataset("rewardbench2_ties", folder, {"rewardbench2/test.jsonl": rows}, **keys)


def grading(grades: Mapping[str, int | None]) -> Any:
    """Grade answers by their text; ``None`` says nothing."""

    def reply(sample: Sample, presentation: str) -> Reply:
        grade = grades[sample.answers[0]]
        return Reply(status="ok", text="It depends." if grade is None else f"Reasons.\n\n{grade}")

    return reply


FINE = {"right": 9, "right 0": 9, "right 1": 8, "right 2": 9, "wrong 0": 2, "wrong 1": 1}


def test_every_answer_of_the_subset_is_an_item(tmp_path: Path) -> None:
    items = samples(made(tmp_path, [OTHER, *prompts("0")]), tmp_path)
    assert [item.key for item in items][:4] == ["ref:0-0", "ref:0-1", "ref:0-2", "tied:0-0"]
    assert [item.gold for item in items] == ["correct", "incorrect", "incorrect"] + ["correct"] * 3 + ["incorrect"] * 2
    assert items[-1].meta == {"kind": "tied", "pair": "0", "answers": 5}


def test_the_score_rewards_right_answers_that_stand_together(tmp_path: Path) -> None:
    data = made(tmp_path, [*prompts("0"), *prompts("1")])
    items = samples(data, tmp_path)
    good = values(scored(data, items, grading(FINE)))
    assert good["ties"] == pytest.approx(100 * (0.3 + 0.3 + 0.2 + 0.2 + 0.01 * math.tanh(6 / 1 - 1)))
    assert (good["accuracy/ref"], good["accuracy/tied"], good["unread"], good["incomplete"]) == (100.0, 100.0, 0.0, 0.0)
    spread = values(scored(data, items, grading({**FINE, "right 1": 3})))
    assert spread["ties"] == pytest.approx(100 * (0.3 + 0.3 + 0.01 * math.tanh(1 / 6 - 1)))
    flat = values(scored(data, items, grading(dict.fromkeys(FINE, 5))))
    assert (flat["ties"], flat["accuracy/ref"]) == (0.0, 0.0)
    inverted = values(scored(data, items, grading({name: 10 - grade for name, grade in FINE.items()})))
    assert inverted["accuracy/tied"] == 0.0
    assert -1.0 <= (inverted["ties"] or 0.0) < 0.0  # the last term of the formula alone, a hundredth at most


def test_silence_is_wrong_and_never_helps(tmp_path: Path) -> None:
    data = made(tmp_path, prompts("0"))
    items = samples(data, tmp_path)
    for name in FINE:
        found = values(scored(data, items, grading({**FINE, name: None})))
        assert found["unread"] == (2.0 if name.startswith("wrong") else 1.0)
        assert (found["ties"] or 0.0) <= 60.0
    mute = values(scored(data, items, grading(dict.fromkeys(FINE))))
    assert (mute["ties"], mute["accuracy/ref"], mute["accuracy/tied"]) == (0.0, 0.0, 0.0)


def test_a_pair_that_is_not_complete_is_left_out_and_counted(tmp_path: Path) -> None:
    data = made(tmp_path, [*prompts("0"), *prompts("1")])
    items = samples(data, tmp_path)
    part = scored(data, items[:-1], grading(FINE))
    assert (part["ties"].n, part["incomplete"].value) == (1, 1.0)
    assert "1 pairs of prompts" in part["ties"].note
    unasked = scored(data, items, lambda s, v: None if s.key == "ref:1-0" else grading(FINE)(s, v))
    assert (unasked["ties"].n, unasked["incomplete"].value) == (1, 1.0)
    nothing = scored(data, [], grading(FINE))
    assert nothing["ties"].value is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": "12"}, "must be ref:<name> or tied:<name>"),
        ({"id": "tied:0"}, "is also in a previous row"),
        ({"num_correct": 2}, "num_correct is 2, and chosen holds 1 answers"),
        ({"rejected": []}, "'rejected' must hold a list of texts"),
        ({"chosen": [None]}, "'chosen' must hold a list of texts"),
    ],
)
def test_a_broken_row_is_one_error_with_file_and_row(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    ref, tied = prompts("0")
    with pytest.raises(DataError, match=rf"test\.jsonl:2: .*{message}"):
        samples(made(tmp_path, [tied, {**ref, **change}]), tmp_path)
