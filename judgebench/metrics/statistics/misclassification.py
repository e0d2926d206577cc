"""The share of right answers, from a judge's rate and the error rates that labels show (Rogan and Gladen).

The point solves the judge's rate for the true one; the interval holds the error of the rate and of both error rates. It
assumes that the error rates are the same on the unlabelled items, as they are if the labels are a random part, also
where as many right as wrong verdicts were labelled on purpose.

Sources: W. J. Rogan and B. Gladen (1978), American Journal of Epidemiology 107, 71-76; the interval: C. Lee et al.
(2025), How to correctly report LLM-as-a-judge evaluations, arXiv:2511.21140.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

LEAST_YOUDEN = 0.2
"""Refused below this sensitivity + specificity - 1: the division blows every error up fivefold."""


class SolvedShare(NamedTuple):
    """A corrected share, 0..1.

    Attributes:
        value: The share, clipped to 0..1. ``low``: lower end of the interval. ``high``: upper end.
        sensitivity: Share of right answers that the judge accepts. ``specificity``: of wrong ones that it rejects.
    """

    value: float
    low: float
    high: float
    sensitivity: float
    specificity: float


def solved_share(
    accepted: float,
    judged: int,
    *,
    rejected_wrong: int,
    wrong: int,
    accepted_right: int,
    right: int,
    level: float = 0.95,
) -> SolvedShare | None:
    """Return the share of right answers by Rogan and Gladen, with the smoothed interval of Lee et al.

    Args:
        accepted: Share of the judged items that the judge accepts, 0..1.
        judged: How many these are.
        rejected_wrong: Labelled wrong answers that it rejects.
        wrong: Labelled wrong answers.
        accepted_right: Labelled right answers that it accepts.
        right: Labelled right answers.
        level: Of the interval.

    Returns:
        ``None`` where a class has no label, or the judge hardly tells them apart (``LEAST_YOUDEN``).
    """
    if not right or not wrong or not judged:
        return None
    specificity, sensitivity = rejected_wrong / wrong, accepted_right / right
    youden = specificity + sensitivity - 1
    if youden < LEAST_YOUDEN:
        return None
    value = min(1.0, max(0.0, (accepted + specificity - 1) / youden))
    z = NormalDist().inv_cdf(0.5 + level / 2)
    rate, n = (judged * accepted + z * z / 2) / (judged + z * z), judged + z * z
    q0, m0 = (rejected_wrong + 1) / (wrong + 2), wrong + 2
    q1, m1 = (accepted_right + 1) / (right + 2), right + 2
    smooth = q0 + q1 - 1
    centre = (rate + q0 - 1) / smooth
    of_wrong, of_right = q0 * (1 - q0) / m0, q1 * (1 - q1) / m1
    shift = 2 * z * z * (-(1 - centre) * of_wrong + centre * of_right)
    error = math.sqrt(rate * (1 - rate) / n + (1 - centre) ** 2 * of_wrong + centre**2 * of_right) / smooth
    low, high = centre + shift - z * error, centre + shift + z * error
    return SolvedShare(value, min(value, max(0.0, low)), max(value, min(1.0, high)), sensitivity, specificity)
