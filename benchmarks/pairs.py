"""Two checkouts measured in turn: the ratio of their costs with its interval.

    python -m benchmarks.pairs BEFORE [--after .] [--pairs 20] [--what fixed_cost engine_throughput scale]
        [--sizes 30:8]

BEFORE is a checkout of an earlier commit (``git worktree add ../before COMMIT``). Each pair runs one benchmark of
either checkout right after the other, the first of the two drawn by lot, so that a machine that wanders meets both.
What is compared is CPU seconds, children included. The ratio is after / before; its interval is Student's over the
pairs' logarithms. Both sides use this interpreter and the packages that it has.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.runs import ROOT, inherited, report

T975 = {5: 2.571, 9: 2.262, 14: 2.145, 19: 2.093, 24: 2.064, 29: 2.045, 39: 2.023, 49: 2.010}
"""Student's t at 97.5%, by degrees of freedom; of those not listed the next smaller one is taken, which is wider."""


def cpu_seconds(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Return the CPU seconds of each row that has them."""
    return {str(row.get("what", row.get("items"))): row["cpu_s"] for row in rows if "cpu_s" in row}


def per_request(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Return the engine's CPU seconds per request, by service and concurrency."""
    return {f"{row['service']} c{row['concurrency']}": 1 / row["engine/cpu_s"] for row in rows if "engine/cpu_s" in row}


WHAT: dict[str, tuple[list[str], Callable[[list[dict[str, Any]]], dict[str, float]]]] = {
    "fixed_cost": (["--runs", "1", "--sizes", "30:8", "1000:64"], cpu_seconds),
    "engine_throughput": (
        ["--rounds", "1", "--requests", "4000", "--concurrency", "64", "--service", "asyncio"],
        per_request,
    ),
    "scale": (["--items", "20000"], cpu_seconds),
}
"""Benchmark, its arguments, and how its rows become named costs."""


def cost(checkout: Path, name: str, sizes: list[str]) -> dict[str, float]:
    """Run a benchmark of a checkout once and return its costs.

    Args:
        checkout: Whose benchmark and package.
        name: The benchmark.
        sizes: Items and concurrency of ``fixed_cost``; none for the usual ones.

    Raises:
        CalledProcessError: The benchmark failed.
    """
    arguments, costs = WHAT[name]
    if sizes and name == "fixed_cost":
        arguments = ["--runs", "1", "--sizes", *sizes]
    subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *arguments],
        cwd=checkout,
        env={**inherited(), "PYTHONPATH": str(checkout)},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return costs(json.loads((checkout / "benchmarks" / "results" / f"{name}.json").read_text())["rows"])


def ratio(pairs: list[tuple[float, float]]) -> tuple[float, float, float]:
    """Return the geometric mean of after / before over pairs ``(before, after)``, and its 95% interval."""
    logs = [math.log(after / before) for before, after in pairs]
    middle = statistics.fmean(logs)
    if len(logs) < 2:
        return math.exp(middle), 0.0, math.inf
    freedom = len(logs) - 1
    t = next((value for least, value in sorted(T975.items(), reverse=True) if least <= freedom), 12.706)
    half = t * statistics.stdev(logs) / math.sqrt(len(logs))
    return math.exp(middle), math.exp(middle - half), math.exp(middle + half)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("--after", type=Path, default=ROOT)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--what", nargs="+", choices=list(WHAT), default=list(WHAT))
    parser.add_argument("--seed", type=int, default=0, help="of the lot that draws which checkout comes first")
    parser.add_argument("--sizes", nargs="+", default=[], help="items and concurrency of fixed_cost, such as 30:8")
    options = parser.parse_args()
    lot = random.Random(options.seed)
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for _ in range(options.pairs):
        for name in options.what:
            sides = {"before": options.before.resolve(), "after": options.after.resolve()}
            order = sorted(sides, reverse=lot.random() < 0.5)
            costs = {side: cost(sides[side], name, options.sizes) for side in order}
            for key, before in costs["before"].items():
                if key in costs["after"]:
                    found.setdefault((name, key), []).append((before, costs["after"][key]))
    rows: list[dict[str, Any]] = []
    for (name, key), pairs in found.items():
        middle, low, high = ratio(pairs)
        rows.append(
            {
                "benchmark": name,
                "what": key,
                "pairs": len(pairs),
                "before": statistics.median(before for before, _ in pairs),
                "after": statistics.median(after for _, after in pairs),
                "ratio": round(middle, 3),
                "from": round(low, 3),
                "to": round(high, 3),
            }
        )
    report("pairs", rows)


if __name__ == "__main__":
    main()
