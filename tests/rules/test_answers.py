from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench.judges.rules.answers import (
    BoxedAnswer,
    ChoiceLetter,
    FirstLine,
    LastNumber,
    WholeText,
    boxed,
    choice,
    first_line,
    last_number,
    normalised,
    whole_text,
)

RULES = [
    BoxedAnswer(),
    LastNumber(),
    LastNumber(LastNumber.Config(markers=["A:", "####"])),
    ChoiceLetter(),
    FirstLine(),
    WholeText(),
]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"so \boxed{70}.", "70"),
        (r"\boxed{1} and then \boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{ a {b} c }", "a {b} c"),
        (r"\fbox{5}", "5"),
        (r"\boxed {5}", "5"),
        (r"\boxed{5} put it into \boxed{}", "5"),
        (r"{ unbalanced \boxed{7}", "7"),
        (r"\boxed{\{1,2\}}", r"\{1,2\}"),
        (r"\boxed{1} \boxed{2", "1"),
        (r"\boxed{a \boxed{b}}", "b"),
        ("no box {5}", None),
        (r"\boxed{", None),
        (r"\boxed{ }", None),
        ("", None),
    ],
)
def test_the_last_balanced_box_that_is_not_blank(text, answer):
    found = boxed(text)
    assert (found and found.text) == answer
    if found:
        assert text[slice(*found.span)] == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("it is 18", "18"),
        ("1,234,567 in all", "1,234,567"),
        ("16-7=9", "9"),
        ("9=16-7", "7"),
        ("x = -5", "-5"),
        ("(-5)", "-5"),
        ("\u22125", "\u22125"),
        ("3.50 dollars", "3.50"),
        ("about .5", ".5"),
        ("50% of it.", "50%"),
        ("It costs $18.", "18"),
        ("list:\n- 5 apples", "5"),
        ("AZ2K", None),
        ("none", None),
        ("", None),
    ],
)
def test_the_last_number(text, answer):
    found = last_number(text)
    assert (found and found.text) == answer
    if found:
        assert text[slice(*found.span)] == answer


def test_markers_move_the_search_behind_the_last_of_them():
    assert last_number("7\n#### 8\nor 9", ["####"]).text == "9"
    assert last_number("7\n#### none", ["####"]) is None
    assert last_number("7 without", ["####"]).text == "7"


@pytest.mark.parametrize(
    "text",
    [
        "B", "b", "(B)", "[B]", "B.", "B)", "**B**", "`B`", "Option B", "Answer: B", "answer: B) text",
        "The answer is (B).", "The final answer is **B**.", "The correct answer is: B", "ANSWER: B because of it",
        r"\boxed{B}", r"\boxed{\text{B}}", r"\boxed{\textbf{(B)}}", r"$\boxed{\mathrm{}} \boxed{(B)}$",
        "Let me think about A.\nHm.\n\nAnswer: B", "Answer: A\nNo wait.\nAnswer: B", "(B) because A is wrong",
        "B: the second", "Reasoning about A and C.\n\n(B)", "Reasoning.\n\n**B**", "Answer:\n\nB", "**Answer:** B",
        "**Answer: B**", "The correct option is B.", "A. x\nB. y\n\nB", "the second one", r"\boxed{the second one}",
    ],
)  # fmt: skip
def test_an_anchored_choice_is_read(text):
    found = choice(text, "ABCD", {"A": "first", "B": "The second one", "C": "c", "D": "d"})
    assert found is not None
    assert found.text == "B"
    assert 0 <= found.span[0] < found.span[1] <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "A good idea came to me", "I think B is nice", "Answer: A lot of people think so", "Answer: A or B",
        "The answer is A, B", "(A) or (B)", "The answer is not B", "Bananas", "Answer: Bananas", "E", "Answer: E",
        "Both A and B hold.", r"\boxed{12}", "option", "We compare A with B.\nThen C with D.\nHard to say",
        "Answer: I do not know", "A. one\nB. two\nC. three\nD. four", "The wrong answer is B.",
        "An incorrect option is B",
        "(A) one\n(B) two",
    ],
)  # fmt: skip
def test_a_letter_inside_prose_is_no_choice(text):
    assert choice(text, "ABCD", {"A": "x", "B": "y", "C": "z", "D": "w"}) is None


def test_options_with_the_same_text_are_no_choice():
    assert choice("same", "AB", {"A": "same", "B": "Same."}) is None


@settings(deadline=None)
@given(st.text(max_size=300) | st.text(alphabet="\\boxed{}() ABanswerisor:#-,.0123456789\n*$", max_size=300))
def test_no_rule_ever_raises_and_every_span_is_inside(text):
    for rule in RULES:
        found = rule.extract(text)
        if found is not None:
            assert 0 <= found.span[0] <= found.span[1] <= len(text)
            assert text[slice(*found.span)].upper() == found.text.upper()


@settings(deadline=None)
@given(st.text(alphabet="ab{}", max_size=20).filter(str.strip), st.text(alphabet="xy ", max_size=10))
def test_a_balanced_box_at_the_end_is_always_found(inner, before):
    depth = 0
    for char in inner:
        depth += {"{": 1, "}": -1}.get(char, 0)
        if depth < 0:
            return
    if depth == 0:
        assert boxed(f"{before}\\boxed{{{inner}}}").text == inner.strip()


HOSTILE = {
    "nested braces": "\\boxed{" * 10_000 + "}" * 10_000,
    "open boxes": "\\boxed{" * 70_000,
    "braces": "{" * 500_000,
    "blanks": "answer" + " " * 500_000 + "x",
    "many answers": "answer is " * 50_000,
    "digits": "1" * 500_000,
    "groups": "1,234," * 80_000 + "x",
    "dots": "1." * 250_000,
    "signs": "-" * 500_000,
    "lines": "\n" * 500_000 + "B",
    "stars": "**" * 250_000,
    "letter and blanks": "B" + " " * 500_000 + "x",
    "backslashes": "\\" * 500_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_half_a_megabyte_of_hostile_text_is_read_in_linear_time(name):
    text = HOSTILE[name]
    start = time.process_time()
    for rule in RULES:
        rule.extract(text)
    assert time.process_time() - start < 5  # a quadratic rule would take an hour


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("The Beatles", "beatles", True),
        ("Mt. Everest!", "mt everest", True),
        ("São Paulo", "Sao Paulo", True),
        ("O'Neill", "O\u2019Neill", True),
        ("ﬁne", "fine", True),
        ("Atlantic  Ocean", "atlantic ocean", True),
        ("Paris", "Pariss", False),
        ("+", "-", False),
        ("C++", "C#", False),
        ("a", "the", False),
        ("12", "1 2", False),
        ("3.5", "35", False),
        ("-5", "5", False),
        ("\u22125", "-5", True),
        ("1,000", "1000", True),
        ("50%", "50", False),
        ("`Paris`.", "paris", True),
        ("well-known", "well known", True),
    ],
)
def test_normalised_forms(one, other, same):
    assert (normalised(one) == normalised(other)) is same


@settings(deadline=None)
@given(st.text(max_size=60))
def test_normalising_twice_changes_nothing_and_nothing_becomes_empty(text):
    once = normalised(text)
    assert normalised(once) == once
    assert bool(once) or not text.strip() or not normalised(text, accents=False, punctuation=False, articles=False)


def test_lines_and_whole_texts():
    assert first_line("\n  \n  Paris \nQ: next").text == "Paris"
    assert first_line(" \n ") is None
    assert whole_text("  a\nb ").text == "a\nb"
    assert whole_text("\n") is None
