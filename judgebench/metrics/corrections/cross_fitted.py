"""Prediction-powered inference whose predictions are fitted on the labels themselves, each label out of its own fit.

A map from verdicts to labels (a calibration, a probe) that is fitted on the labels fits them too well: the mean of what
it gets wrong on them is too small. So the labels are parted into parts, and each is compared with what the others
predict.

Source: T. Zrnic and E. J. Candes (2024), Cross-prediction-powered inference, Proceedings of the National Academy of
Sciences 121, e2322083121.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from judgebench.metrics.statistics.prediction_powered import Column, PoweredMean, column, reach_of

Fit = Callable[[Column, Column], Callable[[Column], Column]]
"""Takes what the judge says and the labels, and returns what predicts a label from each thing that the judge says."""


def mean_by_verdict(said: Column, true: Column) -> Callable[[Column], Column]:
    """Return the map from each verdict to the mean label under it; half a label of each kind is added (Jeffreys).

    A verdict that no label has seen is mapped to the mean of all labels.
    """
    known = np.unique(said)
    prior = float((true.sum() + 0.5) / (len(true) + 1))
    place = np.searchsorted(known, said)
    means = (np.bincount(place, true) + prior) / (np.bincount(place) + 1)

    def predict(values: Column) -> Column:
        at = np.minimum(np.searchsorted(known, values), len(known) - 1)
        return np.where(known[at] == values, means[at], prior)

    return predict


def parts_of(clusters: Sequence[int] | npt.NDArray[np.int64], parts: int, seed: int = 0) -> npt.NDArray[np.int64]:
    """Return the part of each label; labels of one cluster share it, and parts differ by at most one cluster."""
    names, place = np.unique(np.asarray(clusters), return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(names))
    part = np.empty(len(names), dtype=np.int64)
    part[order] = np.arange(len(names)) % parts
    return part[place]


def cross_fitted_mean(
    true: Sequence[float] | Column,
    said: Sequence[float] | Column,
    unlabelled: Sequence[float] | Column,
    *,
    fit: Fit = mean_by_verdict,
    parts: int | npt.NDArray[np.int64] = 10,
    clusters: Sequence[int] | npt.NDArray[np.int64] | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> PoweredMean | None:
    """Return the corrected mean, with predictions that are fitted on the labels.

    ``mean over the unlabelled of the mean prediction of all parts' fits + mean of (label - prediction of the fit that
    has not seen it)``. The variance is that of both means over questions, each with n - 1; below ``SMALL`` labelled
    questions it has Student's t.

    Args:
        true: Labels.
        said: The judge about the labelled items.
        unlabelled: The judge about the others.
        fit: Fits the map.
        parts: How many, or the part of each label.
        clusters: Question of each labelled item, then of each other one, where several items share one: all labels of
            a question are in one part, and the error is that over questions. Each item's own if not given.
        level: Of the interval.
        seed: Of the parts.

    Returns:
        ``None`` for fewer than two labelled questions a part, or fewer than two unlabelled items.
    """
    y, f, u = column(true), column(said), column(unlabelled)
    count = parts if isinstance(parts, int) else len(np.unique(parts))
    questions = np.arange(len(y) + len(u)) if clusters is None else np.asarray(clusters)
    if len(np.unique(questions[: len(y)])) < 2 * count or count < 2 or len(u) < 2:
        return None
    part = parts_of(questions[: len(y)], parts, seed) if isinstance(parts, int) else parts
    different, place = np.unique(u, return_inverse=True)  # equal verdicts have equal predictions
    predicted, own = np.zeros(len(different)), np.zeros(len(y))
    for one in np.unique(part):
        inside = part == one
        predict = fit(f[~inside], y[~inside])
        predicted += predict(different) / count
        own[inside] = predict(f[inside])
    residual, predicted = y - own, predicted[place]
    value = float(predicted.mean() + residual.mean())
    error, reach, few = reach_of(residual, predicted, questions, level=level)
    return PoweredMean(value, error, value - reach, value + reach, 1.0, len(y), len(u), few)
