"""Where the rules of parsers and aggregates end: ends of scales, equal scores, the first and the last of several."""

from __future__ import annotations

import math
from typing import Any

import pytest

from judgebench.judges.aggregations import AggregationConfig, PresentationReading, aggregated, aggregation_of, mirrored
from judgebench.judges.parsers.reading import Reading, parser_of, unparsed
from judgebench.records.findings import PooledOutcome
from judgebench.records.flow import Reply, TokenLogprob
from judgebench.records.pairs import FLIPPED

LETTERS = {"A": "correct", "B": "incorrect"}
BOX = {"type": "boxed_last", "low": -1, "high": 4}
GRADE = {"type": "score_line", "low": 1, "high": 5}
LINE = {"type": "first_line_two_numbers", "low": 1, "high": 10}
SEVERAL = {"type": "first_line_numbers", "low": 1, "high": 10}
TABLE = {"type": "last_match", "patterns": ["Grade: ([0-9])"], "low": 1, "high": 5}


def read(spec: Any, text: str, **reply: Any) -> Reading:
    return parser_of(spec).read(Reply(status="ok", text=text, **reply))


@pytest.mark.parametrize(
    ("spec", "text", "score"),
    [
        (BOX, r"\boxed{-1}", -1),
        (BOX, r"\boxed{4}", 4),
        (BOX, r"\boxed{-2}", None),
        (BOX, r"\boxed{4.5}", None),
        (BOX, "\\boxed{ $3$. }", 3),
        (BOX, r"\boxed{\text{3}}", 3),
        (GRADE, "Note: 3,5", 3.5),  # a comma is decimal in the languages that write it, and unclear in English
        (GRADE, "Score: 3,5", None),
        (SEVERAL, "1 10 4", 10),
        (SEVERAL, "0 5", None),
        (SEVERAL, "5 11", None),
        (SEVERAL, "8 good 5", None),
        (TABLE, "Grade: 1", 1),
        (TABLE, "Grade: 5", 5),
        (TABLE, "Grade: 6", None),
        ({"type": "trailing_int", "low": 1, "high": 10}, "I give it 10" + "\n" * 30, 10),
        ({"type": "trailing_int"}, "I give it 1", 1),
        ({"type": "trailing_int"}, "I give it 0", None),
        ({"type": "tagged", "low": 1, "high": 5}, "<answer>5</answer>", 5),
        ({"type": "tagged", "low": 1, "high": 5}, "<answer>1</answer>", 1),
        ({"type": "json_field", "field": "grade", "low": 1, "high": 5}, '{"grade": 5}', 5),
        ({"type": "json_field", "field": "grade", "low": 1, "high": 5}, '{"grade": 1}', 1),
    ],
)
def test_the_ends_of_a_scale_are_on_it(spec: Any, text: str, score: float | None) -> None:
    found = read(spec, text)
    assert (found.status, found.score) == ("unparsed" if score is None else "ok", score)


def test_two_scores_at_the_ends_of_their_scale_are_read() -> None:
    assert read(LINE, "10 1").pair == (10, 1)
    assert read(LINE, "10 0.5").status == "unparsed"
    assert read(LINE, "10.5 1").status == "unparsed"


def test_the_least_score_of_the_upper_decision_has_it() -> None:
    grades = {"type": "score_line", "low": 1, "high": 10, "threshold": 6, "decisions": ["correct", "incorrect"]}
    assert [read(grades, f"Score: {score}").decision for score in (5.9, 6, 6.1)] == ["incorrect", "correct", "correct"]


def test_a_second_score_that_was_cut_off_may_lack_digits() -> None:
    text = "Reasons.\nAnswer 1: 7\nAnswer 2: 1"
    assert read("last_lines_two_numbers", text).decision == "A"
    assert read("last_lines_two_numbers", text, finish_reason="length").status == "unparsed"


