"""What a run has spent, and may spend."""

from __future__ import annotations

import msgspec

from judgebench.records.flow import Usage
from judgebench.records.prices import Price

FLAGS = {"calls": "--max-calls", "tokens": "--max-tokens", "cost": "--max-cost"}
"""What can be limited, and by which flag."""


class Spending(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was spent, or may be.

    Attributes:
        calls: Requests sent, repeats included.
        tokens: Tokens read and written.
        cost: In the currency of the prices.
    """

    calls: float = 0.0
    tokens: float = 0.0
    cost: float = 0.0

    def __add__(self, other: Spending) -> Spending:
        return Spending(calls=self.calls + other.calls, tokens=self.tokens + other.tokens, cost=self.cost + other.cost)

    def __sub__(self, other: Spending) -> Spending:
        return Spending(calls=self.calls - other.calls, tokens=self.tokens - other.tokens, cost=self.cost - other.cost)

    def __mul__(self, factor: float) -> Spending:
        return Spending(calls=self.calls * factor, tokens=self.tokens * factor, cost=self.cost * factor)

    def most(self, other: Spending) -> Spending:
        """Return the greater of each."""
        return Spending(
            calls=max(self.calls, other.calls),
            tokens=max(self.tokens, other.tokens),
            cost=max(self.cost, other.cost),
        )


class Limits(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How much a whole run may spend; ``None`` sets no limit.

    Attributes:
        calls: Requests. ``tokens``: tokens read and written. ``cost``: in ``currency``.
        currency: Of the cost.
    """

    calls: int | None = None
    tokens: int | None = None
    cost: float | None = None
    currency: str = "USD"

    @property
    def names(self) -> list[str]:
        """What is limited."""
        return [name for name in FLAGS if getattr(self, name) is not None]

    @property
    def whole(self) -> Spending:
        """All that may be spent."""
        return Spending(**{name: self.of(name) for name in self.names})

    def of(self, name: str) -> float:
        """Return the limit of what ``names`` says is limited."""
        return float(getattr(self, name))


def spent_by(usage: Usage | None, calls: int, price: Price | None) -> Spending:
    """Return what a call has spent; without a price the cost is 0, and without usage the tokens are."""
    if usage is None:
        return Spending(calls=calls)
    cost = price.cost(usage) if price is not None else 0.0
    return Spending(calls=calls, tokens=usage.prompt_tokens + usage.completion_tokens, cost=cost)


class CallUsage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the calls to one model behind a result took: ``TaskResult.usage`` holds one for ``model`` and ``judge``.

    Attributes:
        calls: Calls that were sent.
        prompt_tokens: Tokens read, as the service reported. ``completion_tokens``: written.
        extra_requests: Requests beyond the first of each call. ``seconds_waited``: between them.
        served_models: Model ids of the replies.
        saved_requests: Calls that were not sent, as their replies were known (``--cache``, ``--dedup``).
        reasoning_tokens: Of those written, the reasoning.
        cached_tokens: Of those read, what came out of the service's cache. ``cache_write_tokens``: what went into it.
        unmeasured: Replies that came without a word about tokens; what they cost is not in ``cost``.
        batched: Calls that were answered in a batch. ``discount``: what they would have cost more without one.
        cost: In the currency of the price; ``None`` where there is no price.
        price: Of the model.
    """

    calls: int
    prompt_tokens: int
    completion_tokens: int
    extra_requests: int
    seconds_waited: float
    served_models: list[str]
    saved_requests: int = 0
    reasoning_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    unmeasured: int = 0
    batched: int = 0
    cost: float | None = None
    discount: float = 0.0
    price: Price | None = None


class TaskSpending(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a task says of its allowance, as part of its progress.

    Attributes:
        seen: Number of the last allowance that it has heard of.
        held: All that it may spend in all, as far as it wants to keep it.
        spent: What its calls have spent.
        wanted: Up to where it would like to be allowed to spend.
        waiting: Whether a request waits for it. ``in_flight``: whether others are under way.
        batched: Whether its requests are answered in batches, so that it cannot wait for a first one.
    """

    seen: int = 0
    held: Spending = Spending()
    spent: Spending = Spending()
    wanted: Spending = Spending()
    waiting: bool = False
    in_flight: bool = False
    batched: bool = False
