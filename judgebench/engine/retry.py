"""How long to wait before a request is repeated: exponential backoff with full jitter, bounded in number and time.

Full jitter (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015): the wait is uniform between 0
and the bound, so that requests which failed together do not come back together. ``docs/decisions`` says why no library
does it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class RetryPolicy:
    """Bounds of the waiting between attempts, in seconds.

    Attributes:
        repeats: Attempts after the first.
        base: Bound of the first wait; doubles with each repeat.
        cap: Bound of any computed wait.
        retry_after_cap: Most that a ``Retry-After`` header is honoured for.
        budget: Most that one request waits in all.
    """

    repeats: int = 2
    base: float = 0.5
    cap: float = 30.0
    retry_after_cap: float = 120.0
    budget: float = 900.0

    def wait(self, repeat: int, retry_after: float | None, dice: random.Random) -> float:
        """Return the seconds to wait before a repeat.

        Args:
            repeat: Number of the repeat, from 1.
            retry_after: What the service asked for; it is waited for in full (up to the cap), and the jitter is added.
            dice: Source of the jitter.
        """
        bound = min(self.cap, self.base * 2.0 ** min(repeat - 1, 60))
        jitter = dice.uniform(0.0, bound)
        if retry_after is None:
            return jitter
        return min(retry_after, self.retry_after_cap) + min(jitter, self.base)
