"""Win rates of comparisons: the tested model's answer is the first, what it is compared with the second."""

from __future__ import annotations

import math
from collections.abc import Sequence

from judgebench.metrics.accuracy import cluster_stderr, share_metric
from judgebench.metrics.tally import PREFERENCES, Tally
from judgebench.records import Metric


def win_rate(tally: Tally) -> Metric:
    """Return the percentage of scored comparisons that the tested model wins; a tie counts half.

    This is ``(wins + ties / 2) / n`` (win_rate_adjusted of MT-Bench, L. Zheng et al. 2023, arXiv:2306.05685). The
    standard error is cluster-robust by question; unscored comparisons bound it as losses, or wins.
    """
    groups: dict[int, list[float]] = {}
    planned = scored = 0
    won = 0.0
    for sample_id, worth in tally.preferences():
        planned += 1
        if worth is None:
            continue
        sums = groups.setdefault(sample_id, [0, 0.0])
        sums[0] += 1
        sums[1] += worth
        scored += 1
        won += worth
    if not scored:
        labels = ", ".join(sorted(set(tally.labels()) - PREFERENCES.keys())[:5])
        note = f"the verdicts {labels} name no winner" if labels else "no comparison was scored"
        return Metric(value=None, bounds=(0.0, 100.0) if planned else None, note=note)
    share = won / scored
    deviations = math.fsum((summed - share * asked) ** 2 for asked, summed in groups.values())
    return share_metric(
        share,
        cluster_stderr(deviations, len(groups), scored),
        clusters=len(groups),
        n=scored,
        bounds=(won / planned, (won + planned - scored) / planned),
        least=scored**2 / sum(asked**2 for asked, _ in groups.values()),
    )


def tie_rate(tally: Tally) -> Metric:
    """Return the percentage of scored comparisons that are ties."""
    worths = [worth for _, worth in tally.preferences()]
    scored = [worth for worth in worths if worth is not None]
    if not scored:
        return Metric(value=None, bounds=(0.0, 100.0) if worths else None, note="no comparison was scored")
    ties = scored.count(0.5)
    share = ties / len(scored)
    stderr = math.sqrt(share * (1 - share) / (len(scored) - 1)) if len(scored) > 1 else None
    bounds = (ties / len(worths), (ties + len(worths) - len(scored)) / len(worths))
    return share_metric(share, stderr, clusters=len(scored), n=len(scored), bounds=bounds)


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
