"""Scores of the catalogue's benchmarks, against values that were worked out by hand."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest

from judgebench.errors import ConfigError, DataError
from judgebench.metrics.contract import Measure
from judgebench.metrics.scores.graded_score import GradedScore, GradedScoreConfig
from judgebench.metrics.scores.point_score import PointScore, PointScoreConfig
from judgebench.metrics.scores.position_score import PositionScore, PositionScoreConfig
from judgebench.metrics.scores.rater_pairs_score import RaterPairsScore, RaterPairsScoreConfig
from judgebench.metrics.scores.together_score import TogetherScore, TogetherScoreConfig
from judgebench.metrics.scores.tree_score import TreeScore, TreeScoreConfig, up_the_tree
from judgebench.metrics.scores.verifier_score import VerifierScore, VerifierScoreConfig
from judgebench.records.findings import PresentationVerdict
from judgebench.records.flow import Sample, Verdict

Fed = Sequence[tuple[Any, Verdict, dict[str, Any]]]
"""Gold, verdict and meta of each item."""


def fed(make: Any, rows: Fed, answers: Sequence[str] = ()) -> dict[str, float | None]:
    """The figures, which must not depend on where the items are parted."""
    found = []
    for cut in (len(rows), len(rows) // 2):
        first, second = make(), make()
        for number, (gold, verdict, meta) in enumerate(rows):
            texts = [answers[number]] if answers else []
            sample = Sample(id=number, uid=str(number), fields={}, gold=gold, meta=meta, answers=texts)
            (first if number < cut else second).add(sample, 0, verdict)
        first.merge(second)
        found.append({name: metric.value for name, metric in first.result().items()})
    assert found[0] == pytest.approx(found[1], nan_ok=True)
    return found[0]


def said(decision: str | None) -> Verdict:
    return Verdict(status="ok", decision=decision) if decision else Verdict(status="unparsed", reason="nothing")


def grade(score: float | None) -> Verdict:
    return Verdict(status="ok", score=score) if score is not None else Verdict(status="unparsed", reason="nothing")


def graded(**keys: Any) -> Measure:
    return GradedScore(GradedScoreConfig(levels=[0, 1, 2, 3], **keys))


def test_graded_agreement_by_hand() -> None:
    labels = [(0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (3, 3), (3, 2), (0, 0)]  # gold, judge
    found = fed(graded, [(gold, grade(one), {}) for gold, one in labels])
    # po = 5/8; gold 3 2 1 2, judge 2 2 3 1 of 8: pe = (6 + 4 + 3 + 2) / 64
    assert found["kappa"] == pytest.approx((5 / 8 - 15 / 64) / (1 - 15 / 64))
    assert found["agreement"] == pytest.approx(62.5)
    # cut 01|23: gold high 3, judge high 4 of 8, alike 7
    chance = (3 * 4 + 5 * 4) / 64
    assert found["kappa_at/01|23"] == pytest.approx((7 / 8 - chance) / (1 - chance))
    assert (found["label/2"], found["gold_label/0"], found["beyond_scale"]) == (3.0, 3.0, 0.0)


def test_a_constant_judge_has_kappa_zero_and_what_is_beyond_the_scale_is_named() -> None:
    rows: Fed = [(gold, grade(1), {}) for gold in (0, 1, 2, 3)]
    assert fed(graded, rows)["kappa"] == 0.0
    assert fed(graded, rows)["kappa_at/012|3"] == 0.0
    rows = [(0, grade(0), {}), (3, grade(10), {}), (2, grade(None), {})]
    found = fed(graded, rows)
    assert (found["judged"], found["beyond_scale"], found["unread"], found["label/10"]) == (1.0, 1.0, 1.0, 1.0)
    found = fed(lambda: graded(beyond="nearest"), rows)
    assert (found["judged"], found["agreement"], found["gold_label/3"]) == (2.0, 100.0, 1.0)
    with pytest.raises(DataError, match="the gold label 7"):
        fed(graded, [(7, grade(1), {})])
    with pytest.raises(ConfigError, match="from the lowest"):
        GradedScore(GradedScoreConfig(levels=[1, 0]))


def test_kappa_equals_scikit_learn_on_random_labels() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = random.Random(7)
    for _ in range(20):
        pairs = [(rng.randrange(4), rng.randrange(4)) for _ in range(50)]
        found = fed(graded, [(gold, grade(one), {}) for gold, one in pairs])
        gold, judge = [one for one, _ in pairs], [one for _, one in pairs]
        assert found["kappa"] == pytest.approx(metrics.cohen_kappa_score(judge, gold))
        assert found["weighted_kappa"] == pytest.approx(metrics.cohen_kappa_score(judge, gold, weights="quadratic"))


def raters(**keys: Any) -> Measure:
    return RaterPairsScore(RaterPairsScoreConfig(**keys))


def test_the_check_vector_of_the_meta_evaluation() -> None:
    """Judge and physicians: T [T,T]; T [F,T]; F [F,F]; F [T,F]; T [F]."""
    people = [(True, [True, True]), (True, [False, True]), (False, [False] * 2), (False, [True, False])]
    people.append((True, [False]))
    found = fed(raters, [(gold, said("met" if judge else "not met"), {}) for judge, gold in people])
    wanted = {"precision_yes": 60, "recall_yes": 75, "f1_yes": 200 / 3, "precision_no": 75, "recall_no": 60}
    assert {name: found[name] for name in wanted} == pytest.approx(wanted)
    assert (found["f1_no"], found["f1_balanced"]) == (pytest.approx(200 / 3), pytest.approx(200 / 3))


def test_people_against_each_other_and_what_is_not_read() -> None:
    found = fed(raters, [([True, False], said(None), {}), ([True, True], said("met"), {})])
    assert (found["judged"], found["unread"], found["f1_balanced"]) == (1.0, 1.0, None)
    # of the ordered pairs of people: (T,F), (F,T), (T,T), (T,T)
    assert found["people_f1_balanced"] == pytest.approx(100 * (2 / 3 + 0) / 2)
    with pytest.raises(DataError, match="a list of truth values"):
        fed(raters, [("yes", said("met"), {})])


def test_precision_first_and_what_has_no_verdict() -> None:
    """Human 1 1 0 0 1 0, judge 1 0 1 n/a n/a 0."""
    names = {1: "correct", 0: "incorrect", None: None}
    rows: Fed = [
        (names[human], said(names[judge]), {})
        for human, judge in zip((1, 1, 0, 0, 1, 0), (1, 0, 1, None, None, 0), strict=True)
    ]
    found = fed(lambda: VerifierScore(VerifierScoreConfig(headline="precision")), rows)
    assert next(iter(found)) == "precision"
    assert (found["precision"], found["recall"], found["recall_unread_missed"]) == (50, 50, pytest.approx(100 / 3))


def test_up_the_tree_as_in_the_check_vector() -> None:
    leaves = [([("a", 2.0)], 1.0), ([("b", 1.0), ("c", 1.0)], 0.0), ([("b", 1.0), ("d", 3.0)], 1.0)]
    assert up_the_tree(leaves) == pytest.approx(0.916667, abs=1e-6)
    assert up_the_tree([([("a", 0.0)], 1.0)]) == 0.0
    assert up_the_tree([([("a", 1.0)], None), ([("b", 1.0)], 1.0)]) == 1.0
    assert up_the_tree([([("a", 1.0)], None)]) is None


def leaf(name: str, weight: float, above: Sequence[Any] = (), tree: str = "t") -> dict[str, Any]:
    return {"tree": tree, "branch": [*above, [name, weight]], "category": "Code"}


def test_leaves_are_compared_and_carried_up() -> None:
    def make() -> Measure:
        return TreeScore(TreeScoreConfig(category="category"))

    above = [["b", 1]]
    rows: Fed = [
        ("correct", said("correct"), leaf("a", 2)),
        ("incorrect", said("correct"), leaf("c", 1, above)),
        ("correct", said(None), leaf("d", 3, above)),
    ]
    found = fed(make, rows)
    assert (found["accuracy/t"], found["unread"], found["depth/t"], found["nodes/t"]) == (50.0, 1.0, 3.0, 5.0)
    assert found["macro_f1"] == pytest.approx(100 * (2 / 3) / 2)
    assert (found["gold_root_score/t"], found["root_score/t"]) == (pytest.approx(91.6667, abs=1e-4), 100.0)
    score = make()
    for number, (gold, verdict, meta) in enumerate(rows):
        score.add(Sample(id=number, uid="", fields={}, gold=gold, meta=meta), 0, verdict)
    assert score.result()["root_score/t"].bounds == pytest.approx((75.0, 100.0))


def group(name: str, gold: str, judge: str | None, **meta: Any) -> tuple[Any, Verdict, dict[str, Any]]:
    return gold, said(judge), {"g": name, **meta}


def test_a_group_is_right_where_every_pair_is() -> None:
    rows = [group("1", "A", "A"), group("1", "A", "A"), group("2", "A", "A"), group("2", "A", "B")]
    rows += [group("3", "A", "A"), group("3", "A", None), group("4", "A", "inconsistent")]
    found = fed(lambda: TogetherScore(TogetherScoreConfig(together="g")), rows)
    assert (found["all_right"], found["all_right_unread_dropped"]) == (25.0, 50.0)
    assert (found["accuracy"], found["groups"], found["pairs"], found["unread"]) == (pytest.approx(400 / 7), 4, 7, 1)


def test_criteria_that_are_in_conflict() -> None:
    rows = [group("1", "A", "A", c="x"), group("1", "B", "B", c="y"), group("1", "A", "B", c="z")]
    rows += [group("2", "A", "A", c="x"), group("2", "B", "A", c="y"), group("3", "A", "A", c="x")]
    found = fed(lambda: TogetherScore(TogetherScoreConfig(together="g", criterion="c")), rows)
    assert (found["all_right"], found["conflicts_seen"]) == (pytest.approx(100 / 3), 50.0)
    # opposite gold: x-y and y-z of group 1, x-y of group 2; both right in x-y of group 1 alone
    assert found["conflicts_right"] == pytest.approx(100 / 3)
    assert (found["accuracy/x"], found["accuracy/y"]) == (100.0, 50.0)


def pair(*letters: str | None) -> Verdict:
    """Letters as read in AB and BA of each repetition."""
    presentations = [
        PresentationVerdict(
            presentation=("AB", "BA")[place % 2],
            order=("AB", "BA")[place % 2],  # type: ignore[arg-type]
            repeat=place // 2,
            status="ok" if letter else "unparsed",
            decision=letter,
        )
        for place, letter in enumerate(letters)
    ]
    return Verdict(status="ok", decision="A", presentations=presentations)


def test_places_and_repetitions() -> None:
    def make() -> Measure:
        return PositionScore(PositionScoreConfig())

    rows = [pair("A", "B"), pair("A", "A"), pair("A", None), pair("B", "B"), pair("tie", "tie"), pair("A", "tie")]
    found = fed(make, [(None, one, {}) for one in rows])
    assert (found["pairs"], found["pairs_consistent"], found["consistency"]) == (5.0, 2.0, 40.0)
    assert (found["towards_first"], found["towards_second"], found["pull"]) == (2.0, 1.0, pytest.approx(1 / 3))
    assert (found["read"], found["unread"], found["consistent_replies"], found["without_partner"]) == (11, 1, 5, 1)
    assert found["consistency_as_published"] == pytest.approx(500 / 11)
    assert (found["shown/first"], found["shown/second"], found["shown/tie"]) == (5.0, 3.0, 3.0)
    assert "repetition_stability" not in found
    found = fed(make, [(None, pair("A", "B", "A", "B", "B", None), {})])
    # AB: A A B; BA: B B and nothing
    assert (found["repetition_stability"], found["all_repeats_equal"]) == (pytest.approx(200 / 3), 0.0)
    assert found["read_in_all_repeats"] == 1.0


def test_adjusted_means_of_tagged_parts_and_unfinished_answers() -> None:
    def make() -> Measure:
        config = PointScoreConfig(
            group_by=["first", "more"],
            groups={"Math": "M", "Data": "M", "Chat": "C"},
            adjust=(5, 2),
            averages={"macro": {"M": 3, "C": 1}},
            cut_mark="...",
        )
        return PointScore(config)

    rows: Fed = [
        (None, grade(8), {"first": "Math", "more": ["Data"]}),
        (None, grade(4), {"first": "Chat", "more": ["Math"]}),
        (None, grade(2), {"first": "Chat", "more": []}),
        (None, grade(6), {"first": "Chat", "more": []}),
    ]
    found = fed(make, rows, answers=["four", "sixsix", "", "cut..."])
    assert (found["mean_score"], found["adjusted_score"]) == (5.0, 0.0)
    assert (found["adjusted_score/M"], found["adjusted_score/C"]) == (2.0, -2.0)
    assert found["adjusted_score/macro"] == pytest.approx((3 * 2 - 2) / 4)
    assert (found["answer_length"], found["empty_answers"], found["cut_answers"]) == (5.0, 1.0, 1.0)
