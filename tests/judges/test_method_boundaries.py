"""Where composed judges turn: the last round, the even vote, the heavier member, the worth of a criterion."""

from __future__ import annotations

import json

import pytest

from judgebench.judges.methods.debate import drawn_side
from judgebench.judges.methods.differences import differences
from judgebench.judges.parsers.reading import parser_of
from judgebench.metrics.statistics.choosing import AnswerGroup, choose
from judgebench.records.flow import Reply, Verdict

from .test_composed import DIRECT, says
from .test_methods import Judge, item, judge

STEPS = ["one", "two", "three"]


def test_the_heavier_member_of_a_panel_weighs_more() -> None:
    verdicts = {name: Verdict(status="ok", score=score) for name, score in (("a", 1.0), ("b", 5.0))}
    options = {"aggregate": {"type": "mean_score", "unread": "drop"}, "weights": {"a": 3.0}}
    assert judge("Panel", options, item(verdicts=verdicts), Judge(lambda *_: "")).score == 2.0


def test_a_panel_too_small_for_its_quorum_says_why_its_members_are_silent() -> None:
    options = {"aggregate": {"type": "majority", "unread": "drop"}, "quorum": 2}
    right = Verdict(status="ok", decision="correct")
    failed, unread = Verdict(status="judge_failed", reason="no"), Verdict(status="unparsed", reason="no")
    for members, status in (([right, failed], "judge_failed"), ([right, unread], "unparsed")):
        verdicts = {f"m{place}": one for place, one in enumerate(members)}
        assert judge("Panel", options, item(verdicts=verdicts), Judge(lambda *_: "")).status == status


def test_the_gate_that_stopped_an_answer_is_counted_from_1() -> None:
    gate = {"judge": DIRECT, "passes": ["correct"], "score": 1}
    options = {"gates": [gate, {**gate, "score": 2}], "judge": {"type": "RubricScore", "low": 1, "high": 5}}
    stopped = judge("Gated", options, item(), says("A", "B"))
    assert (stopped.score, stopped.details["stopped_at"]) == (2, 2)
    unread = judge("Gated", options, item(), says("D"))
    assert (unread.status, unread.score) == ("unparsed", None)


def test_half_of_the_checks_are_no_majority() -> None:
    options = {"judges": [DIRECT] * 2, "rule": "vote"}
    assert judge("Compound", options, item(), says("A", "B")).decision == "incorrect"


def test_a_check_that_cannot_be_read_counts_as_failed_only_where_that_is_said() -> None:
    checks = {"judges": [DIRECT] * 2, "rule": "unanimity"}
    assert judge("Compound", checks, item(), says("A", "D")).status == "unparsed"
    assert judge("Compound", {**checks, "unread": "failed"}, item(), says("A", "D")).decision == "incorrect"


def test_the_bias_detector_is_asked_as_often_as_rounds_say_and_no_more() -> None:
    ask = Judge(lambda _prompt, presentation: "VERDICT: BIASED" if presentation.startswith("detect") else "VERDICT: A")
    verdict = judge("BiasChecked", {"judge": DIRECT, "rounds": 2}, item(), ask)
    assert [presentation for _, presentation, _ in ask.asked] == ["", "detect1", "again1", "detect2", "again2"]
    assert (verdict.decision, len(verdict.details["rounds"])) == ("correct", 2)


def test_a_detector_that_cannot_be_read_lets_the_verdict_stand() -> None:
    ask = Judge(lambda _prompt, presentation: "Hard to say." if presentation.startswith("detect") else "VERDICT: B")
    verdict = judge("BiasChecked", {"judge": DIRECT}, item(), ask)
    assert (verdict.decision, len(ask.asked), verdict.details["rounds"][0]["found"]) == ("incorrect", 2, "unparsed")


def test_an_explanation_is_tried_twice_where_nothing_else_is_said_and_an_unread_check_does_not_pass_it() -> None:
    ask = Judge(lambda _prompt, presentation: "Hard to say." if presentation.startswith("check") else "VERDICT: A")
    verdict = judge("VerifiedJudge", {"judge": DIRECT}, item(), ask)
    assert (verdict.status, len(ask.asked), verdict.details["checks"]) == ("unparsed", 4, ["unparsed", "unparsed"])


