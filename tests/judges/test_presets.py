"""The judge methods of pairs and scores, with judges that answer by what they are shown."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from judgebench.errors import ConfigError
from judgebench.judges.core.contract import method_of
from judgebench.records.flow import Reply, TokenLogprob
from judgebench.records.run import Typed

from .test_methods import Judge, item, judge, shown

BOTH: dict[str, Any] = {"aggregate": {"type": "both_or_tie", "unread": "unparsed"}}
PAIR = item("long and good", baseline="bad")


def place_of_good(prompt: str) -> str:
    return "A" if prompt.index("long and good") < prompt.index("\nbad\n") else "B"


@pytest.mark.parametrize(
    ("says", "decision"),
    [
        (place_of_good, "A"),
        (lambda prompt: {"A": "B", "B": "A"}[place_of_good(prompt)], "B"),
        (lambda _prompt: "A", "tie"),
        (lambda _prompt: "B", "tie"),
        (lambda _prompt: "C", "tie"),
        (lambda _prompt: "D", None),
    ],
)
def test_a_preference_for_a_place_ends_in_a_tie(says: Any, decision: str | None) -> None:
    ask = Judge(lambda prompt, _presentation: f"They differ in length.\n\nVERDICT: {says(prompt)}")
    verdict = judge("PairComparison", BOTH, PAIR, ask)
    assert verdict.decision == decision
    assert [presentation for _, presentation, _ in ask.asked] == ["AB", "BA"]


@pytest.mark.parametrize(
    ("written", "decision"), [("A>>B", "A>>B"), ("A>B", "A>B"), ("A=B", "tie"), ("B>A", "B>A"), ("B>>A", "B>>A")]
)
@pytest.mark.parametrize("form", ["VERDICT: {}", "My final verdict is: [[{}]]", "**{}**", "Because.\n\nVERDICT: {}"])
def test_five_levels_are_read_whole(written: str, decision: str, form: str) -> None:
    options = {"levels": 5, "orders": ["AB"], "aggregate": {"type": "first", "unread": "unparsed"}}
    verdict = judge("PairComparison", options, PAIR, Judge(lambda *_: form.format(written)))
    assert verdict.decision == decision


def test_strong_verdicts_weigh_three_times_in_the_pool() -> None:
    options = {"levels": 5, "aggregate": {"type": "weighted_pool", "unread": "drop"}}

    def much_better(prompt: str, _presentation: str) -> str:
        return "VERDICT: A>>B" if place_of_good(prompt) == "A" else "VERDICT: A=B"

    verdict = judge("PairComparison", options, PAIR, Judge(much_better))
    assert (verdict.decision, verdict.score) == ("A", 3.5 / 4)


def test_pair_prompts_show_what_is_declared() -> None:
    options = {**BOTH, "with_reference": True, "own_answer": True, "criteria": "Only the sum of {question} counts."}
    ask = Judge(lambda *_: "VERDICT: C")
    judge("PairComparison", options, PAIR, ask)
    prompt = shown(ask.asked[0][0])
    assert "Only the sum of 2+2? counts." in prompt
    assert "Reference answer:\n4\n" in prompt
    assert "answer the question yourself" in prompt
    plain = Judge(lambda *_: "VERDICT: C")
    judge("PairComparison", BOTH, PAIR, plain)
    assert "Reference answer" not in shown(plain.asked[0][0])
    judge("PairComparison", {**options, "with_reference": True}, item("a", baseline="b", reference=None), plain)
    assert len(plain.asked) == 2


def test_equal_answers_are_a_tie_without_asking() -> None:
    ask = Judge(lambda *_: "VERDICT: A")
    same = item("x", baseline="x")
    assert (judge("PairComparison", BOTH, same, ask).decision, ask.asked) == ("tie", [])
    assert (judge("TwoScores", BOTH, same, ask).decision, ask.asked) == ("tie", [])
    assert judge("PairComparison", {**BOTH, "skip_equal": ""}, same, ask).decision == "tie"
    assert len(ask.asked) == 2


def test_two_scores_are_averaged_answer_by_answer() -> None:
    options = {"aggregate": {"type": "mean_score", "unread": "unparsed"}}

    def first_shown_gets_one_more(prompt: str, _presentation: str) -> str:
        return "9 6\nreasons: 1 2" if place_of_good(prompt) == "A" else "7 8\nreasons"

    verdict = judge("TwoScores", options, PAIR, Judge(first_shown_gets_one_more))
    assert (verdict.decision, verdict.details["first"], verdict.details["second"]) == ("A", 8.5, 6.5)
    unread = judge("TwoScores", options, PAIR, Judge(lambda *_: "Answer 1 gets 9"))
    assert unread.status == "unparsed"


def test_a_score_is_read_within_its_scale() -> None:
    assert judge("RubricScore", {}, item(), Judge(lambda *_: "Good.\n\nSCORE: 7")).score == 7
    assert judge("RubricScore", {"high": 5}, item(), Judge(lambda *_: "SCORE: 7")).status == "unparsed"
    passed = judge("RubricScore", {"threshold": 6}, item(), Judge(lambda *_: "SCORE: 6"))
    assert (passed.decision, passed.score) == ("correct", 6)
    repeats = iter(["SCORE: 6", "SCORE: 9", "no idea"])
    options = {"repeats": 3, "aggregate": {"type": "mean_score", "unread": "drop"}}
    assert judge("RubricScore", options, item(), Judge(lambda *_: next(repeats))).score == 7.5


def test_rubrics_may_differ_by_item_and_describe_every_level() -> None:
    judged = item(fields={"question": "q", "rubric": "Is it kind?", "best": "very kind {x}"})
    options = {
        "low": 1,
        "high": 3,
        "criteria": "{rubric}",
        "levels": ["unkind", "neutral", "{best}"],
        "with_reference": True,
    }
    ask = Judge(lambda *_: "SCORE: 3")
    assert judge("RubricScore", options, judged, ask).score == 3
    prompt = shown(ask.asked[0][0])
    assert "Is it kind?" in prompt
    assert "Levels:\n1: unkind\n2: neutral\n3: very kind {x}\n" in prompt
    assert "highest score:\n4\n" in prompt


def test_a_weighted_score_is_the_mean_under_the_probabilities() -> None:
    top = {"4": math.log(0.6), "5": math.log(0.2), " 5": math.log(0.1), "The": math.log(0.1)}
    reply = Reply(status="ok", text="4", logprobs=[TokenLogprob(token="4", logprob=top["4"], top=top)])
    ask = Judge(lambda *_: reply)
    verdict = judge("RubricScore", {"high": 5, "read": "weighted", "params": {"top_logprobs": 5}}, item(), ask)
    assert verdict.score == pytest.approx((4 * 0.6 + 5 * 0.3) / 0.9)
    assert ask.asked[0][2] == {"logprobs": True, "top_logprobs": 5, "max_tokens": 1}
    silent = judge("RubricScore", {"high": 5, "read": "weighted"}, item(), Judge(lambda *_: "4"))
    assert silent.reason == "the service gave no log-probs"
    stray = {"4": math.log(0.2), "The": math.log(0.8)}
    talks = Reply(status="ok", text="The", logprobs=[TokenLogprob(token="The", logprob=stray["The"], top=stray)])
    assert judge("RubricScore", {"high": 5, "read": "weighted"}, item(), Judge(lambda *_: talks)).status == "unparsed"


@pytest.mark.parametrize(
    ("type_name", "options", "words"),
    [
        ("PairComparison", {}, "aggregate"),
        ("PairComparison", {**BOTH, "levels": 4}, "levels"),
        ("PairComparison", {**BOTH, "orders": []}, "orders"),
        ("TwoScores", {**BOTH, "orders": ["AB", "AB"]}, "orders"),
        ("TwoScores", {"aggregate": {"type": "mean_score"}}, "unread"),
        ("RubricScore", {"low": 5, "high": 5}, "above low"),
        ("RubricScore", {"high": 5, "levels": ["one"]}, "all 5 levels"),
        ("RubricScore", {"repeats": 2}, "aggregate"),
        ("RubricScore", {"read": "weighted"}, "scale from 0 to 9"),
    ],
)
def test_a_wrong_config_is_refused(type_name: str, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        method_of(Typed(type=type_name, options=options))


def test_presets_name_themselves_and_all_that_decides() -> None:
    variants = [
        ("PairComparison", BOTH),
        ("PairComparison", {**BOTH, "levels": 5}),
        ("PairComparison", {**BOTH, "own_answer": True}),
        ("PairComparison", {**BOTH, "criteria": "x"}),
        ("PairComparison", {**BOTH, "with_reference": True}),
        ("TwoScores", BOTH),
        ("TwoScores", {**BOTH, "margin": 1}),
        ("RubricScore", {}),
        ("RubricScore", {"high": 5}),
        ("RubricScore", {"threshold": 5}),
        ("RubricScore", {"criteria": "x"}),
        ("RubricScore", {"with_reference": True}),
        ("RubricScore", {"high": 5, "read": "weighted"}),
        ("RubricScore", {"high": 2, "levels": ["a", "b"]}),
    ]
    identities = [method_of(Typed(type=name, options=options)).identity() for name, options in variants]
    methods = ["pair_comparison", "two_scores", "two_scores", "rubric_score"]
    assert [identity["method"] for identity in identities[4:8]] == methods
    assert len({json.dumps(identity, sort_keys=True) for identity in identities}) == len(variants)
