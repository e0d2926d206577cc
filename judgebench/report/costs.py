"""What the calls behind a summary took: requests, tokens and price, of the tested models and of the judges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from judgebench.errors import how_many
from judgebench.records.flow import TaskResult
from judgebench.records.prices import Price, money
from judgebench.records.spending import CallUsage
from judgebench.report.schema import ResultFacts, Summary
from judgebench.report.tables import Notes, TextTable

ANSWERS, JUDGE = "answers", "judge"
UNKNOWN = "price unknown; docs/cost.md says how to give one"


class SideCost(NamedTuple):
    """What one side of one result took.

    Attributes:
        dataset: Row name; of answers, which all rows of a dataset share, the dataset's.
        model: The tested model.
        side: ``answers`` or ``judge``.
        usage: What it took.
    """

    dataset: str
    model: str
    side: str
    usage: CallUsage


class CostOfRun(NamedTuple):
    """What all results of a run took together.

    Attributes:
        calls: Requests, repeats included. ``saved``: calls whose replies were known.
        tokens: Read and written.
        cost: By currency, then by side.
        unpriced: Tokens of models without a price.
        unmeasured: Replies without token counts; what they cost is in none of the figures.
    """

    calls: int
    saved: int
    tokens: int
    cost: dict[str, dict[str, float]]
    unpriced: int
    unmeasured: int = 0


def sides_of(results: Iterable[TaskResult | ResultFacts]) -> list[SideCost]:
    """Return what each side of each result took; the answers that several judges look at, once."""
    found: dict[tuple[str, str, str], SideCost] = {}
    for one in results:
        base = one.dataset.removesuffix(f"-{one.judge}") if one.judge else one.dataset
        for key, side, row in (("model", ANSWERS, base), ("judge", JUDGE, one.dataset)):
            if key in one.usage:
                usage = msgspec.convert(one.usage[key], CallUsage)
                found.setdefault((row, one.model, side), SideCost(row, one.model, side, usage))
    return sorted(found.values(), key=lambda one: one.side == JUDGE)


def cost_table(summary: Summary, notes: Notes) -> TextTable:
    """Return calls, tokens and price of every side, and of all together."""
    sides = sides_of(one for one in summary.results if one.kind == "result")
    more = [name for name in _SOMETIMES if any(getattr(one.usage, name) for one in sides)]
    rows = [_row(one, more, notes) for one in sides]
    if len(rows) > 1:
        rows.append(_total_row(sides, more, notes))
    headers = [
        "dataset",
        "model",
        "calls for",
        "calls",
        "tokens\nin",
        "tokens\nout",
        *(_SOMETIMES[one] for one in more),
    ]
    return TextTable("What it cost", [*headers, "price"], rows, set(range(3, len(headers) + 1)))


_SOMETIMES = {
    "saved_requests": "replies\nknown before",
    "cached_tokens": "tokens from\nthe cache",
    "cache_write_tokens": "tokens into\nthe cache",
    "reasoning_tokens": "reasoning\ntokens",
    "batched": "calls in\nbatches",
    "discount": "batch\ndiscount",
}
"""Columns that are shown where they say something."""


def _row(one: SideCost, more: Sequence[str], notes: Notes) -> list[str]:
    usage = one.usage
    measured = usage.prompt_tokens or usage.completion_tokens or not usage.calls
    tokens = [str(usage.prompt_tokens), str(usage.completion_tokens)] if measured else [notes.mark(_NO_USAGE)] * 2
    return [
        one.dataset,
        one.model,
        one.side,
        str(usage.calls + usage.extra_requests),
        *tokens,
        *(_cell(usage, name) for name in more),
        price_cell(usage, notes),
    ]


_NO_USAGE = "the service reported no usage"


def _cell(usage: CallUsage, name: str) -> str:
    value = getattr(usage, name)
    if name != "discount":
        return str(value)
    return money(value, usage.price.currency) if usage.price is not None else "-"


def price_cell(usage: CallUsage, notes: Notes) -> str:
    """Return what a side cost, or a dash with the reason."""
    if usage.cost is None:
        return notes.mark(UNKNOWN) if usage.calls else money(0.0)
    if usage.unmeasured and not (usage.prompt_tokens or usage.price is None or usage.price.free):
        return notes.mark(_NO_USAGE)
    return money(usage.cost, usage.price.currency if usage.price is not None else "USD")


def _total_row(sides: Sequence[SideCost], more: Sequence[str], notes: Notes) -> list[str]:
    total = total_of(sides)
    summed = {name: sum(getattr(one.usage, name) for one in sides) for name in ("prompt_tokens", "completion_tokens")}
    cells = []
    for name in more:
        value = sum(getattr(one.usage, name) for one in sides)
        currencies = {one.usage.price.currency for one in sides if one.usage.price is not None and one.usage.discount}
        cells.append(str(value) if name != "discount" else money(value, *currencies) if len(currencies) == 1 else "-")
    price = " + ".join(money(sum(by_side.values()), currency) for currency, by_side in total.cost.items())
    if total.unpriced:
        price = f"{price}{notes.mark('not all prices are known')[1:]}" if price else notes.mark(UNKNOWN)
    return ["all", "-", "-", str(total.calls), *map(str, summed.values()), *cells, price or money(0.0)]


def total_of(sides: Iterable[SideCost]) -> CostOfRun:
    """Return what all sides took together."""
    calls = saved = tokens = unpriced = unmeasured = 0
    cost: dict[str, dict[str, float]] = {}
    for one in sides:
        usage = one.usage
        calls += usage.calls + usage.extra_requests
        saved += usage.saved_requests
        unmeasured += usage.unmeasured
        tokens += usage.prompt_tokens + usage.completion_tokens
        if usage.cost is None:
            unpriced += usage.prompt_tokens + usage.completion_tokens
        elif usage.price is not None and not usage.price.free:
            by_side = cost.setdefault(usage.price.currency, {})
            by_side[one.side] = by_side.get(one.side, 0.0) + usage.cost
    return CostOfRun(calls, saved, tokens, cost, unpriced, unmeasured)


def cost_remarks(summary: Summary) -> list[str]:
    """Return from where and from when the prices are, and what they leave out."""
    by_price: dict[str, list[str]] = {}
    unmeasured = 0
    for one in sides_of(each for each in summary.results if each.kind == "result"):
        unmeasured += one.usage.unmeasured
        if one.usage.price is not None and not one.usage.price.free:
            name = one.model if one.side == ANSWERS else f"the judge of {one.dataset}"
            by_price.setdefault(described(one.usage.price), []).append(name)
    said = [f"Price of {', '.join(dict.fromkeys(names))}: {price}." for price, names in by_price.items()]
    if unmeasured:
        said.append(
            f"{how_many(unmeasured, 'reply', 'replies')} came without token counts; their cost is not in the prices."
        )
    return said


def described(price: Price) -> str:
    """Return a price in words: ``2.5 in and 10 out, USD for 1M tokens (prices.csv, 2026-11-30)``."""
    parts = [f"{price.input:g} in", f"{price.output:g} out"]
    rarer = {"from the cache": price.cached, "into the cache": price.cache_write, "reasoning": price.reasoning}
    parts += [f"{value:g} {name}" for name, value in rarer.items() if value is not None]
    origin = ", ".join(one for one in (price.source or "from the config", price.date) if one)
    return f"{', '.join(parts)}, {price.currency} for {price.unit} ({origin})"


COST_FIGURES = (
    "answer_calls", "answer_tokens", "answer_cost", "judge_calls", "judge_tokens", "judge_cost", "known_replies",
    "batch_discount", "currency",
)  # fmt: skip
"""Columns of the CSV for each model; those of the answers are the same in all rows of a dataset."""


def cost_figures(facts: ResultFacts | None) -> list[str]:
    """Return what stands in ``COST_FIGURES``; a dash where nobody knows."""
    if facts is None or not facts.usage:
        return ["-"] * len(COST_FIGURES)
    sides = {one.side: one.usage for one in sides_of([facts])}
    line: list[str] = []
    for side in (ANSWERS, JUDGE):
        usage = sides.get(side)
        if usage is None:
            line += ["-"] * 3
            continue
        tokens = usage.prompt_tokens + usage.completion_tokens
        line += [str(usage.calls + usage.extra_requests), str(tokens)]
        line.append(f"{usage.cost:.10g}" if usage.cost is not None else "-")
    currencies = {one.price.currency for one in sides.values() if one.price is not None and not one.price.free}
    discount = sum(one.discount for one in sides.values())
    return [
        *line,
        str(sum(one.saved_requests for one in sides.values())),
        f"{discount:.10g}",
        "/".join(currencies) or "-",
    ]
