"""The parsers, the aggregation and the probes that recordings of others need."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench.errors import ConfigError
from judgebench.judges.aggregations import AggregationConfig, PresentationReading, aggregated, aggregation_of
from judgebench.judges.parsers.reading import Reading, parser_of
from judgebench.judges.probes import LinearProbe
from judgebench.records.flow import Reply

STAGED = {
    "type": "chosen_by",
    "field": "stage",
    "parsers": {
        "1": {"type": "regex_table", "table": [["1", "first is better"], ["2", "second is better"]]},
        "2": {"type": "regex_table", "table": [["1", "^first"], ["2", "^second"]]},
    },
}


@pytest.mark.parametrize(
    ("extra", "text", "decision"),
    [
        ({"stage": 1}, "I think the first is better.", "1"),
        ({"stage": 2}, "I think the first is better.", None),
        ({"stage": "2"}, "second, because the first is better read", "2"),
        ({"stage": 3}, "first is better", None),
        ({}, "first is better", None),
        (None, "first is better", None),
    ],
)
def test_a_reply_is_read_by_the_parser_of_its_stage(extra: dict[str, object] | None, text: str, decision: str) -> None:
    assert parser_of(STAGED).read(Reply(status="ok", text=text, extra=extra)).decision == decision


def test_composed_parsers_say_what_they_are_made_of() -> None:
    staged = parser_of(STAGED)
    assert staged.decisions() == ["1", "2"]
    assert staged.identity()["parsers"]["2"]["parser"] == "regex_table"
    assert not staged.needs_logprobs
    either = parser_of({"type": "first_readable", "parsers": ["trailing_int", {**STAGED}]})
    assert [one["parser"] for one in either.identity()["parsers"]] == ["trailing_int", "chosen_by"]
    for empty in ({"type": "first_readable", "parsers": []}, {"type": "chosen_by", "field": "x", "parsers": {}}):
        with pytest.raises(ConfigError, match="at least one"):
            parser_of(empty)


def test_the_first_parser_that_can_read_a_reply_does() -> None:
    either = parser_of({"type": "first_readable", "parsers": ["trailing_int", STAGED["parsers"]["1"]]})  # type: ignore[index]
    found = [either.read(Reply(status="ok", text=text)) for text in ("first is better: 7", "first is better", "none")]
    assert [(one.status, one.score, one.decision) for one in found] == [
        ("ok", 7.0, None),
        ("ok", None, "1"),
        ("unparsed", None, None),
    ]
    assert [one.values.get("read_by") for one in found] == [0, 1, None]


def decide(*grades: float | None, margin: float = 0.0, unread: str = "unparsed") -> Reading:
    spec = {"type": "judgebench.judges.aggregations.higher_score", "unread": unread, "margin": margin}
    aggregate, config = aggregation_of(spec)
    assert isinstance(config, AggregationConfig)
    presentations = [
        PresentationReading(
            presentation=name,
            reading=Reading(status="unparsed", reason="?") if grade is None else Reading(status="ok", score=grade),
        )
        for name, grade in zip("ab", grades, strict=False)
    ]
    return aggregated(presentations, aggregate, config)


@given(first=st.floats(0, 10), second=st.floats(0, 10), margin=st.floats(0, 5))
@settings(max_examples=100)
def test_the_higher_grade_wins_and_the_answers_are_treated_alike(first: float, second: float, margin: float) -> None:
    mirror = {"A": "B", "B": "A", "tie": "tie"}
    decision = decide(first, second, margin=margin).decision
    assert decision is not None
    assert mirror[decision] == decide(second, first, margin=margin).decision
    assert (decision == "tie") == (abs(first - second) <= margin)


def test_a_missing_grade_decides_nothing() -> None:
    assert decide(3.0, None).status == "unparsed"
    assert decide(3.0, None, unread="drop").status == "unparsed"
    assert decide(3.0).status == "unparsed"


def test_probes_follow_their_margins() -> None:
    eye, none = np.eye(3), np.zeros(3)
    classes = np.array([1, 3, 5])
    multi = LinearProbe("lr", none, np.ones(3), eye, none, classes)
    assert multi.predict(np.array([[0.0, 2.0, 1.0], [3.0, 0.0, 0.0]])) == [3, 1]
    two = LinearProbe("linear_svm", np.ones(1), np.full(1, 2.0), np.ones((1, 1)), np.zeros(1), np.array([0, 1]))
    assert two.predict(np.array([[1.5], [0.5]])) == [1, 0]
    votes = LinearProbe("linear_svm", none, np.ones(3), eye, none, classes)  # pairs 1-3, 1-5, 3-5
    assert votes.predict(np.array([[1.0, 1.0, -1.0], [-1.0, -1.0, 1.0], [1.0, -1.0, 1.0]])) == [1, 3, 1]
    with pytest.raises(ValueError, match="rows of 3 features"):
        multi.predict(np.zeros((2, 4)))
    with pytest.raises(ValueError, match="do not fit 3 classes"):
        LinearProbe("lr", none, np.ones(3), np.ones((2, 3)), np.zeros(2), classes).predict(np.zeros((1, 3)))
