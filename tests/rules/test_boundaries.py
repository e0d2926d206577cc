"""Where rules turn: the tolerance itself, signs and units around a number, letters as references are written."""

from __future__ import annotations

import pytest

from judgebench.judges import AcceptedForms, ChoiceEqual, ExactMatch, MathEqual, NumberEqual
from judgebench.judges.rules.math_equal import same_at_once
from tests.rules.items import judge


@pytest.mark.parametrize(
    ("reference", "answer", "decision"),
    [
        ("50%", "It is 50.", "correct"),
        ("$1,250", "It is 1250.", "correct"),
        ("1,250", "It is 1,250", "correct"),
        ("\u22124", "It is -4.", "correct"),
        ("4", "It is -4.", "incorrect"),
    ],
)
def test_signs_around_a_number_are_no_part_of_its_value(reference: str, answer: str, decision: str) -> None:
    assert judge(NumberEqual(), answer, reference).decision == decision


def test_a_number_off_by_the_tolerance_is_equal() -> None:
    near = NumberEqual(NumberEqual.Config(tolerance="0.5"))
    decisions = [judge(near, f"It is {value}.", "4").decision for value in ("4.5", "3.5", "4.51", "3.49")]
    assert decisions == ["correct", "correct", "incorrect", "incorrect"]


@pytest.mark.parametrize("reference", ["b", "(b)", " B ", "(B)"])
def test_the_letter_of_a_reference_may_be_small_or_in_brackets(reference: str) -> None:
    assert judge(ChoiceEqual(), "The answer is B.", reference).decision == "correct"
    assert judge(ChoiceEqual(), "The answer is C.", reference).decision == "incorrect"


@pytest.mark.parametrize("reference", ["Paris", " paris. "])
def test_a_reference_may_be_the_text_of_one_option(reference: str) -> None:
    options = {"A": "London", "B": "Paris", "C": "Rome"}
    assert judge(ChoiceEqual(), "The answer is B.", reference, **options).decision == "correct"
    assert judge(ChoiceEqual(), "The answer is C.", reference, **options).decision == "incorrect"


@pytest.mark.parametrize("reference", ["Berlin", "2", "AB", ""])
def test_a_reference_that_is_no_option_leaves_the_item_unparsed(reference: str) -> None:
    verdict = judge(ChoiceEqual(), "The answer is B.", reference, A="London", B="Paris", C="Paris")
    assert (verdict.status, "neither a letter" in verdict.reason) == ("unparsed", True)


def test_blanks_around_a_reference_do_not_count_and_case_does() -> None:
    assert judge(ExactMatch(), "Paris", " Paris\n").decision == "correct"
    assert judge(ExactMatch(), "paris", "Paris").decision == "incorrect"


def test_a_form_among_other_words_is_whole_words() -> None:
    among = AcceptedForms(AcceptedForms.Config(contains=True))
    assert judge(among, "I say cat food", "cat").decision == "correct"
    assert judge(among, "I say category", "cat").decision == "incorrect"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("025", "25", True), ("-0", "0", True), ("000", "0", True), ("-7", "7", False), ("", "", None), ("", "7", None)],
)
def test_what_needs_no_mathematics(one: str, other: str, same: bool | None) -> None:
    assert same_at_once(one, other) is same


def test_only_what_could_not_be_read_for_its_end_is_said_to_be_cut_off() -> None:
    assert "cut off" in judge(NumberEqual(), "It is", "4", truncated=True).reason
    unread = judge(MathEqual(MathEqual.Config(answer="boxed")), "So far \\(x", "4", truncated=True)
    assert (unread.status, "cut off" in unread.reason) == ("unparsed", True)
    assert "cut off" not in judge(NumberEqual(), "It is", "4").reason


def test_an_answer_that_was_found_and_is_no_value_was_not_cut_off() -> None:
    found = judge(NumberEqual(), f"It is {'1' * 2000}", "4", truncated=True)
    assert (found.status, found.answer is not None, "cut off" in found.reason) == ("unparsed", True, False)
