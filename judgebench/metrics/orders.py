"""What the comparisons of a result tell about their judge: does it keep to its word when the answers change places?"""

from __future__ import annotations

from typing import Any

import msgspec

from judgebench.metrics.pair_score import share_of
from judgebench.metrics.played import Played
from judgebench.records import Metric


def orders_of(played: Played) -> dict[str, Any]:
    """Return the judge's health as far as comparisons show it, empty where nothing was compared.

    ``consistency``: share of the pairs judged in both orders on which the orders agree. ``first_shown_rate``: share of
    the decided views that the first shown answer won, 50 for a fair judge. ``longer_preferred``: share of the decided
    pairs of unequal length that the longer answer won; a judge near 100 may be measuring length.
    """
    if not len(played):
        return {}
    longer = [
        float((game.outcome > 0.5) == (game.style[0] > game.opposing_style[0]))
        for game in played
        if game.outcome != 0.5 and game.style[0] != game.opposing_style[0]
    ]
    figures = {
        "consistency": _share(played.consistent, played.in_both_orders, "no pair was judged in both orders"),
        "first_shown_rate": _share(played.first_shown_won, played.views_decided, "no view was decided"),
        "longer_preferred": share_of(longer)
        if longer
        else Metric(value=None, note="no decided pair of unequal length"),
    }
    return {name: msgspec.to_builtins(metric) for name, metric in figures.items()}


def _share(hits: int, n: int, why: str) -> Metric:
    return share_of([1.0] * hits + [0.0] * (n - hits)) if n else Metric(value=None, note=why)
