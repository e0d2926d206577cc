"""Anthropic's Message Batches: one call with all questions, and a stream of results.

Source: Anthropic's API reference, "Message Batches", version 2023-06-01, and its guide "Batch processing".
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, ClassVar

from judgebench.models.batches import (
    BatchApi,
    BatchIntent,
    BatchLine,
    BatchState,
    LineResult,
    listed,
    number_of,
    text_of,
    unusable,
)

_COUNTS = ("processing", "succeeded", "errored", "canceled", "expired")
_PAGES = 50
_EARLY, _LATE = 300.0, 3600.0
"""Seconds by which a batch may be older or younger than its intent: the two clocks, and the time of sending it."""


class AnthropicBatches(BatchApi):
    """Batches of Anthropic's Messages."""

    has_names: ClassVar[bool] = False
    most_lines: ClassVar[int] = 100_000

    async def submit(self, name: str, lines: Sequence[BatchLine]) -> str:  # noqa: ARG002 - a batch has no name here
        """Send all questions in one call."""
        requests = b",".join(b'{"custom_id":"%b","params":%b}' % (one.id.encode(), one.body) for one in lines)
        made = await self.calls.call("POST", "v1/messages/batches", b'{"requests":[%b]}' % requests, again=False)
        if not (batch := text_of(made.payload, "id")):
            raise unusable("batch", made.payload)
        return batch

    async def find(self, intent: BatchIntent) -> list[str]:
        """Return the batches of the same time and size: they carry no name, so their results must tell which it is."""
        after, found = "", []
        for _ in range(_PAGES):
            page: Any = (await self.calls.call("GET", f"v1/messages/batches?limit=100{after}")).payload
            batches = listed(page, "data")
            for batch in batches:
                age = _seconds(text_of(batch, "created_at")) - intent.at
                if -_EARLY <= age <= _LATE and sum(_counts(batch).values()) == intent.size:
                    found.append((abs(age), text_of(batch, "id")))
            if not batches or not page.get("has_more"):
                break
            if _seconds(text_of(batches[-1], "created_at")) < intent.at - _EARLY:
                break
            after = f"&after_id={text_of(batches[-1], 'id')}"
        return [batch for _, batch in sorted(found)]

    async def state(self, batch: str) -> BatchState:
        """Return where a batch stands."""
        payload = (await self.calls.call("GET", f"v1/messages/batches/{batch}")).payload
        word, counts = text_of(payload, "processing_status"), _counts(payload)
        total = sum(counts.values())
        return BatchState(
            word=word,
            ended=word == "ended",
            done=total - counts["processing"],
            total=total,
            answered=counts["succeeded"],
            payload=payload,
        )

    async def results(self, state: BatchState) -> AsyncIterator[LineResult]:
        """Yield the results; their address is made from the id, as the key must go nowhere else."""
        async for line in self.calls.lines(f"v1/messages/batches/{text_of(state.payload, 'id')}/results"):
            if (result := result_of(line)) is not None:
                yield result

    async def cancel(self, batch: str) -> None:
        """Ask for the batch to be cancelled."""
        await self.calls.call("POST", f"v1/messages/batches/{batch}/cancel", b"")


def result_of(line: Any) -> LineResult | None:
    """Return what a line of results says; ``None`` where it names no question."""
    name, result = text_of(line, "custom_id"), line.get("result")
    if not name or not isinstance(result, dict):
        return None
    if result.get("type") == "succeeded":
        return LineResult(name, 200, result.get("message"))
    if result.get("type") == "errored":
        return LineResult(name, 200, result.get("error"))  # an error object, which the dialect reads as one
    return LineResult(name, 0, str(result.get("type")))


def _counts(batch: Any) -> dict[str, int]:
    return {name: number_of(batch, "request_counts", name) for name in _COUNTS}


def _seconds(moment: str) -> float:
    try:
        return datetime.fromisoformat(moment).timestamp()
    except ValueError:
        return 0.0
