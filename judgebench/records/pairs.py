"""The decisions by which judges name the better of two answers: one table, from which all else here is derived.

A new way to say it is one line in ``WINS`` or ``TIES``; then aggregations mirror and count it, and win rates, rankings,
scores of pairs and bias tests know what it is worth.
"""

from __future__ import annotations

from typing import NamedTuple


class Win(NamedTuple):
    """Two decisions that say the same of either answer.

    Attributes:
        first: Decision that prefers the first answer. ``second``: its mirror image, which prefers the second.
        strength: How many times it counts where strong decisions count more (Arena-Hard's pool).
        numeral: Whether it may be a point of a scale as well.
    """

    first: str
    second: str
    strength: int = 1
    numeral: bool = False


WINS = (
    Win("A", "B"),
    Win("A>B", "B>A"),
    Win("A>>B", "B>>A", strength=3),
    Win("first", "second"),
    Win("1", "2", numeral=True),
)
"""Decisions that prefer one of the answers."""

TIES = ("tie", "A=B")
"""Decisions that say that neither is better; each is its own mirror image, as every decision is that is not here."""

UNDECIDED = frozenset({"inconsistent", "split"})
"""What aggregations give if presentations disagree: neither a winner nor a tie."""

FLIPPED = {one: other for win in WINS for one, other in ((win.first, win.second), (win.second, win.first))}
"""Decision by its mirror image, for presentations in which the second answer is shown first; others stay as they
are."""

SIDES = {decision: side for win in WINS for decision, side in ((win.first, 1), (win.second, -1))}
"""Which answer a decision prefers: 1 the first, -1 the second; every other decision prefers neither."""

STRENGTH = {decision: win.strength for win in WINS for decision in (win.first, win.second)}
"""How many times a decision counts in ``weighted_pool``; every other decision counts once."""

PREFERENCES = {**{decision: (side + 1) / 2 for decision, side in SIDES.items()}, **dict.fromkeys(TIES, 0.5)}
"""What a decision is worth to the first answer, the tested model's: a win 1, a tie a half, a loss 0."""

NUMERALS = frozenset(decision for win in WINS if win.numeral for decision in (win.first, win.second))
"""Decisions that may be points of a scale as well."""
