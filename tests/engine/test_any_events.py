"""Breaker, places and caches, whatever comes in whatever order."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench.engine.client import Traffic, open_caching_client
from judgebench.engine.faults import Fault
from judgebench.engine.limits import LONGEST_CHECK_GAP, REFUSALS, REFUSING, AdaptiveLimit, Breaker, ConcurrencyLimit
from judgebench.models.access import model_config
from judgebench.records.flow import Failure, Reply, Request
from tests.stages.in_one_process import ASKED, SAY, model

PATIENCE = 20.0
KINDS = ["auth", "bad_request", "connection", "rate_limit", "server", "timeout"]
FAULTS = st.tuples(st.sampled_from(KINDS), st.sampled_from(["refused", "cut", "answered"]))


def fault(kind: Any, reach: Any) -> Fault:
    return Fault(Failure(kind=kind, message="m"), "always", None, reach)


@given(events=st.lists(st.tuples(st.floats(0, 9), st.none() | FAULTS), max_size=60), soft=st.integers(1, 40))
def test_a_breaker_gives_up_only_where_nothing_answers_and_lets_one_try_at_a_time(
    events: list[tuple[float, tuple[str, str] | None]], soft: int
) -> None:
    breaker, now, answered_at, served, refusals = Breaker(patience=PATIENCE, soft=soft), 0.0, None, False, 0
    for passed, failed in events:
        now += passed
        before = breaker.gone
        if breaker.open and breaker.admit(now) == 0:
            wait = breaker.admit(now)
            assert 0 < wait <= LONGEST_CHECK_GAP, "the others wait for the one that tries"
            assert breaker.admit(now) == wait
        if failed is None:
            breaker.succeeded()
            answered_at, served, refusals = now, True, 0
            assert not breaker.open
            assert breaker.failures == 0
        else:
            kind, reach = failed
            breaker.failed(fault(kind, reach), now)
            refusals += kind in REFUSING
            if kind not in REFUSING and reach == "answered" and kind not in {"server", "timeout"}:
                answered_at, refusals = now, 0
                assert not breaker.open, "who refuses an item lives"
        if before is not None:
            assert breaker.gone is before, "the first fault is told"
        elif breaker.gone is not None:
            kind = breaker.gone.failure.kind
            if kind in REFUSING:
                assert not served or refusals >= REFUSALS
            elif answered_at is not None:
                assert now - answered_at >= PATIENCE or breaker.gone_for >= PATIENCE
    if breaker.open and breaker.gone is None:
        assert breaker.admit(now + 2 * LONGEST_CHECK_GAP) == 0, "it is tried again in time"


@given(
    most=st.integers(1, 4),
    adaptive=st.booleans(),
    acts=st.lists(st.sampled_from(["enter", "enter", "leave", "cancel", "good", "bad"]), max_size=40),
)
@settings(max_examples=80)
def test_no_more_are_let_through_than_the_limit_says_and_nobody_waits_beside_a_free_place(
    most: int, adaptive: bool, acts: list[str]
) -> None:
    async def work() -> None:
        gate = ConcurrencyLimit(AdaptiveLimit(most) if adaptive else most)
        waiting: list[asyncio.Task[None]] = []
        inside = 0
        for at, act in enumerate(acts):
            if act == "enter":
                waiting.append(asyncio.ensure_future(gate.enter()))
            elif act == "leave" and inside:
                inside -= 1
                gate.leave()
            elif act == "cancel" and waiting:
                waiting.pop(at % len(waiting)).cancel()
            elif act == "good":
                gate.succeeded()
            elif act == "bad":
                gate.overloaded(sent_at=at, now=at + 0.5)
            before = inside
            for _ in range(3):
                await asyncio.sleep(0)
            inside += sum(one.done() for one in waiting)
            waiting = [one for one in waiting if not one.done()]
            assert gate.in_flight == inside
            assert inside <= max(gate.limit, before), "where the limit falls those inside stay"
            assert not waiting or inside >= gate.limit
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        while inside:
            inside -= 1
            gate.leave()
        assert gate.in_flight == 0

    asyncio.run(work())


ASKS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from([0, 1]), st.integers(0, 1)), max_size=14)
"""Which question, at which temperature, for the how manieth time of its item."""


async def replies_to(
    asks: list[tuple[int, int, int]], fails: Callable[[int], bool], *, together: bool, **keys: Any
) -> list[Reply]:
    """Ask a model of which every so manieth request fails."""
    ASKED.clear()

    def say(request: Request) -> Reply:
        number = len(ASKED)
        if fails(number):
            return Reply(status="failed", tries=1, error=Failure(kind="server", message="gone"))
        return Reply(status="ok", text=f"{request.prompt} {number}", tries=1, finish_reason="stop")

    SAY["m"] = say
    config = model_config(model())
    async with open_caching_client(config, Traffic(), **{"dedup": False, "cache": "", **keys}) as client:
        requests = [
            Request(prompt=f"q{question}", params={"temperature": warm}, nth=nth) for question, warm, nth in asks
        ]
        if together:
            return list(await asyncio.gather(*(client.ask(one) for one in requests)))
        return [await client.ask(one) for one in requests]


@given(asks=ASKS, every=st.integers(0, 3), together=st.booleans())
@settings(max_examples=60)
def test_equal_questions_without_chance_are_asked_until_one_is_answered(
    asks: list[tuple[int, int, int]], every: int, together: bool
) -> None:
    fails = (lambda number: number % every == 0) if every else (lambda number: False)
    found = asyncio.run(replies_to(asks, fails, together=together, dedup=True))
    for question in {question for question, warm, _ in asks if not warm}:
        mine = [reply for (asked, warm, _), reply in zip(asks, found, strict=True) if asked == question and not warm]
        good = [reply for reply in mine if reply.status == "ok"]
        assert len({reply.text for reply in good}) <= 1, "one answer stands for all"
        assert sum(reply.tries > 0 for reply in good) <= 1, "and is paid for once"
    warm_ones = [reply for (_, warm, _), reply in zip(asks, found, strict=True) if warm]
    assert all(reply.tries == 1 for reply in warm_ones), "chance is wanted there"
    assert len(ASKED) == sum(reply.tries for reply in found)


@given(asks=ASKS, more=ASKS, every=st.integers(0, 3))
@settings(max_examples=40)
def test_what_a_cache_holds_is_never_asked_again_and_no_failure_is_kept(
    tmp_path_factory: pytest.TempPathFactory,
    asks: list[tuple[int, int, int]],
    more: list[tuple[int, int, int]],
    every: int,
) -> None:
    folder = str(tmp_path_factory.mktemp("cache"))
    fails = (lambda number: number % every == 0) if every else (lambda number: False)
    first = asyncio.run(replies_to(asks, fails, together=False, cache=folder))
    known = {ask: reply.text for ask, reply in zip(asks, first, strict=True) if reply.status == "ok"}
    again = asyncio.run(replies_to(more, lambda number: False, together=False, cache=folder))
    assert all(reply.status == "ok" for reply in again)
    for ask, reply in zip(more, again, strict=True):
        if ask in known:
            assert (reply.text, reply.tries) == (known[ask], 0)
    assert len(ASKED) == len(set(more) - known.keys()), "each that is new once"
    afresh = asyncio.run(replies_to(more, lambda number: False, together=False, cache=folder, afresh=True))
    assert all(reply.tries == 1 for reply in afresh)
    assert Counter(reply.status for reply in afresh) == Counter({"ok": len(more)} if more else {})
