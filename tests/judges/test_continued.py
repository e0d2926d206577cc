"""A judge that is asked to go on where its reply holds no label, and only there."""

from __future__ import annotations

from typing import Any

import pytest

from judgebench.errors import ConfigError

from .test_methods import Judge, item, judge

PAIR: dict[str, Any] = {
    "presentations": [
        {"name": order, "order": order, "prompt": f"{order}: {{first}} or {{second}}?"} for order in ("AB", "BA")
    ],
    "parser": {
        "type": "unique_decision",
        "patterns": [r"\[\[([AB<>=]+)\]\]"],
        "decisions": {"A>B": "A>B", "B>A": "B>A", "A=B": "A=B"},
    },
    "aggregate": {"type": "counter", "unread": "drop"},
}


def replies(**by_presentation: str) -> Judge:
    return Judge(lambda prompt, presentation: by_presentation[presentation.replace("-", "_")])


def test_a_reply_without_a_decision_is_followed_by_a_further_turn() -> None:
    ask = replies(AB="I think that", AB_again1="so: [[A>B]]", BA="[[B>A]]")
    verdict = judge("ContinuedJudge", PAIR, item(baseline="x"), ask)
    assert (verdict.decision, len(ask.asked)) == ("A", 3)
    presentations = {one.presentation: one for one in verdict.presentations}
    assert presentations["AB"].decision == "A>B"
    assert presentations["AB"].values["further_turns"] == 1
    assert presentations["AB"].span is None
    assert presentations["BA"].span is not None


def test_two_decisions_are_no_reason_to_ask_again() -> None:
    ask = replies(AB="[[A>B]] or [[B>A]]", BA="[[B>A]]")
    verdict = judge("ContinuedJudge", PAIR, item(baseline="x"), ask)
    assert (verdict.decision, len(ask.asked)) == ("A", 2)  # the other order decides alone


@pytest.mark.parametrize(("tries", "asked"), [(1, 2), (2, 4), (3, 6)])
def test_a_silent_judge_is_asked_as_often_as_declared_and_stays_unread(tries: int, asked: int) -> None:
    ask = Judge(lambda prompt, presentation: "Who is to say?")
    verdict = judge("ContinuedJudge", {**PAIR, "tries": tries}, item(baseline="x"), ask)
    assert (verdict.status, verdict.decision, len(ask.asked)) == ("unparsed", None, asked)


def test_less_than_one_attempt_is_refused() -> None:
    with pytest.raises(ConfigError, match="tries"):
        judge("ContinuedJudge", {**PAIR, "tries": 0}, item(baseline="x"), replies())
