"""The first signal stops gracefully, the next at once, and one gesture is one signal."""

from __future__ import annotations

import asyncio
import os
import signal
from types import SimpleNamespace

import pytest

from judgebench.executors import process
from judgebench.executors.process import on_interrupt


def told(monkeypatch: pytest.MonkeyPatch, *sent: tuple[float, int], ignored: int | None = None) -> list[bool]:
    """What is called when signals come at given seconds."""
    calls: list[bool] = []
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(process, "time", SimpleNamespace(monotonic=lambda: clock.now))

    async def main() -> None:
        heard = asyncio.Event()
        with on_interrupt(calls.append, drain=3600.0):
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGUSR1, heard.set)
            for at, number in sent:
                clock.now = at
                os.kill(os.getpid(), number)
                heard.clear()
                os.kill(os.getpid(), signal.SIGUSR1)  # heard after the one before it
                await heard.wait()
            loop.remove_signal_handler(signal.SIGUSR1)

    former = signal.getsignal(ignored) if ignored else None
    try:
        if ignored:
            signal.signal(ignored, signal.SIG_IGN)
        asyncio.run(main())
    finally:
        if ignored:
            signal.signal(ignored, former)
    return calls


def test_a_closed_terminal_sends_several_signals_and_means_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, (1.0, signal.SIGHUP), (1.05, signal.SIGHUP), (1.15, signal.SIGTERM)) == [False]


def test_a_second_signal_after_a_moment_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, (1.0, signal.SIGINT), (1.05, signal.SIGINT), (1.5, signal.SIGINT)) == [False, True]


def test_a_signal_that_was_ignored_from_the_start_stays_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, (1.0, signal.SIGHUP), (2.0, signal.SIGINT), ignored=signal.SIGHUP) == [False]
