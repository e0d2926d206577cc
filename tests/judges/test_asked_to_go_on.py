"""A judge that is asked to go on where its reply holds no label, and only there."""

from __future__ import annotations

from typing import Any

import pytest

from judgebench.errors import ConfigError

from .test_methods import Judge, item, judge

PAIR: dict[str, Any] = {
    "views": [
        {"name": order, "order": order, "prompt": f"{order}: {{first}} or {{second}}?"} for order in ("AB", "BA")
    ],
    "grammar": {
        "type": "unique_label",
        "patterns": [r"\[\[([AB<>=]+)\]\]"],
        "labels": {"A>B": "A>B", "B>A": "B>A", "A=B": "A=B"},
    },
    "fold": {"type": "counter", "unread": "drop"},
}


def replies(**by_view: str) -> Judge:
    return Judge(lambda prompt, view: by_view[view.replace("-", "_")])


def test_a_reply_without_a_label_is_followed_by_a_further_turn() -> None:
    ask = replies(AB="I think that", AB_again1="so: [[A>B]]", BA="[[B>A]]")
    verdict = judge("AskedToGoOn", PAIR, item(baseline="x"), ask)
    assert (verdict.label, len(ask.asked)) == ("A", 3)
    views = {view["view"]: view for view in verdict.details["views"]}
    assert views["AB"]["label"] == "A>B"
    assert views["AB"]["asked_to_go_on"] == 1
    assert "span" not in views["AB"]
    assert "span" in views["BA"]


def test_two_labels_are_no_reason_to_ask_again() -> None:
    ask = replies(AB="[[A>B]] or [[B>A]]", BA="[[B>A]]")
    verdict = judge("AskedToGoOn", PAIR, item(baseline="x"), ask)
    assert (verdict.label, len(ask.asked)) == ("A", 2)  # the other order decides alone


@pytest.mark.parametrize(("attempts", "asked"), [(1, 2), (2, 4), (3, 6)])
def test_a_silent_judge_is_asked_as_often_as_declared_and_stays_unread(attempts: int, asked: int) -> None:
    ask = Judge(lambda prompt, view: "Who is to say?")
    verdict = judge("AskedToGoOn", {**PAIR, "attempts": attempts}, item(baseline="x"), ask)
    assert (verdict.status, verdict.label, len(ask.asked)) == ("unparsed", None, asked)


def test_less_than_one_attempt_is_refused() -> None:
    with pytest.raises(ConfigError, match="attempts"):
        judge("AskedToGoOn", {**PAIR, "attempts": 0}, item(baseline="x"), replies())
