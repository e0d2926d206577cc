"""Intervals of shares, Holm, Fleiss' kappa, McNemar and errors over clusters, equal to statsmodels."""

from __future__ import annotations

import numpy as np
import pytest

from judgebench.metrics.statistics.fleiss import fleiss_kappa
from judgebench.metrics.statistics.intervals import mcnemar_exact, mean_of, wilson
from judgebench.metrics.statistics.intraclass import intraclass_correlation
from judgebench.metrics.statistics.jeffreys import jeffreys
from judgebench.metrics.statistics.multiple import holm
from tests.metrics.conformance.draws import DRAWS, Later, generators, worst

proportion = Later("statsmodels.stats.proportion")


def test_intervals_of_shares() -> None:
    found = []
    for rng in generators(1):
        n = int(rng.integers(1, 300))
        hits = int(rng.integers(0, n + 1))
        theirs = proportion.proportion_confint(hits, n, method="wilson")
        found += [abs(a - b) for a, b in zip(wilson(hits / n, n), theirs, strict=True)]
        low, high = proportion.proportion_confint(hits, n, method="jeffreys")
        ours = jeffreys(hits, n)
        # without a hit ours begins at 0, and without a miss it ends at 1 (Brown, Cai and DasGupta 2001, section 4.1)
        found += [abs(ours.low - low) if hits else ours.low, abs(ours.high - high) if hits < n else 1 - ours.high]
    assert worst(found, least=4 * DRAWS) < 1e-9


def test_holm(monkeypatch: pytest.MonkeyPatch) -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    monkeypatch.setattr("gc.collect", lambda *_: 0)  # it collects garbage in each call: 0.3 s here, and nothing to find
    found = []
    for rng in generators(2):
        p = rng.random(int(rng.integers(1, 20))) ** 2
        found.append(float(np.abs(np.array(holm(list(p))) - multitest.multipletests(p, method="holm")[1]).max()))
    assert worst(found, least=DRAWS) < 1e-9


def test_fleiss_kappa() -> None:
    rater = pytest.importorskip("statsmodels.stats.inter_rater")
    found = []
    for rng in generators(3):
        raters, items, values = (int(one) for one in rng.integers([2, 2, 2], [6, 30, 5]))
        truth = rng.integers(0, values, items)
        table = np.where(rng.random((raters, items)) < 0.6, truth, rng.integers(0, values, (raters, items))).T
        ours = fleiss_kappa(table.astype(float).tolist())
        if ours is None:
            continue
        found.append(abs(ours - rater.fleiss_kappa(rater.aggregate_raters(table)[0])))
    assert worst(found, least=9 * DRAWS // 10) < 1e-9


def test_mcnemar() -> None:
    tables = pytest.importorskip("statsmodels.stats.contingency_tables")
    found = []
    for rng in generators(4):
        first, second = (int(one) for one in rng.integers(0, 40, 2))
        if first + second:
            theirs = tables.mcnemar([[5, first], [second, 5]], exact=True).pvalue
            found.append(abs(mcnemar_exact(first, second) - theirs))
    assert worst(found, least=9 * DRAWS // 10) < 1e-9


def test_the_error_of_a_mean_over_clusters() -> None:
    """That of a regression on a constant, with ``C / (C - 1)`` and no other correction."""
    linear = pytest.importorskip("statsmodels.regression.linear_model")
    found = []
    for rng in generators(5, DRAWS // 5):
        n = int(rng.integers(6, 60))
        clusters = np.concatenate([[0, 1], rng.integers(0, max(2, n // 3), n - 2)])
        values = rng.normal(size=n) + clusters
        ours = mean_of(values.tolist(), clusters.tolist())
        fitted = linear.OLS(values, np.ones(n)).fit()
        theirs = fitted.get_robustcov_results("cluster", groups=clusters, use_correction=False).bse[0]
        count = len(set(clusters.tolist()))
        assert ours.stderr is not None
        found.append(abs(ours.stderr - theirs * np.sqrt(count / (count - 1))))
    assert worst(found, least=DRAWS // 5) < 1e-9


def test_the_intraclass_correlation() -> None:
    """By the mean squares of a two-way table, which a regression gives; and the table of Shrout and Fleiss."""
    linear = pytest.importorskip("statsmodels.regression.linear_model")
    table = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    assert intraclass_correlation(table) == pytest.approx(0.29, abs=0.005)
    found = []
    for rng in generators(6, DRAWS // 10):
        n, raters = int(rng.integers(3, 12)), int(rng.integers(2, 5))
        ratings = rng.normal(size=(n, 1)) + rng.normal(size=(1, raters)) + rng.normal(size=(n, raters))
        items, people = np.indices(ratings.shape).reshape(2, -1)
        y = ratings.reshape(-1)
        by_item, by_rater = np.eye(n)[items], np.eye(raters)[people][:, 1:]
        left = [linear.OLS(y, x).fit().ssr for x in (np.ones((len(y), 1)), by_item, np.hstack([by_item, by_rater]))]
        of_items = (left[0] - left[1]) / (n - 1)
        of_raters = (left[1] - left[2]) / (raters - 1)
        error = left[2] / ((n - 1) * (raters - 1))
        theirs = (of_items - error) / (of_items + (raters - 1) * error + raters * (of_raters - error) / n)
        ours = intraclass_correlation(ratings.tolist())
        assert ours is not None
        found.append(abs(ours - theirs))
    assert worst(found, least=DRAWS // 10) < 1e-9
