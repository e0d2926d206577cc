"""A surrogate of a judge: a planted preference is found, chance is not; how far a recorded judge can be replaced."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from judgebench.cli.main import run
from judgebench.errors import DataError
from judgebench.training.judge_files import JudgmentRow
from judgebench.training.surrogate import SurrogateOutcome, train_surrogate
from tests.recordings import recording

WORDS = ["river", "stone", "green", "under", "walks", "seven", "morning", "paper", "bright", "window", "table"]


def pairs(count: int, seed: int, *, prefers: str) -> list[dict[str, Any]]:
    """Return invented pairs of three models; a judge prefers texts that end, or tosses coins."""
    chance = random.Random(seed)
    sizes = {"terse": 4, "plain": 9, "wordy": 16}
    rows = []
    for number in range(count):
        one, two = chance.sample(list(sizes), 2)
        ends = [chance.random() < 0.5 for _ in range(2)]
        texts = [
            " ".join(chance.choices(WORDS, k=chance.randint(2, 2 * sizes[name]))) + ("." if end else "")
            for name, end in zip((one, two), ends, strict=True)
        ]
        winner = "AB"[chance.random() < 0.5]
        if prefers == "complete" and ends[0] != ends[1]:
            winner = "A" if ends[0] else "B"
        rows.append({"question": f"What of {number // 2}?", "answer1": texts[0], "answer2": texts[1], "winner": winner,
                     "model1": one, "model2": two})  # fmt: skip
    return rows


def trained(raw: list[dict[str, Any]]) -> SurrogateOutcome:
    return train_surrogate(
        [
            JudgmentRow(question_id=one["question"], fields={"question": one["question"], **{
                name: one[name] for name in ("model1", "model2") if name in one}},
                answers=[one["answer1"], one["answer2"]], decision=one["winner"])
            for one in raw
        ]
    )  # fmt: skip


def test_a_planted_preference_is_found_on_held_out_questions_and_models() -> None:
    found = trained(pairs(400, 1, prefers="complete"))
    for held in (found.by_question, found.by_model):
        assert held.agreement.value > 68, "half of the pairs differ in what is preferred, the others are tosses"
        assert held.longer.value < 58
        assert held.gain[1] > 0
    assert min(found.odds, key=found.odds.__getitem__) == "cut_off"
    assert set(found.ratings) == {"terse", "plain", "wordy"}


def test_a_judge_that_tosses_coins_has_no_surrogate() -> None:
    found = trained(pairs(600, 2, prefers="nothing"))
    for held in (found.by_question, found.by_model):
        low, high = held.agreement.ci95
        assert low < 50 < high + 1
        assert held.gain[1] < 0 or held.gain[0] < 5


def test_ties_are_half_a_win_and_count_in_no_agreement() -> None:
    raw = pairs(120, 3, prefers="complete")
    tied = [{**one, "winner": "tie"} if at % 4 == 0 else one for at, one in enumerate(raw)]
    found = trained(tied)
    assert (found.pairs, found.decided) == (120, 90)
    assert found.by_question.agreement.n == 90


def test_without_names_of_models_none_are_held_out() -> None:
    bare = [
        {name: value for name, value in one.items() if name[:5] != "model"} for one in pairs(60, 4, prefers="complete")
    ]
    found = trained(bare)
    assert (found.by_model, found.ratings, found.rank_correlation) == (None, {}, None)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "no pair of answers"),
        ([{"question": "Q", "answer1": "a", "answer2": "b", "winner": "A"}] * 9, "too few"),
        (
            pairs(0, 1, prefers="nothing") + [{**one, "winner": "tie"} for one in pairs(40, 1, prefers="nothing")],
            "too few",
        ),
    ],
)
def test_what_cannot_be_fitted_is_refused(rows: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(DataError, match=said):
        trained(rows)


def judged(by: str) -> list[dict[str, Any]]:
    """Return PandaLM's pairs as the recorded GPT-3.5 judged them, or most of its three annotators."""
    said = {
        row["idx"]: {"1": "A", "2": "B", "Tie": "tie"}.get(row["result"])
        for row in map(json.loads, recording("pandalm/judgments_gpt-3.5-turbo.jsonl").read_text("utf-8").splitlines())
    }
    rows = []
    for pair in map(json.loads, recording("pandalm/pairs.jsonl").read_text("utf-8").splitlines()):
        votes = Counter(pair[f"annotator{at}"] for at in (1, 2, 3))
        winner = said[pair["idx"]] if by == "gpt" else {0: "tie", 1: "A", 2: "B"}[votes.most_common(1)[0][0]]
        if winner is not None:
            one, two = pair["cmp_key"].split("_")
            question = f"{pair['instruction']}\n{pair['input']}"
            answers = {"answer1": str(pair["response1"]), "answer2": str(pair["response2"])}
            rows.append({"question": question, **answers, "winner": winner, "model1": one, "model2": two})
    return rows


def test_the_surrogate_of_a_recorded_judge(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "judged.jsonl").write_text("".join(json.dumps(row) + "\n" for row in judged("gpt")))
    argv = ["train", "surrogate", "--data", str(tmp_path / "judged.jsonl"), "--out", str(tmp_path / "made")]
    assert run(argv) == 0
    said = capsys.readouterr().out
    assert "974 pairs of 169 questions; figures are over the 936" in said
    figures = json.loads((tmp_path / "made" / "surrogate.json").read_text())
    by_question, by_model = figures["by_question"], figures["by_model"]
    assert by_question["agreement"]["value"] == pytest.approx(69.0, abs=0.5)
    assert by_model["agreement"]["value"] == pytest.approx(68.6, abs=0.5)
    assert by_question["longer"]["value"] == pytest.approx(61.9, abs=0.1)
    assert by_question["gain"][1] > 2
    assert figures["rank_correlation"] == pytest.approx(1.0)
    assert "weights={" in (tmp_path / "made" / "judge.py").read_text()


def test_the_surrogate_of_people() -> None:
    found = trained(judged("people"))
    assert found.by_question.agreement.value == pytest.approx(72.1, abs=0.5)
    assert found.by_question.longer.value == pytest.approx(67.6, abs=0.1)
    assert found.rank_correlation == pytest.approx(0.6)
