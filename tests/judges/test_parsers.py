"""What holds for every parser, whatever the text."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench.errors import ConfigError
from judgebench.judges.parsers.reading import parser_of
from judgebench.records.flow import Reply, TokenLogprob

from .test_corpus import SETUPS

LETTERS: dict[str, Any] = {"type": "anchored", "decisions": {"A": "correct", "B": "incorrect"}}
PARSERS: dict[str, Any] = {
    **SETUPS,
    "logprob": {"type": "logprob_of_decision", "decisions": {"yes": " yes", "no": [" no", "no"]}},
    "threshold": {"type": "score_line", "threshold": 6, "decisions": ["good", "bad"]},
    "tagged": {"type": "tagged", "low": 1, "high": 5},
    "tagged_pair": {"type": "tagged", "count": 2},
    "tagged_label": {"type": "tagged", "decisions": {"a": "A", "b": "B"}},
    "numbers": {"type": "first_line_numbers", "low": 1, "high": 10},
    "nested": {"type": "json_field", "field": "a.b", "decisions": {"x": "x"}},
}
WORDS = [
    "CORRECT",
    "INCORRECT",
    "Verdict:",
    "Grade:",
    "not ",
    "or ",
    "wait, ",
    "answer",
    "is",
    "Rating:",
    "true",
    "null",
]
MARKS = ["[[", "]]", "**", "<think>", "</think>", "[[A>B]]", '"verdict":', "\\boxed{", "/10", "1" * 30]
PIECES = st.sampled_from([*"AB8[]{}.,?:()- \n\0\"'é𝔄\u202e\ud800", *WORDS, *MARKS])
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=30).map("".join))


def read(spec: Any, text: str, **reply: Any) -> Any:
    return parser_of(spec).read(Reply(status="ok", text=text, **reply))


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=80, deadline=None)
@given(text=TEXTS)
def test_no_text_makes_a_parser_raise_or_give_half_a_reading(name: str, text: str) -> None:
    parser = parser_of(PARSERS[name])
    reading = parser.read(Reply(status="ok", text=text))
    assert reading == parser.read(Reply(status="ok", text=text))
    if reading.status == "unparsed":
        assert reading.reason
        assert (reading.decision, reading.score, reading.span) == (None, None, None)
    else:
        assert reading.decision is not None or reading.score is not None
        assert reading.decision is None or reading.decision in parser.decisions()
        assert reading.score is None or math.isfinite(reading.score)
        if reading.span is not None:
            assert 0 <= reading.span[0] < reading.span[1] <= len(text)


@settings(max_examples=150, deadline=None)
@given(before=TEXTS, decision=st.sampled_from("AB"))
def test_a_last_verdict_line_is_read_or_left_unparsed_never_turned_round(before: str, decision: str) -> None:
    reading = read(LETTERS, f"{before}\n\nVERDICT: {decision}")
    assert reading.decision in (None, {"A": "correct", "B": "incorrect"}[decision])


def test_spans_point_at_what_was_read() -> None:
    text = "<think>B</think>The values agree.\n\n**Final verdict:** [[A]]"
    reading = read(LETTERS, text)
    assert text[slice(*reading.span)] == "A"
    text = 'So: {"verdict": "correct"} .'
    reading = read(SETUPS["json"], text)
    assert text[slice(*reading.span)] == '{"verdict": "correct"}'
    text = "Good.\nRating: [[8]]"
    assert text[slice(*read(SETUPS["score10"], text).span)] == "8"


def test_reasons_say_what_is_wrong() -> None:
    assert "contradictory" in read(LETTERS, "VERDICT: A\nVERDICT: B").reason
    assert "none of A, B" in read(LETTERS, "VERDICT: C").reason
    assert "cut off" in read(LETTERS, "The values", finish_reason="length").reason
    assert "empty" in read(LETTERS, " ").reason
    assert "reasoning" in read(LETTERS, "<think>A").reason
    assert "outside the scale 1 to 10" in read(SETUPS["score10"], "Rating: 12").reason
    assert "out of 5" in read(SETUPS["score10"], "Rating: 3/5").reason
    assert "twice" in read(SETUPS["json"], '{"verdict": "correct", "verdict": "incorrect"}').reason


def token(**top: float) -> list[TokenLogprob]:
    best = max(top, key=lambda name: top[name])
    return [TokenLogprob(token=best, logprob=top[best], top=top)]


def test_probabilities_are_shared_out_among_the_decisions() -> None:
    spec = {"type": "logprob_of_decision", "decisions": {"same": ["same", "Same"], "different": "different"}}
    reading = read(
        spec, "", logprobs=token(same=math.log(0.3), Same=math.log(0.1), different=math.log(0.1), x=math.log(0.4))
    )
    assert (reading.status, reading.decision) == ("ok", "same")
    assert reading.score == pytest.approx(0.8)
    assert reading.values["mass"] == pytest.approx(0.5)
    only = read(spec, "", logprobs=token(different=-0.1))
    assert (only.decision, only.score) == ("different", 0.0)
    assert read(spec, "same").reason == "the service gave no log-probs"
    assert "no decision" in read(spec, "", logprobs=token(other=-0.1)).reason
    strict = {**spec, "least_mass": 0.9}
    assert read(strict, "", logprobs=token(same=math.log(0.5))).status == "unparsed"
    careful = {**spec, "threshold": 0.9}
    assert read(careful, "", logprobs=token(same=math.log(0.8), different=math.log(0.2))).decision == "different"


def test_points_give_the_weighted_score() -> None:
    spec = {
        "type": "logprob_of_decision",
        "decisions": {"1": "1", "2": "2", "3": "3"},
        "points": {"1": 1, "2": 2, "3": 3},
    }
    reading = read(spec, "", logprobs=token(**{"1": math.log(0.1), "2": math.log(0.2), "3": math.log(0.5)}))
    assert reading.decision == "3"
    assert reading.score == pytest.approx((0.1 + 0.4 + 1.5) / 0.8)
    assert read(spec, "", logprobs=token(**{"1": -1.0, "2": -1.0})).reason == "two decisions are equally likely"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("anchord", "no parser"),
        ({"decisions": {}}, "must be dict"),
        ({"type": "anchored"}, "at least one letter"),
        ({"type": "anchored", "labls": {}}, "parser.labls is not a known key"),
        ({"type": "score_line", "low": 5, "high": 5}, "must be below"),
        ({"type": "score_line", "threshold": 5}, "belong together"),
        ({"type": "first_match", "patterns": []}, "at least one pattern"),
        ({"type": "first_match", "patterns": ["("]}, "not a regular expression"),
        ({"type": "last_match", "patterns": ["a"]}, "exactly one group"),
        ({"type": "regex_table", "table": []}, "at least one row"),
        ({"type": "json_field", "field": ""}, "must name a field"),
        ({"type": "logprob_of_decision", "decisions": {"a": "x"}}, "two or more decisions"),
        ({"type": "logprob_of_decision", "decisions": {"a": "x", "b": "x"}}, "own tokens"),
        ({"type": "logprob_of_decision", "decisions": {"a": "x", "b": "y"}, "points": {"a": 1}}, "every decision"),
        ({"type": "ReferenceVerifier"}, "no parser"),
    ],
)
def test_a_wrong_config_is_refused_by_name(spec: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words.replace("`", ".")):
        parser_of(spec)


def test_identities_tell_parsers_apart() -> None:
    seen = [str(parser_of(spec).identity()) for spec in PARSERS.values()]
    assert len(set(seen)) == len(seen)
    identity = parser_of("aisbench_last_char").identity()
    assert (identity["parser"], identity["guesses"]) == ("aisbench_last_char", True)
    assert "guesses" not in parser_of(LETTERS).identity()


@pytest.mark.parametrize(
    ("said", "score", "reason"),
    [
        ("<think>Is it 2?</think><answer>4</answer>", 4, ""),
        ("<answer> [4] </answer>", 4, ""),
        ("<answer>4</answer> So: <answer>4</answer>", 4, ""),
        ("They wrote <answer>5</answer>.\n<answer>4</answer>", 4, ""),
        ("<answer>5</answer> for style.\n<answer>4</answer>", None, "several <answer> say different things"),
        ("<answer>4", None, "<answer> is never closed"),
        ("Score: 4", None, "there is no <answer>"),
        ("<answer>6</answer>", None, "a number of '6' is outside the scale"),
        ("<answer>4 of 5</answer>", None, "'4 of 5' is not 1 numbers"),
        ("", None, "the reply is empty"),
    ],
)
def test_a_verdict_between_tags(said: str, score: float | None, reason: str) -> None:
    reading = parser_of({"type": "tagged", "low": 1, "high": 5}).read(Reply(status="ok", text=said))
    assert (reading.score, reading.reason) == (score, reason)


@pytest.mark.parametrize(
    ("options", "said", "decision"),
    [
        ({"count": 2}, "7, 3", "A"),
        ({"count": 2}, "3 7", "B"),
        ({"count": 2}, "3 3", "tie"),
        ({"count": 2}, "3", None),
        ({"decisions": {"A": "first", "B": "second"}}, " b ", "second"),
        ({"decisions": {"A": "first", "B": "second"}}, "not B", None),
    ],
)
def test_a_preference_between_tags(options: dict[str, Any], said: str, decision: str | None) -> None:
    reading = parser_of({"type": "tagged", **options}).read(Reply(status="ok", text=f"<answer>{said}</answer>"))
    assert reading.decision == decision
    many = parser_of({"type": "tagged", "count": 3}).read(Reply(status="ok", text="<answer>[1, 2, 3]</answer>"))
    assert many.scores == [1, 2, 3]