def test_a_bracket_inside_a_sentence_of_a_reply_that_was_cut_off_is_no_verdict() -> None:
    parser = {"type": "anchored", "decisions": LETTERS}
    text = "I lean towards [[A]] because its last step"
    assert read(parser, text).decision == "correct"
    assert read(parser, text, finish_reason="length").status == "unparsed"


def test_one_letter_decisions_are_no_words_of_their_own() -> None:
    numbered = {"type": "anchored", "decisions": {"1": "A", "2": "B"}}
    assert read(numbered, "VERDICT: 1").decision == "A"
    assert read(numbered, "VERDICT: A").status == "unparsed"


def test_reasoning_ends_where_its_last_tag_closes() -> None:
    text = "<think>So\nVERDICT: A\n</think>\nVERDICT: A\n</think>\nVERDICT: B"
    assert read({"type": "anchored", "decisions": LETTERS}, text).decision == "incorrect"
    assert read({"type": "json_field", "decisions": {"yes": "yes"}}, '<think>{"verdict": "yes"}').status == "unparsed"


def test_what_follows_the_last_heading_is_read() -> None:
    heading = {"type": "first_match", "patterns": ["([AB])"], "decisions": LETTERS, "after": "Final:"}
    assert read(heading, "Final: A, I think. No. Final: B").decision == "incorrect"
    assert read(heading, "B, without a heading").decision == "incorrect"


def test_a_pattern_that_matches_nothing_at_all_is_passed_over() -> None:
    optional = {"type": "first_match", "patterns": ["Verdict: ?([AB]?)"], "decisions": LETTERS}
    assert read(optional, "Verdict: unclear.\nVerdict: B").decision == "incorrect"


def test_a_decision_given_several_times_was_read_where_it_stands_last() -> None:
    unique = {"type": "unique_decision", "patterns": [r"\[\[([AB])\]\]"], "decisions": LETTERS}
    text = "[[A]] it is: [[A]]"
    assert read(unique, text).span == (text.rindex("A"), text.rindex("A") + 1)


def test_the_parser_that_read_a_reply_is_named_by_its_number_from_0() -> None:
    either = {"type": "first_readable", "parsers": [{"type": "anchored", "decisions": LETTERS}, "trailing_int"]}
    assert read(either, "VERDICT: A").values["read_by"] == 0
    assert read(either, "I give it 7").values["read_by"] == 1


def test_a_confidence_of_one_is_certain() -> None:
    sure = {"type": "json_field", "decisions": {"yes": "yes"}, "confidence": "sure"}
    shares = [read(sure, f'{{"verdict": "yes", "sure": {said}}}').values for said in ("1", "80", '"1%"', "0.5", "-1")]
    assert shares == [{"confidence": 1}, {"confidence": 0.8}, {"confidence": 0.01}, {"confidence": 0.5}, {}]


def token(text: str, **top: float) -> TokenLogprob:
    return TokenLogprob(token=text, logprob=top.get(text, -0.5), top={} if text not in top else top)


def test_probabilities_at_their_bounds() -> None:
    yes_no: dict[str, Any] = {"type": "logprob_of_decision", "decisions": {"yes": "Y", "no": "N"}}
    even = [token("Y", Y=-1.0, N=-1.0)]
    assert read(yes_no, "Y", logprobs=even).decision == "yes"  # the first of two has its threshold
    assert read({**yes_no, "threshold": 0.51}, "Y", logprobs=even).decision == "no"
    certain = [token("N", N=0.0)]
    assert read({**yes_no, "least_mass": 1.0}, "N", logprobs=certain).decision == "no"
    assert read({**yes_no, "position": 1}, "Y", logprobs=even).reason == "the reply has no token 1"
    alone = read(yes_no, "Y", logprobs=[TokenLogprob(token="Y", logprob=-0.25, top={})])  # left out of its own top
    assert alone.decision == "yes"
    assert alone.values["mass"] == pytest.approx(math.exp(-0.25))


