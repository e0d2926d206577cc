"""Shards: the parts of a dataset that several tasks, or several runs, work on."""

from __future__ import annotations

import msgspec

from judgebench.errors import UsageError

MOST_SHARDS = 256
"""Of one run: so many files of one row are written at once when its records are divided."""


class Shard(msgspec.Struct, frozen=True, order=True):
    """One of several parts; items fall into it by the hash of their content, in whatever order the data hold them.

    Attributes:
        index: Which one, from 0.
        count: Of how many.
    """

    index: int
    count: int

    def holds(self, uid: str) -> bool:
        """Say whether an item belongs to it.

        Args:
            uid: Hash of the item's content (``Sample.uid``).
        """
        return int(uid[:16], 16) % self.count == self.index

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    @property
    def folder(self) -> str:
        """Its name in names of files."""
        return f"{self.index}-of-{self.count}"


def shard_of(text: str) -> Shard:
    """Return the shard that ``0/4`` means.

    Raises:
        UsageError: It means none.
    """
    index, _, count = text.strip().partition("/")
    if index.isdecimal() and count.isdecimal() and len(index) <= 9 and len(count) <= 9 and int(index) < int(count):
        return Shard(int(index), int(count))
    raise UsageError(
        f"{text!r} is no shard such as 0/4 (the first of 4; the last is 3/4).",
        hint="Shards are counted from 0: --shard 0/4, --shard 1/4, --shard 2/4, --shard 3/4.",
    )
