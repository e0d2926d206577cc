"""Stands in for a stage: speaks the progress protocol and does what ``behaviour.json`` beside the plan says.

Keys per task: ``items``, ``pause`` (seconds per item), ``prints``, ``exit``, ``error``, ``hint``, ``follow`` (wait for
upstream-done), ``until`` (wait for a text in ``events.txt``), ``deaf`` (ignore stop), ``dies`` (at import), ``kill``
(itself), ``child`` (leave a sleeping child).
Every start, order and end is appended to ``events.txt``.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

plan_file, task = Path(sys.argv[1]), sys.argv[2]
behaviour = json.loads((plan_file.parent / "behaviour.json").read_text()).get(task, {})
if behaviour.get("dies"):
    raise ImportError("no module of that name")

from judgebench.stages.progress import Reporter  # noqa: E402  after the early death


def note(text: str) -> None:
    with (plan_file.parent / "events.txt").open("a") as file:
        file.write(f"{task} {text}\n")


stop = threading.Event()
upstream = threading.Event()


def listen() -> None:
    for line in sys.stdin:
        note(line.strip())
        if line.strip() == "stop":
            stop.set()
        elif line.startswith("upstream-done"):
            upstream.set()
    note("eof")
    stop.set()
    upstream.set()


threading.Thread(target=listen, daemon=True).start()
note(f"start {os.getpid()} {os.environ.get('JB_SERVICES', '')} {os.environ.get('SECRET', '')}".rstrip())
reporter = Reporter(task, interval=0.0)
items = behaviour.get("items", 2)
reporter.update(state="running", total=items)
for text in behaviour.get("prints", []):
    print(text, flush=True)
if behaviour.get("child"):
    child = subprocess.Popen(["sleep", "3600"])
    note(f"child {child.pid}")
if behaviour.get("follow"):
    upstream.wait(100)
if "until" in behaviour:
    while behaviour["until"] not in (plan_file.parent / "events.txt").read_text():
        time.sleep(0.02)
done = 0
while done < items:
    if stop.is_set() and not behaviour.get("deaf"):
        break
    time.sleep(behaviour.get("pause", 0.0))
    done += 1
    reporter.update(done=done, post=done, recv=done, finish=done, tokens=10 * done)
if behaviour.get("kill"):
    os.kill(os.getpid(), signal.SIGKILL)
code = behaviour.get("exit", 0)
if stop.is_set() and done < items:
    code = 130
if code and code != 130:
    reporter.update(state="error", error=behaviour.get("error", ""), hint=behaviour.get("hint", ""), exit_code=code)
else:
    reporter.update(state="finish")
note(f"end {done}")
sys.stdout.flush()
os._exit(code)
