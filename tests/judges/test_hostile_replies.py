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
