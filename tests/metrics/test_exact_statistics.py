"""Statistics against their formulas, worked out here in another way: by hand, by counting, or by all cases."""

from __future__ import annotations

import math
from statistics import NormalDist, pvariance

import numpy as np
import pytest

from judgebench.metrics.causes.group_inconsistency import group_inconsistency
from judgebench.metrics.comparisons.bradley_terry import bradley_terry
from judgebench.metrics.comparisons.columns import Comparison
from judgebench.metrics.comparisons.differences import separate_difference
from judgebench.metrics.comparisons.ranked import RankedModel, Rated, rating_metrics
from judgebench.metrics.comparisons.ranking import rank_by_comparisons
from judgebench.metrics.corrections.corrected_share import corrected_share
from judgebench.metrics.corrections.ranks import simultaneous_ranks
from judgebench.metrics.corrections.stratified import StratumValues, stratified_mean
from judgebench.metrics.rates import flips
from judgebench.metrics.rates.agreement import score_shift
from judgebench.metrics.rates.flips import Trial
from judgebench.metrics.rates.repeats import cons_at_k
from judgebench.metrics.rates.tally import Tally, TallyOutcome, outcome_of
from judgebench.metrics.statistics.annotators import gwet_ac1
from judgebench.metrics.statistics.betting import bernstein_sequence
from judgebench.metrics.statistics.intervals import mean_of, t_quantile, wilson
from judgebench.metrics.statistics.jeffreys import beta_quantile, jeffreys
from judgebench.metrics.statistics.misclassification import solved_share
from judgebench.metrics.statistics.paired import paired_mean
from judgebench.metrics.statistics.prediction_powered import PSEUDO, drawn_mean, powered_mean
from judgebench.metrics.statistics.resampled import bca_interval
from judgebench.metrics.statistics.risk_coverage import risk_coverage
from judgebench.records.figures import Metric
from judgebench.records.flow import Verdict
from tests.metrics.test_agreement import judged

Z95 = NormalDist().inv_cdf(0.975)


def test_groups_are_compared_in_shares_of_the_scale() -> None:
    found = group_inconsistency({"a": {1: 0.2, 2: 0.5, 3: 1.0}, "b": {1: 0.4, 2: 0.5}}, (0.0, 1.0))["a", "b"]
    assert (found.inconsistency, found.shift, found.n) == (pytest.approx(0.1), pytest.approx(0.1), 2)
    wide = group_inconsistency({"a": {1: 2.0, 2: 6.0}, "b": {1: 4.0, 2: 4.0}}, (0.0, 10.0))["a", "b"]
    assert (wide.inconsistency, wide.shift) == (pytest.approx(0.2), pytest.approx(0.0))
    for scale in ((1.0, 1.0), (2.0, 1.0)):
        with pytest.raises(ValueError, match="a scale that rises"):
            group_inconsistency({}, scale)


def test_two_models_have_mirrored_intervals() -> None:
    """What one model may be better, the other may be worse: the same resamples stand behind both."""
    comparisons = [Comparison("a", "b", float(sample % 5 > 1), sample=sample) for sample in range(40)]
    found = bradley_terry(comparisons, rounds=200, seed=3)
    assert found["a"].interval is not None
    assert found["b"].interval is not None
    middle = found["a"].value + found["b"].value
    assert found["a"].interval.low + found["b"].interval.high == pytest.approx(middle)
    assert found["a"].interval.high + found["b"].interval.low == pytest.approx(middle)


def test_a_difference_of_separate_figures_has_the_reach_of_both() -> None:
    first = Metric(value=40.0, n=30, ci95=(30.0, 55.0), unit="percent", better="high")
    nothing = Metric(value=0.0, n=20, ci95=(0.0, 10.0), unit="percent", better="high")
    found = separate_difference(first, nothing)
    assert (found.value, found.n, found.unit) == (40.0, 20, "points")
    assert found.ci95 == (pytest.approx(40 - math.hypot(10, 10)), pytest.approx(40 + math.hypot(15, 0)))
    several = separate_difference(first, nothing, comparisons=5)
    wider = NormalDist().inv_cdf(1 - 0.025 / 5) / Z95
    assert several.ci95 == (
        pytest.approx(40 - wider * math.hypot(10, 10)),
        pytest.approx(40 + wider * 15),
    )
    low = [Metric(value=one.value, n=one.n, ci95=one.ci95, unit="scale", better="low") for one in (nothing, first)]
    turned = separate_difference(*low)
    assert (turned.value, turned.unit) == (40.0, "scale")
    assert turned.ci95 == (pytest.approx(40 - math.hypot(10, 10)), pytest.approx(40 + 15))


