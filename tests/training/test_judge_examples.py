"""What a judge learns from: files are read, prompts are the judge's own, swap and reference do what they say."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from judgebench.cli.main import run as jb
from judgebench.errors import ConfigError, DataError, MissingDataError
from judgebench.judges.core.contract import method_from
from judgebench.records.flow import Prompt, Reply
from judgebench.training.judge_examples import (
    Judge,
    case_of,
    check_leakage,
    example,
    examples,
    exchanged,
    prompts_hash,
    split,
)
from judgebench.training.judge_files import JudgmentRow, read_rows

PAIR = "Q: {question}\nReference: {reference}\n1: {first}\n2: {second}\nScores:"
BARE = "Q: {question}\n1: {first}\n2: {second}\nScores:"
POINT = "Q: {question}\nRight: {reference}\nGiven: {answer}\nCorrect:"


def scores_judge(prompt: str = PAIR) -> Judge:
    options: dict[str, Any] = {
        "presentations": [
            {"name": "AB", "order": "AB", "prompt": prompt},
            {"name": "BA", "order": "BA", "prompt": prompt},
        ],
        "parser": {"type": "first_line_two_numbers", "low": 1, "high": 10},
        "aggregate": {"type": "mean_score", "unread": "unparsed"},
    }
    return Judge(method_from("DeclaredJudge", options, where="judge"), "text")


def yes_no_judge() -> Judge:
    options: dict[str, Any] = {
        "presentations": [{"prompt": POINT}],
        "params": {"max_tokens": 1, "logprobs": 20},
        "parser": {"type": "logprob_of_decision", "decisions": {"correct": " yes", "incorrect": " no"}},
        "aggregate": {"type": "first", "unread": "unparsed"},
    }
    return Judge(method_from("DeclaredJudge", options, where="judge"), "text")


ROW = JudgmentRow(
    question_id="q1",
    fields={"question": "Capital of France?"},
    answers=["Paris", "Lyon"],
    reference="Paris",
    decision="A",
)


def written(tmp_path: Path, *rows: dict[str, Any]) -> Path:
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def test_the_published_layout_of_judgelm_is_read(tmp_path: Path) -> None:
    row = {
        "question_id": 7, "question_body": "Why?", "answer1_body": "Because.", "answer2_body": "No.",
        "score": [8.0, 3.5],
        "text": "8 3.5\nAssistant 1 says why, Assistant 2 does not.", "answer1_model_id": "a", "decoding_method": "x",
    }  # fmt: skip
    bad = {**row, "question_id": 8, "score": [-1.0, -1.0], "text": "error"}
    rows, left_out = read_rows(written(tmp_path, row, bad))
    assert left_out == {"no scores": 1}
    assert rows[0].scores == (8.0, 3.5)
    made = example(rows[0], scores_judge(BARE))
    assert made.prompt == "Q: Why?\n1: Because.\n2: No.\nScores:"
    assert made.completion == "8 3.5\nAssistant 1 says why, Assistant 2 does not."
    other = example(rows[0], scores_judge(BARE), swap=True)
    assert other.prompt == "Q: Why?\n1: No.\n2: Because.\nScores:"
    assert other.completion == "3.5 8\nAssistant 2 says why, Assistant 1 does not."


def test_the_version_with_reference_takes_its_scores_and_reasons(tmp_path: Path) -> None:
    row = {
        "question_id": 7, "question_body": "Why?", "answer1_body": "x", "answer2_body": "y", "score": [8, 3],
        "score_w_reference": [2, 9], "reference": {"text": "y"}, "text": "8 3\nold", "text_w_reference": "2 9\nnew",
    }  # fmt: skip
    rows, _ = read_rows(written(tmp_path, row))
    assert (rows[0].scores, rows[0].reference, rows[0].text) == ((2.0, 9.0), "y", "new")


def test_pairs_answers_and_exported_replies_are_read(tmp_path: Path) -> None:
    rows, _ = read_rows(
        written(
            tmp_path,
            {"question": "q", "reference": "a", "answer1": "a", "answer2": "b", "winner": "1"},
            {"question": "q", "gold": "a", "answer": "b", "label": "incorrect"},
            {"prompt": "Say it.", "completion": " yes", "id": "x"},
        )
    )
    assert [row.decision for row in rows] == ["A", "incorrect", ""]
    assert example(rows[1], yes_no_judge()).completion == " no"
    kept = example(rows[2], yes_no_judge())
    assert (kept.prompt, kept.completion, kept.ends) == ("Say it.", " yes", True)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"question": "x"}', "line 1 is in no layout"),
        ("[1]", "line 1 is no JSON object"),
        ('{"question_body": "x"}', "score"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(line)
    with pytest.raises(DataError, match=said):
        read_rows(file)
    with pytest.raises(MissingDataError, match="cannot be read"):
        read_rows(tmp_path / "none.jsonl")


def test_prompts_are_those_that_the_judge_sends() -> None:
    """Byte for byte: what the method asks about the case in a run is what was learnt from, in both orders."""
    judge = scores_judge()
    sent: list[Prompt] = []

    async def ask(prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:
        sent.append(prompt)
        return Reply(status="ok", text="9 2\n")

    verdict = asyncio.run(judge.method.judge(case_of(ROW), ask))
    learnt = [example(ROW, judge).prompt, example(ROW, judge, swap=True).prompt]
    assert sent == learnt
    assert prompts_hash(sent) == prompts_hash(learnt[::-1])
    assert verdict.status == "ok"


def test_swap_exchanges_what_the_parser_reads() -> None:
    assert example(ROW, scores_judge()).completion == "9 2\n"
    assert example(ROW, scores_judge(), swap=True).completion == "2 9\n"


def test_shares_of_swap_and_reference_drop_are_kept_and_repeat() -> None:
    rows = [ROW] * 400
    made = examples(rows, scores_judge(), seed=3, swap=0.5, without=scores_judge(BARE), drop=0.25)
    assert 160 < sum(one.swapped for one in made) < 240
    dropped = [one for one in made if not one.with_reference]
    assert 70 < len(dropped) < 130
    assert all("Reference" not in str(one.prompt) for one in dropped)
    assert all("Reference: Paris" in str(one.prompt) for one in made if one.with_reference)
    assert made == examples(rows, scores_judge(), seed=3, swap=0.5, without=scores_judge(BARE), drop=0.25)
    assert made != examples(rows, scores_judge(), seed=4, swap=0.5, without=scores_judge(BARE), drop=0.25)


def test_a_reply_that_the_parser_reads_otherwise_is_refused() -> None:
    judge = Judge(scores_judge().method, "text", {"A": "2 9\n"})
    with pytest.raises(ConfigError, match="should say 'A'"):
        example(ROW, judge)
    with pytest.raises(ConfigError, match="not known which reply says 'weak'"):
        example(
            JudgmentRow(question_id="q", fields={"question": "q"}, answers=["x"], reference="y", decision="weak"),
            yes_no_judge(),
        )


def test_names_of_answers_are_exchanged_in_reasons() -> None:
    assert exchanged("Assistant 1 beats assistant 2; Answer B is answer 1.") == (
        "Assistant 2 beats assistant 1; Answer A is answer 2."
    )


def test_rows_of_a_question_are_on_one_side() -> None:
    rows = [JudgmentRow(question_id=str(number // 3)) for number in range(300)]
    train, test = split(rows, 0.2, seed=1)
    assert len(train) + len(test) == 300
    assert 30 < len(test) < 90
    assert not {row.question_id for row in train} & {row.question_id for row in test}
    assert split(rows, 0.2, seed=1) == (train, test)


def test_a_test_set_that_was_trained_on_is_refused() -> None:
    other = JudgmentRow(question_id="2", fields={"question": "capital of FRANCE"}, answers=["x", "y"])
    with pytest.raises(DataError, match="shares 1 questions with the training data"):
        check_leakage([ROW], [other], "The test set")
    alias = JudgmentRow(
        question_id="3", fields={"question": "Where is the Louvre?"}, answers=["paris.", "Rome"], reference="Paris"
    )
    with pytest.raises(DataError, match="shares 1 answers to the same reference"):
        check_leakage([ROW], [alias], "The test set")
    check_leakage(
        [ROW],
        [JudgmentRow(question_id="4", fields={"question": "Of Italy?"}, answers=["Rome"], reference="Rome")],
        "it",
    )


def test_examples_for_other_trainers_are_written_swapped_and_without_torch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        {
            "question_id": f"q{n}",
            "question": f"Question {n}?",
            "answer1": f"right {n}",
            "answer2": f"wrong {n}",
            "reference": f"known {n}",
            "winner": "1",
        }
        for n in range(40)
    ]
    file, out = written(tmp_path, *rows), tmp_path / "out"
    flags = ["--judge", "pair_scores", "--data", str(file), "--only-examples", "--held-out", "0.25", "--out", str(out)]
    assert jb(["train", "judge", *flags]) == 0
    train, test = (
        [json.loads(line) for line in (out / f"{name}.jsonl").read_text().splitlines()] for name in ("train", "test")
    )
    assert len(train) + len(test) == 40
    assert not {one["id"] for one in train} & {one["id"] for one in test}
    assert not any(one["swapped"] for one in test)
    assert {one["swapped"] for one in train} == {True, False}
    for one in [*train, *test]:
        prompt = json.dumps(one["prompt"])
        assert (prompt.rindex("right ") > prompt.rindex("wrong ")) == one["swapped"]
        first, second = one["completion"][0]["content"].split()[:2]
        assert (int(first) < int(second)) == one["swapped"]
    assert f"{len(train)} examples are in {out}/train.jsonl" in capsys.readouterr().out
