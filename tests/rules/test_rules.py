from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench.datasets import JsonlDataset
from judgebench.judges import AcceptedForms, ChoiceEqual, ExactMatch, MathEqual, NumberEqual
from tests.recordings import recording
from tests.rules.items import item, judge, judge_all

RULES = [AcceptedForms(), ChoiceEqual(), ExactMatch(), NumberEqual()]


@pytest.mark.parametrize("rule", [*RULES, MathEqual()], ids=lambda rule: type(rule).__name__)
def test_what_cannot_be_read_is_unparsed_with_a_reason_and_carries_no_decision(rule):
    for answer, reference in (("", "B"), (" \n ", "B"), ("B", None), ("B", [])):
        verdict = judge(rule, answer, reference)
        assert (verdict.status, verdict.decision, verdict.score) == ("unparsed", None, None)
        assert verdict.reason
    assert "cut off" in judge(rule, "", "B", truncated=True).reason


@settings(max_examples=60, deadline=None)
@given(answer=st.text(max_size=200), reference=st.text(max_size=20) | st.lists(st.text(max_size=9), max_size=3))
def test_rules_never_raise_and_give_a_decision_exactly_when_they_decided(answer, reference):
    for rule in RULES:
        verdict = judge(rule, answer, reference)
        assert (verdict.status == "ok") == (verdict.decision in ("correct", "incorrect")) == (verdict.score is not None)
        assert verdict.status in ("ok", "unparsed")
        if verdict.status == "ok":
            assert verdict.answer is not None
            assert answer[slice(*verdict.span)].upper() == verdict.answer.upper()


@pytest.mark.parametrize(
    ("answer", "decision"),
    [
        ("the Atlantic Ocean.", "correct"),
        ("ATLANTIC", "correct"),
        ("Atlantics", "incorrect"),
        ("not Atlantic", "incorrect"),
    ],
)
def test_accepted_forms(answer, decision):
    verdict = judge(AcceptedForms(), answer, ["Atlantic", "Atlantic Ocean"])
    assert (verdict.status, verdict.decision) == ("ok", decision)


def test_a_completion_that_runs_on_counts_by_its_first_line():
    rule = AcceptedForms(AcceptedForms.Config(part="first_line"))
    assert judge(rule, " Paris\nQ: What else?", "Paris").decision == "correct"
    assert judge(AcceptedForms(), " Paris\nQ: What else?", "Paris").decision == "incorrect"


@pytest.mark.parametrize(
    ("answer", "decision"),
    [
        ("It is Paris, of course", "correct"),
        ("Parisian", "incorrect"),
        ("Comparison", "incorrect"),
        ("in New York", "correct"),
    ],
)
def test_contained_forms_are_whole_words(answer, decision):
    rule = AcceptedForms(AcceptedForms.Config(contains=True))
    assert judge(rule, answer, ["Paris", "New York"]).decision == decision


def test_exact_match_is_exact():
    assert judge(ExactMatch(), " Paris ", "Paris").decision == "correct"
    assert judge(ExactMatch(), "paris", "Paris").decision == "incorrect"


@pytest.mark.parametrize(
    ("answer", "reference", "decision"),
    [
        ("#### 1,234", "1234", "correct"),
        ("18.00", "18", "correct"),
        ("A: 5\nso 6 in all", "5", "incorrect"),
        ("half of 7 is\n#### 3.5", "3.5", "correct"),
        (r"17, so \boxed{18} and 19", "18", "correct"),
        ("-3", "3", "incorrect"),
        ("0.1", "0.10", "correct"),
    ],
)
def test_numbers_are_compared_by_value(answer, reference, decision):
    assert judge(NumberEqual(), answer, reference).decision == decision


@pytest.mark.parametrize(
    "answer",
    [
        "It is 1,5",
        "#### 1,5",
        r"\boxed{1,5}",
        "1.234,5",
        "1.234.567",
        "12,34,567",
        "(3,5)",
        r"\boxed{1{,}234}",
        r"1\,234",
    ],
)
@pytest.mark.parametrize("reference", ["15", "5", "1.5", "1234", "234", "1.234", "12345", "567"])
def test_a_comma_or_point_of_unclear_meaning_leaves_a_number_unread(answer, reference):
    assert judge(NumberEqual(), answer, reference).status == "unparsed"


@pytest.mark.parametrize("reference", ["1,5", "1.234,5", "1.234.567", "1_000"])
def test_a_reference_of_unclear_meaning_is_no_number(reference):
    assert "reference is not a number" in judge(NumberEqual(), "15", reference).reason


@pytest.mark.parametrize(
    ("answer", "reference"),
    [("1, 5", "5"), ("so 1.5.", "1.5"), ("10,000, then", "10000"), ("1,234.5", "1234.5"), ("5.", "5"), ("-.5", "-0.5")],
)
def test_marks_of_the_sentence_are_no_part_of_a_number(answer, reference):
    assert judge(NumberEqual(), answer, reference).decision == "correct"


def test_a_number_of_ten_thousand_digits_or_no_number_as_reference_is_unparsed():
    assert judge(NumberEqual(), "1" * 10_000, "1").status == "unparsed"
    assert "reference is not a number" in judge(NumberEqual(), "1", "one").reason


def test_choices_by_letter_or_by_the_options_text():
    options = {"A": "red", "B": "green", "C": "blue", "D": "grey"}
    assert judge(ChoiceEqual(), "Answer: B", "B", **options).decision == "correct"
    assert judge(ChoiceEqual(), "Answer: C", "(b)", **options).decision == "incorrect"
    assert judge(ChoiceEqual(), "green", "B", **options).decision == "correct"
    assert judge(ChoiceEqual(ChoiceEqual.Config(options=False)), "green", "B", **options).status == "unparsed"
    assert judge(ChoiceEqual(ChoiceEqual.Config(letters="ABCDEFGHIJ")), "(J)", "J").decision == "correct"


@pytest.mark.parametrize("rule", [*RULES, MathEqual()], ids=lambda rule: type(rule).__name__)
def test_the_identity_is_json_and_changes_with_what_decides(rule):
    assert json.loads(json.dumps(rule.identity()))["rule"]
    assert rule.asks is False


def test_the_identity_of_math_does_not_change_with_the_machine():
    assert MathEqual(MathEqual.Config(workers=7, deadline=3)).identity() == MathEqual().identity()
    assert MathEqual(MathEqual.Config(answer="boxed")).identity() != MathEqual().identity()


def test_the_recorded_gsm8k_solutions_get_their_recorded_labels():
    folder = recording("gsm8k")
    config = JsonlDataset.Config(
        path="gsm8k/test.jsonl", input_columns=["question"], output_column="answer", transforms=["after_hashes"]
    )
    golds = [sample.reference for sample in JsonlDataset(config).samples(folder.parent)]
    with gzip.open(folder / "model_solutions.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    runs = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")
    cases = [(row[run], golds[row["idx"]]) for row in rows for run in runs]
    rule = NumberEqual(NumberEqual.Config(require_marker=True))
    verdicts = judge_all(rule, [item(solution["solution"], gold) for solution, gold in cases])
    assert len(verdicts) == 5276
    wrong = [
        (solution["solution"][-80:], gold)
        for (solution, gold), verdict in zip(cases, verdicts, strict=True)
        if (verdict.decision == "correct") != solution["is_correct"]
    ]
    assert not wrong
    assert sum(verdict.status == "unparsed" for verdict in verdicts) == 11