def test_ratings_stand_in_a_result_with_their_whole_interval_or_none() -> None:
    entry = RankedModel(
        model="m",
        rank=2,
        ranks=(1, 3),
        comparisons=9,
        bradley_terry=Rated(value=1010.0, ci95=(990.0, 1030.0)),
        elo=Rated(value=None, note="it won all"),
        style_controlled=Rated(value=1000.0, ci95=(None, 1040.0)),
    )
    found = rating_metrics(entry)
    assert (found["rank"].value, found["rank"].ci95, found["rank"].better) == (2.0, (1.0, 3.0), "low")
    assert (found["bradley_terry"].value, found["bradley_terry"].ci95) == (1010.0, (990.0, 1030.0))
    assert (found["elo"].value, found["elo"].ci95, found["elo"].note) == (None, None, "it won all")
    assert (found["style_controlled"].value, found["style_controlled"].ci95) == (1000.0, None)
    unplaced = rating_metrics(RankedModel(model="m"))
    assert (unplaced["rank"].value, unplaced["rank"].note, unplaced.keys()) == (None, "no figure orders it", {"rank"})


def test_pairs_of_models_say_how_their_comparisons_ended() -> None:
    observed = [
        Comparison(first, second, outcome, sample=at)
        for at, (first, second, outcome) in enumerate(
            [("a", "b", 1.0), ("b", "a", 0.0), ("a", "b", 0.5), ("a", "b", 0.0), ("b", "a", 0.75), ("c", "a", 1.0)]
        )
    ]
    found = rank_by_comparisons(observed, models=["a", "b", "c"], dataset="d-j", data_abbr="d", judge="j", rounds=5)
    told = [(one.first, one.second, one.comparisons, one.wins, one.ties, one.losses) for one in found.pairs]
    assert told == [("a", "b", 5, 2, 1, 2), ("a", "c", 1, 0, 0, 1)]


def test_ranks_count_from_one_and_reach_as_far_as_the_errors() -> None:
    values = [3.0, 2.0, 2.0, -5.0]
    found = simultaneous_ranks(["a", "b", "c", "d"], values, np.diag([0.01, 4.0, 4.0, 0.01]))
    assert [found[name].rank for name in "abcd"] == [1, 2, 2, 4]
    assert [(found[name].best, found[name].worst) for name in "ad"] == [(1, 3), (4, 4)]
    sure = simultaneous_ranks(["a", "b"], [1.0, 0.0], np.zeros((2, 2)))
    assert [tuple(sure[name])[1:] for name in "ab"] == [(1, 1, 1), (2, 2, 2)]


def test_a_corrected_share_of_a_faultless_judge_has_the_reach_of_its_classes_and_of_the_draw() -> None:
    said = [1.0] * 6 + [0.0] * 4
    every = said * 3
    questions, all_questions = list(range(10)), list(range(30))
    found = corrected_share(said, said, every, [1 / 3] * 10, questions, all_questions, level=0.9)
    assert found is not None
    assert found.value == pytest.approx(0.6)
    z = NormalDist().inv_cdf(0.95)
    between = pvariance(every) / 30
    accepted, rejected = jeffreys(6, 6, 0.9), jeffreys(0, 4, 0.9)
    below = z * z * between + (0.6 * (1 - accepted.low)) ** 2 + (0.4 * (0 - rejected.low)) ** 2
    above = z * z * between + (0.6 * (accepted.high - 1)) ** 2 + (0.4 * rejected.high) ** 2
    assert found.low == pytest.approx(0.6 - math.sqrt(below))
    assert found.high == pytest.approx(0.6 + math.sqrt(above))


