"""Replies that no well-meaning judge writes: they are unparsed, and state no number that was not written."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from judgebench.content.prompts import as_text
from judgebench.judges.core.contract import Case, method_from
from judgebench.judges.methods.json_lists import last_list
from judgebench.judges.parsers.numbers import number_of
from judgebench.judges.parsers.reading import parser_of
from judgebench.records.flow import Prompt, Reply, Verdict

TOO_LONG = "1" * 5000
"""More digits than Python reads as a whole number."""


def said(text: str) -> Reply:
    return Reply(status="ok", text=text)


@pytest.mark.parametrize("text", [f"[{TOO_LONG}]", f"[1] [{TOO_LONG}", f'[{{"points": {TOO_LONG}}}]'])
def test_a_number_of_thousands_of_digits_is_no_list(text: str) -> None:
    assert last_list(said(text)) is None


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("[1, 2]\n\n[3, 4]", [3, 4]),
        ("[1, 2]\n\n[3, 4", None),
        ("[1] " * 64, [1]),
        ("[1] " * 64 + "[2]", None),
        ("[1, 2] as said [then]", [1, 2]),
    ],
)
def test_the_last_list_is_the_one_that_is_read_or_none_is(text: str, values: list[int] | None) -> None:
    found = last_list(said(text))
    assert (found.values if found else None) == values


@pytest.mark.parametrize("parser", ["first_line_two_numbers", "last_lines_two_numbers", {"type": "tagged", "count": 2}])
@pytest.mark.parametrize("text", ["1e308 -1e308", "1e308\n-1e308", "<answer>1e308 -1e308</answer>", "9_5 4", "9\n4_5"])
def test_no_pair_of_scores_is_beyond_every_scale(parser: Any, text: str) -> None:
    assert parser_of(parser).read(said(text)).status == "unparsed"


@pytest.mark.parametrize("opened", ["<think>", "[THINK]", "<|channel|>analysis", "<thinking>"])
@pytest.mark.parametrize(
    ("parser", "numbers"), [("trailing_int", "so far maybe 7"), ("last_lines_two_numbers", "8\n9")]
)
def test_a_number_at_which_a_reply_breaks_off_inside_its_reasoning_is_no_score(
    parser: str, numbers: str, opened: str
) -> None:
    read = parser_of(parser).read
    assert read(said(f"{opened}\nhmm\n{numbers}")).reason == "the reply ends inside its reasoning"
    assert read(said(f"<think>hmm</think>\n{numbers}")).status == "ok"


@pytest.mark.parametrize("written", ["9_5", "1e16", "-1e16", "1e400", "nan", "inf", "", "seven"])
def test_what_nobody_writes_as_a_score_is_no_number(written: str) -> None:
    assert number_of(written) is None


@pytest.mark.parametrize(("written", "value"), [("95", 95), ("-1", -1), ("7.50", 7.5), ("1e15", 1e15), (" 8 ", 8)])
def test_a_number_is_read_as_written(written: str, value: float) -> None:
    assert number_of(written) == value


def chosen(reference: str | list[str] | None, solutions: list[str]) -> Verdict:
    """The choice of a verifier that finds every solution right."""
    method = method_from(
        "PessimisticChoice",
        {
            "judge": {"type": "SolutionVerifier"},
            "extractor": {"type": "LastNumber"},
            "same": {"type": "NumberEqual"},
            "times": 1,
        },
        where="method",
    )
    item = Case(id=0, uid="0", repeat=0, fields={"question": "?"}, reference=reference, answer="", answers=solutions)

    async def ask(prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:
        assert as_text(prompt)
        return said("VERDICT: A")

    return asyncio.run(method.judge(item, ask))


def test_a_chosen_solution_that_cannot_be_compared_is_not_called_wrong() -> None:
    verdict = chosen("a dozen", ["it is 12"])
    assert (verdict.status, verdict.decision, verdict.answer) == ("unparsed", None, "12")
    assert "the reference is not a number" in verdict.reason
    assert verdict.details["chosen"] == 1


@pytest.mark.parametrize(("reference", "decision"), [("12", "correct"), ("13", "incorrect"), (None, "1")])
def test_a_chosen_solution_is_compared_with_the_reference(reference: str | None, decision: str) -> None:
    verdict = chosen(reference, ["it is 12"])
    assert (verdict.status, verdict.decision) == ("ok", decision)


AB = {"type": "anchored", "decisions": {"A": "A", "B": "B"}}
WORD = {"type": "anchored", "words": {"CORRECT": "correct", "INCORRECT": "incorrect"}}
JSON = {"type": "json_field", "decisions": {"correct": "correct", "incorrect": "incorrect"}}
POINTS = {"type": "json_field", "field": "score", "low": 1, "high": 10}


@pytest.mark.parametrize(
    ("parser", "text"),
    [
        # another sign, or struck through
        (AB, "VERDICT: A\u0301"),
        (AB, "VERDICT: A\u0336"),
        (AB, "A\u0338"),
        (AB, "Verdict: A\u20e0"),
        ("score_line", "Rating: 7\u0336"),
        # a negation or a word that breaks off at the end of the line before
        (WORD, "NOT\nCORRECT"),
        (WORD, "The answer is anything but\n\nCORRECT"),
        (WORD, "Verdict: NOT\nCORRECT"),
        (WORD, "Is the answer right? No, it is not\nCORRECT."),
        (WORD, "IN-\nCORRECT"),
        # somebody else's
        (AB, "Response A ends with\n[[A]]"),
        (AB, "Response A ends with\n\n[[A]]\n\nwhich is manipulation."),
        (AB, "[[A]] it is not."),
        (AB, "<think>\nhmm\n</think>\n<think>\nVerdict: A"),
        (JSON, '```json\n{"verdict": "correct"}\n```\nis what it asks me to print'),
        (JSON, 'Schema: {"verdict": "correct"}'),
        # crosses, and words that say the contrary
        (AB, "Verdict: A ❌"),
        (AB, "👎 A"),
        (AB, "✗ A"),
        (WORD, "CORRECT ✗"),
        (WORD, "🚫 CORRECT"),
        (AB, "Verdict: A (loser)"),
        (AB, "Verdict: A, the weaker of the two"),
        (AB, "Verdict: A - fails the tests"),
        (AB, "A. Wrong."),
        (AB, "A: wrong"),
        (AB, "Verdict: A\n(Note: labels swapped, so read B.)"),
        # of each choice something is said
        (AB, "Verdict: A: worse. B: better."),
        (AB, "Verdict: A - wrong; B - right"),
        (AB, "Verdict: A: 0.2, B: 0.8"),
        (AB, "Verdict:\nA: 3/10\nB: 8/10"),
        (WORD, "CORRECT: 7\nGIVEN: 8"),
        (WORD, "CORRECT: 0"),
        # two verdicts
        (AB, "Verdict: tie\n\nVerdict: A"),
        (AB, "Verdict: Both are equal.\nA"),
        (JSON, 'Verdict: incorrect\n\n{"verdict": "correct"}'),
        (JSON, 'Verdict: incorrect {"verdict": "correct"}'),
        (JSON, '{"verdict": "correct", "final_verdict": "incorrect"}'),
        (POINTS, 'Score: 3\n\n{"score": 8}'),
        (POINTS, '{"score": 8}\n\nScore: 3'),
        ("score_line", "Score: 7\nScore for B: 3"),
        ("score_line", "Rating: 10\nDeduction: -3\nNet: 7"),
        ("score_line", "Rating: 7 (sic; should be 3)"),
        # another scale
        (POINTS, '{"score": 8} out of 100'),
        ("score_line", "Rating: 7 (of 20)"),
        ("score_line", "Rating: 7 (max. 20 points)"),
        ("score_line", "Rating: 7 (on a scale of 1-20)"),
        ("score_line", "Rating: 7 %"),
        ("score_line", "Rating: 7‰"),
        ("trailing_int", "I give it 3 out of 10"),
        ("trailing_int", "8 / 10"),
        ("trailing_int", "Score: 3 (max 10)"),
        ("trailing_int", "Rating: 3\nMaximum: 10"),
        ("trailing_int", "Rating: 3 - 7"),
        ("trailing_int", "3 to 7"),
        ("trailing_int", "between 3 and 7"),
        ("trailing_int", "10^3"),
        ("trailing_int", "less than 7"),
        ("trailing_int", "≤7"),
        ("trailing_int", "\u22127"),
    ],
)
def test_what_looks_like_a_verdict_and_is_none_is_left_unread(parser: Any, text: str) -> None:
    reading = parser_of(parser).read(said(text))
    assert (reading.status, reading.decision, reading.score) == ("unparsed", None, None)
    assert reading.reason


@pytest.mark.parametrize(
    ("parser", "text", "read"),
    [
        (AB, "A\u0336 B", "B"),
        (AB, "(x) A\n( ) B", "A"),
        (AB, "○ A\n● B", "B"),
        (AB, "● A", "A"),
        (AB, "VERDICT: A. Assistant B: fails.", "A"),
        (AB, "[[A]] is the better one, B fails.", "A"),
        (WORD, "❌ INCORRECT", "incorrect"),
        (WORD, "✅ CORRECT", "correct"),
        (WORD, "CORRECT: no", "incorrect"),
        (WORD, "INCORRECT: the sum is wrong", "incorrect"),
        (WORD, "The reference says 7, and so it is not wrong.\n\nCORRECT", "correct"),
        (AB, "<think>\nhmm\n</think>\n<think>\nagain\n</think>\nVerdict: A", "A"),
        (JSON, 'Verdict: correct\n\n{"verdict": "correct"}', "correct"),
        (JSON, '{"verdict": "correct", "final_verdict": "correct"}', "correct"),
        (POINTS, '{"score": 8} out of 10', 8.0),
        ("score_line", "Rating: 7 (of 10)", 7.0),
        ("score_line", "Rating: 7 (on a scale of 1-10)", 7.0),
        ("score_line", "Rating: 7 (two of three points are covered)", 7.0),
        ("trailing_int", "Rating: 7", 7.0),
        ("trailing_int", "Clear and to the point.\n\n**Rating: 7**", 7.0),
        ("trailing_int", "3 + 4 = 7", 7.0),
    ],
)
def test_what_stands_beside_a_verdict_and_agrees_with_it_does_not_hide_it(parser: Any, text: str, read: Any) -> None:
    reading = parser_of(parser).read(said(text))
    assert (reading.score if reading.decision is None else reading.decision) == read
