"""Feeds a live board with the progress of tasks that do not exist: ``fake_run.py ROWS SECONDS``; Ctrl-C ends it."""

from __future__ import annotations

import asyncio
import signal
import sys
import time

from judgebench.dashboard.board import RunHeader, TaskRow
from judgebench.dashboard.display import display_for
from judgebench.stages.progress import Progress


async def main(size: int, seconds: float) -> bool:
    rows = []
    for number in range(size):
        stage = ("infer", "judge", "extract")[number % 3]
        suffix = "" if stage == "infer" else "-judge"
        rows.append(
            TaskRow(id=f"t{number}", name=f"model-{number:03d}/aime2025{suffix}", stage=stage, log=f"logs/{number}.out")
        )
    display = display_for(json=False, debug=False, stream=sys.stdout)
    interrupted = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, interrupted.set)
    display.start(RunHeader(run="r", base="outputs/default/20260305_153318", pid=1), rows)
    began = time.monotonic()
    for row in rows:
        row.start(1000 + int(row.id[1:]), began)
    done = 0
    try:
        while time.monotonic() - began < seconds and not interrupted.is_set():
            done += 1
            for row in rows:
                row.report(
                    Progress(task=row.id, state="running", done=done, total=1000, post=done, recv=done, finish=done),
                    time.monotonic(),
                )
                display.task(row)
            await asyncio.sleep(0.1)
    finally:
        display.finish(interrupted=interrupted.is_set())
    return interrupted.is_set()


started = time.monotonic()
stopped = asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
share = time.process_time() / (time.monotonic() - started)
print(f"ended {'by interrupt' if stopped else 'by itself'}, cpu share {share:.3f}")
