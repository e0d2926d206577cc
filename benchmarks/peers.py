"""The same work by other programs and by ours, in turn (A B A B), against the same kind of loopback service.

    python -m benchmarks.peers [--items 1000] [--concurrency 64] [--judged] [--rounds 2] [--time-limit 600]
                               [--peers inspect-ai lm-eval evalscope aisbench aisbench-rate]
    python -m benchmarks.peers --items 10000 --concurrency 256 --rounds 1 --time-limit 180    # send rates

Each peer is installed from the package registry into a virtual environment of its own under ``--folder`` (outside the
checkout); one that cannot be installed or run is skipped with a note. A run that takes longer than ``--time-limit`` is
stopped, and its row says how far it came. ``cpu_s`` counts every process of a whole run, start-up and scoring included;
``send_rate`` is what the service saw, from the first request to the last reply. ``bare aiohttp`` does nothing but send.
Our runs leave the preflight out: no peer looks at the service before it starts, and the pause after that one request
would stand in the rate. With ``--judged`` a second service judges every answer, by those that can be told to.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import bare_loop
from benchmarks.peer_programs import PEERS, Job, Peer
from benchmarks.runs import OutOfTimeError, Service, jb, measured, report, write_configs

INSTALL_LIMIT = 1800
"""Seconds that an installation may take."""
VERDICT = "Both give the same value.\nVERDICT: A"
"""What our judge's replies say."""
ENVIRONMENT = {"OPENAI_API_KEY": "none", "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}

Figures = dict[str, Any]


class Size(NamedTuple):
    """How much work, and how long it may take."""

    items: int
    concurrency: int
    judged: bool
    limit: float


def installed(name: str, peer: Peer, folder: Path) -> Path:
    """Return the folder of a peer's programs, installing it first.

    Raises:
        RuntimeError: It could not be installed.
    """
    place = folder / (peer.place or name)
    if not (place / ".installed").exists():
        try:
            subprocess.run([sys.executable, "-m", "venv", str(place)], check=True, timeout=INSTALL_LIMIT)
            command = [str(place / "bin/python"), "-m", "pip", "install", "--quiet", *peer.packages]
            subprocess.run(command, check=True, timeout=INSTALL_LIMIT, capture_output=True, text=True)
        except subprocess.SubprocessError as error:
            shutil.rmtree(place, ignore_errors=True)
            said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
            raise RuntimeError(f"not installed: {said[-1] if said else error}") from error
        (place / ".installed").touch()
    return place / "bin"


def one(size: Size, verdict: str | None, run: Callable[[Path, Service, Service], Figures]) -> Figures:
    """Run one program once in a fresh folder, on fresh services; returns its figures and what the service saw.

    Raises:
        RuntimeError: It failed, or came to its end without all requests.
    """
    with (
        Service("--text", "ANSWER: 4") as model,
        Service("--text", verdict or VERDICT) as judge,
        tempfile.TemporaryDirectory() as name,
    ):
        write_configs(Path(name), size.items, size.concurrency, [model, judge])
        try:
            found = run(Path(name), model, judge)
        except OutOfTimeError as error:
            seen = model.stats()
            note = f"{error} with {seen['requests']} of {size.items} answered: its CPU is a lower bound"
            found = {**error.found, "note": note}
        else:
            seen = model.stats()
            counts = [seen["requests"], judge.stats()["requests"] if size.judged else size.items]
            if min(counts) < size.items:
                raise RuntimeError(f"it sent {counts} requests, not {size.items} each")
    rate = {"send_rate": seen["requests"] / seen["seconds"]} if seen["seconds"] else {}
    return {**rate, **found}


def ours(size: Size) -> Figures:
    """Run judgebench once."""
    dataset = "sums" if size.judged else "sums_plain"
    return one(size, None, lambda work, *_: jb(work, "--no-preflight", dataset=dataset))


def theirs(size: Size, peer: Peer, programs: Path) -> Figures:
    """Run a peer once.

    Raises:
        RuntimeError: It failed, or wrote no result.
    """

    def run(work: Path, model: Service, judge: Service) -> Figures:
        judge_url = judge.url if size.judged else None
        command = peer.command(Job(programs, work, model.url, judge_url, size.items, size.concurrency))
        environment = {**ENVIRONMENT, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
        found = measured(command, work, environment, limit=size.limit)
        if not any(work.glob(peer.result)):
            raise RuntimeError(f"it wrote no {peer.result}")
        return found

    return one(size, peer.verdict, run)


def bare(size: Size) -> Figures:
    """Run the bare loop once; its CPU seconds have its start-up in them, as those of the others have."""

    def run(_: Path, model: Service, __: Service) -> Figures:
        found = bare_loop.measure(model.url, size.items, size.concurrency)
        return {"cpu_s": found["whole_cpu_s"], "wall_s": found["wall_s"], "tree_rss_mb": found["peak_mb"]}

    return one(size._replace(judged=False), None, run)


def median(runs: list[Figures]) -> Figures:
    """Return the median of each figure, and the last note."""
    keys = [key for key in runs[0] if key != "note"]
    found = {key: statistics.median(run[key] for run in runs if key in run) for key in keys}
    notes = [run["note"] for run in runs if "note" in run]
    return {**found, "note": notes[-1]} if notes else found


def compare(size: Size, name: str, folder: Path, rounds: int) -> list[Figures]:
    """Run a peer and ours in turn and return a row for each."""
    head = {"items": size.items, "concurrency": size.concurrency}
    our_runs, their_runs = [], []
    try:
        programs = installed(name, PEERS[name], folder)
        for _ in range(rounds):
            our_runs.append(ours(size))
            their_runs.append(theirs(size, PEERS[name], programs))
    except RuntimeError as error:
        return [{"program": name, **head, "note": f"skipped: {' '.join(str(error).split())[-200:]}"}]
    us, them = median(our_runs), median(their_runs)
    ratios = {"x our cpu": them["cpu_s"] / us["cpu_s"]}
    if "send_rate" in them:
        ratios["our rate / its"] = us["send_rate"] / them["send_rate"]
    return [{"program": "judgebench", **head, **us}, {"program": name, **head, **ratios, **them}]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--judged", action="store_true", help="a judge looks at every answer")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--time-limit", type=float, default=600, help="seconds that one run of a peer may take")
    parser.add_argument("--peers", nargs="+", choices=list(PEERS), default=list(PEERS))
    cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser()
    parser.add_argument("--folder", type=Path, default=cache / "judgebench-peers")
    options = parser.parse_args()
    size = Size(options.items, options.concurrency, options.judged, options.time_limit)
    head = {"items": size.items, "concurrency": size.concurrency}
    rows: list[Figures] = []
    if not size.judged:
        rows.append({"program": "bare aiohttp", **head, **median([bare(size) for _ in range(options.rounds)])})
    for name in options.peers:
        if not size.judged or PEERS[name].verdict:
            rows += compare(size, name, options.folder, options.rounds)
    report(f"peers_{'judged_' if size.judged else ''}{size.items}_{size.concurrency}", rows)


if __name__ == "__main__":
    main()
