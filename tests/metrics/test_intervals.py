from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.metrics.statistics.intervals import (
    clustered_wilson,
    effective_size,
    mcnemar_exact,
    regularized_beta,
    student,
    t_cdf,
    t_quantile,
    wilson,
)


@given(st.integers(1, 500), st.data())
def test_wilson_solves_its_own_equation(n: int, data: st.DataObject) -> None:
    """Each end is the share at which the observed one lies z standard errors away."""
    share = data.draw(st.integers(0, n)) / n
    low, high = wilson(share, n)
    assert 0 <= low <= share <= high <= 1
    for end in (low, high):
        if 0 < end < 1:
            distance = abs(share - end) / math.sqrt(end * (1 - end) / n)
            assert distance == pytest.approx(1.959963984540054, rel=1e-6)


@pytest.mark.parametrize(("share", "n"), [(0.5, 0), (1.5, 3), (-0.1, 3)])
def test_wilson_refuses_nonsense(share: float, n: int) -> None:
    """No interval of nothing."""
    with pytest.raises(ValueError, match="wilson needs"):
        wilson(share, n)


@pytest.mark.parametrize(
    ("df", "value"), [(1, 12.706204736432095), (2, 4.302652729911275), (5, 2.570581835636314), (30, 2.0422724563012373)]
)
def test_t_quantiles_of_the_tables(df: int, value: float) -> None:
    """Against the values printed in statistical tables."""
    assert t_quantile(0.975, df) == pytest.approx(value, rel=1e-10)
    assert t_quantile(0.025, df) == pytest.approx(-value, rel=1e-10)


def test_t_becomes_normal() -> None:
    """Both branches of the quantile meet, and tend to 1.96."""
    assert t_quantile(0.975, 100_000) == pytest.approx(t_quantile(0.975, 100_001), rel=1e-8)
    assert t_quantile(0.975, 10**9) == pytest.approx(1.959963984540054, rel=1e-8)


@given(st.floats(0.51, 0.999), st.integers(1, 400))
def test_t_quantile_inverts_the_distribution(probability: float, df: int) -> None:
    """cdf(quantile(p)) = p."""
    assert t_cdf(t_quantile(probability, df), df) == pytest.approx(probability, abs=1e-11)


@given(st.floats(0.001, 0.999), st.integers(1, 30), st.integers(1, 30))
def test_beta_is_the_binomial_tail(x: float, a: int, b: int) -> None:
    """I_x(a, b) is the chance of at least a successes in a + b - 1 trials."""
    n = a + b - 1
    tail = math.fsum(math.comb(n, i) * x**i * (1 - x) ** (n - i) for i in range(a, n + 1))
    assert regularized_beta(x, a, b) == pytest.approx(tail, rel=1e-9, abs=1e-12)


def test_against_scipy_where_it_is_installed() -> None:
    """The same quantiles and p-values as scipy."""
    stats = pytest.importorskip("scipy.stats")
    for df in (1, 3, 17, 400):
        assert t_quantile(0.9, df) == pytest.approx(stats.t.ppf(0.9, df), rel=1e-9)
    assert mcnemar_exact(3, 11) == pytest.approx(stats.binomtest(3, 14).pvalue)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_symmetric_and_a_probability(first: int, second: int) -> None:
    """Only the difference of the discordant counts matters, not who is first."""
    value = mcnemar_exact(first, second)
    assert 0 < value <= 1
    assert value == mcnemar_exact(second, first)


def test_mcnemar_of_a_known_table() -> None:
    """Six against none: 2 / 2^6."""
    assert mcnemar_exact(0, 6) == 0.03125
    assert mcnemar_exact(0, 0) == 1.0


@given(st.floats(0.01, 0.99), st.floats(0, 0.5), st.integers(2, 50), st.integers(1, 8))
def test_effective_size_is_between_questions_and_trials(share: float, stderr: float, clusters: int, n: int) -> None:
    """Repeats are worth something between nothing new and a fresh question each."""
    size = effective_size(share, stderr, clusters=clusters, n=clusters * n)
    assert clusters <= size <= clusters * n
    low, high = clustered_wilson(share, stderr, clusters=clusters, n=clusters * n)
    assert low <= share <= high


def test_student_is_symmetric() -> None:
    """Mean plus and minus t standard errors."""
    low, high = student(10.0, 1.0, 5)
    assert (low + high) / 2 == pytest.approx(10.0)
    assert high - 10 == pytest.approx(2.5705818356)
