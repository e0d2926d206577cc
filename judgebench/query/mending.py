"""What may go wrong with a question to an index.

An index whose pages are damaged is made again, and the question put once more: the run holds all that is in it. A
search that was given up says why: SQLite itself knows only that a function of ours raised something.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from judgebench.errors import UsageError

P = ParamSpec("P")
R = TypeVar("R")


class HasIndex(Protocol):
    """Whoever asks an index."""

    def make_index_again(self) -> None:
        """Remove the index, and make it anew."""
        ...

    def given_up(self) -> UsageError | None:
        """Return why this thread's last search was given up, once; ``None`` where it was not."""
        ...


S = TypeVar("S", bound=HasIndex)


def with_mended_index(ask: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Return a question that is put a second time where SQLite finds the file of the index damaged.

    It raises a ``UsageError`` where a search was given up.
    """

    @wraps(ask)
    def twice(self: S, /, *args: P.args, **named: P.kwargs) -> R:
        try:
            return ask(self, *args, **named)
        except sqlite3.DatabaseError as error:
            if (given_up := self.given_up()) is not None:
                raise given_up from error
            if isinstance(error, sqlite3.OperationalError | sqlite3.ProgrammingError | sqlite3.IntegrityError):
                raise  # about the question, and not about the file
            self.make_index_again()
        return ask(self, *args, **named)

    return twice


def with_reasons(ask: Callable[Concatenate[S, P], Iterator[R]]) -> Callable[Concatenate[S, P], Iterator[R]]:
    """Return a question that is answered line by line, and raises a ``UsageError`` where a search was given up."""

    @wraps(ask)
    def iterated(self: S, /, *args: P.args, **named: P.kwargs) -> Iterator[R]:
        try:
            yield from ask(self, *args, **named)
        except sqlite3.DatabaseError as error:
            if (given_up := self.given_up()) is not None:
                raise given_up from error
            raise

    return iterated