CRITERIA = [{"criterion": "right", "points": 3}, {"criterion": "short", "points": 1}]


@pytest.mark.parametrize(
    ("given", "score"), [([3, 1], 100), ([3, 0], 75), ([0, 1], 25), ([3.5, 0], None), ([-1, 1], None)]
)
def test_points_are_a_share_of_all_points_and_none_is_above_its_criterions(
    given: list[float], score: float | None
) -> None:
    judged = item(fields={"question": "2+2?", "criteria": CRITERIA})
    assert judge("CriteriaPoints", {}, judged, Judge(lambda *_: json.dumps(given))).score == score


def boxes(*steps: int) -> Judge:
    script = iter(steps)
    return Judge(lambda *_: f"\\boxed{{{next(script)}}}")


def test_steps_are_counted_from_0_and_as_many_votes_for_two_of_them_settle_nothing() -> None:
    judged = item(fields={"question": "2+2?", "steps": STEPS})
    assert judge("FirstWrongStep", {}, judged, boxes(2)).score == 2
    assert judge("FirstWrongStep", {}, judged, boxes(3)).status == "unparsed"
    assert judge("FirstWrongStep", {"times": 2}, judged, boxes(0, 2)).status == "unparsed"
    assert judge("FirstWrongStep", {"times": 2, "tie": "first"}, judged, boxes(2, 0)).score == 2
    assert judge("FirstWrongStep", {"times": 3}, judged, boxes(2, 0, 2)).score == 2


def test_a_list_that_stops_at_the_wrong_step_says_enough() -> None:
    judged = item(fields={"question": "2+2?", "steps": STEPS})

    def lists(*right: bool) -> Judge:
        return Judge(lambda *_: json.dumps([{"step": at, "correct": one} for at, one in enumerate(right)]))

    assert judge("EveryStep", {}, judged, lists(True, False)).score == 1
    assert judge("EveryStep", {}, judged, lists(True, True)).status == "unparsed"
    assert judge("EveryStep", {}, judged, lists(True, True, True, False)).score == -1  # what it adds is cut off


def test_a_round_in_which_nobody_can_be_read_is_not_unanimous() -> None:
    options = {"aggregate": {"type": "majority", "unread": "drop"}, "rounds": 2}
    ask = says("D", "D", "D", "A", "A", "A")
    assert judge("Deliberation", options, item(), ask).decision == "correct"
    assert len(ask.asked) == 6


def test_answers_that_differ_in_a_blank_are_compared() -> None:
    options = {"aggregate": {"type": "both_or_tie", "unread": "unparsed"}}
    ask = Judge(lambda *_: "VERDICT: C")
    judge("PairComparison", options, item("4", baseline="4\n"), ask)
    assert len(ask.asked) == 2
    same = Judge(lambda *_: "VERDICT: A")
    verdict = judge("PairComparison", options, item("4", baseline="4"), same)
    assert (verdict.decision, verdict.equal_answers, len(same.asked)) == ("tie", True, 0)


def test_only_the_advocates_see_the_reference() -> None:
    ask = Judge(lambda _prompt, presentation: "VERDICT: A" if not presentation.startswith("round") else "It is right.")
    judge("Debate", {"show_reference": True, "rounds": 1}, item(reference="four, as everybody knows"), ask)
    shown = {presentation: "as everybody knows" in str(prompt) for prompt, presentation, _ in ask.asked}
    assert shown == {"round1-a": True, "round1-b": True, "decide": False}


def test_without_a_reference_the_decision_is_the_place_of_the_chosen_solution_from_1() -> None:
    options = {"judge": DIRECT, "extractor": {"type": "LastNumber"}, "same": {"type": "NumberEqual"}, "times": 1}
    judged = item(fields={"question": "2+2?", "solutions": ["It is 5.", "It is 4."]}, reference=None)
    ask = Judge(lambda _prompt, presentation: f"VERDICT: {'A' if presentation.startswith('solution2') else 'B'}")
    verdict = judge("PessimisticChoice", options, judged, ask)
    assert (verdict.decision, verdict.answer, verdict.details["chosen"]) == ("2", "4", 2)


