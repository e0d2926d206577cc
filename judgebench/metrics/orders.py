"""What the comparisons of a result tell about their judge: does it keep to its word when the answers change places?"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from judgebench.metrics.clustered import Group, clustered_share
from judgebench.metrics.played import Game, Played
from judgebench.records import Metric


def orders_of(played: Played) -> dict[str, Any]:
    """Return the judge's health as far as comparisons show it, empty where nothing was compared.

    ``consistency``: share of the pairs judged in both orders on which the orders agree. ``first_shown_rate``: share of
    the decided views that the first shown answer won, 50 for a fair judge. ``longer_preferred``: share of the decided
    pairs of unequal length that the longer answer won; a judge near 100 may be measuring length. The intervals are
    clustered by question: its views, and its repeats, are no independent trials.
    """
    if not len(played):
        return {}
    figures = {
        "consistency": _share(
            ((one.id, one.agree is not None, one.agree or 0) for one in played.orders()),
            "no pair was judged in both orders",
        ),
        "first_shown_rate": _share(
            ((one.id, one.decided, one.first_shown_won) for one in played.orders()), "no view was decided"
        ),
        "longer_preferred": _share(
            (
                (game.id, 1, (game.outcome > 0.5) == (game.style[0] > game.opposing_style[0]))
                for game in _unequal(played)
            ),
            "no decided pair of unequal length",
        ),
    }
    return {name: msgspec.to_builtins(metric) for name, metric in figures.items()}


def _unequal(played: Played) -> Iterator[Game]:
    return (game for game in played if game.outcome != 0.5 and game.style[0] != game.opposing_style[0])


def _share(trials: Iterable[tuple[int, int, int]], why: str) -> Metric:
    """Return hits over trials, given ``(id, trials, hits)`` with those of one id one after another."""
    clusters: Counter[tuple[int, int]] = Counter()
    for _, own in itertools.groupby(trials, key=lambda one: one[0]):
        counts = list(own)
        clusters[sum(asked for _, asked, _ in counts), sum(hits for _, _, hits in counts)] += 1
    groups = [Group(asked, hits, times) for (asked, hits), times in clusters.items() if asked]
    return clustered_share(groups) if groups else Metric(value=None, note=why)
