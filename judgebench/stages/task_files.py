"""Orders and reports through files: for a task that shares no pipe with the supervision, but a folder.

The variable ``JB_TASK_FILES`` names the folder, which is made before the task starts:

- ``orders``: lines for the task, as on its standard input. While somebody listens the file's time is renewed every few
  seconds; a task that has not seen it change for ``SILENCE`` seconds takes its supervision for gone.
- ``progress.jsonl``: what the task says of itself, a JSON object a line.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

FILES_VARIABLE = "JB_TASK_FILES"
ORDERS = "orders"
PROGRESS = "progress.jsonl"

BEAT = 2.0
"""Seconds after which the supervision renews the time of the orders."""
SILENCE = 60.0
"""Seconds without a change of the orders after which the supervision counts as gone."""
POLL = 0.1
"""Seconds between two looks at a file."""


def orders_in(folder: Path, *, silence: float = SILENCE, poll: float = POLL) -> Iterator[str]:
    """Yield the lines of a folder's orders as they come; ends when the supervision is gone."""
    path = folder / ORDERS
    position, rest, changed_at = 0, b"", time.monotonic()
    stamp = 0
    while True:
        try:
            with path.open("rb") as file:  # opened anew each time: only so a network file system looks for changes
                now_stamp = os.fstat(file.fileno()).st_mtime_ns
                file.seek(position)
                data = file.read()
        except OSError:  # for a moment, or for good: then the silence tells
            data, now_stamp = b"", stamp
        if now_stamp != stamp or data:
            stamp, changed_at = now_stamp, time.monotonic()
        elif time.monotonic() - changed_at > silence:
            return
        position += len(data)
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            yield line.decode("utf-8", "replace")
        time.sleep(poll)


def open_progress(folder: Path) -> int:
    """Return a descriptor that appends to a folder's reports; -1 where there can be none."""
    try:
        return os.open(folder / PROGRESS, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return -1
