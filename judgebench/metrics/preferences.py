"""Win rates of comparisons: the tested model's answer is the first, what it is compared with the second."""

from __future__ import annotations

import math
from collections.abc import Sequence

from judgebench.metrics.accuracy import cluster_stderr, share_metric, share_of_worths
from judgebench.metrics.tally import Tally
from judgebench.pair_labels import PREFERENCES
from judgebench.records import Metric


def win_rate(tally: Tally) -> Metric:
    """Return the percentage of scored comparisons that the tested model wins; a tie counts half.

    This is ``(wins + ties / 2) / n`` (win_rate_adjusted of MT-Bench, L. Zheng et al. 2023, arXiv:2306.05685). The
    standard error is cluster-robust by question; unscored comparisons bound it as losses, or wins.
    """
    if not tally.labels().keys() & PREFERENCES.keys():
        return _no_comparison(tally)
    return share_of_worths(tally.worths(PREFERENCES))


def tie_rate(tally: Tally) -> Metric:
    """Return the percentage of scored comparisons that are ties, clustered and bounded as the win rate is."""
    if not tally.labels().keys() & PREFERENCES.keys():
        return _no_comparison(tally)
    return share_of_worths(tally.worths({label: float(worth == 0.5) for label, worth in PREFERENCES.items()}))


def preference_rate(preferences: Sequence[float]) -> Metric:
    """Return the mean of graded preferences (0..1 each, 1 for the tested model) in percent.

    The standard error is ``sd / sqrt(n)`` with n - 1, as AlpacaEval 2 prints it; the interval is of Wilson's form.
    """
    if not preferences:
        return Metric(value=None, note="no preference was given")
    mean = math.fsum(preferences) / len(preferences)
    deviations = math.fsum((value - mean) ** 2 for value in preferences)
    stderr = cluster_stderr(deviations, len(preferences), len(preferences))
    return share_metric(mean, stderr, clusters=len(preferences), n=len(preferences))


def _no_comparison(tally: Tally) -> Metric:
    labels = ", ".join(sorted(tally.labels())[:5])
    note = f"the verdicts {labels} name no winner" if labels else "no comparison was scored"
    return Metric(value=None, bounds=(0.0, 100.0) if len(tally) else None, note=note)
