"""Agreement beside every judge: percent, kappa, pi, error rates, consistency and the length baseline."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.metrics.comparisons.comparisons import ComparisonColumns, orders_of
from judgebench.metrics.rates.agreement import cohen_kappa, confusion, scott_pi
from judgebench.metrics.scores.list_score import ListScore, ListScoreConfig
from judgebench.metrics.scores.pair_score import PairScore, PairScoreConfig
from judgebench.metrics.scores.point_score import PointScore, PointScoreConfig
from judgebench.metrics.scores.rater_figures import beyond_chance, error_rates
from judgebench.metrics.scores.step_score import StepScore, StepScoreConfig
from judgebench.metrics.scores.win_score import WinScore, WinScoreConfig
from judgebench.metrics.statistics.intervals import wilson
from judgebench.records.findings import PresentationVerdict
from judgebench.records.flow import Metric, Sample, Verdict

BITS = st.dictionaries(st.tuples(st.integers(0, 1), st.integers(0, 1)), st.integers(0, 20))


def sample(number: int, gold: Any, answers: tuple[str, ...] = ()) -> Sample:
    return Sample(id=number, uid=f"{number:016x}", fields={}, gold=gold, answers=list(answers))


def in_both_orders(first: str, second: str) -> Verdict:
    """What was read in order AB and in order BA, each in the frame of what was shown."""
    flipped = {"A": "B", "B": "A"}.get(second, second)
    presentations = [
        {"presentation": order, "order": order, "status": "ok", "decision": decision}
        for order, decision in (("AB", first), ("BA", second))
    ]
    return msgspec.convert(
        {"status": "ok", "decision": first if first == flipped else "tie", "presentations": presentations}, Verdict
    )


def values(found: dict[str, Metric]) -> dict[str, float | None]:
    return {name: metric.value for name, metric in found.items()}


def test_pairs_have_agreement_beyond_chance_and_both_baselines() -> None:
    score = PairScore(PairScoreConfig())
    said = [("A", "B", "A"), ("B", "A", "B"), ("A", "A", "A"), ("B", "A", "A")]
    for number, (first, second, gold) in enumerate(said):
        score.add(sample(number, gold, ("a longer answer", "short")), 0, in_both_orders(first, second))
    found = values(score.result())
    # Decisions A, B, tie, B against gold A, B, A, A.
    pairs = {("A", "A"): 1, ("B", "B"): 1, ("tie", "A"): 1, ("B", "A"): 1}
    assert (found["accuracy"], found["consistency"], found["longer_wins"]) == (50, 75, 75)
    assert found["kappa"] == pytest.approx(cohen_kappa(pairs))
    assert found["scott_pi"] == pytest.approx(scott_pi(pairs))
    assert found["macro_precision"] == pytest.approx(100 * (1 + 1 / 2) / 2)
    assert found["macro_recall"] == pytest.approx(100 * (1 / 3 + 1) / 2)


def test_a_judge_and_gold_that_never_vary_have_no_kappa() -> None:
    score = PairScore(PairScoreConfig())
    score.add(sample(0, "A"), 0, Verdict(status="ok", decision="A"))
    found = score.result()
    for name in ("kappa", "scott_pi"):
        assert found[name].value is None
        assert "chance" in found[name].note


def test_steps_have_the_figures_of_finding_an_error_at_all() -> None:
    score = StepScore(StepScoreConfig())
    # Where the judge finds the first error, and where it is; -1 is none. The last one cannot be read.
    for number, (said, gold) in enumerate([(2, 1), (0, 0), (-1, 3), (-1, -1), (1, -1)]):
        score.add(sample(number, gold), 0, Verdict(status="ok", score=float(said)))
    score.add(sample(9, 1), 0, Verdict(status="unparsed"))
    found = values(score.result())
    table = confusion({(1, 1): 2, (0, 1): 1, (0, 0): 1, (1, 0): 1})
    assert found["detection_agreement"] == 60
    assert found["kappa"] == pytest.approx(cohen_kappa(table.pairs()))
    assert found["scott_pi"] == pytest.approx(scott_pi(table.pairs()))
    assert found["detection_precision"] == pytest.approx(100 * 2 / 3)
    assert found["detection_recall"] == pytest.approx(100 * 2 / 3)
    assert (found["detection_false_positive_rate"], found["detection_false_negative_rate"]) == (
        50,
        pytest.approx(100 / 3),
    )


def test_grades_have_exact_and_weighted_agreement() -> None:
    score = PointScore(PointScoreConfig())
    for number, (said, gold) in enumerate([(1, 1), (2, 2), (3, 5), (4, 4)]):
        score.add(sample(number, gold), 0, Verdict(status="ok", score=float(said)))
    found = values(score.result())
    pairs = Counter([(1.0, 1.0), (2.0, 2.0), (3.0, 5.0), (4.0, 4.0)])
    assert found["agreement"] == 75
    assert found["kappa"] == pytest.approx(cohen_kappa(pairs))
    assert found["scott_pi"] == pytest.approx(scott_pi(pairs))
    assert 0.7 < found["weighted_kappa"] < 0.9
    constant = PointScore(PointScoreConfig())
    constant.add(sample(0, 3), 0, Verdict(status="ok", score=3.0))
    for name in ("kappa", "scott_pi", "weighted_kappa"):
        assert constant.result()[name].value is None


def test_comparisons_without_gold_have_consistency_and_the_length_baseline() -> None:
    score = WinScore(WinScoreConfig(rounds=10))
    for number, (said, answers) in enumerate(
        [(("A", "B"), ("long answer", "x")), (("A", "A"), ("x", "long answer")), (("B", "A"), ("even", "even"))]
    ):
        score.add(sample(number, None, answers), 0, in_both_orders(*said))
    found = values(score.result())
    assert found["consistency"] == pytest.approx(100 * 2 / 3)
    assert found["longer_wins"] == 50  # one longer, one shorter, one of equal length


def test_lists_have_the_length_baseline() -> None:
    score = ListScore(ListScoreConfig(right=1))
    for number, answers in enumerate([("right and long", "no"), ("yes", "wrong and long"), ("even", "even")]):
        presentations = [PresentationVerdict(status="ok", score=score) for score in (2.0, 1.0)]
        score.add(sample(number, None, answers), 0, Verdict(status="ok", score=2.0, presentations=presentations))
    found = values(score.result())
    assert (found["accuracy"], found["longer_wins"]) == (100, 50)


@given(BITS)
def test_error_rates_by_their_definitions(pairs: dict[tuple[int, int], int]) -> None:
    table = confusion(pairs)
    found = values(error_rates(table))
    true, false, said = table.tp + table.fn, table.fp + table.tn, table.tp + table.fp
    expected = {
        "precision": table.tp / said if said else None,
        "recall": table.tp / true if true else None,
        "f1": 2 * table.tp / (said + true) if said + true else None,
        "false_positive_rate": table.fp / false if false else None,
        "false_negative_rate": table.fn / true if true else None,
    }
    assert found == {name: None if share is None else pytest.approx(100 * share) for name, share in expected.items()}
    chance = beyond_chance(table.pairs())
    assert chance["kappa"].value == cohen_kappa(table.pairs())
    assert (chance["kappa"].value is None) == bool(chance["kappa"].note)


def test_intervals_of_orders_are_over_pairs_and_not_over_presentations() -> None:
    """The first shown wins both presentations of 30 pairs, the last shown those of 10: 80 presentations tell what 40
    draws do."""
    played = ComparisonColumns()
    for number in range(40):
        shown = "A" if number < 30 else "B"
        played.add(number, 0, in_both_orders(shown, shown), ("longer", "short"))
    found = orders_of(played)
    assert (found["first_shown_rate"].value, found["first_shown_rate"].n) == (75.0, 80)
    assert found["first_shown_rate"].ci95 == pytest.approx([100 * end for end in wilson(0.75, 40)], abs=0.5)
    assert (found["consistency"].value, found["consistency"].n) == (0.0, 40)
    assert found["longer_preferred"].value is None


def test_a_judge_asked_twice_about_each_item_is_no_surer() -> None:
    """Equal repeats of a judge under test leave the interval of its headline where it was."""
    once, again = PairScore(PairScoreConfig()), PairScore(PairScoreConfig())
    for number in range(20):
        verdict = in_both_orders("A", "B" if number % 4 else "A")
        once.add(sample(number, "A", ("one", "other")), 0, verdict)
        for repeat in range(5):
            again.add(sample(number, "A", ("one", "other")), repeat, verdict)
    for name in ("accuracy", "consistency"):
        first, second = once.result()[name], again.result()[name]
        assert (second.n, second.value) == (5 * first.n, pytest.approx(first.value))
        assert second.ci95 == pytest.approx(first.ci95)
        assert second.stderr == pytest.approx(first.stderr)
