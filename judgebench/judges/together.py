"""Several things at the same time, all of which end before a failure of one is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import TypeVar

T = TypeVar("T")


async def all_of(awaited: Iterable[Awaitable[T]]) -> list[T]:
    """Await questions or verdicts at the same time; where some fail, the others still end (and are recorded) first.

    Raises:
        CallFailedError: A question failed for good.
        NotRecordedError: The recording has no answer to a question.
    """
    begun = list(awaited)
    if len(begun) == 1:
        return [await begun[0]]  # most judges ask once; a task of its own would cost more than reading the reply
    found: list[T] = []
    for outcome in await asyncio.gather(*begun, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome
        found.append(outcome)
    return found
