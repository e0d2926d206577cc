"""Requests per CPU-second of the engine, beside a bare aiohttp loop that sends the same bodies and reads the replies.

    python -m benchmarks.engine_throughput [--requests 10000] [--concurrency 64 256] [--rounds 3]
                                           [--service asyncio nginx]

The services have one fixed reply, so what is measured is the client alone: a loopback process on asyncio, and nginx as
the ceiling (left out with a note where it is not installed). CPU seconds are those of a client process of its own,
start-up excluded; bare and engine run in turn, several rounds, in one call, so that noise of the machine meets both. A
figure is the median of its rounds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

from benchmarks.bare_loop import bodies, cpu, send
from benchmarks.nginx_service import NginxService
from benchmarks.runs import ROOT, Service, inherited, report

QUESTION = "Decide whether the answer is correct. " * 20
ANSWER = "The two answers agree in every part that the question asks for, so the verdict is A. " * 3
MAX_OUT_LEN = 4096
WARM_UP = 200
"""Requests before the clock starts: imports, first connections."""

SERVICES: dict[str, Callable[[], Service | NginxService]] = {
    "asyncio": lambda: Service("--text", ANSWER),
    "nginx": lambda: NginxService(ANSWER),
}


class Spent(NamedTuple):
    """From the first request to the last reply."""

    cpu_s: float
    wall_s: float


async def bare(url: str, count: int, concurrency: int) -> Spent:
    """Return what the bare loop takes.

    Raises:
        RuntimeError: A request was not answered.
    """
    prompts = (f"{QUESTION}{nth}" for nth in range(count))
    sent = await send(url, bodies(prompts, temperature=0.0, max_tokens=MAX_OUT_LEN), concurrency)
    if sent.errors:
        raise RuntimeError(f"{sent.errors} of {count} requests were not answered")
    return Spent(sent.cpu_s, sent.end - sent.begin)


async def engine(url: str, count: int, concurrency: int) -> Spent:
    """Return what the engine takes.

    Raises:
        RuntimeError: A reply was not the service's.
    """
    from judgebench.engine.client import Traffic, open_client
    from judgebench.engine.worker_pool import run_pool
    from judgebench.models.access import model_config
    from judgebench.records.flow import Reply, Request

    keys = {"model": "instant", "url": url, "batch_size": concurrency, "max_out_len": MAX_OUT_LEN}
    config = model_config({"type": "VLLMCustomAPIChat", "abbr": "m", **keys})
    requests = (
        Request(prompt=[{"role": "user", "content": f"{QUESTION}{nth}"}], params={"temperature": 0.0})
        for nth in range(count)
    )
    good = 0
    async with open_client(config, Traffic()) as client:

        async def work(request: Request) -> None:
            nonlocal good
            reply: Reply = await client.ask(request)
            good += reply.text.strip() == ANSWER.strip()

        begin, used = time.perf_counter(), cpu()
        await run_pool(requests, work, concurrency=concurrency)
        spent = Spent(cpu() - used, time.perf_counter() - begin)
    if good != count:
        raise RuntimeError(f"{count - good} of {count} replies were not the service's")
    return spent


KINDS: dict[str, Callable[[str, int, int], Coroutine[Any, Any, Spent]]] = {"bare": bare, "engine": engine}


def child(kind: str, url: str, count: int, concurrency: int) -> None:
    """Send as one kind of client does and print what it took."""
    from judgebench.engine.worker_pool import run

    work = KINDS[kind]
    run(work(url, WARM_UP, concurrency))
    print(json.dumps(run(work(url, count, concurrency))._asdict()))


def measure(kind: str, url: str, count: int, concurrency: int) -> Spent:
    """Run one kind of client in a process of its own and return what it took."""
    command = [sys.executable, "-m", "benchmarks.engine_throughput", "--child", kind, url, str(count), str(concurrency)]
    environment = {**inherited(), "NO_PROXY": "*", "no_proxy": "*"}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT, env=environment)
    return Spent(**json.loads(done.stdout))


def compare(service: str, url: str, count: int, concurrency: int, rounds: int) -> dict[str, Any]:
    """Run both kinds of client in turn and return the medians of their rounds."""
    runs: dict[str, list[Spent]] = {kind: [] for kind in KINDS}
    for _ in range(rounds):
        for kind, found in runs.items():
            found.append(measure(kind, url, count, concurrency))
    row: dict[str, Any] = {"service": service, "concurrency": concurrency, "requests": count, "rounds": rounds}
    for kind, found in runs.items():
        row[f"{kind}/cpu_s"] = statistics.median(count / run.cpu_s for run in found)
        row[f"{kind}/s"] = statistics.median(count / run.wall_s for run in found)
    return {**row, "engine / bare per cpu_s": row["engine/cpu_s"] / row["bare/cpu_s"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--concurrency", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--service", nargs="+", choices=list(SERVICES), default=list(SERVICES))
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        kind, url, count, concurrency = options.child
        child(kind, url, int(count), int(concurrency))
        return
    rows: list[dict[str, Any]] = []
    for name in options.service:
        try:
            service = SERVICES[name]()
        except FileNotFoundError as error:
            rows.append({"service": name, "note": f"skipped: {error}"})
            continue
        with service:
            rows += [
                compare(name, service.url, options.requests, concurrency, options.rounds)
                for concurrency in options.concurrency
            ]
    report("engine_throughput", rows)


if __name__ == "__main__":
    main()