def test_a_few_labels_without_an_error_leave_room_for_one() -> None:
    true, said, rest = [1.0, 0.0, 1.0, 1.0, 0.0, 1.0] * 4, [1.0, 0.0, 1.0, 0.0, 0.0, 1.0] * 4, [1.0, 0.0, 1.0] * 20
    strata = {"s": StratumValues(true, said, rest, [], [])}
    plain, roomy = (stratified_mean(strata, weight=1.0, small=False, scale=scale) for scale in (0.0, 2.0))
    alone = powered_mean(true, said, rest, weight=1.0, small=False)
    assert plain is not None
    assert roomy is not None
    assert alone is not None
    assert (plain.value, plain.stderr) == (pytest.approx(alone.value), pytest.approx(alone.stderr))
    room = 2 * PSEUDO * 2.0**2 / (24 + 2 * PSEUDO) ** 2
    assert roomy.value == pytest.approx(plain.value)
    assert roomy.stderr**2 == pytest.approx(plain.stderr**2 + room)
    assert (roomy.low, roomy.high) == (
        pytest.approx(roomy.value - Z95 * roomy.stderr),
        pytest.approx(roomy.value + Z95 * roomy.stderr),
    )


def test_a_shift_has_students_interval_over_questions() -> None:
    found = score_shift(judged([("correct", "incorrect")] * 3 + [("correct", "correct")] * 5))
    assert found.stderr is not None
    assert found.value == pytest.approx(37.5)
    reach = t_quantile(0.975, 7) * found.stderr
    assert found.ci95 == (pytest.approx(37.5 - reach), pytest.approx(37.5 + reach))


def test_a_verdict_that_was_not_read_after_a_critique_may_have_turned_or_not() -> None:
    trials = [
        Trial(item=at, plain="A", perturbed=after, gold="A", turns=(after,))
        for at, after in enumerate(["B", "A", "A", None])
    ]
    found = flips.turned(trials, was_right=True)
    assert (found.n, found.value) == (3, pytest.approx(100 / 3))
    assert found.bounds == (pytest.approx(25), pytest.approx(50))
    assert flips.turned(trials, was_right=False).note == "no verdict was wrong before"


def test_a_vote_of_more_repeats_than_there_are_is_none() -> None:
    tally = Tally(2)
    for repeat in range(2):
        tally.add(TallyOutcome(id=0, repeat=repeat, status="ok", decision="correct", answer="4"))
    found = cons_at_k(tally, 3)
    assert found.value is None
    assert "3" in found.note
    assert cons_at_k(tally, 2).value == 100


def test_votes_of_a_verdict_are_those_that_grade_an_answer() -> None:
    votes = {"correct": 3, "incorrect": 1, "unsure": 2}
    found = outcome_of(0, 0, Verdict(status="ok", decision="correct", votes=votes))
    assert (found.passed, found.votes) == (3, 4)
    alone = outcome_of(0, 0, Verdict(status="ok", decision="incorrect"))
    assert (alone.passed, alone.votes) == (0, 1)
    pair = outcome_of(0, 0, Verdict(status="ok", decision="A"))
    assert (pair.passed, pair.votes) == (0, 0)


def test_agreement_by_chance_of_a_rare_decision() -> None:
    """Gwet (2008): chance is ``sum p (1 - p) / (q - 1)`` over the ``q`` decisions, with their mean shares ``p``."""
    units = [[1.0, 1.0]] * 7 + [[1.0, 0.0]] * 2 + [[0.0, 0.0]]
    observed, rare = 8 / 10, (2 * 0.5 + 1) / 10
    chance = 2 * rare * (1 - rare)
    assert gwet_ac1(units) == pytest.approx((observed - chance) / (1 - chance))
    assert gwet_ac1([*units, [1.0]]) != gwet_ac1(units), "a single rating says how frequent a decision is"
    assert gwet_ac1([[1.0, 1.0]]) is None
    assert gwet_ac1([[1.0], [0.0]]) is None


