"""What the benchmarks share: services, configs, one measured run of ``jb``, and how figures are shown and kept."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import resource
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"


class Service:
    """A loopback service in a process of its own (``instant_service.py``); use as a context manager."""

    def __init__(self, *flags: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "benchmarks" / "instant_service.py"), *flags],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        self.url = self.process.stdout.readline().strip()

    def __enter__(self) -> Service:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stats(self) -> dict[str, float]:
        """Return what it saw: completions, seconds from the first to the last, connections, most at once."""
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{self.url}/stats") as reply:
            found: dict[str, float] = json.loads(reply.read())
        return found

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.wait()


def write_configs(
    folder: Path,
    items: int,
    concurrency: int,
    services: Sequence[Service],
    *,
    model_keys: dict[str, Any] | None = None,
    judge_keys: dict[str, Any] | None = None,
) -> None:
    """Write a numeric dataset with a letter judge (``sums``) and without one (``sums_plain``)."""
    model, judge = (
        {"url": service.url, "model": "instant", "batch_size": concurrency, "max_out_len": 64, **(keys or {})}
        for service, keys in zip(services, (model_keys, judge_keys), strict=True)
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
    source = (
        "abbr='sums', type=JsonlDataset, path='data.jsonl', input_columns=['question'], output_column='answer', "
        "prompt='{question}'"
    )
    (folder / "configs/datasets/sums.py").write_text(
        f"{imports}from judgebench.datasets import JsonlDataset\nfrom judgebench.judges import ReferenceVerifier\n"
        f"sums_datasets = [dict({source}, judge_infer_cfg=dict(\n"
        f"    judge_model=dict(type=VLLMCustomAPIChat, abbr='judge', **{judge!r}),\n"
        "    method=dict(type=ReferenceVerifier)))]\n"
    )
    (folder / "configs/datasets/sums_plain.py").write_text(
        "from judgebench.datasets import JsonlDataset\nfrom judgebench.judges import NumberEqual\n"
        f"sums_datasets = [dict({source}, evaluator=dict(type=NumberEqual))]\n"
    )


def jb(folder: Path, *flags: str, dataset: str = "sums") -> dict[str, float]:
    """Run ``jb`` and return its wall and CPU seconds (all processes) and its largest memory.

    Raises:
        RuntimeError: It failed; with the end of what it printed.
    """
    command = [sys.executable, "-m", "judgebench", "--models", "instant", "--datasets", dataset, *flags]
    return measured(command, folder, {"PYTHONPATH": str(ROOT)})


class OutOfTimeError(RuntimeError):
    """A measured command was stopped at its time limit.

    Attributes:
        found: Its figures until then; the CPU seconds of processes that were gone without being waited for are missing.
    """

    def __init__(self, limit: float, found: dict[str, float]) -> None:
        super().__init__(f"stopped after {limit:g} s")
        self.found = found


def inherited() -> dict[str, str]:
    """Return the environment for a measured command.

    Bytecode is kept, as it is for an installed program: where the environment forbids that, each process of a checkout
    would compile the package anew, and those of peers in their own folders would not.
    """
    return {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def measured(
    command: Sequence[str], folder: Path, environment: dict[str, str] | None = None, *, limit: float | None = None
) -> dict[str, float]:
    """Run a command and return its wall and CPU seconds (all processes) and its largest memory.

    Args:
        command: Program and arguments.
        folder: Where it runs.
        environment: Variables beside those of this process.
        limit: Seconds after which it is stopped, with all processes that it started.

    Raises:
        RuntimeError: It failed; with the end of what it printed.
        OutOfTimeError: It was stopped.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**inherited(), "NO_PROXY": "*", "no_proxy": "*", **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    memory = Memory(process.pid)
    try:
        out, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        found = {"cpu_s": round(stop(process), 3), "wall_s": round(time.perf_counter() - began, 3)}
        raise OutOfTimeError(limit or 0.0, {**found, **memory.finish()}) from None
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    most = memory.finish()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[:6])} ... ended with {process.returncode}:\n{out[-3000:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu_s": round(cpu, 3), "wall_s": round(wall, 3), **most}


def stop(process: subprocess.Popen[str]) -> float:
    """End a process and all that descend from it; returns the CPU seconds that they had used."""
    found = tree(process.pid)
    used = sum(cpu_seconds(pid) for pid in found)
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()
    if process.stdout:
        process.stdout.close()  # an orphan may still hold the other end
    return used


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds of a process and of its children that have ended; 0 when it is gone."""
    try:
        ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15]
    except OSError:
        return 0.0
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


class Memory:
    """Samples the memory of a process tree, every 20 ms at first.

    Proportional sets (``pss``) divide a page among the processes that share it, so that their sum is what the tree
    takes from the machine; resident sets (``rss``) count it once for each.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.sum = self.one = self.shared = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def finish(self) -> dict[str, float]:
        """Stop and return the largest sums, and the largest process, in MB."""
        self._over.set()
        self._thread.join()
        sums = {"tree_pss_mb": round(self.shared, 1), "tree_rss_mb": round(self.sum, 1)}
        return {**sums, "process_rss_mb": round(self.one, 1)}

    def _watch(self) -> None:
        pause = 0.02
        while not self._over.wait(pause):
            pids = tree(self.pid)
            found = [rss(pid) for pid in pids]
            self.sum, self.one = max(self.sum, sum(found)), max(self.one, *found)
            self.shared = max(self.shared, sum(pss(pid) for pid in pids))
            pause = min(0.5, pause * 1.02)  # long runs are sampled less often, as looking costs too


def tree(root: int) -> list[int]:
    """Return a process and all that descend from it."""
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
    """Return the resident set of a process in MB; 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize() / 2**20
    except (OSError, IndexError):
        return 0.0


def pss(pid: int) -> float:
    """Return the proportional set of a process in MB; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def machine() -> dict[str, object]:
    """Return what the figures were measured on."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "load": round(os.getloadavg()[0], 2),
    }


def report(name: str, rows: list[dict[str, Any]]) -> None:
    """Print the rows as a table and write them as JSON beside the machine."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    cells = [[_shown(row.get(key)) for key in columns] for row in rows]
    widths = [max(len(line[place]) for line in [columns, *cells]) for place in range(len(columns))]
    for line in [columns, *cells]:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    RESULTS.mkdir(parents=True, exist_ok=True)
    found = {"benchmark": name, "machine": machine(), "rows": rows}
    (RESULTS / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n")


def _shown(value: object) -> str:
    return (
        ""
        if value is None
        else f"{value:.3g}"
        if isinstance(value, float) and abs(value) < 100
        else (f"{value:.0f}" if isinstance(value, float) else str(value))
    )
