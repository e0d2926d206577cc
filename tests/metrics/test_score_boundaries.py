"""Scores of benchmarks of judges where conventions meet: ties of gold, unread presentations, long prefixes, no
difference."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import msgspec
import pytest

from judgebench.config.resolve import load_run
from judgebench.metrics.rates.chosen import best_mean_at_k
from judgebench.metrics.rates.tally import Tally, TallyOutcome
from judgebench.metrics.scores.comparison_score import ComparisonScore, ComparisonScoreConfig
from judgebench.metrics.scores.evidence_score import EvidenceScore, EvidenceScoreConfig
from judgebench.metrics.scores.list_score import ListScore, ListScoreConfig
from judgebench.metrics.scores.pair_score import PairScore, PairScoreConfig
from judgebench.metrics.scores.point_score import PointScore, PointScoreConfig
from judgebench.metrics.scores.preference_score import PreferenceScore, PreferenceScoreConfig
from judgebench.metrics.scores.step_score import StepScore, StepScoreConfig
from judgebench.metrics.scores.ties_score import TiesScore, TiesScoreConfig
from judgebench.metrics.scores.verifier_score import VerifierScore, VerifierScoreConfig
from judgebench.metrics.scores.win_score import WinScore, WinScoreConfig
from judgebench.records.flow import Metric, Reply, Sample, Verdict
from judgebench.records.request import Selection
from tests.replay.simulated import dataset, samples, scored

UNREAD = Verdict(status="unparsed", reason="no")
LATER = Verdict(status="not_judged")


def said(decision: str | None = None, score: float | None = None, **found: Any) -> Verdict:
    return msgspec.convert({"status": "ok", "decision": decision, "score": score, **found}, Verdict)


def unread(**found: Any) -> Verdict:
    return msgspec.convert({"status": "unparsed", **found}, Verdict)


def result(score: Any, *rows: tuple[Any, Verdict], **meta: list[Any]) -> dict[str, Metric]:
    """The figures of items with this gold and these verdicts; ``meta`` has one value per item."""
    for at, (gold, verdict) in enumerate(rows):
        own = {name: values[at] for name, values in meta.items() if values[at] is not None}
        score.add(Sample(id=at, uid=f"u{at}", fields={}, answers=["a", "b"], gold=gold, meta=own), 0, verdict)
    found: dict[str, Metric] = score.result()
    return found


def pairs(*rows: tuple[str, Verdict], meta: dict[str, list[Any]] | None = None, **keys: Any) -> dict[str, Metric]:
    return result(PairScore(PairScoreConfig(**keys)), *rows, **(meta or {}))


def presentation(order: str, decision: str | None) -> dict[str, Any]:
    about = {"presentation": order, "repeat": 0, "order": order}
    return {**about, "status": "ok", "decision": decision} if decision else {**about, "status": "unparsed"}


def test_a_tie_that_gold_has_too_is_a_whole_point_where_other_ties_are_half_a_one() -> None:
    found = pairs(("tie", said("tie")), ("A", said("tie")), ("A", said("B")), ties="half")
    assert found["accuracy"].value == pytest.approx(100 * (1 + 0.5 + 0) / 3)


def test_orders_that_contradict_each_other_are_no_tie_even_where_gold_is_one() -> None:
    assert pairs(("tie", said("inconsistent")), ("tie", said("tie")))["accuracy"].value == 50.0


def test_an_unread_item_that_counts_as_nothing_is_in_no_figure_of_agreement() -> None:
    rows = [("A", said("A")), ("B", said("B")), ("A", said("B"))]
    with_one = pairs(*rows, ("A", UNREAD), unread="drop")
    without = pairs(*rows, unread="drop")
    assert with_one["kappa"].value == without["kappa"].value
    assert (with_one["kappa"].n, with_one["macro_f1"].value) == (3, without["macro_f1"].value)
    assert pairs(*rows, ("A", UNREAD))["kappa"].n == 4


def test_the_longest_start_names_the_part() -> None:
    groups = {"math": "math", "math-hard": "hard"}
    meta = {"source": ["math-1", "math-hard-1", "code"]}
    found = pairs(("A", said("A")), ("A", said("B")), ("A", said("B")), meta=meta, group_by="source", groups=groups)
    assert (found["accuracy/math"].value, found["accuracy/hard"].value, found["accuracy/other"].n) == (100.0, 0.0, 1)


@pytest.mark.parametrize(("agree", "value"), [(False, 50.0), (True, 100.0)])
def test_two_silent_orders_agree_only_where_that_is_named(agree: bool, value: float) -> None:
    silent = unread(presentations=[presentation("AB", None), presentation("BA", None)])
    steady = said("A", presentations=[presentation("AB", "A"), presentation("BA", "B")])
    assert pairs(("A", silent), ("A", steady), unread_agree=agree)["consistency"].value == value


def test_the_error_of_a_share_is_that_of_a_mean_of_independent_items() -> None:
    found = pairs(("A", said("A")), ("A", said("B")), ("A", said("A")))["accuracy"]
    assert found.stderr == pytest.approx(100 * math.sqrt((2 / 3) * (1 / 3) / 2))


def test_grades_of_single_answers_are_no_comparisons_in_two_orders(tmp_path: Path) -> None:
    rows = [{"source": "s", "chosen_instruction": f"good {i}", "rejected_instruction": "bad"} for i in range(3)]
    (tmp_path / "pairs.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    path = f"datasets.prometheus_hhh.path='{tmp_path / 'pairs.jsonl'}'"
    wanted = Selection(models=["vllm_api_general_chat"], datasets=["prometheus_eval"], overrides=[path])
    data = load_run(wanted, {}).datasets["prometheus_hhh"]
    grades = {0: ("5", "1"), 1: ("2", "4"), 2: ("?", "?")}

    def graded(sample: Sample, presentation: str) -> Reply:
        return Reply(status="ok", text=f"[RESULT] {grades[sample.id][presentation == 'rejected']}")

    found = scored(data, samples(data, tmp_path), graded)
    assert not {"both_orders", "first_order", "mean_of_orders", "consistency", "first_shown_rate"} & found.keys()
    counts = {name: found[name].value for name in ("correct", "incorrect", "tie_or_inconsistent", "unread")}
    assert counts == {"correct": 1, "incorrect": 1, "tie_or_inconsistent": 1, "unread": 1}
    assert found["accuracy"].value == pytest.approx(100 / 3)


def test_strong_wins_count_as_often_as_the_aggregation_says_and_bound_what_was_not_compared() -> None:
    pooled = [
        ("", said("A", outcomes=[{"outcome": one} for one in (1, 1, 1, 0)])),
        ("", said("B", outcomes=[{"outcome": 0}])),
    ]
    found = result(WinScore(WinScoreConfig(rounds=50)), *pooled, ("", UNREAD))["win_rate"]
    assert found.value == 60.0
    assert found.bounds == (pytest.approx(100 * 3 / 9), pytest.approx(100 * 7 / 9))  # as heavy as the heaviest


def test_grades_that_were_not_judged_are_named_beside_the_mean() -> None:
    found = result(PointScore(PointScoreConfig()), (None, said(score=4)), (None, UNREAD), (None, LATER))["mean_score"]
    assert (found.value, found.n, found.note) == (4.0, 1, "2 items without a readable grade are left out")


def verified(*rows: tuple[str, str], **keys: Any) -> dict[str, Metric]:
    meta = {"idx": list(range(len(rows)))}
    score = VerifierScore(VerifierScoreConfig(**keys))
    return result(score, *((gold, said(decision)) for decision, gold in rows), **meta)


def test_a_judge_that_is_more_often_wrong_than_right_is_turned_round_by_its_own_error_rates() -> None:
    rows = [("incorrect", "correct")] * 3 + [("correct", "incorrect")] * 2 + [("correct", "correct")]
    assert verified(*rows)["rogan_gladen"].value == pytest.approx(verified(*rows)["gold_rate"].value)


def test_every_so_manieth_item_from_the_first_is_the_labelled_part() -> None:
    rows = [("correct", "correct")] * 7
    found = verified(*rows, labelled_every=3)
    assert (found["labelled"].value, found["unlabelled"].value) == (3, 4)  # 0, 3 and 6


def test_steps_that_were_not_judged_bound_the_accuracy_of_steps() -> None:
    gold = [True, False]
    steps = {"steps": [{"correct": True}, {"correct": True}]}
    found = result(StepScore(StepScoreConfig()), (gold, said(score=-1, **steps)), (gold, LATER))["step_accuracy"]
    assert (found.value, found.n, found.bounds) == (50.0, 2, (25.0, 75.0))


@pytest.mark.parametrize(("grades", "points"), [([3, 5, 1, 1], 1.0), ([5, 3, 5, 1], 0.5), ([3, 4, 5, 1], 0.0)])
def test_any_of_the_right_answers_may_be_the_best(grades: list[int], points: float) -> None:
    score = ListScore(ListScoreConfig(right=2))
    presentations = [{"presentation": f"v{at}", "status": "ok", "score": grade} for at, grade in enumerate(grades)]
    assert result(score, (None, said(score=1, presentations=presentations)))["accuracy"].value == 100 * points


def test_a_right_answer_no_better_than_a_wrong_one_is_not_above_it() -> None:
    rows = [
        ("correct", said(score=5)),
        ("incorrect", said(score=5)),
        ("correct", said(score=6)),
        ("incorrect", said(score=5)),
    ]
    meta = {"kind": ["ref", "ref", "tied", "tied"], "pair": ["1"] * 4, "answers": [2] * 4}
    found = result(TiesScore(TiesScoreConfig()), *rows, **meta)
    assert (found["accuracy/ref"].value, found["accuracy/tied"].value) == (0.0, 100.0)


def sampled(*decisions: str | None) -> dict[str, Any]:
    return {"presentations": [{**presentation("AB", decision), "repeat": at} for at, decision in enumerate(decisions)]}


def test_people_decide_the_most_uncertain_items_rounded_up_and_silent_ones_first() -> None:
    silent = unread(**sampled(None, None))
    rows = [("A", said("B", **sampled("B", "B"))), ("A", said("A", **sampled("A", "B"))), ("A", silent),
            ("A", said("B", **sampled("B", "B")))]  # fmt: skip

    def with_people(share: float) -> float | None:
        found = result(EvidenceScore(EvidenceScoreConfig(people=share)), *rows)
        assert found["diversity_entropy"].value == pytest.approx(math.log(2) / 3)
        return found["accuracy_with_people"].value

    assert with_people(0.51) == 75.0  # three of four: the silent one, the divided one, and the first of the others
    assert with_people(0.3) == 50.0  # two
    assert with_people(0.25) == 50.0  # the silent one
    assert with_people(0.0) == 25.0


def test_a_model_wins_what_its_compared_model_loses_on_whichever_side_it_stands() -> None:
    rows = [("", said("A")), ("", said("B")), ("", said("tie")), ("", said("A"))]
    names = {"model": ["x", "x", "y", "y"], "against": ["y", "y", "x", "x"]}
    found = result(ComparisonScore(ComparisonScoreConfig(rounds=0)), *rows, **names)
    shares = {name: found[f"{name}/x"].value for name in ("win_rate", "loss_rate", "win_rate_adjusted")}
    assert shares == {"win_rate": 25.0, "loss_rate": 50.0, "win_rate_adjusted": 37.5}
    assert found["win_rate_adjusted/y"].value == 62.5


def test_the_first_shown_answer_of_a_swapped_presentation_is_the_second_one() -> None:
    first_place = said("tie", presentations=[presentation("AB", "A"), presentation("BA", "A")])
    steady = said("A", presentations=[presentation("AB", "A"), presentation("BA", "B")])
    assert pairs(("A", first_place))["first_shown_rate"].value == 100.0
    assert pairs(("A", steady))["first_shown_rate"].value == 50.0


def test_a_stated_preference_of_nothing_is_a_draw_and_its_spread_is_that_of_a_sample() -> None:
    score = PreferenceScore(PreferenceScoreConfig())
    rows = [(None, said(score=value)) for value in (2.0, 0.0, 1.0)]
    found = result(score, *rows, tested_first=[True, False, True])
    assert (found["win_rate"].value, found["n_draws"].value) == (50.0, 1.0)
    assert found["standard_error"].value == pytest.approx(100 * 0.5 / math.sqrt(3))


@pytest.mark.parametrize(("first", "rate"), [(True, 75.0), (False, 25.0)])
def test_a_probability_is_one_of_the_answer_shown_first(first: bool, rate: float) -> None:
    score = PreferenceScore(PreferenceScoreConfig())
    presentations = [{"presentation": "", "status": "ok", "score": 0.75, "probabilities": {"A": 0.75, "B": 0.25}}]
    assert (
        result(score, (None, said(score=0.75, presentations=presentations)), tested_first=[first])["win_rate"].value
        == rate
    )


def test_only_the_first_k_repeats_are_chosen_among() -> None:
    tally = Tally(2)
    tally.add(
        TallyOutcome(id=0, repeat=0, status="ok", decision="correct", rule="incorrect", answer="7", passed=1, votes=2)
    )
    tally.add(
        TallyOutcome(id=0, repeat=1, status="ok", decision="correct", rule="correct", answer="8", passed=2, votes=2)
    )
    assert [best_mean_at_k(tally, k).value for k in (1, 2)] == [0.0, 100.0]


def test_an_unread_answer_without_gold_bounds_nothing() -> None:
    rows = [("correct", said("correct")), ("incorrect", said("correct"))]
    score = VerifierScore(VerifierScoreConfig())
    found = result(score, *rows, (None, UNREAD))
    assert (found["agreement"].value, found["agreement"].bounds) == (50.0, None)
    again = result(VerifierScore(VerifierScoreConfig()), *rows, ("correct", UNREAD))
    assert again["agreement"].bounds == (pytest.approx(100 / 3), pytest.approx(200 / 3))


@pytest.mark.parametrize(
    ("gold", "decision", "right"),
    [
        ("correct", "correct", True),
        ("correct", "incorrect", False),
        ("incorrect", "invalid", True),
        (None, "correct", None),
        ("correct", None, None),
    ],
)
def test_a_judge_is_right_where_it_says_right_of_right_answers_alone(
    gold: Any, decision: Any, right: bool | None
) -> None:
    sample = Sample(id=0, uid="u", fields={}, gold=gold)
    verdict = said(decision) if decision else UNREAD
    assert VerifierScore(VerifierScoreConfig()).right(sample, verdict) is right


def test_steps_are_detected_by_the_judge_and_marked_by_gold() -> None:
    rows = [(1, said(score=0)), (-1, said(score=2)), (-1, said(score=3)), (-1, said(score=-1)), (0, said(score=-1))]
    found = result(StepScore(StepScoreConfig()), *rows)
    shares = {name: found[f"detection_{name}"].value for name in ("precision", "recall", "false_positive_rate")}
    assert shares == {
        "precision": pytest.approx(100 / 3),
        "recall": 50.0,
        "false_positive_rate": pytest.approx(200 / 3),
    }


def test_the_gold_of_several_graders_is_their_mean() -> None:
    found = result(PointScore(PointScoreConfig()), ([1, 2, 6], said(score=3)), ([5], said(score=4)))
    assert found["gold_mean"].value == 4.0


@pytest.mark.parametrize(
    ("scores", "gold"), [([7, 7], "tie"), ([8, 7], "A"), ([7, 8], "B"), ([-1, 7], "B"), ([0, 0], "tie")]
)
def test_gold_is_what_the_teacher_scored_higher(scores: list[int], gold: str, tmp_path: Path) -> None:
    row = {"question_id": 1, "question_body": "?", "answer1_body": "a", "answer2_body": "b", "score": scores}
    path = "JudgeLM-100K/judgelm_val_5k_gpt4.jsonl"
    data = dataset("judgelm_val", tmp_path, {path: [row, {**row, "question_id": 2, "score": [-1, -1]}]})
    assert [one.gold for one in samples(data, tmp_path)] == [gold]  # a teacher that failed gives none
