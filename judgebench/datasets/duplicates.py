"""Rows that stand in a benchmark twice: one error that names both, or items of their own, which the result counts.

Rows with names of their own are the same where their names are; rows without are where they say the same.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Literal

import msgspec

from judgebench.datasets.columns import Row
from judgebench.errors import DataError

Choice = Literal["refuse", "number"]

_CHOICE = (
    "Remove one of the two, or keep both as separate items, which the result's notes count: "
    "--override datasets.NAME.repeated='number'"
)


class DuplicateRows:
    """What has been read so far, by name or by content.

    Args:
        choice: What a row is that says what an earlier one says: an error, or an item of its own; ``None`` where a
            benchmark leaves no choice.
    """

    def __init__(self, choice: Choice | None = None) -> None:
        self._choice = choice
        self._seen: dict[Any, tuple[Row, int]] = {}

    def times(self, mark: Any, row: Row, what: str) -> int:
        """Return how many times a mark has been seen, this time included.

        Args:
            mark: What rows that are the same share.
            row: The row that has it.
            what: What the two rows share, for the error: ``the name 'x'``.

        Raises:
            DataError: It was seen before, and that is an error; names both rows and the choice.
        """
        place, count = self._seen.get(mark, (row._replace(values={}), 0))
        if count and self._choice != "number":
            first_row = f"row {place.line}" if place.source == row.source else place.place
            raise DataError(
                f"{row.place}: {what} is also in a previous row ({first_row}).",
                hint="Remove one of the two." if self._choice is None else _CHOICE,
            )
        self._seen[mark] = place, count + 1
        return count + 1


def same_content(values: Any) -> bytes:
    """Return what two rows share that say the same: the canonical JSON of their values, shortened to 16 bytes."""
    return blake2b(msgspec.json.encode(values, order="sorted"), digest_size=16).digest()
