"""How fast and in how much memory samples are read: a JSONL file of a million rows, plain, chosen and shuffled.

    python benchmarks/data_streaming.py [ROWS]

Prints one line per way of reading and writes ``results/data_streaming.json``; each way runs in a process of
its own, so that peaks do not add up. ``limit`` is the bare loop over the file's lines with ``json.loads``.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

WAYS = ["limit", "count", "stream", "ids", "first of a shuffle", "whole shuffle"]
MEMORY_TARGET_MB = 150


def write_rows(path: Path, rows: int) -> None:
    text = "What is the result of adding the numbers {} and {}? Show every step of the work and end with the result."
    with path.open("w", encoding="utf-8") as file:
        for number in range(rows):
            row = {"id": f"item-{number}", "question": text.format(number, number + 1), "answer": 2 * number + 1}
            file.write(json.dumps(row) + "\n")


def read(path: Path, way: str) -> int:
    from judgebench.datasets.samples import count_of, samples_of
    from judgebench.records.run import DatasetConfig, Options, Typed

    options = {"path": str(path), "input_columns": ["question"], "output_column": "answer", "id_column": "id"}
    dataset = DatasetConfig(
        abbr="d", loader=Typed(type="judgebench.datasets.JsonlDataset", options=options), prompt="{question}"
    )
    if way == "limit":
        with path.open(encoding="utf-8") as file:
            return sum(1 for line in file if json.loads(line))
    if way == "count":
        return count_of(dataset, Options()) or 0
    chosen = {
        "stream": Options(),
        "ids": Options(ids=["item-7", "500-999"]),
        "first of a shuffle": Options(shuffle=1, num_prompts=1000),
        "whole shuffle": Options(shuffle=1),
    }[way]
    return sum(1 for _ in samples_of(dataset, chosen))


def measure(path: Path, way: str) -> dict[str, float | str]:
    code = (
        "import resource, sys, time; sys.path[:0] = sys.argv[3:]; import data_streaming as d; from pathlib import Path;"
        "start, cpu = time.perf_counter(), time.process_time(); count = d.read(Path(sys.argv[1]), sys.argv[2]);"
        "print(count, time.perf_counter() - start, time.process_time() - cpu,"
        "resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    here = Path(__file__).parent
    command = [sys.executable, "-c", code, str(path), way, str(here), str(here.parent)]
    count, wall, cpu, peak = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return {"way": way, "samples": int(count), "wall_s": float(wall), "cpu_s": float(cpu), "peak_mb": float(peak)}


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        write_rows(path, rows)
        size = path.stat().st_size / 1e6
        results = [measure(path, way) for way in WAYS]
    machine = f"{platform.machine()}, {platform.python_implementation()} {platform.python_version()}"
    print(f"{rows} rows, {size:.0f} MB; {machine}\n{'way':20} {'samples':>9} {'wall s':>8} {'CPU s':>8} {'peak MB':>8}")
    for row in results:
        print(f"{row['way']:20} {row['samples']:9} {row['wall_s']:8.2f} {row['cpu_s']:8.2f} {row['peak_mb']:8.0f}")
    report = {
        "rows": rows,
        "megabytes": size,
        "machine": machine,
        "memory_target_mb": MEMORY_TARGET_MB,
        "ways": results,
    }
    target = Path(__file__).parent / "results" / "data_streaming.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(report, indent=1), "utf-8")


if __name__ == "__main__":
    main()
