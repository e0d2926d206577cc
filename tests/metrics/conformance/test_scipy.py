"""Correlations, quantiles, exact tests and intervals, equal to SciPy."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from judgebench.metrics.statistics.annotators import alternative_annotator
from judgebench.metrics.statistics.correlation import kendall, pearson, spearman
from judgebench.metrics.statistics.intervals import mcnemar_exact, t_cdf, t_quantile, wilson
from judgebench.metrics.statistics.jeffreys import beta_quantile
from judgebench.metrics.statistics.multiple import benjamini_hochberg
from judgebench.metrics.statistics.paired import paired_mean
from tests.metrics.conformance.draws import DRAWS, Later, generators, worst

stats = Later("scipy.stats")


@pytest.mark.parametrize(("ours", "theirs"), [(pearson, "pearsonr"), (spearman, "spearmanr"), (kendall, "kendalltau")])
def test_correlations(ours: object, theirs: str) -> None:
    found = []
    for rng in generators(1):
        n = int(rng.integers(2, 40))
        first = rng.integers(1, 6, n).astype(float) if rng.random() < 0.5 else rng.normal(size=n)
        second = np.round(first + rng.normal(size=n), int(rng.integers(0, 3)))
        mine = ours(first.tolist(), second.tolist())  # type: ignore[operator]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            other = float(getattr(stats, theirs)(first, second).statistic)
        if mine is None:
            assert np.isnan(other)  # a constant list has no correlation
            continue
        found.append(abs(mine - other))
    assert worst(found, least=9 * DRAWS // 10) < 1e-9


def test_quantiles_of_student_and_beta() -> None:
    found = []
    for rng in generators(2):
        p, df = float(rng.uniform(0.001, 0.999)), int(rng.integers(1, 400))
        t = float(stats.t.ppf(p, df))
        found += [abs(t_quantile(p, df) - t) / max(1.0, abs(t)), abs(t_cdf(t, df) - p)]
        n = float(rng.integers(1, 500))
        hits = float(rng.integers(0, int(n) + 1))
        found.append(abs(beta_quantile(p, hits + 0.5, n - hits + 0.5) - stats.beta.ppf(p, hits + 0.5, n - hits + 0.5)))
    assert worst(found, least=3 * DRAWS) < 1e-9


def test_wilson_and_the_exact_test_of_mcnemar() -> None:
    found = []
    for rng in generators(3):
        n = int(rng.integers(1, 200))
        hits = int(rng.integers(0, n + 1))
        test = stats.binomtest(hits, n)
        interval = test.proportion_ci(method="wilson")
        found += [abs(a - b) for a, b in zip(wilson(hits / n, n), (interval.low, interval.high), strict=True)]
        found.append(abs(mcnemar_exact(hits, n - hits) - test.pvalue))
    assert worst(found, least=3 * DRAWS) < 1e-9


@pytest.mark.parametrize("dependent", [False, True])
def test_adjusted_p_values(dependent: bool) -> None:
    found = []
    for rng in generators(4):
        p = rng.random(int(rng.integers(1, 20))) ** 2
        theirs = stats.false_discovery_control(p, method="by" if dependent else "bh")
        found.append(float(np.abs(np.array(benjamini_hochberg(list(p), dependent=dependent)) - theirs).max()))
    assert worst(found, least=DRAWS) < 1e-9


def test_the_paired_difference_of_questions_with_one_answer() -> None:
    found = []
    for rng in generators(5):
        n = int(rng.integers(3, 80))
        d = rng.integers(-1, 2, n).astype(float)
        if np.ptp(d) == 0:
            continue
        ours = paired_mean(d, np.arange(n).astype(float))
        assert ours is not None
        theirs = stats.ttest_1samp(d, 0.3, alternative="less")
        interval = stats.ttest_1samp(d, 0).confidence_interval(0.95)
        found += [abs(a - b) for a, b in zip(ours.interval(), (interval.low, interval.high), strict=True)]
        found.append(abs(ours.below(0.3) - float(theirs.pvalue)))
    assert worst(found, least=2 * DRAWS) < 1e-9


def test_the_alternative_annotator_test() -> None:
    found = []
    for rng in generators(6, DRAWS // 10):
        truth = rng.random(60) < 0.6
        said = {
            name: dict(enumerate(np.where(rng.random(60) < 0.8, truth, ~truth).astype(float).tolist()))
            for name in ("judge", "ada", "bob", "cyd")
        }
        judge = said.pop("judge")
        test = alternative_annotator(judge, said, epsilon=0.1)
        assert test is not None
        p_values = []
        for one in test.annotators:
            others = [other for name, other in said.items() if name != one.annotator]
            scores = np.array(
                [
                    [np.mean([rater[at] == other[at] for other in others]) for at in range(60)]
                    for rater in (judge, said[one.annotator])
                ]
            )
            d = (scores[1] >= scores[0]).astype(int) - (scores[0] >= scores[1]).astype(int)
            p_values.append(float(stats.ttest_1samp(d, 0.1, alternative="less").pvalue))
            found.append(abs(one.p_value - p_values[-1]))
        adjusted = stats.false_discovery_control(p_values, method="by")
        found += [abs(one.adjusted - p) for one, p in zip(test.annotators, adjusted, strict=True)]
    assert worst(found, least=DRAWS // 2) < 1e-9