def test_a_bernstein_sequence_follows_its_recursion() -> None:
    values = [1.0, 0.0, 1.0, 1.0, 0.25, 0.5, 1.0, 0.0] * 5
    low, high = bernstein_sequence(np.array(values), alpha=0.1)
    rich, total, squares = math.log(2 / 0.1), 0.5, 0.25
    mean, variance = 0.5, 0.25
    spent, centre, reach, least, most = rich, 0.0, 0.0, 0.0, 1.0
    for number, x in enumerate(values, 1):
        weight = min(0.5, math.sqrt(2 * rich / (variance * number * math.log(1 + number))))
        spent += 4 * (x - mean) ** 2 * (-math.log(1 - weight) - weight) / 4
        centre, reach = centre + weight * x, reach + weight
        total += x
        mean = total / (number + 1)
        squares += (x - mean) ** 2
        variance = squares / (number + 1)
        least, most = max(least, (centre - spent) / reach), min(most, (centre + spent) / reach)
        assert (low[number - 1], high[number - 1]) == (pytest.approx(least), pytest.approx(most))


def test_a_mean_of_what_is_all_there_has_no_room() -> None:
    assert mean_of([1.0, 3.0], [0, 1], scale=(0.0, 5.0)).bounds == (2.0, 2.0)
    assert mean_of([1.0, 3.0, None], [0, 1, 2], scale=(0.0, 5.0)).bounds == (pytest.approx(4 / 3), pytest.approx(3.0))


@pytest.mark.parametrize(("a", "b"), [(1.0, 1.0), (2.0, 1.0), (1.0, 3.0)])
def test_quantiles_of_beta_distributions_that_have_a_formula(a: float, b: float) -> None:
    for share in (1e-6, 0.025, 0.5, 0.9, 1 - 1e-6):
        expected = 1 - (1 - share) ** (1 / b) if a == 1 else share ** (1 / a)
        assert beta_quantile(share, a, b) == pytest.approx(expected, rel=1e-8)


def test_a_solved_share_is_the_one_that_the_error_rates_explain() -> None:
    """Sensitivity 0.9 and specificity 0.8 turn a share of 0.6 into 0.6 x 0.9 + 0.4 x 0.2 = 0.62."""
    found = solved_share(0.62, 1000, rejected_wrong=80, wrong=100, accepted_right=90, right=100)
    assert found is not None
    assert (found.value, found.sensitivity, found.specificity) == (pytest.approx(0.6), 0.9, 0.8)
    z2 = Z95**2
    n = 1000 + z2
    p = (620 + z2 / 2) / n
    q0, q1 = 81 / 102, 91 / 102
    centre = (p + q0 - 1) / (q0 + q1 - 1)
    v0, v1 = q0 * (1 - q0) / 102, q1 * (1 - q1) / 102
    middle = centre + 2 * z2 * (centre * v1 - (1 - centre) * v0)
    reach = Z95 * math.sqrt(p * (1 - p) / n + (1 - centre) ** 2 * v0 + centre**2 * v1) / (q0 + q1 - 1)
    assert (found.low, found.high) == (pytest.approx(middle - reach), pytest.approx(middle + reach))


def test_a_solved_share_stays_within_what_there_is_and_is_refused_where_nothing_is_told_apart() -> None:
    sure = solved_share(1.0, 50, rejected_wrong=9, wrong=10, accepted_right=9, right=10)
    assert sure is not None
    assert (sure.value, sure.high) == (1.0, 1.0)
    assert solved_share(0.5, 50, rejected_wrong=5, wrong=10, accepted_right=6, right=10) is None
    for lacking in ({"wrong": 0}, {"right": 0}):
        labels = {"rejected_wrong": 0, "wrong": 10, "accepted_right": 0, "right": 10, **lacking}
        assert solved_share(0.5, 50, **labels) is None


def test_how_many_questions_show_a_difference() -> None:
    differences = np.array([1.0, 0.0, 0.0, -1.0, 1.0, 0.0, 0.0, 1.0])
    found = paired_mean(differences, np.arange(8), scale=1.0)
    assert found is not None
    visible = found.stderr * (t_quantile(0.975, 7) + NormalDist().inv_cdf(0.8))
    assert found.smallest_visible() == pytest.approx(visible)
    assert found.questions_to_see(0.1) == math.ceil(8 * (visible / 0.1) ** 2)
    assert found.questions_to_see(-0.1) == found.questions_to_see(0.1)
    assert found.questions_to_see(0.0) is None
    same = paired_mean(np.zeros(8), np.arange(8))
    assert same is not None
    assert same.questions_to_see(0.1) is None


