"""The rule for files of which nothing is known but the references."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench.judges import FinalAnswerEqual, MathEqual
from judgebench.judges.rules.short_reference import final_part, kind_of
from tests.recordings import recording
from tests.rules.items import item, judge, judge_all

RULE = FinalAnswerEqual()

RIGHT = [
    ("70", "70"),
    ("So the result is \\boxed{70}.", "70"),
    ("We get 35 + 35.\n\nThe answer is 70, which lies between 60 and 80.", "70"),
    ("**Answer:** 70 km (of 90)", "70"),
    ("Final answer: **1,000**", "1000"),
    ("The answer is:\n70\n\nAsk me about the other 3.", "70"),
    ("16 - 3 - 4 = 9 eggs, at $2 each.\n#### 18", "Janet sells 9 * 2 = 18.\n#### 18"),
    ("She makes 9 * 2 = 18 dollars.", "18"),
    ("The total is \\boxed{\\frac{140}{2}}", "70"),
    ("Final Answer: The final answer is $14{,}916$. I hope it is correct.", "14916"),
    ("The base is $\\frac{1}{2} \\times 30$. Final Answer: The volume of $ABCD$ is 120. I hope it is right.", "120"),
    ("There are $6 \\times 4 = 24$ of them. So the total is 120.", "$120$"),
    ("Therefore $x = \\frac{14}{3}$.", "\\frac{14}{3}"),
    ("\\boxed{\\dfrac{14}{3}}", "\\frac{14}{3}"),
    ("The answer is $p - q$.", "p - q"),
    ("Answer: (3, pi/2)", "(3, pi/2)"),
    ("\\boxed{\\text{Evelyn}}", "\\text{Evelyn}"),
    ("B", "B"),
    ("Only B fits, because of gravity.\nAnswer: B", "B"),
    ("(b) is right\n\n**(B)**", "(B)"),
    ("The symbol of potassium is K.", "K"),
    ("Paris", "Paris"),
    ("**Paris.**", "paris"),
    ("The capital of France is Paris.", "Paris"),
    ("It lies on the Seine.\n\nThe capital is called Paris", "Paris"),
    ("Answer: Paris. It has two million people.", "Paris"),
    ("The final answer is **the Louvre**.", "Louvre"),
    ("Paris\n\nParis has been the capital since the Middle Ages, and two million people live in it.", "Paris"),
    ("Yes, because water boils at 100 degrees.", "yes"),
    ("No.", "No"),
    ("It is so.\nThe answer is: false, as shown.", "False"),
    ("Abbey of Westminster", ["Westminster Abbey", "Abbey of Westminster"]),
    ("1914-1918", "1914-1918"),
    ("巴黎", "巴黎"),
]

WRONG = [
    ("71", "70"),
    ("I first had 70, but the result is \\boxed{71}.", "70"),
    ("70 looks right, but the answer is 71.", "70"),
    ("#### 19", "#### 18"),
    ("\\boxed{\\frac{13}{3}}", "\\frac{14}{3}"),
    ("Answer: C", "B"),
    ("C", "B"),
    ("London", "Paris"),
    ("The capital of France is London.", "Paris"),
    ("Answer: London", "Paris"),
    ("No, water does not.", "yes"),
]

UNREAD = [
    ("I cannot say.", "70"),
    ("The capital is not Paris.", "Paris"),
    ("I do not think that it is Paris.", "Paris"),
    ("It could be Paris.", "Paris"),
    ("Answer: Paris or London", "Paris"),
    ("Paris is the capital, and a large one, with two million people in it.", "Paris"),
    ("It was there for 70 kilometres.", "70 km"),
    ("There are several options here, all of which have merit.", "B"),
    ("It depends.", "yes"),
    ("Because it is warm, water evaporates.", "Water evaporates because heat makes its molecules move faster."),
    ("70", None),
    (" \n", "70"),
]


@pytest.mark.parametrize(("answer", "reference"), RIGHT)
def test_a_right_final_answer_is_found_in_ordinary_replies(answer: str, reference: Any) -> None:
    verdict = judge(FinalAnswerEqual(), answer, reference)
    assert (verdict.status, verdict.decision) == ("ok", "correct"), verdict


@pytest.mark.parametrize(("answer", "reference"), WRONG)
def test_a_wrong_final_answer_is_wrong(answer: str, reference: Any) -> None:
    verdict = judge(FinalAnswerEqual(), answer, reference)
    assert (verdict.status, verdict.decision) == ("ok", "incorrect"), verdict


@pytest.mark.parametrize(("answer", "reference"), UNREAD)
def test_what_cannot_be_told_is_unparsed_and_never_wrong(answer: str, reference: Any) -> None:
    verdict = judge(FinalAnswerEqual(), answer, reference)
    assert (verdict.status, verdict.decision) == ("unparsed", None), verdict
    assert verdict.reason


@settings(max_examples=100, deadline=None)
@given(
    answer=st.text(max_size=200) | st.sampled_from([answer for answer, _ in RIGHT + WRONG]),
    reference=st.sampled_from(["70", "Paris", "B", "yes", "70 km", "", " ", "####", "(a)"]),
)
def test_it_never_raises_and_says_where_the_answer_stands(answer: str, reference: str) -> None:
    verdict = judge(RULE, answer, reference)
    assert (verdict.status == "ok") == (verdict.decision in ("correct", "incorrect"))
    if verdict.status == "ok" and verdict.span is not None and verdict.answer is not None:
        assert answer[slice(*verdict.span)].upper() == verdict.answer.upper()


def test_it_decides_math_verifys_cases_as_math_verify_does() -> None:
    """Apart from numbers with a decimal comma or blanks between digits, which are NumberEqual's to read."""
    cases = rows("math_verify/cases.jsonl")[::4]  # MathEqual, which decides them here too, is shown all
    ours = judge_all(FinalAnswerEqual(), [item(case["pred"], case["gold"]) for case in cases])
    others = [
        case
        for case, one in zip(cases, ours, strict=True)
        if one.decision not in (None, "correct" if case["expected"] else "incorrect")
    ]
    theirs = judge_all(MathEqual(), [item(case["pred"], case["gold"]) for case in others])
    differ = [
        (case["gold"], case["pred"])
        for case, one in zip(others, theirs, strict=True)
        if one.decision == ("correct" if case["expected"] else "incorrect")
    ]
    assert len(differ) <= 2, differ


