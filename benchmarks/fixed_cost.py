"""What a judged run costs when the services cost nothing: 30 items, instant loopback services.

    python benchmarks/fixed_cost.py [--runs 5] [--items 30] [--concurrency 8]

CPU seconds are those of ``jb`` and all its tasks, children included; the services run in a process of their own and are
not counted. Memory is the largest sum of resident sets seen over the whole process tree, sampled every 20 ms (shared
pages count once per process), and the largest single process.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIMITS = {"cpu_s": 3.0, "wall_s": 3.0, "tree_rss_mb": 150.0}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--items", type=int, default=30)
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--json", type=Path, default=ROOT / "benchmarks" / "results" / "fixed_cost.json")
    options = parser.parse_args()
    services = [Service(), Service()]
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_configs(folder, options.items, options.concurrency, services)
            measured = [one_run(folder, options.items) for _ in range(options.runs)]
    finally:
        for service in services:
            service.stop()
    figures = {key: statistics.median(run[key] for run in measured) for key in measured[0]}
    print(f"{options.items} items, concurrency {options.concurrency}, median of {options.runs} runs")
    for key, value in figures.items():
        limit = LIMITS.get(key)
        verdict = "" if limit is None else f"   limit {limit:g}   {'ok' if value < limit else 'OVER'}"
        spread = f"{min(run[key] for run in measured):.2f}..{max(run[key] for run in measured):.2f}"
        print(f"  {key:<16}{value:>8.2f}   ({spread}){verdict}")
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps({"machine": machine(), "limits": LIMITS, "runs": measured, "median": figures}))


class Service:
    """An instant service in a process of its own."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "benchmarks" / "instant_service.py")], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        self.url = self.process.stdout.readline().strip()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def write_configs(folder: Path, items: int, concurrency: int, services: list[Service]) -> None:
    """A numeric data set with a letter judge."""
    model, judge = (
        {"url": service.url, "model": "instant", "batch_size": concurrency, "max_out_len": 64} for service in services
    )
    for kind in ("models", "datasets"):
        (folder / "configs" / kind).mkdir(parents=True)
    with (folder / "data.jsonl").open("w") as file:
        for number in range(items):
            file.write(json.dumps({"question": f"What is {number} plus {number}?", "answer": str(2 * number)}) + "\n")
    imports = "from judgebench.models import VLLMCustomAPIChat\n"
    (folder / "configs/models/instant.py").write_text(
        f"{imports}models = [dict(type=VLLMCustomAPIChat, abbr='instant', **{model!r})]\n"
    )
    (folder / "configs/datasets/sums.py").write_text(
        f"{imports}from judgebench.datasets import JsonlDataset\nfrom judgebench.judges import ReferenceVerifier\n"
        "sums_datasets = [dict(abbr='sums', type=JsonlDataset, path='data.jsonl', input_columns=['question'],\n"
        "    output_column='answer', prompt='{question}', judge_infer_cfg=dict(\n"
        f"    judge_model=dict(type=VLLMCustomAPIChat, abbr='judge', **{judge!r}),\n"
        "    method=dict(type=ReferenceVerifier)))]\n"
    )


def one_run(folder: Path, items: int) -> dict[str, float]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "judgebench", "--models", "instant", "--datasets", "sums"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    memory = Memory(process.pid)
    out, _ = process.communicate()
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert process.returncode == 0, out
    assert f"100.0% of {items} items" in out, out
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu_s": cpu, "wall_s": wall, "tree_rss_mb": memory.finish(), "process_rss_mb": after.ru_maxrss / 1024}


class Memory:
    """Samples the resident sets of a process tree."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.most = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def finish(self) -> float:
        self._over.set()
        self._thread.join()
        return self.most

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            self.most = max(self.most, sum(rss(pid) for pid in tree(self.pid)))


def tree(root: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
            parents.setdefault(parent, []).append(int(entry.name))
    found = [root]
    for pid in found:
        found += parents.get(pid, [])
    return found


def rss(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize() / 2**20
    except (OSError, IndexError):
        return 0.0


def machine() -> dict[str, object]:
    return {"python": platform.python_version(), "cores": os.cpu_count(), "load": os.getloadavg()[0]}


if __name__ == "__main__":
    main()
