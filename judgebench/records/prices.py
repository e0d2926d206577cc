"""What a model's tokens cost.

A price is never guessed: it stands in the model's config, in the user's own table, or in the optional package
``genai-prices`` (``models.prices`` finds it). Without one, costs are ``None``, which is shown as unknown.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from judgebench.records.flow import Usage

Amount = Annotated[float, msgspec.Meta(ge=0, le=1e12)]
"""Bounded, because sums and products of an amount without an end are no numbers, and every limit would hold them."""
Currency = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
"""By its three letters, as ``--max-cost`` names it."""

TOKENS_OF = {"1M tokens": 1_000_000, "1K tokens": 1_000, "1 token": 1}
PriceUnit = Literal["1M tokens", "1K tokens", "1 token"]


class Rates(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What tokens of each sort cost.

    Attributes:
        input: Tokens that are read.
        output: Tokens that are written.
        cached: Tokens that are read from the service's cache; as ``input`` where left out.
        cache_write: Tokens that are read and put into its cache; as ``input`` where left out.
        reasoning: Tokens that are written as reasoning; as ``output`` where left out.
    """

    input: Amount
    output: Amount
    cached: Amount | None = None
    cache_write: Amount | None = None
    reasoning: Amount | None = None

    def per_token(self, usage: Usage) -> float:
        """Return what a call costs, in units of the price's ``unit``."""
        cached, written = usage.cached_tokens, usage.cache_write_tokens
        read = max(0, usage.prompt_tokens - cached - written)
        reasoning = min(usage.reasoning_tokens, usage.completion_tokens)
        return (
            read * self.input
            + cached * (self.input if self.cached is None else self.cached)
            + written * (self.input if self.cache_write is None else self.cache_write)
            + (usage.completion_tokens - reasoning) * self.output
            + reasoning * (self.output if self.reasoning is None else self.reasoning)
        )


class LongPromptRates(Rates, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a call with a long prompt costs.

    Attributes:
        over: Tokens of the prompt above which these rates hold, for all tokens of the call.
    """

    over: Annotated[int, msgspec.Meta(ge=1)]


class Price(Rates, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a model's tokens cost.

    Attributes:
        input: Tokens that are read.
        output: Tokens that are written.
        cached: Tokens that are read from the service's cache; as ``input`` where left out.
        cache_write: Tokens that are read and put into its cache; as ``input`` where left out.
        reasoning: Tokens that are written as reasoning; as ``output`` where left out.
        unit: How many tokens the amounts are for: ``1M tokens``, ``1K tokens`` or ``1 token``.
        currency: Of the amounts.
        date: When the price was looked up, as ``2026-11-30``.
        source: Where it comes from.
        batch: What a call costs that is answered in a batch: a share of its price, or rates of its own.
        long_prompts: Other rates for calls with long prompts.
        batch_long_prompts: Likewise, in a batch.
    """

    unit: PriceUnit = "1M tokens"
    currency: Currency = "USD"
    date: str = ""
    source: str = ""
    batch: Amount | Rates = 0.5
    long_prompts: list[LongPromptRates] = []
    batch_long_prompts: list[LongPromptRates] = []

    @property
    def free(self) -> bool:
        """Whether no call costs anything."""
        return not any((self.input, self.output, self.cached, self.cache_write, self.reasoning))

    def cost(self, usage: Usage, *, batch: bool | None = None) -> float:
        """Return what a call costs.

        Args:
            usage: Its tokens.
            batch: Whether it is answered in a batch; ``None`` goes by what the usage says.
        """
        in_batch = usage.batch if batch is None else batch
        rates: Rates = self
        share, long_prompts = 1.0, self.long_prompts
        if in_batch:
            if isinstance(self.batch, Rates):
                rates, long_prompts = self.batch, self.batch_long_prompts or self.long_prompts
            else:
                share = self.batch
        for one in long_prompts:
            if usage.prompt_tokens > one.over:
                rates = one
        return share * rates.per_token(usage) / TOKENS_OF[self.unit]


NOTHING = Price(input=0.0, output=0.0, source="runs on your own machine")
"""What a model costs that runs in the task's process, answers from a recording, or is launched by the run."""


def money(amount: float, currency: str = "USD") -> str:
    """Return an amount as text: two decimals, more where it is small, so that two figures of it always show."""
    digits = 2
    while digits < 6 and 0 < amount < 10.0 ** (1 - digits):
        digits += 1
    return f"{amount:.{digits}f} {currency}"


def price_of(model: dict[str, Any]) -> Price | None:
    """Return the price that a resolved model config holds."""
    held = model.get("price")
    return msgspec.convert(held, Price) if held is not None else None
