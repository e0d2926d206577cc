"""Judges made of judges: what each rule makes of what the parts say."""

from __future__ import annotations

from typing import Any

import pytest

from judgebench.errors import ConfigError
from judgebench.metrics.statistics.choosing import AnswerGroup, choose
from judgebench.records.flow import Verdict

from .test_methods import Judge, item, judge

DIRECT: dict[str, Any] = {"type": "SolutionVerifier"}


def says(*letters: str) -> Judge:
    script = iter(letters)
    return Judge(lambda *_: f"VERDICT: {next(script)}")


@pytest.mark.parametrize(
    ("rule", "letters", "decision", "asked"),
    [
        ("sequence", "AAA", "correct", 3),
        ("sequence", "AB", "incorrect", 2),
        ("sequence", "D", None, 1),
        ("unanimity", "ABA", "incorrect", 3),
        ("unanimity", "ADB", "incorrect", 3),
        ("unanimity", "ADA", None, 3),
        ("vote", "ABA", "correct", 3),
        ("vote", "ABB", "incorrect", 3),
        ("vote", "ABD", None, 3),
    ],
)
def test_compound_validators(rule: str, letters: str, decision: str | None, asked: int) -> None:
    ask = says(*letters)
    verdict = judge("Compound", {"judges": [DIRECT] * 3, "rule": rule}, item(), ask)
    assert (verdict.decision, len(ask.asked)) == (decision, asked)


def test_a_gate_that_is_not_passed_ends_the_asking() -> None:
    gate = {"judge": DIRECT, "passes": ["correct"], "score": 1}
    options = {"gates": [gate], "judge": {"type": "RubricScore", "low": 1, "high": 5}, "offset": 1}
    stopped = says("B")
    assert judge("Gated", options, item(), stopped).score == 1
    assert len(stopped.asked) == 1
    passed = Judge(lambda prompt, _: "SCORE: 4" if "SCORE" in prompt else "VERDICT: A")
    assert judge("Gated", options, item(), passed).score == 5


def test_a_biased_verdict_is_decided_again_until_the_detector_is_content() -> None:
    replies = iter(["VERDICT: B", "VERDICT: BIASED", "VERDICT: A", "VERDICT: UNBIASED"])
    ask = Judge(lambda *_: next(replies))
    verdict = judge("BiasChecked", {"judge": DIRECT}, item(), ask)
    assert verdict.decision == "correct"
    assert verdict.details["first"]["decision"] == "incorrect"
    assert [one["found"] for one in verdict.details["rounds"]] == ["biased", "unbiased"]
    assert [presentation for _, presentation, _ in ask.asked] == ["", "detect1", "again1", "detect2"]
    again = ask.asked[2][0]
    assert isinstance(again, list)
    assert [message["role"] for message in again] == ["user", "assistant", "user"]


def test_a_unanimous_round_ends_the_deliberation() -> None:
    options = {"aggregate": {"type": "majority", "unread": "drop"}, "rounds": 3}
    at_once = says("A", "A", "A")
    assert judge("Deliberation", options, item(), at_once).decision == "correct"
    assert len(at_once.asked) == 3
    later = says("A", "B", "A", "A", "A", "A")
    assert judge("Deliberation", options, item(), later).details["rounds"][0]["logician"] == "incorrect"
    assert len(later.asked) == 6


def test_only_a_contradiction_needs_the_second_stage() -> None:
    pair = item("long and good", baseline="bad")
    steady = Judge(lambda _prompt, presentation: f"VERDICT: {'A' if presentation == 'AB' else 'B'}")
    assert (judge("SwapResolved", {}, pair, steady).decision, len(steady.asked)) == ("A", 2)
    torn = Judge(lambda _prompt, presentation: f"VERDICT: {'B' if presentation == 'resolve' else 'A'}")
    assert (judge("SwapResolved", {}, pair, torn).decision, len(torn.asked)) == ("B", 3)


def test_an_explanation_that_fails_its_check_gives_no_verdict() -> None:
    ask = Judge(lambda _prompt, presentation: "VERDICT: FAILS" if presentation.startswith("check") else "VERDICT: A")
    verdict = judge("VerifiedJudge", {"judge": DIRECT, "tries": 2}, item(), ask)
    assert (verdict.status, verdict.decision, len(ask.asked)) == ("unparsed", None, 4)


def test_few_verifications_are_held_against_an_answer() -> None:
    groups = [AnswerGroup("7", 3, 5, 6), AnswerGroup("8", 1, 2, 2)]
    assert choose(groups, "best_mean") == "8"
    assert choose(groups, "majority") == "7"
    assert choose(groups, "weighted_majority") == "7"
    # 5/6 - a ln(8)/7 against 1 - a ln(8)/3: they meet at a = (1/6) / (ln(8) (1/3 - 1/7)) = 0.4208.
    assert choose(groups, "pessimistic", alpha=0.42) == "8"
    assert choose(groups, "pessimistic", alpha=0.422) == "7"