def test_changes_of_a_part_of_the_scale_tell_more_than_whole_ones() -> None:
    """Ten questions of which some gain half a point: as many whole changes as have this variance, by Wilson."""
    gained = [0.5, 0.5, 0.5, 0.5] + [0.0] * 6
    found = paired_mean(np.array(gained), np.arange(10), scale=1.0)
    assert found is not None
    assert (found.gained.share, found.lost.share) == (pytest.approx(0.2), 0.0)
    assert found.gained.size == pytest.approx(10 * 0.2 * 0.8 / pvariance(gained))
    assert found.lost.size == 10
    low, high = wilson(0.2, found.gained.size, z=Z95)
    low_lost, high_lost = wilson(0.0, 10, z=Z95)
    wide = found.interval()
    reach = found.stderr * t_quantile(0.975, 9)
    assert wide == (
        pytest.approx(min(0.2 - reach, 0.2 - math.hypot(0.2 - low, high_lost))),
        pytest.approx(max(0.2 + reach, 0.2 + math.hypot(high - 0.2, -low_lost))),
    )


def test_labels_of_equal_chance_correct_by_their_mean_error() -> None:
    true, said = [1.0, 0.0, 1.0, 1.0, 0.0, 0.0], [1.0, 1.0, 1.0, 0.0, 0.0, 1.0]
    every = [*said, *[1.0, 0.0, 1.0, 1.0] * 3]
    found = drawn_mean(true, said, every, [0.5] * 6, range(6), range(18), weight=1.0)
    assert found is not None
    residual = [y - f for y, f in zip(true, said, strict=True)]
    mean, off = sum(every) / 18, sum(residual) / 6
    assert found.value == pytest.approx(mean + off)
    known = math.sqrt(6 / 5)
    parts = [(every[at] - mean) / 18 + (known * (residual[at] - off) / 6 if at < 6 else 0.0) for at in range(18)]
    assert found.stderr == pytest.approx(math.sqrt(sum(part * part for part in parts)))
    assert found.low == pytest.approx(found.value - t_quantile(0.975, 5) * found.stderr)
    roomy = drawn_mean(true, said, every, [0.5] * 6, range(6), range(18), weight=1.0, scale=1.0)
    assert roomy is not None
    assert roomy.stderr**2 == pytest.approx(found.stderr**2 + 2 * PSEUDO / (6 + 2 * PSEUDO) ** 2)


def test_a_resampled_interval_of_a_symmetric_sample_is_nearly_the_normal_one() -> None:
    values = np.array([0.0, 1.0] * 200)
    found = bca_interval(values, np.arange(400), draws=4000)
    assert found is not None
    reach = Z95 * 0.5 / math.sqrt(400)
    assert found == (pytest.approx(0.5 - reach, abs=0.006), pytest.approx(0.5 + reach, abs=0.006))
    narrow = bca_interval(values, np.arange(400), level=0.5, draws=4000)
    assert narrow is not None
    assert found[0] < narrow[0] < 0.5 < narrow[1] < found[1]
    assert bca_interval(values, np.zeros(400, dtype=int)) is None
    assert bca_interval(np.ones(4), np.arange(4)) is None


def test_a_curve_of_risk_takes_equally_sure_verdicts_as_they_are_on_average() -> None:
    found = risk_coverage([0.9, 0.5, 0.5, 0.1], [0.0, 1.0, 0.0, 1.0])
    assert found is not None
    assert found.curve == [pytest.approx(one) for one in (0.0, 0.5 / 2, 1 / 3, 2 / 4)]
    assert found.area == pytest.approx((0.25 + 1 / 3 + 0.5) / 4)
    assert [found.accuracy_at(share) for share in (0.25, 0.5, 1.0)] == [1.0, 0.75, 0.5]
    assert risk_coverage([], []) is None
