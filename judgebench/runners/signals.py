"""The signals that end a run: the first stops it gracefully, the next at once."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_ONE_GESTURE = 0.2
"""Seconds within which several signals are one wish (a closed terminal sends SIGHUP more than once)."""


@contextmanager
def on_interrupt(call: Callable[[bool], None], *, drain: float) -> Iterator[None]:
    """Call ``call(False)`` on the first stopping signal, and ``call(True)`` on the next or after ``drain`` seconds.

    A signal that was ignored when the program began (``nohup``) stays ignored. The former handlers return at the end.
    """
    loop = asyncio.get_running_loop()
    first: list[float] = []
    timers: list[asyncio.TimerHandle] = []

    def received() -> None:
        now = time.monotonic()
        if not first:
            first.append(now)
            timers.append(loop.call_later(drain, call, True))
            call(False)
        elif now - first[0] > _ONE_GESTURE:
            call(True)

    former = {number: signal.getsignal(number) for number in STOPPING}
    watched = [number for number in STOPPING if former[number] != signal.SIG_IGN]
    for number in watched:
        loop.add_signal_handler(number, received)
    try:
        yield
    finally:
        for timer in timers:
            timer.cancel()
        for number in watched:
            loop.remove_signal_handler(number)
            signal.signal(number, former[number] if former[number] is not None else signal.SIG_DFL)
