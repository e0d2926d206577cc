"""An index whose pages are damaged is made again, and the question put once more: the run holds all that is in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class HasIndex(Protocol):
    """Whoever asks an index."""

    def make_index_again(self) -> None:
        """Remove the index, and make it anew."""
        ...


S = TypeVar("S", bound=HasIndex)


def with_mended_index(ask: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Return a question that is put a second time where SQLite finds the file of the index damaged."""

    @wraps(ask)
    def twice(self: S, /, *args: P.args, **named: P.kwargs) -> R:
        try:
            return ask(self, *args, **named)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError | sqlite3.ProgrammingError | sqlite3.IntegrityError):
                raise  # about the question, and not about the file
            self.make_index_again()
        return ask(self, *args, **named)

    return twice
