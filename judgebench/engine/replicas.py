"""Replicas of one service: which of them the next request goes to, and which is left out for now."""

from __future__ import annotations

from collections.abc import Sequence

from yarl import URL

from judgebench.engine.limits import REFUSING, Breaker

ELSEWHERE = REFUSING | {"server", "rate_limit"}
"""Kinds of answered failures after which a request goes to another replica, which may do better."""


class Replica:
    """One of the addresses behind which a model answers.

    Attributes:
        url: Where requests go.
        target: The same, parsed once and not for every request.
        breaker: Whether it answers.
        in_flight: Requests under way there.
    """

    def __init__(self, url: str, breaker: Breaker) -> None:
        self.url = url
        self.target = URL(url, encoded=True)
        self.breaker = breaker
        self.in_flight = 0


def least_busy(replicas: Sequence[Replica], now: float, but: Replica | None = None) -> tuple[Replica | None, float]:
    """Return the replica that a request goes to; ``None`` where none answers now, with the seconds until one is tried.

    One that has stopped answering gets a request now and then, so that it is taken back when it answers again. One that
    has given up for good is given up only where no other answers.

    Args:
        replicas: All of them; one at least has not given up.
        now: The time.
        but: The one that has just failed the request, which gets it again only where no other answers.
    """
    working = [one for one in replicas if one.breaker.works]
    pause = float("inf")
    for one in replicas:
        breaker = one.breaker
        if breaker.gone is not None and working:
            breaker.leave_out(now)
        if breaker.open and breaker.gone is None and one is not but:
            if (wait := breaker.admit(now)) <= 0:
                return one, 0.0
            pause = min(pause, wait)
    others = [one for one in working if one is not but] or working
    if others:
        return min(others, key=lambda one: one.in_flight), 0.0
    if but is not None and but.breaker.open and but.breaker.gone is None:
        if (wait := but.breaker.admit(now)) <= 0:
            return but, 0.0
        pause = min(pause, wait)
    return None, pause
