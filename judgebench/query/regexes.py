"""Regular expressions of readers: some need time that doubles with every character, so each has a limit.

Python's own ``re`` cannot be stopped, and holds the whole process while it works; the package ``regex`` reads the same
expressions and can (decision 0060).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from judgebench.errors import UsageError

if TYPE_CHECKING:
    import regex

LIMIT_SECONDS = 1.0
"""Processor time that one text may take: some thousand times what a usual expression takes for a long answer."""


class TooSlowError(Exception):
    """A regular expression has used up its time on one text.

    Attributes:
        pattern: The expression.
    """

    def __init__(self, pattern: str) -> None:
        super().__init__(pattern)
        self.pattern = pattern

    def for_readers(self) -> UsageError:
        """Return the error with what to do about it."""
        return UsageError(
            f"The regular expression {self.pattern!r} needs more than {LIMIT_SECONDS:g} second for one text, so the "
            "search was ended.",
            hint="Do not repeat what is itself a repetition, as in (a+)+; to find plain words use contains or --text.",
        )


def checked_regex(pattern: str) -> regex.Pattern[str]:
    """Return a regular expression, compiled.

    Raises:
        UsageError: It is none.
    """
    import regex

    try:
        return regex.compile(pattern)
    except (regex.error, OverflowError, RecursionError) as error:
        raise UsageError(
            f"The regular expression {pattern!r} cannot be read: {error}.",
            hint="Escape its special characters with \\.",
        ) from error


@lru_cache(64)
def searching(pattern: str) -> Callable[[str], bool]:
    """Return the test whether a regular expression is found in a text.

    The test raises ``TooSlowError`` where that takes too long.
    """
    search = checked_regex(pattern).search

    def found(text: str) -> bool:
        try:
            return search(text, timeout=LIMIT_SECONDS) is not None
        except TimeoutError as error:
            raise TooSlowError(pattern) from error

    return found