@pytest.mark.parametrize(
    ("decisions", "quorum", "status", "decision"),
    [
        (["correct", "correct", "incorrect"], 2, "ok", "correct"),
        (["correct", None, None], 2, "judge_failed", None),
        (["correct", None, None], 1, "ok", "correct"),
        (["correct", "incorrect", None], 2, "unparsed", None),
    ],
)
def test_a_panel_needs_its_quorum(decisions: list[str | None], quorum: int, status: str, decision: str | None) -> None:
    verdicts = {
        f"m{place}": Verdict(status="ok", decision=one) if one else Verdict(status="judge_failed", reason="no")
        for place, one in enumerate(decisions)
    }
    options = {"aggregate": {"type": "majority", "unread": "drop"}, "quorum": quorum}
    found = judge("Panel", options, item(verdicts=verdicts), Judge(lambda *_: ""))
    assert (found.status, found.decision) == (status, decision)


def scored(**scores: float | str | None) -> dict[str, Verdict]:
    """Members' verdicts: a number is a score, a text a label, nothing an unread reply."""
    return {
        name: Verdict(status="unparsed", reason="no")
        if one is None
        else Verdict(status="ok", decision=one)
        if isinstance(one, str)
        else Verdict(status="ok", score=one)
        for name, one in scores.items()
    }


DROPPED: dict[str, Any] = {"unread": "drop"}


@pytest.mark.parametrize(
    ("options", "members", "status", "score", "decision"),
    [
        ({"aggregate": {"type": "mean_score", **DROPPED}}, {"a": 2, "b": 5, "c": 5}, "ok", 4.0, None),
        ({"aggregate": {"type": "median_score", **DROPPED}}, {"a": 1, "b": 5, "c": 4}, "ok", 4.0, None),
        ({"aggregate": {"type": "median_score", **DROPPED}}, {"a": 1, "b": None, "c": 4}, "ok", 2.5, None),
        (
            {"aggregate": {"type": "mean_score", **DROPPED}, "quorum": 3},
            {"a": 1, "b": None, "c": 4},
            "unparsed",
            None,
            None,
        ),
        ({"aggregate": {"type": "mean_score", "unread": "unparsed"}}, {"a": 1, "b": None}, "unparsed", None, None),
        # An aggregation of labels reads no scores, unless the config says how; a label among scores counts alone.
        ({"aggregate": {"type": "majority", **DROPPED}}, {"a": 2, "b": 5}, "unparsed", None, None),
        (
            {"aggregate": {"type": "majority", **DROPPED}, "scores": {"type": "mean_score", **DROPPED}},
            {"a": 2, "b": 5, "c": None},
            "ok",
            3.5,
            None,
        ),
        (
            {"aggregate": {"type": "majority", **DROPPED}, "scores": {"type": "mean_score", **DROPPED}},
            {"a": 2, "b": "correct", "c": 3},
            "ok",
            1.0,
            "correct",
        ),
        ({"aggregate": {"type": "majority", **DROPPED}, "quorum": 2}, {"a": 2, "b": "correct"}, "unparsed", None, None),
        # An aggregation of scores reads no labels.
        ({"aggregate": {"type": "mean_score", **DROPPED}}, {"a": 2, "b": "correct"}, "ok", 2.0, None),
    ],
)
def test_a_panel_aggregates_what_its_aggregation_reads(
    options: dict[str, Any], members: dict[str, Any], status: str, score: float | None, decision: str | None
) -> None:
    verdict = judge("Panel", options, item(verdicts=scored(**members)), Judge(lambda *_: ""))
    assert (verdict.status, verdict.score, verdict.decision) == (status, score, decision)


def test_a_panel_says_who_gave_nothing_that_it_aggregates() -> None:
    options = {"aggregate": {"type": "majority", **DROPPED}}
    verdict = judge("Panel", options, item(verdicts=scored(a=2, b=5)), Judge(lambda *_: ""))
    assert verdict.reason == "0 of 2 members decided, the quorum is 1 (2 gave no decision, which the aggregation needs)"
    assert verdict.details["voters"] == 0


def test_scales_are_brought_together_before_scores_are_aggregated() -> None:
    options = {"aggregate": {"type": "mean_score", **DROPPED}, "scales": {"a": [1, 10], "b": [1, 5]}}
    verdict = judge("Panel", options, item(verdicts=scored(a=5.5, b=5)), Judge(lambda *_: ""))
    assert verdict.score == 0.75


def test_scores_of_a_panel_are_aggregated_by_an_aggregation_of_scores() -> None:
    options = {"aggregate": {"type": "majority", **DROPPED}, "scores": {"type": "counter", **DROPPED}}
    with pytest.raises(ConfigError, match=r"method.scores: counter aggregates decisions"):
        judge("Panel", options, item(), Judge(lambda *_: ""))