def aggregate(name: str, presentations: list[PresentationReading], **settings: Any) -> Reading:
    function, config = aggregation_of({"type": name, "unread": "unparsed", **settings})
    return aggregated(presentations, function, config)


def presentations(*readings: Reading) -> list[PresentationReading]:
    return [PresentationReading(presentation=f"v{number}", reading=reading) for number, reading in enumerate(readings)]


def labelled(*decisions: str) -> list[PresentationReading]:
    return presentations(*(Reading(status="ok", decision=decision) for decision in decisions))


def test_strong_decisions_count_three_times_whichever_answer_they_prefer() -> None:
    assert aggregate("weighted_pool", labelled("B>>A", "A>B")).outcomes == [
        PooledOutcome(outcome=one) for one in (0, 0, 0, 1)
    ]
    assert aggregate("weighted_pool", labelled("B>>A", "A>>B")).decision == "tie"


def test_a_presentation_in_the_other_order_turns_the_difference_of_its_scores_round() -> None:
    swapped = PresentationReading(
        presentation="BA",
        order="BA",
        reading=Reading(status="ok", decision="A", score=3.0, pair=(8.0, 5.0)),
    )
    found = mirrored(swapped, AggregationConfig(type="first", unread="unparsed")).reading
    assert (found.decision, found.score, found.pair) == ("B", -3.0, (5.0, 8.0))


@pytest.mark.parametrize(("apart", "decision"), [(0.5, "tie"), (0.75, "A"), (-0.5, "tie"), (-0.75, "B")])
def test_mean_scores_that_differ_by_the_margin_are_a_tie(apart: float, decision: str) -> None:
    pair = presentations(Reading(status="ok", decision="A", score=apart, pair=(5 + apart, 5.0)))
    assert aggregate("mean_score", pair, margin=0.5).decision == decision


def test_a_drawn_vote_is_what_the_config_says_and_not_who_came_first() -> None:
    drawn = labelled("correct", "incorrect")
    assert aggregate("majority", drawn, tie_break="incorrect").decision == "incorrect"
    assert aggregate("majority", drawn).status == "unparsed"


def test_the_score_of_averaged_probabilities_is_that_of_the_first_decision() -> None:
    shares = presentations(
        *(Reading(status="ok", decision="B", score=p, probabilities={"A": p, "B": 1 - p}) for p in (0.25, 0.125))
    )
    found = aggregate("logprob_mean", shares)
    assert (found.decision, found.score) == ("B", 0.1875)


def test_presentations_that_differ_in_what_they_count_as_are_unparsed_where_none_is_named() -> None:
    some = [*labelled("A"), PresentationReading(presentation="other", reading=unparsed("silent"))]
    assert aggregate("counter", some, unread={"v0": "drop"}).status == "unparsed"
    assert aggregate("counter", some, unread={"other": "drop"}).decision == "A"


def test_every_mirror_image_is_its_own() -> None:
    assert all(FLIPPED[FLIPPED[decision]] == decision for decision in FLIPPED)


@pytest.mark.parametrize("name", ["counter", "majority", "both_or_tie", "each_counts"])
def test_a_presentation_that_gives_a_number_alone_is_no_vote(name: str) -> None:
    assert aggregate(name, [*labelled("A"), *presentations(Reading(status="ok", score=7.0))]).status == "unparsed"


@pytest.mark.parametrize(("grades", "decision"), [((5, 4), "tie"), ((4, 5), "tie"), ((5, 3), "A"), ((3, 5), "B")])
def test_grades_that_differ_by_the_margin_are_a_tie(grades: tuple[int, int], decision: str) -> None:
    graded = presentations(*(Reading(status="ok", score=float(grade)) for grade in grades))
    assert aggregate("judgebench.judges.aggregations.higher_score", graded, margin=1).decision == decision


def test_the_last_list_of_steps_is_the_one_that_counts() -> None:
    text = 'Draft: [{"correct": false}]. Final: [{"correct": true}, {"correct": false}]'
    assert read("step_list", text).score == 1.0
