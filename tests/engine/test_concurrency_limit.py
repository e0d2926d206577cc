"""The gate under every order of entering, leaving and being cancelled."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from judgebench.engine.limits import AdaptiveLimit, ConcurrencyLimit

ORDER = st.integers(0, 1000)


class LimitMachine(RuleBasedStateMachine):
    """Tasks that enter and leave a gate; the event loop takes a step only where a rule lets it.

    So a cancellation can come at every point: before the task has begun, while it waits, and after a place was given to
    it but before it has noticed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.gate = ConcurrencyLimit(1)
        self.entering: list[asyncio.Task[None]] = []
        self.inside = 0
        self.order: list[int] = []
        self.settled = 0
        self.asked = 0
        self.cancelled: set[int] = set()
        self.numbers: dict[asyncio.Task[None], int] = {}
        self.now = 0.0

    @initialize(limit=st.integers(1, 4), adaptive=st.booleans())
    def open(self, limit: int, adaptive: bool) -> None:
        self.gate = ConcurrencyLimit(AdaptiveLimit(limit, first=1) if adaptive else limit)

    async def _enter(self, number: int) -> None:
        await self.gate.enter()
        self.inside += 1
        self.order.append(number)

    @rule()
    def enter(self) -> None:
        task = self.loop.create_task(self._enter(self.asked))
        self.numbers[task] = self.asked
        self.asked += 1
        self.entering.append(task)

    @precondition(lambda self: self.inside)
    @rule(good=st.booleans())
    def leave(self, good: bool) -> None:
        self.now += 1.0
        if good:
            self.gate.succeeded()
        else:
            self.gate.overloaded(sent_at=self.now, now=self.now)
        self.inside -= 1
        self.gate.leave()

    @precondition(lambda self: self.entering)
    @rule(which=ORDER)
    def cancel(self, which: int) -> None:
        task = self.entering[which % len(self.entering)]
        if task.cancel():
            self.cancelled.add(self.numbers[task])

    @rule()
    def turn(self) -> None:
        self.loop.run_until_complete(asyncio.sleep(0))
        self._look()

    @rule()
    def settle(self) -> None:
        self._settle()
        waiting = len(self.entering)
        assert self.gate.in_flight == self.inside
        assert not waiting or self.gate.in_flight >= self.gate.limit

    def _settle(self) -> None:
        for _ in range(4):
            self.loop.run_until_complete(asyncio.sleep(0))
        self.order[self.settled :] = sorted(self.order[self.settled :])
        self.settled = len(self.order)
        self._look()

    def _look(self) -> None:
        for task in [task for task in self.entering if task.done()]:
            self.entering.remove(task)
            if self.numbers[task] in self.cancelled:
                assert task.cancelled(), task
            else:
                task.result()

    @invariant()
    def first_come_first_served(self) -> None:
        # Two that were let in within one turn may resume in either order; one let in later is never overtaken.
        assert self.order[: self.settled] == sorted(self.order[: self.settled])

    def teardown(self) -> None:
        try:
            self._settle()
            while self.inside:
                self.inside -= 1
                self.gate.leave()
                self._settle()
            assert not self.entering
            assert self.gate.in_flight == 0
        finally:
            for task in self.entering:
                task.cancel()
            self._settle_quietly()
            self.loop.close()

    def _settle_quietly(self) -> None:
        if self.entering:
            self.loop.run_until_complete(asyncio.gather(*self.entering, return_exceptions=True))


LimitMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestLimitUnderCancellation: Any = LimitMachine.TestCase


def test_a_waiter_cancelled_in_the_turn_in_which_a_place_becomes_free_is_cancelled_and_nothing_else() -> None:
    async def main() -> tuple[bool, int]:
        gate = ConcurrencyLimit(1)
        await gate.enter()
        waiting = asyncio.create_task(gate.enter())
        await asyncio.sleep(0)
        waiting.cancel()
        gate.leave()
        await asyncio.wait({waiting})
        return waiting.cancelled(), gate.in_flight

    assert asyncio.run(main()) == (True, 0)
