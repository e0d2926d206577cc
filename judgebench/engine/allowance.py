"""What a task may still spend of the limits of its run (``--max-calls``, ``--max-tokens``, ``--max-cost``).

Tasks are processes, and what all of them have spent only the supervisor knows. It hands out allowances
(``executors.spending``), whose sum is never more than the limit, and a task sends no request without one:

- what its finished calls have spent, what those in flight are expected to spend, and what the new one is expected to
  spend must be within the allowance. A request counts as one call, and its repeats once they are known. Its tokens and
  its cost are expected to be as many as the mean of the finished calls, and before the first one has finished, as many
  as the prompt is long and the reply may be;
- the first request of a task may be sent alone as long as anything of its allowance is left.

So a task sends nothing when its finished calls have spent its allowance, and the limit is exceeded by no more than what
each task had in flight when it sent its last request: by what that took more than was expected. Calls are exceeded by
repeats alone. What one task has exceeded is missing from what others are given.

A task asks for more before it has to wait, for about a second of its work. What it does not need it gives back.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

from judgebench.content.parts import rough_tokens
from judgebench.errors import EndpointError
from judgebench.records.flow import Reply, Request, Usage
from judgebench.records.prices import Price
from judgebench.records.spending import FLAGS, Limits, Spending, TaskSpending, spent_by

ROUND = 0.5
"""Seconds of work after which a task asks for more at the latest; twice as much it wants to have allowed."""


def check_measured(reply: Reply, limits: Limits, price: Price | None, *, whose: str) -> None:
    """Refuse a reply that does not say what a limit is about.

    Args:
        reply: The reply.
        limits: What is limited.
        price: Of the model.
        whose: The service, as a sentence begins with it.

    Raises:
        EndpointError: Tokens or their cost are limited, and it comes without a word about tokens.
    """
    if (reply.usage is not None and reply.usage.measured) or reply.status != "ok":
        return
    for name in limits.names:
        if name == "tokens" or (name == "cost" and price is not None and not price.free):
            raise EndpointError(
                f"{whose} does not say how many tokens a call took, so {FLAGS[name]} cannot be kept.",
                hint=f"Limit the calls instead: --max-calls N {FLAGS[name]} none",
            )


class Allowance:
    """What one task may still spend.

    Args:
        limits: What is limited in the run.
        price: Of the model that is asked; with a limited cost it is known.
        concurrency: Most requests in flight.
        batched: Whether they are answered in batches.
        report: Tells the supervisor how things stand, now.
        reached: Called once, when nothing more may be sent.
    """

    def __init__(
        self,
        limits: Limits,
        price: Price | None,
        *,
        concurrency: int,
        batched: bool = False,
        report: Callable[[], None],
        reached: Callable[[], None],
    ) -> None:
        self._limits = limits
        self._limited = limits.names
        self._price = price
        self._concurrency = concurrency
        self._batched = batched
        self._report = report
        self._reached = reached
        self._granted = Spending()
        self._spent = Spending()
        self._reserved = Spending()
        self._in_flight = 0
        self._finished = 0
        self._seen = 0
        self._began = time.monotonic()
        self._reported = -1
        """The allowance after which more was wanted last: it is said once for each."""
        self._waiting: deque[tuple[Spending, asyncio.Future[Spending | None]]] = deque()
        self._unmeasured: EndpointError | None = None
        self.refused = False

    async def enter(self, request: Request) -> Spending | None:
        """Wait until a request may be sent; returns what is set aside for it, ``None`` if it may not be sent."""
        if self.refused:
            return None
        expected = self._mean() if self._finished else self._most(request)
        if not self._waiting and self._fits(expected):
            self._set_aside(expected)
            self._look_ahead()
            return expected
        future: asyncio.Future[Spending | None] = asyncio.get_running_loop().create_future()
        entry = (expected, future)
        self._waiting.append(entry)
        self._want()
        try:
            return await future
        except asyncio.CancelledError:
            if entry in self._waiting:
                self._waiting.remove(entry)
            elif not future.cancelled() and (set_aside := future.result()) is not None:
                self._release(set_aside)  # it was allowed, and never sent
            raise

    def leave(self, expected: Spending, reply: Reply | None) -> None:
        """Take in what a request has spent.

        Args:
            expected: As ``enter`` returned it.
            reply: Its reply; of one that was given up in flight nobody knows, and it counts as expected. So does one
                that does not say what is limited: it is kept, as it is paid for, and nothing more is sent.
        """
        self._finished += 1
        self._spent += expected if reply is None else self._spent_by(reply, expected)
        self._release(expected)
        self._look_ahead()

    def refuse_unmeasured(self) -> None:
        """Refuse to end as if all had been counted.

        Raises:
            EndpointError: What is limited cannot be counted: the service does not say how many tokens it used.
        """
        if self._unmeasured is not None:
            raise self._unmeasured

    def receive(self, word: str, subject: str) -> None:
        """Take a line of the supervisor about allowances: ``allowance NUMBER CALLS TOKENS COST``, ``limit-reached``."""
        if word == "allowance":
            number, calls, tokens, cost = map(float, subject.split())
            self.take(int(number), Spending(calls=calls, tokens=tokens, cost=cost))
        elif word == "limit-reached":
            self.refuse()

    def take(self, number: int, granted: Spending) -> None:
        """Take in an allowance: what may be spent in all from now on."""
        if number <= self._seen:
            return
        self._seen, self._granted = number, granted
        self._wake()
        if self._waiting:
            self._want()

    def refuse(self) -> None:
        """Nothing more may be sent."""
        if self.refused:
            return
        self.refused = True
        while self._waiting:
            _, future = self._waiting.popleft()
            if not future.done():
                future.set_result(None)
        self._reached()

    def state(self, *, ended: bool = False) -> TaskSpending:
        """Return how things stand, and give back what is not needed.

        Args:
            ended: Whether nothing more is going to be sent.
        """
        if ended or not (self._in_flight or self._waiting):
            self._granted = self._spent
        needed = self._needed()
        if self._finished:
            self._granted = _least(self._granted, self._spent + self._reserved + needed * 4)
        wanted = self._wanted() if self._waiting or self._short() else self._granted
        return TaskSpending(
            seen=self._seen,
            held=self._granted,
            spent=self._spent,
            wanted=wanted,
            waiting=bool(self._waiting),
            in_flight=self._in_flight > 0,
            batched=self._batched,
        )

    def _spent_by(self, reply: Reply, expected: Spending) -> Spending:
        try:
            check_measured(reply, self._limits, self._price, whose="The service")
        except EndpointError as error:
            self._unmeasured = self._unmeasured or error
            self.refuse()
            return expected
        return spent_by(reply.usage, reply.tries, self._price)

    def _mean(self) -> Spending:
        """Return what a finished call has spent, in the mean."""
        each = self._spent * (1 / self._finished) if self._finished else Spending()
        return Spending(calls=1.0, tokens=each.tokens, cost=each.cost)

    def _most(self, request: Request) -> Spending:
        """Return what a request may spend at most, about."""
        longest = max((int(request.params.get(name) or 0) for name in _LIMITS_OF_REPLY), default=0)
        read = round(rough_tokens(request.prompt))
        usage = Usage(prompt_tokens=read, completion_tokens=longest, batch=self._batched)
        return spent_by(usage, 1, self._price)

    def _fits(self, expected: Spending) -> bool:
        wanted = self._spent + self._reserved + expected
        if all(getattr(wanted, name) <= getattr(self._granted, name) + _ROUNDING for name in self._limited):
            return True
        first = not self._in_flight and not self._finished
        return first and all(getattr(self._granted, name) > 0 for name in self._limited)

    def _set_aside(self, expected: Spending) -> None:
        self._reserved += expected
        self._in_flight += 1

    def _release(self, expected: Spending) -> None:
        self._in_flight -= 1
        self._reserved = self._reserved - expected if self._in_flight else Spending()
        self._wake()

    def _wake(self) -> None:
        while self._waiting and not self.refused:
            expected, future = self._waiting[0]
            if self._finished:
                expected = self._mean()
            if not future.done() and not self._fits(expected):
                return
            self._waiting.popleft()
            if not future.done():
                self._set_aside(expected)
                future.set_result(expected)

    def _needed(self) -> Spending:
        """Return what the requests that may be in flight, or those of the next ``ROUND``, are expected to spend."""
        rate = self._finished / max(1e-3, time.monotonic() - self._began)
        requests = max(self._concurrency, int(rate * ROUND))
        return self._mean() * requests

    def _wanted(self) -> Spending:
        wanted = self._spent + self._reserved + self._needed() * 2
        for expected, _ in () if self._finished else self._waiting:
            wanted += expected
        return wanted

    def _short(self) -> bool:
        left, needed = self._granted - self._spent - self._reserved, self._needed()
        return self._in_flight > 0 and any(getattr(left, name) < getattr(needed, name) for name in self._limited)

    def _look_ahead(self) -> None:
        if self._short():
            self._want()

    def _want(self) -> None:
        if self._reported != self._seen and not self.refused:
            self._reported = self._seen
            self._report()


class OwnAllowance(Allowance):
    """The allowance of who is alone: all of the limits from the beginning, and nobody else to ask for more.

    Once they are used up nothing more is sent, ever.

    Args:
        limits: What is limited.
        price: Of the model that is asked; with a limited cost it is known.
        concurrency: Most requests in flight.
    """

    def __init__(self, limits: Limits, price: Price | None, *, concurrency: int) -> None:
        super().__init__(limits, price, concurrency=concurrency, report=self._settle, reached=lambda: None)
        self.take(1, limits.whole)

    def leave(self, expected: Spending, reply: Reply | None) -> None:
        """Take in what a request has spent; where nothing is under way and the next one may not be sent, none may."""
        super().leave(expected, reply)
        self._settle()

    def _settle(self) -> None:
        self._reported = -1  # nobody answers a report, so every request that waits makes one
        if self._waiting and not self._in_flight:
            self.refuse()


_LIMITS_OF_REPLY = ("max_tokens", "max_completion_tokens", "max_out_len", "max_output_tokens")
_ROUNDING = 1e-9
"""Sums of costs in floats are not exact."""


def _least(one: Spending, other: Spending) -> Spending:
    return Spending(
        calls=min(one.calls, other.calls), tokens=min(one.tokens, other.tokens), cost=min(one.cost, other.cost)
    )
