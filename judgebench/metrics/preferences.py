"""Win rates of comparisons: the tested model's answer is the first, what it is compared with the second."""

from __future__ import annotations

from judgebench.metrics.clustered import share_of_worths
from judgebench.metrics.direction import metric
from judgebench.metrics.tally import Tally
from judgebench.pair_labels import PREFERENCES
from judgebench.records import Metric


@metric(better="high")
def win_rate(tally: Tally) -> Metric:
    """Return the percentage of scored comparisons that the tested model wins; a tie counts half.

    This is ``(wins + ties / 2) / n`` (win_rate_adjusted of MT-Bench, L. Zheng et al. 2023, arXiv:2306.05685). The
    standard error is cluster-robust by question; unscored comparisons bound it as losses, or wins.
    """
    if not tally.labels().keys() & PREFERENCES.keys():
        return _no_comparison(tally)
    return share_of_worths(tally.worths(PREFERENCES))


@metric(better=None)
def tie_rate(tally: Tally) -> Metric:
    """Return the percentage of scored comparisons that are ties, clustered and bounded as the win rate is."""
    if not tally.labels().keys() & PREFERENCES.keys():
        return _no_comparison(tally)
    return share_of_worths(tally.worths({label: float(worth == 0.5) for label, worth in PREFERENCES.items()}))


def _no_comparison(tally: Tally) -> Metric:
    labels = ", ".join(sorted(tally.labels())[:5])
    note = f"the verdicts {labels} name no winner" if labels else "no comparison was scored"
    return Metric(value=None, bounds=(0.0, 100.0) if len(tally) else None, note=note)
