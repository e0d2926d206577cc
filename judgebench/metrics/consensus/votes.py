"""What several judges say of the same items, as numbers."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

Item = TypeVar("Item", bound=Hashable)
MISSING = -1


class Votes(NamedTuple):
    """A table of votes.

    Attributes:
        table: By item and judge: the number of the decision, ``MISSING`` where there is none.
        decisions: By number. ``judges``: by column.
    """

    table: npt.NDArray[np.int64]
    decisions: list[Hashable]
    judges: list[str]


def votes_of(said: Mapping[str, Mapping[Item, Hashable]], items: Sequence[Item]) -> Votes:
    """Return the votes of judges about items; an item that a judge has not read has no vote of it.

    Args:
        said: By judge: what it says of each item.
        items: The items, in order.
    """
    decisions = sorted({said[judge][item] for judge in said for item in items if item in said[judge]}, key=str)
    number = {decision: at for at, decision in enumerate(decisions)}
    table = [[number[own[item]] if item in own else MISSING for own in said.values()] for item in items]
    return Votes(np.array(table, dtype=np.int64).reshape(len(items), len(said)), list(decisions), list(said))


class Consensus(NamedTuple):
    """What judges say together.

    Attributes:
        chances: By item and decision: how likely the method takes it for the right one.
        decisions: By number.
        shares: Of each decision over all items.
        agreement: By judge: how often it says what the consensus says, 0..1. No accuracy: judges that err together
            agree.
    """

    chances: npt.NDArray[np.float64]
    decisions: list[Hashable]
    shares: dict[Hashable, float]
    agreement: dict[str, float]

    def decided(self) -> list[Hashable]:
        """Return the most likely decision of each item; ``None`` where two are equally likely."""
        best = self.chances.max(axis=1, keepdims=True)
        alone = (self.chances >= best - 1e-12).sum(axis=1) == 1
        return [
            self.decisions[int(at)] if sure else None
            for at, sure in zip(self.chances.argmax(axis=1), alone, strict=True)
        ]


def consensus_of(votes: Votes, chances: npt.NDArray[np.float64]) -> Consensus:
    """Return a consensus with what follows from its chances."""
    agreement = {}
    for at, judge in enumerate(votes.judges):
        voted = votes.table[:, at] != MISSING
        own = chances[voted, votes.table[voted, at]]
        agreement[judge] = float(own.mean()) if voted.any() else float("nan")
    shares = {one: float(share) for one, share in zip(votes.decisions, chances.mean(axis=0), strict=True)}
    return Consensus(chances, votes.decisions, shares, agreement)
