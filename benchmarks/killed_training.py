"""How much work is done again after a training was killed: the seconds since something was last kept.

    python -m benchmarks.killed_training judge   jb train judge on the pairs of make demo-train; needs the extra train
    python -m benchmarks.killed_training probe   jb train probe on the hand-made pairs; needs the extra probe
    python -m benchmarks.killed_training run     a run in which a probe asks for states: --probe FILE

The command is killed (SIGKILL) some seconds after it began to keep something, and started again, several times over.
What is kept is what the next start reads: a checkpoint, replies, states. The last start is left alone until it ends, so
that the table is of a training that ended well.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.demo_train import prepare
from benchmarks.runs import ROOT, report

KEPT = (
    "before.jsonl",
    "checkpoint.pt",
    "after.jsonl",
    "features/*/*.jsonl",
    "features/*.jsonl",
    "*/predictions/*/*.jsonl",
)
DATA = ROOT / "benchmarks" / "data"
PAIRS = DATA / "tiny_judge_pairs.jsonl"
JB = [sys.executable, "-m", "judgebench"]


def last_kept(folder: Path) -> tuple[float, str]:
    """Return when something was last kept in a folder, and in which file; 0 where nothing was yet."""
    files = [file for pattern in KEPT for file in folder.glob(pattern)]
    return max(((file.stat().st_mtime, file.name) for file in files), default=(0.0, ""))


RUN = """\
from judgebench.datasets import JudgeSamples
from judgebench.judges import Probe

from mmengine.config import read_base

with read_base():
    from judgebench.configs.models.local.gemma3_270m_states import models

datasets = [
    dict(
        abbr="pairs", type=JudgeSamples, path="PAIRS", key="{id}", input_columns=["question", "gold", "candidate"],
        answer_columns=["candidate"], method=dict(type=Probe, probes=["PROBE"]),
    )
]
"""


def commands(what: str, folder: Path, chosen: argparse.Namespace) -> tuple[list[str], list[str]]:
    """Return the command that begins, and the one that goes on."""
    out = folder / "out"
    if what == "judge":
        prepare(folder)
        train = ["train", "judge", "--judge", str(folder / "judge.py"), "--data", str(folder / "train.jsonl")]
        train += ["--test", str(folder / "test.jsonl"), "--out", str(out), "--steps", str(chosen.steps)]
        train += ["--batch", "16", "--threads", str(chosen.threads)]
        return (train, train)
    if what == "probe":
        train = ["train", "probe", "--data", str(PAIRS), "--label", "equal", "--layers", "9,12"]
        train += ["--prompt", f"@{DATA / 'tiny_judge_probe.txt'}", "--ask", "gemma3_270m", "--out", str(out)]
        return (train, train)
    config = folder / "run.py"
    config.write_text(RUN.replace("PAIRS", str(PAIRS)).replace("PROBE", str(Path(chosen.probe).absolute())), "utf-8")
    run = [str(config), "--work-dir", str(out)]
    return (run, [*run, "--reuse"])


def killed(command: list[str], out: Path, wait: float) -> dict[str, Any] | None:
    """Kill a command ``wait`` seconds after it first kept something; ``None`` where it ended before."""
    began = time.time()
    with subprocess.Popen([*JB, *command], start_new_session=True, cwd=out.parent) as process:
        while process.poll() is None and last_kept(out)[0] <= began:
            time.sleep(0.05)
        first = time.time()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(wait)
            return None
        os.killpg(process.pid, signal.SIGKILL)
        now = time.time()
    kept, file = last_kept(out)
    return {"killed after s": now - began, "began to keep after s": first - began, "in": file, "lost s": now - kept}


def main() -> int:
    """Kill, start again, and print what was lost each time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["judge", "probe", "run"])
    parser.add_argument("--out", type=Path, required=True, help="folder that is not there yet")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--most", type=float, default=60.0, help="longest time until a kill, in seconds")
    parser.add_argument("--steps", type=int, default=20, help="of the training of a judge")
    parser.add_argument("--threads", type=int, default=0, help="of the training of a judge; 1 on a busy machine")
    parser.add_argument("--probe", default="", help="the probe of a run")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    folder = chosen.out.absolute()
    folder.mkdir(parents=True)
    begin, go_on = commands(chosen.what, folder, chosen)
    chance = random.Random(chosen.seed)
    rows = []
    for number in range(chosen.kills):
        row = killed(go_on if number else begin, folder / "out", chance.uniform(0.0, chosen.most))
        if row is None:
            break
        rows.append(row)
        print(row, file=sys.stderr, flush=True)
    report(f"killed_training_{chosen.what}", rows)
    return subprocess.run([*JB, *go_on], check=False, cwd=folder).returncode


if __name__ == "__main__":
    sys.exit(main())
