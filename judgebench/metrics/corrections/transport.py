"""May a calibration that was made on one model or run be used on another? Fresh labels there say so.

Source: the four answers of the package ``cje-eval`` (arXiv:2512.11150), with which the tests compare.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from judgebench.metrics.statistics.intervals import t_quantile
from judgebench.metrics.statistics.prediction_powered import Column, column

LEAST_CLUSTERS = 20
"""Questions of equal weight below which a calibration never passes."""

TransportAnswer = Literal["passes", "fails", "cannot tell", "not tried"]


class Transport(NamedTuple):
    """Whether a calibration holds where it was not made.

    Attributes:
        answer: ``passes``: the interval lies within the margin; ``fails``: outside of it; ``cannot tell``: across its
            end, or too few questions; ``not tried``: no margin was given, or there are no labels.
        shift: Mean of label minus prediction; ``None`` without labels. ``stderr``: its standard error.
        low: Lower end of the simultaneous interval. ``high``: upper end.
        clusters: Questions, as many as weigh alike (Kish).
    """

    answer: TransportAnswer
    shift: float | None
    stderr: float | None
    low: float | None
    high: float | None
    clusters: float


def transport(
    true: Sequence[float] | Column,
    predicted: Sequence[float] | Column,
    *,
    margin: float | None,
    clusters: Sequence[int] | npt.NDArray[np.int64] | None = None,
    together: int = 1,
    level: float = 0.95,
) -> Transport:
    """Return whether predictions of a calibration hold on fresh labels.

    Args:
        true: The fresh labels.
        predicted: What the calibration predicts for them.
        margin: By how much the mean may be off, stated before the labels are seen.
        clusters: Question of each label; its own if not given.
        together: How many such questions are asked of one calibration; the interval holds for all (Bonferroni).
        level: Of all intervals together.
    """
    y, f = column(true), column(predicted)
    if not len(y):
        return Transport("not tried", None, None, None, None, 0.0)
    place = np.unique(np.arange(len(y)) if clusters is None else np.asarray(clusters), return_inverse=True)[1]
    residual = y - f
    shift = float(residual.mean())
    sizes = np.bincount(place)
    worth = float(len(y) ** 2 / (sizes @ sizes))
    if len(sizes) < 2:
        return Transport("not tried" if margin is None else "cannot tell", shift, None, None, None, worth)
    sums = np.bincount(place, residual - shift)
    error = math.sqrt(len(sizes) / (len(sizes) - 1) * float(sums @ sums)) / len(y)
    reach = error * t_quantile(1 - (1 - level) / together / 2, max(1, math.floor(worth + 1e-9) - 1))
    low, high = shift - reach, shift + reach
    answer: TransportAnswer = "cannot tell"
    if margin is None:
        answer = "not tried"
    elif low > margin or high < -margin:
        answer = "fails"
    elif worth >= LEAST_CLUSTERS and low >= -margin and high <= margin:
        answer = "passes"
    return Transport(answer, shift, error, low, high, worth)
