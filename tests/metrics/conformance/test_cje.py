"""Calibrated means, their refusal and the transport of a calibration, as ``cje-eval`` has them."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from judgebench.metrics.corrections.calibrated import calibrated_mean, isotonic
from judgebench.metrics.corrections.transport import transport
from tests.metrics.conformance.draws import DRAWS, Later, generators, worst

cje = Later("cje")


class Calibrator:
    def __init__(self, predictions: np.ndarray) -> None:
        self._predictions = predictions

    def predict(self, _scores: np.ndarray, **_: object) -> np.ndarray:
        return self._predictions


ANSWERS = {"PASS": "passes", "FAIL": "fails", "INCONCLUSIVE": "cannot tell", "NOT_GRADED": "not tried"}


def test_the_transport_of_a_calibration() -> None:
    found, answers = [], set()
    for rng in generators(1):
        n = int(rng.integers(4, 120))
        clusters = rng.integers(0, max(2, n // int(rng.integers(1, 4))), n)
        clusters[:2] = 0, 1
        true, predicted = rng.random(n), rng.random(n) * 0.5 + 0.2 + rng.random() * 0.2
        margin = None if rng.random() < 0.2 else float(rng.uniform(0.02, 0.3))
        together = int(rng.integers(1, 4))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = cje.transport_audit(
                np.arange(n, dtype=float), true, Calibrator(predicted),
                delta_max=margin, cluster_ids=clusters, family_size=together,
            )  # fmt: skip
        ours = transport(true, predicted, margin=margin, clusters=clusters, together=together)
        assert ours.answer == ANSWERS[theirs.status]
        answers.add(ours.answer)
        assert ours.shift is not None
        assert ours.low is not None
        assert ours.high is not None
        ends = abs(ours.low - theirs.delta_ci[0]), abs(ours.high - theirs.delta_ci[1])
        found += [abs(ours.shift - theirs.delta_hat), *ends]
    assert answers == set(ANSWERS.values())
    assert worst(found, least=3 * DRAWS) < 1e-9


def test_the_mean_of_calibrated_scores() -> None:
    """The same point with the same folds, where the package chooses the rising curve too; the error is nearly that.

    Its error has the jackknife over the folds in addition, so it is greater.
    """
    found, ratios = [], []
    for rng in generators(2, max(20, DRAWS // 25)):
        size, n = 300, 80
        scores = rng.integers(1, 11, size) / 10
        labels = np.full(size, np.nan)
        labels[:n] = (rng.random(n) < scores[:n] ** 2).astype(float)
        scores[0], scores[1] = 0.1, 1.0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = cje.calibrated_mean_ci(scores, labels)
        if theirs.diagnostics["calibration"]["selected_mode"] != "monotone":
            continue
        _balanced_cluster_folds = pytest.importorskip("cje.calibration.judge")._balanced_cluster_folds

        folds = _balanced_cluster_folds([f"row_{one}" for one in range(n)], 5, 42)
        ours = calibrated_mean(scores[:n], labels[:n], scores[n:], parts=folds)
        assert ours is not None
        assert ours.value is not None
        assert ours.stderr is not None
        found.append(abs(ours.value - theirs.estimate))
        ratios.append(ours.stderr / theirs.se)
    assert worst(found, least=10) < 1e-9
    assert 0.8 < min(ratios) <= max(ratios) < 1.05


def test_scores_outside_of_the_labelled_ones_are_refused_alike() -> None:
    boundary_card = pytest.importorskip("cje.diagnostics.reward_boundary").boundary_card

    refused = 0
    for rng in generators(3):
        edge = rng.uniform(0, 0.15)
        labelled, rest = rng.uniform(0.1, 0.9, 30), rng.uniform(edge, 1 - edge, int(rng.integers(20, 80)))
        labels = (rng.random(30) < labelled).astype(float)
        ours = calibrated_mean(labelled, labels, rest)
        assert ours is not None
        every = np.concatenate([labelled, rest])
        mapped = isotonic(labelled, labels)(every)
        card = boundary_card(every, labelled, mapped, float(labels.min()), float(labels.max()))
        assert (ours.value is None) == (card.status == "REFUSE-LEVEL")
        assert ours.outside == pytest.approx(card.out_of_range)
        refused += ours.value is None
    assert 0 < refused < DRAWS
