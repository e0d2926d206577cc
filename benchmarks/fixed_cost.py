"""What a judged run costs when the services cost nothing.

    python -m benchmarks.fixed_cost [--runs 3] [--sizes 30:8 1000:64 10000:64 10000:256]

CPU seconds are those of ``jb`` and all its tasks, children included; the services run in processes of their own and are
not counted.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

from benchmarks.runs import Service, jb, report, write_configs

LIMITS = {30: {"cpu_s": 3.0, "wall_s": 3.0, "tree_pss_mb": 150.0}, 1000: {"cpu_s": 5.0}, 10_000: {"cpu_s": 15.0}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--sizes", nargs="+", default=["30:8", "1000:64", "10000:64", "10000:256"])
    options = parser.parse_args()
    rows = []
    for size in options.sizes:
        items, concurrency = map(int, size.split(":"))
        runs = []
        for _ in range(options.runs):
            with Service() as model, Service() as judge, tempfile.TemporaryDirectory() as name:
                write_configs(Path(name), items, concurrency, [model, judge])
                runs.append(jb(Path(name)))
        row: dict[str, object] = {"items": items, "concurrency": concurrency}
        for key in runs[0]:
            found = [run[key] for run in runs]
            row[key] = statistics.median(found)
            if key in LIMITS.get(items, {}):
                row[f"{key} limit"] = LIMITS[items][key]
        row["cpu_s range"] = f"{min(run['cpu_s'] for run in runs):.2f}..{max(run['cpu_s'] for run in runs):.2f}"
        rows.append(row)
    report("fixed_cost", rows)


if __name__ == "__main__":
    main()
