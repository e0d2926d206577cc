"""Requests per CPU-second of the engine, beside a bare aiohttp loop that sends the same bodies and reads the replies.

The service is a loopback process with a fixed reply, so what is measured is the client alone. Client CPU seconds (user
and system) are those of a process of its own, start-up excluded; bare and engine run in turn, several rounds, in one
call, so that noise of the machine meets both.

    python benchmarks/engine_throughput.py [--requests 10000] [--concurrency 64 256] [--rounds 3] [--out FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parent.parent
PROMPT = "Decide whether the answer is correct. " * 20
ANSWER = "The two answers agree in every part that the question asks for, so the verdict is A. " * 3


def bodies(count: int) -> list[bytes]:
    """Request bodies such as the engine makes, all different."""
    return [
        msgspec.json.encode(
            {
                "model": "m",
                "messages": [{"role": "user", "content": f"{PROMPT}{nth}"}],
                "temperature": 0.0,
                "max_tokens": 4096,
            }
        )
        for nth in range(count)
    ]


class Instant(asyncio.Protocol):
    """Answers every HTTP request with one fixed reply, without looking at it."""

    def __init__(self) -> None:
        payload = msgspec.json.encode(
            {
                "id": "r",
                "object": "chat.completion",
                "created": 1,
                "model": "m",
                "choices": [{"index": 0, "message": {"role": "assistant", "content": ANSWER}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 140, "completion_tokens": 60, "total_tokens": 200},
            }
        )
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(payload)}\r\n\r\n"
        self.reply = head.encode() + payload
        self.buffer = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while True:
            head, mark, rest = self.buffer.partition(b"\r\n\r\n")
            if not mark:
                return
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
            if len(rest) < length:
                return
            self.buffer = rest[length:]
            self.transport.write(self.reply)


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(Instant, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


async def bare(url: str, count: int, concurrency: int) -> float:
    import aiohttp

    pending = iter(bodies(count))
    connector = aiohttp.TCPConnector(limit=0)
    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def worker() -> None:
            for body in pending:
                async with session.post(url + "/v1/chat/completions", data=body) as response:
                    await response.read()

        begin = cpu()
        await asyncio.gather(*[worker() for _ in range(concurrency)])
        return cpu() - begin


async def engine(url: str, count: int, concurrency: int) -> float:
    from judgebench.engine.client import open_client
    from judgebench.engine.pump import pump
    from judgebench.engine.traffic import Traffic
    from judgebench.models.configured import model_config
    from judgebench.records import Reply, Request

    config = model_config(
        {"type": "VLLMCustomAPIChat", "abbr": "m", "model": "m", "url": url, "batch_size": concurrency}
    )
    requests = (
        Request(prompt=[{"role": "user", "content": f"{PROMPT}{nth}"}], params={"temperature": 0.0})
        for nth in range(count)
    )
    good = 0
    async with open_client(config, Traffic()) as client:

        async def work(request: Request) -> None:
            nonlocal good
            reply: Reply = await client.ask(request)
            good += reply.text == ANSWER.strip() or reply.text == ANSWER

        begin = cpu()
        await pump(requests, work, concurrency=concurrency)
        spent = cpu() - begin
    assert good == count, (good, count)
    return spent


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def child(kind: str, url: str, count: int, concurrency: int) -> None:
    from judgebench.engine.loop import run

    work = {"bare": bare, "engine": engine}[kind]
    run(work(url, 200, concurrency))  # imports, first connections
    begin = time.perf_counter()
    spent = run(work(url, count, concurrency))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"cpu": spent, "wall": time.perf_counter() - begin, "peak_kib": peak}))


def measure(kind: str, url: str, count: int, concurrency: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--child", kind, url, str(count), str(concurrency)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--concurrency", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", default="")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        from judgebench.engine.loop import run

        run(serve())
        return
    if args.child:
        kind, url, count, concurrency = args.child
        child(kind, url, int(count), int(concurrency))
        return
    report(args)


def report(args: argparse.Namespace) -> None:
    rows = []
    server = subprocess.Popen(
        [sys.executable, __file__, "--serve"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        print("concurrency  bare/CPU-s  engine/CPU-s  ratio   bare/s  engine/s   (requests)")
        for concurrency in args.concurrency:
            runs: dict[str, list[dict[str, float]]] = {"bare": [], "engine": []}
            for _ in range(args.rounds):
                for kind, found in runs.items():
                    found.append(measure(kind, url, args.requests, concurrency))
            per_cpu = {k: statistics.median(args.requests / run["cpu"] for run in found) for k, found in runs.items()}
            per_wall = {k: statistics.median(args.requests / run["wall"] for run in found) for k, found in runs.items()}
            ratio = per_cpu["engine"] / per_cpu["bare"]
            cells = (concurrency, per_cpu["bare"], per_cpu["engine"], ratio, per_wall["bare"], per_wall["engine"])
            print("{:>11} {:>11.0f} {:>13.0f} {:>6.2f} {:>8.0f} {:>9.0f}".format(*cells))
            rows.append(
                {
                    "concurrency": concurrency,
                    "per_cpu_second": per_cpu,
                    "per_second": per_wall,
                    "ratio": ratio,
                    "runs": runs,
                }
            )
    finally:
        server.terminate()
        server.wait(10)
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}
    document = json.dumps(
        {"benchmark": "engine_throughput", "requests": args.requests, "machine": machine, "rows": rows}, indent=1
    )
    if args.out:
        Path(args.out).write_text(document + "\n", "utf-8")
    else:
        print(document)


if __name__ == "__main__":
    main()
