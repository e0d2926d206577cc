"""A bare aiohttp loop: it sends chat requests to a service, reads the replies, and does nothing else.

What the client library and the machine allow at best; our runs are shown beside it. Bodies are made before the clock
starts, a streamed reply is read to its end without looking at its events, nothing is retried or written.

    python -m benchmarks.bare_loop URL [--items 10000] [--concurrency 256] [--stream] [--processes 1]

``--processes`` divides items and concurrency among that many sending processes, which start together. Prints one JSON
object: ``wall_s`` and ``rate`` from the first request to the last reply, ``cpu_s`` of all processes in that time and
``whole_cpu_s`` with their start-up, ``errors`` (no reply, or a status other than 200), ``peak_mb`` (largest resident
sets, added up).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import msgspec

from judgebench.engine.worker_pool import run

ROOT = Path(__file__).resolve().parents[1]


class Sent(NamedTuple):
    """What one process did.

    Attributes:
        errors: Requests without a reply of status 200.
        begin: When the first request went out, on the machine's monotonic clock.
        end: When the last reply was there.
        cpu_s: CPU seconds between the two.
    """

    errors: int
    begin: float
    end: float
    cpu_s: float


def bodies(prompts: Iterable[str], *, model: str = "instant", stream: bool = False, **params: Any) -> list[bytes]:
    """Return one chat request per prompt, as our runs send them."""
    streamed = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
    return [
        msgspec.json.encode(
            {"model": model, "messages": [{"role": "user", "content": prompt}], **params, **streamed},
        )
        for prompt in prompts
    ]


async def send(url: str, requests: Iterable[bytes], concurrency: int) -> Sent:
    """Send all requests, ``concurrency`` at a time, and read every reply."""
    pending = iter(requests)
    errors = 0
    connector = aiohttp.TCPConnector(limit=0)
    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def worker() -> None:
            nonlocal errors
            for body in pending:
                try:
                    async with session.post(f"{url}/v1/chat/completions", data=body) as response:
                        await response.read()
                        errors += response.status != 200
                except (aiohttp.ClientError, TimeoutError):
                    errors += 1

        begin, used = time.perf_counter(), cpu()
        await asyncio.gather(*[worker() for _ in range(concurrency)])
        return Sent(errors, begin, time.perf_counter(), cpu() - used)


def cpu() -> float:
    """Return the CPU seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measure(url: str, items: int, concurrency: int, *, stream: bool = False, processes: int = 1) -> dict[str, Any]:
    """Run the loop in processes of its own and return what it printed.

    Raises:
        RuntimeError: A process failed.
    """
    flags = ["--stream"] if stream else []
    command = [sys.executable, "-m", "benchmarks.bare_loop", url, *flags, "--part"]
    shares = [(share(items, processes, nth), share(concurrency, processes, nth)) for nth in range(processes)]
    children = [
        subprocess.Popen(
            [*command, "--items", str(some), "--concurrency", str(width)],
            cwd=ROOT,
            env={**os.environ, "NO_PROXY": "*", "no_proxy": "*"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for some, width in shares
    ]
    try:
        for child in children:
            assert child.stdout
            child.stdout.readline()  # it is ready
        for child in children:
            assert child.stdin
            child.stdin.write("\n")
            child.stdin.flush()
        said = [child.communicate()[0] for child in children]
    finally:
        for child in children:
            child.kill()
            child.wait()
    if any(child.returncode for child in children):
        raise RuntimeError(f"the bare loop ended with {[child.returncode for child in children]}")
    parts: list[dict[str, float]] = [json.loads(text) for text in said]
    wall = max(part["end"] for part in parts) - min(part["begin"] for part in parts)
    sums = {key: sum(part[key] for part in parts) for key in ("cpu_s", "whole_cpu_s", "errors", "peak_mb")}
    shape = {"items": items, "concurrency": concurrency, "processes": processes, "stream": stream}
    return {**shape, "wall_s": wall, "rate": items / wall, **sums}


def share(total: int, parts: int, nth: int) -> int:
    """Return the size of the ``nth`` of nearly equal parts."""
    return total // parts + (nth < total % parts)


def part(url: str, items: int, concurrency: int, *, stream: bool) -> None:
    """Do one process's share: be ready, wait for a line, send, and tell."""
    prompts = (f"What is {number} plus {number}?" for number in range(items))
    requests = bodies(prompts, stream=stream, max_tokens=64)
    print("ready", flush=True)
    sys.stdin.readline()
    sent = run(send(url, requests, concurrency))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**sent._asdict(), "whole_cpu_s": cpu(), "peak_mb": peak}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="address of the service, without /v1")
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--concurrency", type=int, default=256)
    parser.add_argument("--stream", action="store_true")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--part", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        part(options.url, options.items, options.concurrency, stream=options.stream)
        return
    found = measure(options.url, options.items, options.concurrency, stream=options.stream, processes=options.processes)
    print(json.dumps({key: round(value, 3) if isinstance(value, float) else value for key, value in found.items()}))


if __name__ == "__main__":
    main()