def test_option_texts_count_as_the_option() -> None:
    assert judge(FinalAnswerEqual(), "green", "B", A="red", B="green").decision == "correct"


def rows(name: str) -> list[dict[str, Any]]:
    path = recording(name)
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        return [json.loads(line) for line in lines if line.strip()]


@pytest.mark.parametrize(
    ("name", "column", "least"),
    [
        ("aime2024/aime2024.jsonl", "answer", 1.0),
        ("aime2025/aime2025.jsonl", "answer", 1.0),
        ("gsm8k/test.jsonl", "answer", 1.0),
        ("math500/test.jsonl", "answer", 0.99),
        ("judging_the_judges/v1.jsonl.gz", "references", 0.95),  # TriviaQA's accepted forms
        ("rimo/rimo_n_facts.jsonl", "answer", 0.99),
    ],
)
def test_it_suits_the_references_of_benchmarks_with_short_answers(name: str, column: str, least: float) -> None:
    suited = [FinalAnswerEqual.suits(row[column]) for row in rows(name)]
    assert sum(suited) >= least * len(suited)


def test_it_does_not_suit_solutions_and_long_answers() -> None:
    solutions = [row["solution"] for row in rows("math500/test.jsonl")]
    written = [row["choices"][0]["turns"][0] for row in rows("mt_bench/reference_answer_gpt-4.jsonl")]
    for texts in (solutions, written):
        assert sum(FinalAnswerEqual.suits(text) for text in texts) <= 0.05 * len(texts)


def test_a_reference_repeated_as_the_answer_is_right_and_another_rows_is_wrong() -> None:
    """Of every row: in a box, after "the answer is", and alone."""
    short = [row["answer"] for row in rows("math500/test.jsonl")[:120]] + [
        row["answer"] for name in ("aime2025/aime2025.jsonl", "gsm8k/test.jsonl") for row in rows(name)[:60]
    ]
    short = [answer for answer in short if kind_of(answer) != "text"]
    wraps = ["Therefore we get \\boxed{%s}.", "Let me see.\n\nThe answer is %s.", "%s"]
    for wrap in wraps:
        own = judge_all(FinalAnswerEqual(), [item(wrap % final_part(one), one) for one in short])
        assert [one for one, verdict in zip(short, own, strict=True) if verdict.decision != "correct"] == []
    shifted = [item(wraps[0] % final_part(said), one) for said, one in zip(short[1:], short, strict=False)]
    others = judge_all(FinalAnswerEqual(), shifted)
    taken = [one for one, verdict in zip(shifted, others, strict=True) if verdict.decision == "correct"]
    assert [one for one in taken if final_part(str(one.reference)) not in one.answer] == []


def test_models_solutions_are_scored_as_their_authors_scored_them() -> None:
    """OpenAI's recorded solutions of GSM8K, as replies to a file with the published rows."""
    recorded = rows("gsm8k/model_solutions.jsonl.gz")[:300]
    reference = {row["question"]: row["answer"] for row in rows("gsm8k/test.jsonl")}
    for size in ("6b_finetuning", "175b_verification"):
        asked = [item(one[size]["solution"], reference[one["question"]]) for one in recorded]
        verdicts = judge_all(FinalAnswerEqual(), asked)
        found = [verdict.decision == "correct" for verdict in verdicts]
        assert sum(a == b[size]["is_correct"] for a, b in zip(found, recorded, strict=True)) >= 0.99 * len(recorded)
