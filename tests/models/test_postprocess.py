"""The split of reasoning from answer, and the other postprocessors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.errors import ConfigError
from judgebench.models.postprocess import (
    before_any,
    extract_non_reasoning_content,
    first_line,
    postprocessor,
    split_reasoning,
)

plain = st.text(st.characters(exclude_characters="<"), max_size=30)


@pytest.mark.parametrize(
    ("text", "answer", "reasoning"),
    [
        ("B", "B", ""),
        ("  B \n", "  B \n", ""),
        ("<think>hm</think>\n\nB", "B", "hm"),
        ("hm</think>B", "B", "hm"),
        ("<think>never closed", "", "never closed"),
        ("B<think>never closed", "B", "never closed"),
        ("<think>a</think>one<think>b</think> two", "one two", "a\nb"),
        ("<think>I use the <think> tag</think>B", "B", "I use the \n tag".replace("\n", "<think>")),
        ("<think>a<think>b</think>c</think>B", "B", "a<think>b\nc"),
        ("<think></think>B", "B", ""),
        ("</think>", "", ""),
        ("<THINK>x</THINK>B", "<THINK>x</THINK>B", ""),
    ],
)
def test_split(text: str, answer: str, reasoning: str) -> None:
    assert split_reasoning(text) == (answer, reasoning)
    assert extract_non_reasoning_content(text) == answer


@given(plain, plain)
def test_what_is_thought_never_reaches_the_answer(thought: str, answer: str) -> None:
    assert split_reasoning(f"<think>{thought}</think>{answer}") == (answer.strip(), thought.strip())
    assert split_reasoning(f"{thought}</think>{answer}") == (answer.strip(), thought.strip())
    assert split_reasoning(f"<think>{thought}") == ("", thought.strip())


@given(st.lists(st.sampled_from(["<think>", "</think>", "a", " ", "\n"]), max_size=12).map("".join))
def test_no_tag_is_left_in_an_answer(text: str) -> None:
    answer, _ = split_reasoning(text)
    assert "<think>" not in answer
    assert "</think>" not in answer
    assert split_reasoning(answer) == (answer, "")


def test_other_tags() -> None:
    assert extract_non_reasoning_content("[r]x[/r]B", think_start_token="[r]", think_end_token="[/r]") == "B"


def test_base_model_postprocessors() -> None:
    assert first_line("\n\n Paris \nQ: next") == "Paris"
    assert first_line("\n ") == ""
    assert before_any("Paris\nQ: next", ["\nQ:", "\n\n"]) == "Paris"
    assert before_any("Paris", ["\nQ:"]) == "Paris"


def test_declared_by_name() -> None:
    assert postprocessor(None)("x ") == "x "
    assert postprocessor({"type": "extract_non_reasoning_content"})("hm</think>B") == "B"
    assert postprocessor({"type": "judgebench.models.postprocess.before_any", "markers": ["."]})("B. C") == "B"
    with pytest.raises(ConfigError):
        postprocessor({"type": "no_such_function"})
    with pytest.raises(ConfigError):
        postprocessor({"markers": []})
