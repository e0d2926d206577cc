"""Judgments per second of ``jb serve``, beside the bare service behind it, and what a judgment costs it.

    python -m benchmarks.serve [--judgments 4000] [--concurrency 64] [--batch 100] [--rounds 3]

The judge's model is a loopback process that answers at once, so what is measured is all that ``jb serve`` adds: HTTP
in, the prompt, the engine's request, the verdict, JSON out. Bare (the same bodies sent to the model itself), single
(one judgment a request) and batch (many in a request) run in turn; a figure is the median of its rounds. CPU is that of
the process of ``jb serve`` alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.bare_loop import bodies, send
from benchmarks.runs import ROOT, Service, inherited, report

KEY = "benchmark"
WARM_UP = 200
"""Judgments before the clock starts."""


@contextmanager
def served(url: str, concurrency: int) -> Iterator[tuple[str, int]]:
    """Serve a judge that asks the model at ``url``; gives the address and the process id."""
    environment = {
        **inherited(), "JB_JUDGE_URL": url, "JB_JUDGE_MODEL": "instant", "JB_JUDGE_KEY": "none", "JB_SERVE_KEY": KEY,
        "PYTHONPATH": str(ROOT), "NO_PROXY": "*", "no_proxy": "*",
    }  # fmt: skip
    command = [
        sys.executable, "-m", "judgebench", "serve", "correctness_letter",
        "--override", f"judges.judge.batch_size={concurrency}",
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().partition(": ")[2].partition("/v1")[0], process.pid
    finally:
        process.terminate()
        process.wait()


def case(number: int) -> dict[str, str]:
    """Return a case as it is sent; no two are equal, so nothing is known already."""
    return {"question": f"What is {number} plus {number}?", "answer": str(2 * number), "reference": str(2 * number)}


async def judge(address: str, numbers: range, concurrency: int, batch: int) -> None:
    """Have cases judged, ``batch`` in a request.

    Raises:
        RuntimeError: One came back without a verdict.
    """
    pending = iter([numbers[at : at + batch] for at in range(0, len(numbers), batch)])
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}

    async def worker(session: aiohttp.ClientSession) -> None:
        for some in pending:
            sent = [case(number) for number in some]
            body = json.dumps(sent if batch > 1 else sent[0])
            async with session.post(f"{address}/v1/judgments", data=body) as response:
                found = json.loads(await response.read())
            for one in found if isinstance(found, list) else [found]:
                if one.get("verdict", {}).get("status") != "ok":
                    raise RuntimeError(f"no verdict: {one}")

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), headers=headers) as session:
        await asyncio.gather(*(worker(session) for _ in range(min(concurrency, max(2, concurrency // batch)))))


def cpu_of(pid: int) -> float:
    """Return the CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(service: Service, count: int, concurrency: int, batch: int, rounds: int) -> dict[str, Any]:
    """Return the medians of all rounds."""
    found: dict[str, list[float]] = {
        "bare/s": [],
        "single/s": [],
        "single/cpu_ms": [],
        "batch/s": [],
        "batch/cpu_ms": [],
    }
    with served(service.url, concurrency) as (address, pid):
        asyncio.run(judge(address, range(WARM_UP), concurrency, 1))
        at = WARM_UP
        for _ in range(rounds):
            prompts = (f"What is {number} plus {number}?" for number in range(count))
            sent = asyncio.run(send(service.url, bodies(prompts, max_tokens=64), concurrency))
            found["bare/s"].append(count / (sent.end - sent.begin))
            for kind, size in (("single", 1), ("batch", batch)):
                numbers = range(at, at + count)
                at += count
                used, begin = cpu_of(pid), time.perf_counter()
                asyncio.run(judge(address, numbers, concurrency, size))
                found[f"{kind}/s"].append(count / (time.perf_counter() - begin))
                found[f"{kind}/cpu_ms"].append(1000 * (cpu_of(pid) - used) / count)
    row: dict[str, Any] = {"judgments": count, "concurrency": concurrency, "batch": batch, "rounds": rounds}
    return row | {name: statistics.median(values) for name, values in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--judgments", type=int, default=4000)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with Service() as service:
        row = measure(service, options.judgments, options.concurrency, options.batch, options.rounds)
    report("serve", [row])


if __name__ == "__main__":
    main()
