"""What the calls behind a result took: those to the tested model, and those to the judge's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from judgebench.records.flow import JudgeCall, Prediction
from judgebench.records.prices import Price
from judgebench.records.spending import CallUsage

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
"""Stands for what a service sent that is no text."""
_SUMMED = (
    "calls", "saved", "prompt_tokens", "completion_tokens", "reasoning_tokens", "cached_tokens", "cache_write_tokens",
    "extra_requests", "waited", "undecoded", "unmeasured", "batched", "cost", "discount",
)  # fmt: skip


@dataclass
class Spent:
    """What the calls of one side cost.

    Attributes:
        price: Of the model; ``None`` where nobody says it.
        calls: Calls that were sent. ``saved``: those that were not, as their replies were known.
        prompt_tokens: As the service reported; the other tokens likewise.
        extra_requests: Requests beyond the first of each call. ``waited``: seconds between them.
        served: Model ids of the replies.
        undecoded: Replies with the sign for bytes that are no text.
        unmeasured: Replies that came without a word about tokens.
        batched: Calls that were answered in a batch. ``discount``: what they would have cost more without one.
        cost: By the price.
    """

    price: Price | None = None
    calls: int = 0
    saved: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    extra_requests: int = 0
    waited: float = 0.0
    served: set[str] = field(default_factory=set)
    undecoded: int = 0
    unmeasured: int = 0
    batched: int = 0
    cost: float = 0.0
    discount: float = 0.0

    def add(self, exchange: Prediction | JudgeCall) -> None:
        """Take in one call."""
        self.undecoded += REPLACEMENT in exchange.prediction
        if exchange.served_model:
            self.served.add(exchange.served_model)
        if exchange.tries == 0:
            self.saved += 1
            return  # neither requests nor tokens were spent
        self.calls += 1
        self.extra_requests += exchange.tries - 1
        self.waited += exchange.waited
        usage = exchange.usage
        if usage is None or not usage.measured:
            self.unmeasured += exchange.status == "ok"
            return
        self.prompt_tokens += usage.prompt_tokens
        self.completion_tokens += usage.completion_tokens
        self.reasoning_tokens += usage.reasoning_tokens
        self.cached_tokens += usage.cached_tokens
        self.cache_write_tokens += usage.cache_write_tokens
        self.batched += usage.batch
        if self.price is not None:
            self.cost += (cost := self.price.cost(usage))
            if usage.batch:
                self.discount += self.price.cost(usage, batch=False) - cost

    def merge(self, other: Spent) -> None:
        """Take in what other calls cost, with the same price."""
        for name in _SUMMED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.served |= other.served
        self.price = self.price or other.price

    def as_dict(self) -> dict[str, Any]:
        """Return it as ``TaskResult.usage`` says it of one side."""
        facts = CallUsage(
            calls=self.calls,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            extra_requests=self.extra_requests,
            seconds_waited=round(self.waited, 3),
            served_models=sorted(self.served),
            saved_requests=self.saved,
            reasoning_tokens=self.reasoning_tokens,
            cached_tokens=self.cached_tokens,
            cache_write_tokens=self.cache_write_tokens,
            unmeasured=self.unmeasured,
            batched=self.batched,
            cost=self.cost if self.price is not None else None,
            discount=self.discount,
            price=self.price,
        )
        as_dict: dict[str, Any] = msgspec.to_builtins(facts)
        return as_dict

    @classmethod
    def of(cls, as_dict: Mapping[str, Any]) -> Spent:
        """Return what ``as_dict`` has said."""
        facts = msgspec.convert(as_dict, CallUsage)
        same = {name: getattr(facts, name) for name in _SUMMED if hasattr(facts, name)}
        return cls(
            **{**same, "cost": facts.cost or 0.0},
            saved=facts.saved_requests,
            waited=facts.seconds_waited,
            served=set(facts.served_models),
            price=facts.price,
        )
