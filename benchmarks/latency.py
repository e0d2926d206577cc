"""How near a run comes to what the service's latency allows: items / concurrency x latency.

    python -m benchmarks.latency [--which plain streamed overlap]

``plain``: 200 ms, concurrency 256, 10,000 items. ``streamed``: 1 s, concurrency 4,096, streamed replies, sent by one
process and spread over several (``senders``). Beside each stands a bare aiohttp loop that sends such requests and does
nothing else, in one process and in as many as ours: what the client library and this machine allow.
``overlap``: judged, 200 ms on both services; the whole against the longer stage, and again with ``--no-overlap``.
Seconds are those that the services saw, from the first request to the last reply; start-up is in ``wall_s``.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.bare_loop import measure
from benchmarks.runs import Service, jb, report, write_configs


def one_stage(items: int, concurrency: int, latency: float, *, stream: bool, senders: int) -> dict[str, Any]:
    """Run an unjudged dataset and compare the rate that the service saw with the ideal one."""
    with Service("--latency", str(latency)) as service, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keys = {"stream": stream, "senders": senders}
        write_configs(folder, items, concurrency, [service, service], model_keys=keys)
        found = jb(folder, "--no-preflight", dataset="sums_plain")
        seen = service.stats()
        faults = extra_requests(folder)
    return {**shares(items, concurrency, latency, seen), "extra_requests": faults, **found}


def bare(items: int, concurrency: int, latency: float, *, stream: bool, senders: int) -> dict[str, Any]:
    """Send as many requests by a bare loop."""
    with Service("--latency", str(latency)) as service:
        found = measure(service.url, items, concurrency, stream=stream, processes=senders)
        seen = service.stats()
    whole = {"extra_requests": int(found["errors"]), "cpu_s": found["whole_cpu_s"], "tree_rss_mb": found["peak_mb"]}
    return {**shares(items, concurrency, latency, seen), **whole}


def shares(items: int, concurrency: int, latency: float, seen: dict[str, float]) -> dict[str, Any]:
    """Return what the service saw beside what its latency allows."""
    ideal, rate = concurrency / latency, items / seen["seconds"]
    shape: dict[str, Any] = {"items": items, "concurrency": concurrency, "latency_s": latency}
    found = {"rate": rate, "ideal": ideal, "ratio": rate / ideal}
    return {**shape, **found, "connections": seen["connections"], "at_once": seen["at_once"]}


def beside(items: int, concurrency: int, latency: float, *, stream: bool, senders: list[int]) -> list[dict[str, Any]]:
    """Measure bare loop and ours in turn, with each number of sending processes."""
    return [
        {"sent by": who, "processes": count, **run(items, concurrency, latency, stream=stream, senders=count)}
        for count in senders
        for who, run in (("bare aiohttp", bare), ("judgebench", one_stage))
    ]


def extra_requests(folder: Path) -> int:
    """Return how many requests were repeated or failed, by the records of the run."""
    (path,) = folder.glob("outputs/default/*/predictions/instant/sums.jsonl")
    return sum(
        (row := json.loads(line)).get("tries", 1) - 1 + (row["status"] != "ok") for line in path.open(encoding="utf-8")
    )


def plain() -> list[dict[str, Any]]:
    return beside(10_000, 256, 0.2, stream=False, senders=[1, 1])


def streamed() -> list[dict[str, Any]]:
    several = max(2, min(4, len(os.sched_getaffinity(0))))
    return beside(32_768, 4096, 1.0, stream=True, senders=[1, several])


def overlap() -> list[dict[str, Any]]:
    rows = []
    items, concurrency, latency = 2_000, 64, 0.2
    for flags in ([], ["--no-overlap"]):
        with (
            Service("--latency", str(latency)) as model,
            Service("--latency", str(latency)) as judge,
            tempfile.TemporaryDirectory() as name,
        ):
            write_configs(Path(name), items, concurrency, [model, judge])
            found = jb(Path(name), "--no-preflight", *flags)
            answers, judgments = model.stats(), judge.stats()
        whole = judgments["last"] - answers["first"]  # one clock: both services run on this machine
        longer = items / concurrency * latency
        row: dict[str, Any] = {"run": "strict order" if flags else "overlapped", "items": items}
        row["concurrency"] = concurrency
        stages = {"answering_s": answers["seconds"], "judging_s": judgments["seconds"], "both_s": whole}
        rows.append({**row, **stages, "ideal_stage_s": longer, "both / longer stage": whole / longer, **found})
    return rows


WHICH: dict[str, Callable[[], list[dict[str, Any]]]] = {"plain": plain, "streamed": streamed, "overlap": overlap}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--which", nargs="+", choices=list(WHICH), default=list(WHICH))
    for name in parser.parse_args().which:
        report(f"latency_{name}", WHICH[name]())


if __name__ == "__main__":
    main()
