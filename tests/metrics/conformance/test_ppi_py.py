"""Prediction-powered inference, equal to ``ppi_py``."""

from __future__ import annotations

import numpy as np
import pytest

from judgebench.metrics.corrections.cross_fitted import cross_fitted_mean
from judgebench.metrics.corrections.stratified import StratumValues, stratified_mean
from judgebench.metrics.rates import correction
from judgebench.metrics.rates.agreement import Confusion
from judgebench.metrics.statistics.prediction_powered import power_weight, powered_mean
from tests.metrics.conformance.draws import DRAWS, Later, generators, worst

ppi = Later("ppi_py")


def drawn(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, the judge about them and about the rest: 0 and 1, scores, or three-way preferences."""
    n, rest = int(rng.integers(2, 60)), int(rng.integers(2, 200))
    kind = rng.integers(3)
    if kind == 0:
        y = (rng.random(n + rest) < rng.random()).astype(float)
        f = np.where(rng.random(n + rest) < 0.8, y, 1 - y)
    elif kind == 1:
        y = rng.normal(size=n + rest)
        f = rng.normal() + rng.random() * y + rng.normal(size=n + rest)
    else:
        y, f = rng.integers(-1, 2, n + rest).astype(float), rng.integers(-1, 2, n + rest).astype(float)
    return y[:n], f[:n], f[n:]


@pytest.mark.parametrize("weight", [None, 1.0])
def test_means_their_weights_and_intervals(weight: float | None) -> None:
    found = []
    for rng in generators(5):
        y, f, rest = drawn(rng)
        if np.concatenate([f, rest]).std() == 0:
            continue
        ours = powered_mean(y, f, rest, weight=weight, small=False)
        assert ours is not None
        value = float(np.squeeze(ppi.ppi_mean_pointestimate(y, f, rest, lam=weight)))
        low, high = (float(np.squeeze(end)) for end in ppi.ppi_mean_ci(y, f, rest, alpha=0.05, lam=weight))
        found.append(max(abs(ours.value - value), abs(ours.low - low), abs(ours.high - high)))
    assert worst(found, least=9 * DRAWS // 10) < 1e-9


def test_the_interval_for_few_labels_is_wider_by_its_degrees_of_freedom_alone() -> None:
    """n - 1 and Student's t, where ``ppi_py`` has n and the normal distribution."""
    stats = pytest.importorskip("scipy.stats")
    found = []
    for rng in generators(6):
        y, f, rest = drawn(rng)
        ours = powered_mean(y, f, rest, weight=1.0, small=True)
        assert ours is not None
        n = len(y)
        error = np.sqrt(rest.var(ddof=1) / len(rest) + (y - f).var(ddof=1) / n)
        reach = stats.t.ppf(0.975, n - 1) * error
        found.append(max(abs(ours.stderr - error), abs(ours.high - ours.value - reach)) / max(1.0, reach))
    assert worst(found, least=DRAWS) < 1e-9


def test_strata_are_weighed_by_their_size() -> None:
    found = []
    for rng in generators(7):
        parts = [drawn(rng) for _ in range(int(rng.integers(2, 5)))]
        parts = [(y, f, rest) for y, f, rest in parts if len(y) >= 5 and np.concatenate([f, rest]).std() > 0]
        if len(parts) < 2:
            continue
        ours = stratified_mean({at: StratumValues(*part) for at, part in enumerate(parts)}, small=False)
        assert ours is not None
        assert ours.merged == []
        sizes = np.array([len(y) + len(rest) for y, _, rest in parts])
        value = variance = 0.0
        for share, (y, f, rest) in zip(sizes / sizes.sum(), parts, strict=True):
            value += share * float(np.squeeze(ppi.ppi_mean_pointestimate(y, f, rest)))
            low, high = (float(np.squeeze(end)) for end in ppi.ppi_mean_ci(y, f, rest, alpha=0.05))
            variance += (share * (high - low) / 2 / 1.959963984540054) ** 2
        reach = 1.959963984540054 * np.sqrt(variance)
        found.append(max(abs(ours.value - value), abs(ours.low - value + reach), abs(ours.high - value - reach)))
    assert worst(found, least=DRAWS // 2) < 1e-9


def test_predictions_that_are_fitted_on_nothing_are_those_of_ppi() -> None:
    found = []
    for rng in generators(8):
        y, f, rest = drawn(rng)
        ours = cross_fitted_mean(y, f, rest, fit=lambda _s, _t: lambda said: said, parts=2)
        plain = powered_mean(y, f, rest, weight=1.0, small=True)
        if ours is None or plain is None:
            continue
        found.append(max(abs(ours.value - plain.value), abs(ours.stderr - plain.stderr)))
    assert worst(found, least=9 * DRAWS // 10) < 1e-9


def test_the_metric_of_a_config_has_the_same_weight() -> None:
    found = []
    for rng in generators(9):
        tp, fp, fn, tn = (int(one) for one in rng.integers(0, 30, 4))
        right, wrong = (int(one) for one in rng.integers(1, 100, 2))
        if tp + fp + fn + tn < 2:
            continue
        y = np.repeat([1.0, 0.0, 1.0, 0.0], [tp, fp, fn, tn])
        f = np.repeat([1.0, 1.0, 0.0, 0.0], [tp, fp, fn, tn])
        rest = np.repeat([1.0, 0.0], [right, wrong])
        weight = correction.power_weight(right, right + wrong, Confusion(tp=tp, fp=fp, fn=fn, tn=tn))
        found.append(abs(weight - power_weight(y, f, rest)))
    assert worst(found, least=9 * DRAWS // 10) < 1e-12
