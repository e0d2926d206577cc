"""The same judged run in 1, 2 and 4 shards, in turn, and what merging costs.

    python -m benchmarks.shards [--items 20000] [--concurrency 64] [--rounds 2]

``jb --shards n`` is measured whole, with all its processes; each task has ``concurrency / n`` requests in flight, so
that the service sees the same of all. Then four runs of ``--shard i/4`` are made and merged; ``merge`` is that alone,
without the extraction after it.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.runs import Service, jb, report, write_configs
from judgebench.session.merging import merge_runs

COUNTS = (1, 2, 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with Service() as model, Service() as judge, tempfile.TemporaryDirectory() as name:
        folders = {}
        for count in COUNTS:
            folders[count] = Path(name) / str(count)
            folders[count].mkdir()
            write_configs(folders[count], options.items, options.concurrency // count, [model, judge])
        for _ in range(options.rounds):
            for count, folder in folders.items():
                found = jb(folder, "--no-preflight", "--shards", str(count))
                rows.append({"what": f"{count} shards", "items": options.items, **found})
        last = COUNTS[-1]
        parts = [f"{folders[last]}/parts/{index}" for index in range(last)]
        for index, part in enumerate(parts):
            jb(folders[last], "--no-preflight", "--shard", f"{index}/{last}", "-w", part, "--mode", "infer_judge")
        began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
        merge_runs(parts, Path(name) / "merged")
        after = resource.getrusage(resource.RUSAGE_SELF)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        wall = time.perf_counter() - began
        rows.append({"what": f"merge {last}", "items": options.items, "cpu_s": round(cpu, 3), "wall_s": round(wall, 3)})
    report("shards", rows)


if __name__ == "__main__":
    main()
