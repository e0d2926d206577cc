"""Whether ``request_rate`` is kept, as the service sees it, and what the run itself says it achieved.

python -m benchmarks.pacing [--rate 500] [--seconds 10]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.runs import Service, jb, report, write_configs

WITHIN = 0.01


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=500.0)
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    items = int(options.rate * options.seconds)
    rows: list[dict[str, Any]] = []
    for kind, burstiness in (("constant", 0.0), ("Poisson", 1.0)):
        with Service("--latency", "0.05") as service, tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            keys = {"request_rate": options.rate, "burstiness": burstiness}
            write_configs(folder, items, 512, [service, service], model_keys=keys)
            found = jb(folder, "--no-preflight", dataset="sums_plain")
            seen = service.stats()
            said = reported(folder)
        rate = (items - 1) / seen["arrivals"]
        asked = {"schedule": kind, "items": items, "wanted_rate": options.rate, "seen_rate": rate}
        ratio = rate / options.rate
        rows.append({**asked, "ratio": ratio, "reported_rate": said.get("achieved_rate"), "within": WITHIN, **found})
    report("pacing", rows)


def reported(folder: Path) -> dict[str, float]:
    """Return the figures in the log of the infer task."""
    (path,) = folder.glob("outputs/default/*/logs/infer/instant/sums.out")
    (line,) = (line for line in path.read_text("utf-8").splitlines() if "figures: " in line)
    return {name: float(value) for name, value in (one.split() for one in line.partition("figures: ")[2].split(", "))}


if __name__ == "__main__":
    main()
