"""What a judge said in each view of a pair, in the frame of the item: the games that pair scores are made of."""

from __future__ import annotations

from typing import NamedTuple

from judgebench.metrics.found import label_in, views_of
from judgebench.pair_labels import SIDES
from judgebench.records import Verdict


class Game(NamedTuple):
    """One view of a pair.

    Attributes:
        view: Name of the view.
        swapped: Whether the second answer was shown first.
        side: 1 the item's first answer won, -1 its second, 0 neither; ``None`` where no verdict could be read.
        label: As read, in the frame of what was shown.
    """

    view: str
    swapped: bool
    side: int | None
    label: str | None

    @property
    def first_shown(self) -> int | None:
        """Side of the answer that was shown first: 1 it won, -1 it lost, 0 a tie."""
        return None if self.side is None else -self.side if self.swapped else self.side


def side_of(label: str | None) -> int | None:
    """Return which answer a label prefers, ``None`` for no label."""
    return None if label is None else SIDES.get(label, 0)


def games_of(verdict: Verdict) -> list[Game]:
    """Return the games behind a verdict, in the order of the views; none where nothing was compared.

    Views that grade one answer each, whose grades a fold compares, are no games: none of them names a winner.
    """
    views = views_of(verdict)
    if len({str(one.get("view")) for one in views}) > 1 and not any(
        one.get("order") or one.get("label") for one in views
    ):
        return []
    found = []
    for one in views:
        label = label_in(one)
        swapped = one.get("order") == "BA"
        side = side_of(label)
        found.append(Game(str(one.get("view", "")), swapped, -side if side is not None and swapped else side, label))
    return found
