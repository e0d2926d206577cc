"""One part of an extract task, in a process of its own: ``python -m judgebench.stages.shard``, started by ``spread``.

The first line of stdin says which part; stdin then stays open and tells, by its end, that the task is gone. Stdout
carries ``done <count>`` lines and at the end ``part <size>`` with what was counted, pickled, as both ends are this
program.
"""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import signal
import sys
import threading
import time
from typing import BinaryIO

import msgspec

from judgebench.stages.spread import Part

REPORT_INTERVAL = 0.25
"""Seconds between two ``done`` lines."""


def main() -> int:
    """Derive the verdicts of one part."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the task decides
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)-7s %(message)s")
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a plug-in prints goes to the log
    part = msgspec.json.decode(sys.stdin.buffer.readline(), type=Part)
    threading.Thread(target=_end_with_the_task, daemon=True).start()
    asyncio.run(_derive(part, out))
    return 0


async def _derive(part: Part, out: BinaryIO) -> None:
    from judgebench.stages.extract import ExtractRun
    from judgebench.stages.task import Task

    task = Task(part.plan, next(spec for spec in part.plan.tasks if spec.id == part.task))
    run = ExtractRun(task, part.plan.datasets[part.dataset])
    said = 0.0

    def report(done: int) -> None:
        nonlocal said
        if time.monotonic() - said > REPORT_INTERVAL:
            said = time.monotonic()
            out.write(b"done %d\n" % done)
            out.flush()

    await run.derive(first=part.first, count=part.count, report=report)
    found = pickle.dumps(run.counted, protocol=pickle.HIGHEST_PROTOCOL)
    out.write(b"done %d\npart %d\n" % (len(run.counted.tally), len(found)))
    out.write(found)
    out.flush()


def _end_with_the_task() -> None:
    while os.read(0, 1024):
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
