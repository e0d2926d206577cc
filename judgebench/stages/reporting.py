"""Regular progress of a stage that sends requests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from judgebench.engine.traffic import Traffic
from judgebench.stages.progress import Reporter


@contextmanager
def report_regularly(reporter: Reporter, traffic: Traffic, progress: Callable[[], dict[str, object]]) -> Iterator[None]:
    """Report what the client counts and what the stage knows, several times a second, until left."""

    def report() -> None:
        reporter.update(
            progress(),
            post=traffic.post,
            recv=traffic.recv,
            tokens=traffic.completion_tokens,
            in_flight=traffic.in_flight,
            limit=traffic.limit,
            note=traffic.note,
        )

    async def regularly() -> None:
        while True:
            await asyncio.sleep(0.25)
            report()

    task = asyncio.create_task(regularly())
    try:
        yield
    finally:
        task.cancel()
        report()
        reporter.send(force=True)