def test_the_verifier_of_solutions_is_never_shown_the_reference() -> None:
    options = {
        "judge": {"type": "DeclaredJudge", "presentations": [{"prompt": "{question} {answer} {reference}"}],
                  "parser": "trailing_int", "aggregate": {"type": "first", "unread": "unparsed"}},
        "extractor": {"type": "LastNumber"}, "same": {"type": "NumberEqual"}, "times": 1,
    }  # fmt: skip
    ask = Judge(lambda *_: "7")
    verdict = judge("PessimisticChoice", options, item(fields={"question": "2+2?", "solutions": ["4"]}), ask)
    assert (verdict.status, ask.asked) == ("not_judged", [])


def test_parsers_that_read_other_scores_differ() -> None:
    first, second = (
        parser_of({"type": kind, "patterns": [r"\[\[(\d+)\]\]"], "published": True})
        for kind in ("first_match", "last_match")
    )
    said = [Reply(status="ok", text=text) for text in ("[[4]] or rather [[6]]", "[[4]]")]
    assert differences(said, first, second).contrary == 1


def test_votes_weigh_by_how_often_they_were_verified() -> None:
    groups = [AnswerGroup("7", 3, 1, 6), AnswerGroup("8", 2, 4, 4)]
    assert [choose(groups, rule) for rule in ("majority", "weighted_majority", "best_mean")] == ["7", "8", "8"]


def test_the_answer_that_the_rule_of_a_cascade_read_stands_beside_the_judges_verdict() -> None:
    options = {"rule": {"type": "NumberEqual"}, "judge": DIRECT, "settles": ["correct"]}
    found = judge("Cascade", options, item("It is 5.", reference="4"), says("A"))
    assert (found.decision, found.answer, found.settled_by) == ("correct", "5", "judge")
    settled = judge("Cascade", options, item("It is 4.", reference="4"), says())
    assert (settled.decision, settled.settled_by) == ("correct", "rule")


def test_a_judge_is_told_to_wait_as_often_as_said_and_its_last_reply_counts() -> None:
    ask = says("A", "A", "B")
    verdict = judge("ThinkLonger", {"judge": DIRECT, "times": 2}, item(), ask)
    assert [presentation for _, presentation, _ in ask.asked] == ["", "wait1", "wait2"]
    assert (verdict.decision, verdict.details["waited"]) == ("incorrect", 2)


def test_a_vote_that_cannot_be_read_is_dropped_where_that_is_named() -> None:
    options = {"judge": DIRECT, "times": 3, "aggregate": {"type": "majority", "unread": "drop"}}
    assert judge("Repeated", options, item(), says("B", "D", "B")).decision == "incorrect"
    strict = {**options, "aggregate": {"type": "majority", "unread": "unparsed"}}
    assert judge("Repeated", strict, item(), says("B", "D", "B")).status == "unparsed"


@pytest.mark.parametrize(("side", "claim"), [("A", "the answer is right"), ("B", "the answer is wrong")])
def test_an_adviser_argues_for_the_side_that_is_named(side: str, claim: str) -> None:
    ask = Judge(lambda _prompt, presentation: "VERDICT: A" if not presentation.startswith("round") else "Believe me.")
    verdict = judge("Consultancy", {"side": side, "rounds": 1}, item(), ask)
    assert verdict.details["side"] == side
    assert f"you hold that {claim}" in str(ask.asked[0][0])


def test_half_of_the_items_draw_either_side() -> None:
    sides = [drawn_side(item(uid=f"{number:016x}")) for number in range(400)]
    assert 160 < sides.count("A") < 240


def test_in_a_round_of_a_debate_both_have_heard_all_rounds_before_it_and_nothing_of_it() -> None:
    ask = Judge(
        lambda _prompt, presentation: f"Speech {presentation}." if presentation.startswith("round") else "VERDICT: A"
    )
    judge("Debate", {"rounds": 2}, item(), ask)
    heard = {presentation: [name for name in ("1-a", "1-b", "2-a", "2-b") if f"Speech round{name}." in str(prompt)]
             for prompt, presentation, _ in ask.asked}  # fmt: skip
    both = ["1-a", "1-b"]
    assert heard == {
        "round1-a": [],
        "round1-b": [],
        "round2-a": both,
        "round2-b": both,
        "decide": [*both, "2-a", "2-b"],
    }
