"""Puts together what several processes counted over parts of one data set."""

from __future__ import annotations

from typing import Any


def joined(first: Any, second: Any) -> Any:
    """Return two counts of one kind as one: numbers and lists of numbers are added, sets and mappings are united.

    Raises:
        TypeError: There is no meaning in joining such values.
    """
    if type(first) is type(second) and not isinstance(first, bool):
        if isinstance(first, int | float):
            return first + second
        if isinstance(first, list) and len(first) == len(second):
            return [joined(one, other) for one, other in zip(first, second, strict=True)]
        if isinstance(first, set):
            return first | second
        if isinstance(first, dict):
            return first | {key: joined(first[key], value) if key in first else value for key, value in second.items()}
    raise TypeError(f"{first!r:.60} and {second!r:.60} cannot be joined")
