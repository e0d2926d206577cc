"""Sequences by betting: valid at every look, exact at the end of a finite set, and checked by the simpler ones."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.metrics.statistics.betting import (
    STAKES,
    bernstein_sequence,
    confidence_sequence,
    log_capital,
    shown_by,
)

BITS = st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=60)


@given(BITS, st.floats(0.05, 0.95))
def test_the_capital_is_what_the_bets_make_it(values: list[float], bound: float) -> None:
    purses = [1.0 / len(STAKES)] * len(STAKES)
    for value, logs in zip(values, log_capital(np.array(values), bound), strict=True):
        purses = [purse * (1 + stake / bound * (value - bound)) for purse, stake in zip(purses, STAKES, strict=True)]
        assert logs == pytest.approx(math.log(sum(purses)), abs=1e-9)


@given(BITS, st.floats(0.05, 0.95))
def test_a_bet_is_fair_if_the_mean_of_a_finite_set_is_the_bound(values: list[float], bound: float) -> None:
    """Without replacement: what the next value is on average, if the mean of all is the bound, changes nothing."""
    total = len(values) + 5
    fair = (total * bound - sum(values)) / (total - len(values))
    before = log_capital(np.array(values), bound, total=total)[-1]
    if 1e-6 < fair <= 1 and math.isfinite(before):
        after = log_capital(np.array([*values, fair]), bound, total=total)[-1]
        assert after == pytest.approx(before, abs=1e-6)


def test_what_has_become_impossible_is_shown_for_certain() -> None:
    values = np.array([1.0] * 6 + [0.0] * 4)
    assert math.isinf(log_capital(values, 0.5, total=10)[-1])
    assert not math.isinf(log_capital(values[:4], 0.5, total=10)[-1])
    assert shown_by(values, values, 0.5, total=10).above == 0.0
    low, high = confidence_sequence(values, values, total=10)
    assert low == pytest.approx(0.6, abs=1e-6)
    assert high == pytest.approx(0.6, abs=1e-6)


def test_the_truth_leaves_the_interval_at_most_as_often_as_is_said() -> None:
    """At every look of 400: 2,000 runs at 20% error; and a finite set."""
    rng = np.random.default_rng(0)
    x = (rng.random((2000, 400)) < 0.7).astype(float)
    rich = math.log(2 / 0.2)
    above = (log_capital(x, 0.7) >= rich).any(axis=1)
    below = (log_capital(1 - x, 0.3) >= rich).any(axis=1)
    assert (above | below).mean() <= 0.2 + 3 * math.sqrt(0.2 * 0.8 / 2000)
    assert (above | below).mean() > 0.03, "nor is it so wide that it says nothing"
    fixed = np.array([1.0] * 280 + [0.0] * 120)
    shuffled = rng.permuted(np.tile(fixed, (2000, 1)), axis=1)[:, :399]
    wrong = (log_capital(shuffled, 0.7, total=400) >= rich).any(axis=1)
    assert wrong.mean() <= 0.1 + 3 * math.sqrt(0.1 * 0.9 / 2000)


@pytest.mark.parametrize("total", [None, 500])
def test_the_empirical_bernstein_sequence_is_wider_and_agrees(total: int | None) -> None:
    rng = np.random.default_rng(1)
    x = (rng.random(300) < 0.8).astype(float)
    low, high = bernstein_sequence(x, total=total)
    inner = confidence_sequence(x, x, total=total)
    assert low[-1] <= inner[0] <= x.mean() <= inner[1] <= high[-1]
    assert (np.diff(low) >= 0).all()
    assert (np.diff(high) <= 0).all()


@given(BITS, st.floats(0.1, 0.9))
def test_what_is_open_decides_nothing_that_its_ends_would_not(values: list[float], bound: float) -> None:
    low = np.array(values)
    high = np.minimum(1.0, low + 0.5)
    both = shown_by(low, high, bound)
    assert both.above == pytest.approx(shown_by(low, low, bound).above)
    assert both.below == pytest.approx(shown_by(high, high, bound).below)
    assert both.above >= shown_by(high, high, bound).above - 1e-12
