"""Rates of right and wrong, kappas and the rising curve, equal to scikit-learn."""

from __future__ import annotations

import warnings
from collections import Counter

import numpy as np
import pytest

from judgebench.metrics.corrections.calibrated import isotonic
from judgebench.metrics.rates.agreement import class_scores, cohen_kappa, macro_scores
from judgebench.metrics.statistics.calibration import brier_score
from judgebench.metrics.statistics.ordinal import weighted_kappa
from tests.metrics.conformance.draws import DRAWS, Later, generators, worst

metrics = Later("sklearn.metrics")


def decided(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    classes, n = int(rng.integers(2, 6)), int(rng.integers(2, 60))
    true = rng.integers(0, classes, n)
    return np.where(rng.random(n) < rng.random(), true, rng.integers(0, classes, n)), true


@pytest.mark.parametrize("weights", [None, "linear", "quadratic"])
def test_kappa(weights: str | None) -> None:
    found = []
    for rng in generators(1):
        said, true = decided(rng)
        pairs = Counter((float(a), float(b)) for a, b in zip(said, true, strict=True))
        power = {"linear": 1, "quadratic": 2}.get(weights or "", 0)
        ours = weighted_kappa(pairs, power=power) if power else cohen_kappa(pairs)
        # its weights go by the rank of a class among those that occur; ours by the distance of the grades
        labels = None if weights is None else list(range(6))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = metrics.cohen_kappa_score(said, true, labels=labels, weights=weights)
        if ours is None:
            assert np.isnan(theirs)
            continue
        found.append(abs(ours - theirs))
    assert worst(found, least=8 * DRAWS // 10) < 1e-9


def test_precision_recall_and_f1() -> None:
    found = []
    for rng in generators(2):
        said, true = decided(rng)
        pairs = Counter(zip(said.tolist(), true.tolist(), strict=True))
        classes = sorted({*said.tolist(), *true.tolist()})
        own = metrics.precision_recall_fscore_support(true, said, labels=classes, zero_division=0)
        for at, one in enumerate(classes):
            ours = class_scores(pairs, one)
            found += [abs((ours[part] or 0.0) - own[part][at]) for part in range(3)]
        macro = metrics.precision_recall_fscore_support(true, said, labels=classes, average="macro", zero_division=0)
        found += [abs((mine or 0.0) - float(theirs)) for mine, theirs in zip(macro_scores(pairs, classes), macro[:3])]  # noqa: B905
    assert worst(found, least=DRAWS) < 1e-9


def test_the_rising_curve_of_judge_scores() -> None:
    regression = pytest.importorskip("sklearn.isotonic").IsotonicRegression
    found = []
    for rng in generators(3):
        n = int(rng.integers(2, 60))
        scores = rng.integers(1, 11, n).astype(float) if rng.random() < 0.5 else rng.random(n)
        labels = np.clip(scores / 10 + rng.normal(0, 0.4, n), 0, 1)
        asked = rng.random(20) * 14 - 2
        theirs = regression(out_of_bounds="clip").fit(scores, labels).predict(asked)
        found.append(float(np.abs(isotonic(scores, labels)(asked) - theirs).max()))
    assert worst(found, least=DRAWS) < 1e-9


def test_the_brier_score() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    found = []
    for rng in generators(9):
        n = int(rng.integers(5, 60))
        sure, right = rng.random(n), (rng.random(n) < 0.7).astype(float)
        ours = brier_score(list(zip(sure, right, strict=True)))
        assert ours is not None
        found.append(abs(ours - float(metrics.brier_score_loss(right, sure, pos_label=1))))
    assert worst(found, least=DRAWS) < 1e-9
