"""Corrected scores: intervals that hold the truth, strata that are merged, ranks that are sure, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from judgebench.metrics.corrections.calibrated import calibrated_mean
from judgebench.metrics.corrections.corrected_ranking import corrected_ranking
from judgebench.metrics.corrections.corrected_share import corrected_share
from judgebench.metrics.corrections.cross_fitted import cross_fitted_mean
from judgebench.metrics.corrections.noisy_verifier import appealed_share, backward_reward, forward_weight
from judgebench.metrics.corrections.ranks import simultaneous_ranks
from judgebench.metrics.corrections.rogan_gladen import solved_by_bootstrap, solved_by_delta
from judgebench.metrics.corrections.stratified import StratumValues, stratified_mean
from judgebench.metrics.corrections.transport import transport
from judgebench.metrics.rates.agreement import Confusion
from judgebench.metrics.rates.correction import power_weight, rogan_gladen
from judgebench.metrics.statistics.prediction_powered import PoweredMean, powered_mean

Parts = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def run(
    rng: np.random.Generator, *, right: float = 0.8, accepts: float = 0.95, rejects: float = 0.8, n: int = 25
) -> tuple[Parts, np.ndarray]:
    """A run of 400 answers of which n have labels."""
    y = (rng.random(400) < right).astype(float)
    f = np.where(rng.random(400) < np.where(y == 1, accepts, rejects), y, 1 - y)
    taken = rng.choice(400, n, replace=False)
    return (y[taken], f[taken], f, np.full(n, n / 400), taken, np.arange(400)), y


@pytest.mark.parametrize("these", [False, True])
@pytest.mark.parametrize(("right", "accepts"), [(0.8, 0.95), (0.95, 0.99)])
def test_the_interval_holds_the_truth_at_few_labels(right: float, accepts: float, these: bool) -> None:
    """Of these answers or of answers like these; plain PPI++ does so too seldom where few labels show an error."""
    rng = np.random.default_rng(int(100 * right))
    held = plain = 0
    for _ in range(300):
        parts, y = run(rng, right=right, accepts=accepts)
        truth = float(y.mean()) if these else right
        found = corrected_share(*parts, these=these)
        assert found is not None
        held += found.low - 1e-12 <= truth <= found.high + 1e-12
        other = powered_mean(*parts[:2], np.delete(parts[2], parts[4]))
        assert other is not None
        plain += other.low <= truth <= other.high
    assert held / 300 >= 0.91
    assert plain < held


def test_the_value_is_that_of_ppi_with_the_best_weight() -> None:
    rng = np.random.default_rng(3)
    (y, f, u, *rest), _ = run(rng, n=60)
    found = corrected_share(y, f, u, *rest)
    assert found is not None
    slope = float(np.cov(f, y)[0, 1] / np.var(f, ddof=1))
    assert found.weight == pytest.approx(slope)
    assert found.value == pytest.approx(slope * u.mean() + (y - slope * f).mean())


def test_the_judge_weighs_less_where_its_answers_are_about_few_questions() -> None:
    """Its variance is divided by one less than the number of questions: 250 answers, at first of as many questions."""
    labels = Confusion(tp=20, fp=10, fn=10, tn=10)
    alone, shared = power_weight(120, 200, labels), power_weight(120, 200, labels, questions=25)
    assert power_weight(120, 200, labels, questions=250) == alone
    assert shared / alone == pytest.approx((250 / 249) / (25 / 24))
    assert power_weight(120, 200, labels, questions=1) == 0


def test_labels_on_all_answers_leave_nothing_open_about_these() -> None:
    rng = np.random.default_rng(4)
    (_, _, u, *_), y = run(rng)
    every = np.arange(400)
    found = corrected_share(y, u, u, np.ones(400), every, every, these=True)
    assert found is not None
    assert (found.low, found.value, found.high) == pytest.approx((y.mean(),) * 3)


def test_equal_copies_of_answers_tell_nothing_more() -> None:
    rng = np.random.default_rng(5)
    parts, _ = run(rng, n=60)
    once = corrected_share(*parts)
    four = corrected_share(*(np.tile(part, 4) for part in parts))
    assert once is not None
    assert four is not None
    assert four[:5] == pytest.approx(once[:5], rel=1e-6)


def test_a_verdict_without_a_label_joins_the_nearest() -> None:
    y, f = np.array([1.0, 0, 1, 1]), np.ones(4)
    found = corrected_share(y, f, np.array([1.0] * 15 + [0.0]), np.full(4, 0.25), np.arange(4), np.arange(16))
    assert found is not None
    assert found.value == pytest.approx(0.75)
    with pytest.raises(ValueError, match=r"labels in 0\.\.1"):
        corrected_share([2.0, 1, 1], [1.0, 1, 1], [1.0] * 9, [0.3] * 3, [0, 1, 2], list(range(9)))
    with pytest.raises(ValueError, match="a question that no item asks"):
        corrected_share([1.0, 1, 1], [1.0, 1, 1], [1.0] * 9, [0.3] * 3, [0, 1, 77], list(range(9)))


def test_strata_with_few_labels_are_merged_and_named() -> None:
    rng = np.random.default_rng(6)
    many = StratumValues(rng.random(40), rng.random(40), rng.random(100))
    few = StratumValues(rng.random(3), rng.random(3), rng.random(50))
    found = stratified_mean({"north": many, "south": few, "east": many})
    assert found is not None
    assert "south" in found.merged
    assert len(found.merged) == 2
    assert len(found.strata) == 2
    assert stratified_mean({"south": few}) is None


def test_copies_of_answers_to_the_same_questions_narrow_no_interval() -> None:
    """Four answers to a question that are always alike tell as much as one, whichever estimator is asked."""
    rng = np.random.default_rng(16)
    y, f, u = rng.integers(0, 2, 60).astype(float), rng.integers(0, 2, 60).astype(float), rng.random(200).round()
    own = np.arange(260)
    copies = np.concatenate([np.tile(own[:60], 4), np.tile(own[60:], 4)])
    tiled = tuple(np.tile(part, 4) for part in (y, f, u))

    once, often = powered_mean(y, f, u, weight=0.7, clusters=own), powered_mean(*tiled, weight=0.7, clusters=copies)
    assert once is not None
    assert often is not None
    assert often[:5] == pytest.approx(once[:5])
    alone = powered_mean(*tiled, weight=0.7)
    assert alone is not None
    assert alone.stderr == pytest.approx(once.stderr / 2, rel=0.02)

    part = np.tile(np.arange(60) % 5, 4)
    fitted = cross_fitted_mean(*tiled, parts=part, clusters=copies)
    single = cross_fitted_mean(y, f, u, parts=part[:60], clusters=own)
    assert fitted is not None
    assert single is not None
    assert fitted.stderr == pytest.approx(single.stderr, rel=0.02)  # each label of a fit is seen four times

    stratum = StratumValues(y, f, u, own[:60], own[60:])
    strata = stratified_mean({"one": stratum, "two": stratum, "three": stratum}, weight=0.7)
    assert strata is not None
    assert strata.stderr == pytest.approx(once.stderr, rel=0.01)
    with pytest.raises(ValueError, match="60 labelled and 200 other items, and 9 clusters"):
        powered_mean(y, f, u, clusters=np.arange(9))


def test_strata_by_verdict_are_as_sure_as_the_corrected_share() -> None:
    """How many answers fall into each verdict is chance too, and counts where the strata name their questions."""
    (y, f, u, chances, own, every), _ = run(np.random.default_rng(17), n=100)
    rest = np.setdiff1d(every, own)
    found = stratified_mean(
        {v: StratumValues(y[f == v], f[f == v], u[rest][u[rest] == v], own[f == v], rest[u[rest] == v]) for v in (0, 1)}
    )
    share = corrected_share(y, f, u, chances, own, every)
    assert found is not None
    assert share is not None
    assert found.value == pytest.approx(share.value)
    assert found.stderr == pytest.approx(share.stderr, rel=0.02)


def test_a_map_that_is_fitted_on_the_labels_is_judged_by_the_others() -> None:
    """A map that repeats each label it has seen is worth nothing, and cross-fitting knows."""
    rng = np.random.default_rng(7)
    y, f, u = rng.random(60), rng.permutation(160)[:60].astype(float), rng.integers(0, 1000, 100).astype(float)

    def memory(said: np.ndarray, true: np.ndarray) -> object:
        known = dict(zip(said.tolist(), true.tolist(), strict=True))
        return lambda values: np.array([known.get(one, 0.0) for one in values.tolist()])

    found = cross_fitted_mean(y, f, u, fit=memory)  # type: ignore[arg-type]
    assert found is not None
    assert found.low <= y.mean() <= found.high
    assert cross_fitted_mean(y[:5], f[:5], u) is None


def test_rogan_and_gladen_by_delta_and_by_bootstrap_agree_with_the_formula() -> None:
    rng = np.random.default_rng(8)
    (y, f, u, _, own, every), _ = run(rng, right=0.6, n=200)
    delta, boot = solved_by_delta(y, f, u, own, every), solved_by_bootstrap(y, f, u, own, every)
    table = Confusion(int(y @ f), int((1 - y) @ f), int(y @ (1 - f)), int((1 - y) @ (1 - f)))
    formula = rogan_gladen(int(u.sum()), len(u), table)
    assert delta is not None
    assert boot is not None
    assert formula is not None
    assert delta.value == boot.value == pytest.approx(formula.share)
    assert boot.low == pytest.approx(delta.low, abs=0.03)
    assert boot.high == pytest.approx(delta.high, abs=0.03)
    assert delta.high - delta.low < 2 * 1.96 * formula.stderr  # labelled answers are judged too, so less is open
    assert solved_by_delta(y, 1 - f, u, own, every) is None
    assert solved_by_bootstrap(np.ones(9), np.ones(9), u, np.arange(9), every) is None


def test_scores_beyond_the_labelled_ones_are_refused() -> None:
    rng = np.random.default_rng(9)
    scores = rng.uniform(2, 8, 60)
    labels = (rng.random(60) < scores / 10).astype(float)
    fine = calibrated_mean(scores, labels, rng.uniform(2.5, 7.5, 200))
    assert fine is not None
    assert fine.value is not None
    assert fine.low is not None
    assert fine.high is not None
    assert fine.low < 0.5 < fine.high
    beyond = calibrated_mean(scores, labels, np.concatenate([rng.uniform(2.5, 7.5, 200), np.full(30, 9.5)]))
    assert beyond is not None
    assert beyond.value is None
    assert beyond.outside == pytest.approx(30 / 290)
    assert calibrated_mean(scores[:3], labels[:3], scores) is None


def test_a_calibration_passes_fails_cannot_tell_or_is_not_tried() -> None:
    rng = np.random.default_rng(10)
    true = (rng.random(400) < 0.6).astype(float)
    assert transport(true, np.full(400, 0.6), margin=0.1).answer == "passes"
    assert transport(true, np.full(400, 0.9), margin=0.1).answer == "fails"
    assert transport(true[:40], np.full(40, 0.6), margin=0.05).answer == "cannot tell"
    assert transport(true, np.full(400, 0.6), margin=None).answer == "not tried"
    assert transport([], [], margin=0.1).answer == "not tried"
    assert transport(np.full(15, 0.6), np.full(15, 0.6), margin=0.1).answer == "cannot tell"  # too few questions


def rate(value: float, stderr: float = 0.03, n: int = 200) -> PoweredMean:
    return PoweredMean(value, stderr, value - 2 * stderr, value + 2 * stderr, 1.0, n, 1000)


def test_corrected_win_rates_make_a_ranking() -> None:
    def odds(strength: float) -> float:
        return float(1 / (1 + np.exp(-strength)))

    found = corrected_ranking(
        {("a", "b"): rate(odds(1.0)), ("b", "c"): rate(odds(1.0)), ("a", "c"): rate(odds(2.0), 0.02)}
    )
    assert found is not None
    assert list(found.ranks) == ["a", "b", "c"]
    assert [(one.best, one.worst) for one in found.ranks.values()] == [(1, 1), (2, 2), (3, 3)]
    assert found.ranks["a"].value - found.ranks["b"].value == pytest.approx(1.0, abs=0.03)
    assert found.left_over is not None
    assert found.left_over < 1
    unsure = corrected_ranking({("a", "b"): rate(0.52, 0.05), ("b", "c"): rate(0.51, 0.05)})
    assert unsure is not None
    assert [(one.best, one.worst) for one in unsure.ranks.values()] == [(1, 3)] * 3
    assert corrected_ranking({("a", "b"): rate(0.5), ("c", "d"): rate(0.5)}) is None
    assert corrected_ranking({}) is None


def test_all_ranks_hold_at_once_as_often_as_they_say() -> None:
    rng = np.random.default_rng(11)
    truth, spread = np.array([0.0, 0.0, 0.4, 0.4, 1.0]), np.eye(5) * 0.04
    held = 0
    for _ in range(200):
        values = truth + rng.normal(0, 0.2, 5)
        ranks = simultaneous_ranks("abcde", list(values), spread, rounds=1000)
        least = [1 + int((truth > one).sum()) for one in truth]
        most = [int((truth >= one).sum()) for one in truth]
        held += all(
            one.best <= low and one.worst >= high for one, low, high in zip(ranks.values(), least, most, strict=True)
        )
    assert held / 200 >= 0.93


def test_corrected_rewards_are_right_on_average() -> None:
    rng = np.random.default_rng(12)
    right = (rng.random(200_000) < 0.3).astype(float)
    said = np.where(rng.random(200_000) < np.where(right == 1, 0.8, 0.9), right, 1 - right)
    errors = {"accepted_wrong": 0.1, "rejected_right": 0.2}
    backward = np.array([backward_reward(one, **errors) for one in (0.0, 1.0)])[said.astype(int)]
    assert backward.mean() == pytest.approx(0.3, abs=0.01)
    forward = np.array([forward_weight(one, rejected_right=0.2) for one in (0.0, 1.0)])[said.astype(int)]
    assert forward.mean() == pytest.approx(0.7 * (0.3 - 1), abs=0.01)
    with pytest.raises(ValueError, match="cannot be corrected"):
        backward_reward(1, accepted_wrong=0.5, rejected_right=0.5)


def test_appeals_show_how_often_right_answers_are_rejected() -> None:
    found = appealed_share(accepted=80, rejected=100, appeals=20, upheld=4)
    assert found is not None
    assert found.share == pytest.approx(20 / 100)
    assert found.interval.low < 0.2 < found.interval.high
    assert appealed_share(80, 100, appeals=0, upheld=0) is None
