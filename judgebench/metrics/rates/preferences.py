"""Win rates of comparisons: the tested model's answer is the first, what it is compared with the second."""

from __future__ import annotations

from judgebench.metrics.rates.named import metric
from judgebench.metrics.rates.tally import Tally
from judgebench.metrics.statistics.intervals import share_of_worths
from judgebench.records.flow import Metric
from judgebench.records.pairs import PREFERENCES


@metric(better="high")
def win_rate(tally: Tally) -> Metric:
    """Return the percentage of scored comparisons that the tested model wins; a tie counts half.

    This is ``(wins + ties / 2) / n`` (win_rate_adjusted of MT-Bench, L. Zheng et al. 2023, arXiv:2306.05685). The
    standard error is cluster-robust by question; unscored comparisons bound it as losses, or wins.
    """
    if not tally.decisions().keys() & PREFERENCES.keys():
        return _no_comparison(tally)
    return share_of_worths(tally.worths(PREFERENCES))


@metric(better=None)
def tie_rate(tally: Tally) -> Metric:
    """Return the percentage of scored comparisons that are ties, clustered and bounded as the win rate is."""
    if not tally.decisions().keys() & PREFERENCES.keys():
        return _no_comparison(tally)
    return share_of_worths(tally.worths({decision: float(worth == 0.5) for decision, worth in PREFERENCES.items()}))


def _no_comparison(tally: Tally) -> Metric:
    decisions = ", ".join(sorted(tally.decisions())[:5])
    note = f"the verdicts {decisions} name no winner" if decisions else "no comparison was scored"
    return Metric(value=None, bounds=(0.0, 100.0) if len(tally) else None, note=note)
