"""The fault service as a process of its own; prints its address as the first line.

    python -m judgebench.testing.faultservice --answer "VERDICT: A" --latency 0.2 --fault-share 0.3 --log requests.jsonl

Stops on SIGTERM and Ctrl-C; where a program started it with a pipe as input, also when that ends.
"""

from __future__ import annotations

import argparse
import os
import signal
import stat
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from judgebench.testing.faultservice import FaultService, mixed


def main() -> None:
    """Serve until told to stop, then write the log of requests."""
    parser = argparse.ArgumentParser(prog="python -m judgebench.testing.faultservice")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--answer", default="", help="the fixed answer; the prompt is repeated where empty")
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--model", default="test-model")
    parser.add_argument("--fault-share", type=float, default=0.0, help="share of requests with a transient fault")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--log", default="", help="JSONL file with one line per request, written at the end")
    args = parser.parse_args()
    service = FaultService(
        answer=(lambda _body: args.answer) if args.answer else None,
        faults=mixed(args.fault_share, seed=args.seed) if args.fault_share else (),
        latency=args.latency,
        model=args.model,
        port=args.port,
    )
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    signal.signal(signal.SIGINT, lambda *_: stopped.set())
    with service:
        sys.stdout.write(f"{service.url}\n")
        sys.stdout.flush()
        if _started_with_pipe():
            threading.Thread(target=_at_end_of_input, args=(stopped.set,), daemon=True).start()
        stopped.wait()
    if args.log:
        lines = ({"prompt": seen.prompt, "fault": seen.fault, "nth": seen.nth} for seen in service.requests)
        Path(args.log).write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))


def _started_with_pipe() -> bool:
    """Say whether a program gave it an input: it ends with that program. In the background of a shell it has none."""
    try:
        return stat.S_ISFIFO(os.fstat(0).st_mode)
    except OSError:
        return False


def _at_end_of_input(then: Callable[[], None]) -> None:
    sys.stdin.read()
    then()


if __name__ == "__main__":
    main()
