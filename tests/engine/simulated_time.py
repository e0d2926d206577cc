"""An event loop whose clock does not run but jumps to whatever is due next: timers take no time and are never late."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Jump(selectors.DefaultSelector):
    """Lets its clock jump by what the loop would have waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "everything waits, and nothing is ever due"
        self.now += max(0.0, timeout)
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        return self._jump.now


def run_simulated(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that waits for timers and for other coroutines alone, however long, at once."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(main)
