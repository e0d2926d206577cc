"""How far a stage had come in the file that it fills, kept while it goes on: what a resumed run need not look at again.

A file of ten million records takes minutes to read. So the identity of a file that is being filled says now and then up
to which item everything has ended. A run that goes on begins there, asks what is new, and proves before it calls the
file complete that the rest is as it was: else it looks at everything, as it does where there is no watermark.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from judgebench.store.recorded import sample_of

Count = Annotated[int, msgspec.Meta(ge=0)]


class Watermark(msgspec.Struct, frozen=True, kw_only=True):
    """How far a stage had come, by slots (``slot_sample``), in which the planned items are in ascending order.

    Attributes:
        below: Every planned item with a smaller slot has ended, but for ``open``.
        open: Slots of items below it that failed, or had no answer to be judged.
        total: Items planned in all.
        ok: Items below it that ended well.
        recorded: Of those, how many have a good record in the file.
        unparsed: Of a judge: how many of those had a verdict that could not be read.
        records: Bytes of the file behind which the records of all other items are.
        size: Bytes of the file.
        tail: Hash of what ends them (``tail_of``).
        answers: Of a judge: bytes of the file of answers that need not be looked at for new ones.
        proof: Of a judge: sum of the digests of the answers that were judged, below 2**64.
        basis: Hash of what the items rest on besides the settings and the selection of the file.
    """

    below: Count
    open: list[Count] = []
    total: Count = 0
    ok: Count = 0
    recorded: Count = 0
    unparsed: Count = 0
    records: Count = 0
    size: Count = 0
    tail: str = ""
    answers: Count = 0
    proof: Count = 0
    basis: str = ""


class CoveredItems:
    """The items that have ended well by a watermark.

    Args:
        watermark: The watermark; ``None`` covers nothing.

    Attributes:
        open: Slots below the watermark that have not ended well.
        first: Smallest id of a sample that has, or may have, an item that is not covered.
    """

    def __init__(self, watermark: Watermark | None) -> None:
        self._below = watermark.below if watermark else 0
        self.open = frozenset(watermark.open if watermark else ())
        self._open_samples = frozenset(sample_of(slot) for slot in self.open)
        self._last_sample = sample_of(self._below)
        self.first = min([*self._open_samples, self._last_sample])

    def __contains__(self, slot: object) -> bool:
        return isinstance(slot, int) and slot < self._below and slot not in self.open

    def needs(self, id: int) -> bool:
        """Say whether a sample has, or may have, an item that is not covered."""
        return id >= self._last_sample or id in self._open_samples
