"""``python -m replay``: replays the recorded judges of a data folder and compares every published figure."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import pprint
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from replay import studies
from replay.study import Ours, Path_, Plan, Results, Skip, Study, leaves

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"
SHOWN = 10
"""Mismatches of one study that are printed."""


@dataclass
class Comparison:
    """How the figures of one study compare.

    Attributes:
        compared: Published figures for which we have one, and our own checks (re-read decisions) beside them.
        mismatches: What differs, or has no figure of ours.
        skipped: Reasons, with how many figures each stands for.
        recordings: Recorded models that were run.
        results: Results that they gave.
    """

    compared: int = 0
    mismatches: list[str] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)
    recordings: int = 0
    results: int = 0


def known_studies() -> list[Study]:
    """Return every study, in the order of their names."""
    modules = sorted(module.name for module in pkgutil.iter_modules(studies.__path__))
    return [importlib.import_module(f"replay.studies.{name}").STUDY for name in modules]


def compare(study: Study, published: Any, ours: Mapping[Path_, Ours]) -> Comparison:
    """Compare every published figure with ours; one that we do not have is a mismatch."""
    found = Comparison()
    wanted = dict(leaves(published))
    for place, value in wanted.items():
        name = f"{study.name}: {' / '.join(place)}"
        if place not in ours:
            found.mismatches.append(f"{name}: {value!r} is published, and we have no figure for it")
            continue
        figure = ours[place]
        if isinstance(figure, Skip):
            found.skipped[figure.reason] = found.skipped.get(figure.reason, 0) + 1
            continue
        found.compared += 1
        if not equal(figure, value, study.tolerance):
            found.mismatches.append(f"{name}: {value!r} is published, ours is {figure!r}")
    for place, figure in ours.items():
        if place in wanted or isinstance(figure, Skip):
            continue
        found.compared += 1
        if figure != 0:  # checks of our own count what differs from the recording
            found.mismatches.append(f"{study.name}: {' / '.join(place)}: {figure!r}, and nothing should differ")
    return found


def equal(ours: Any, published: Any, tolerance: float) -> bool:
    """Whether a figure is the published one within the tolerance; lists item by item."""
    if isinstance(published, list):
        return (
            isinstance(ours, list)
            and len(ours) == len(published)
            and all(equal(one, other, tolerance) for one, other in zip(ours, published, strict=True))
        )
    if isinstance(published, bool | str) or published is None or isinstance(ours, bool | str) or ours is None:
        return type(ours) is type(published) and bool(ours == published)
    if isinstance(published, int):
        return float(ours) == float(published)
    return abs(float(ours) - float(published)) <= tolerance


def run_pipeline(plan: Plan, folder: Path, data_dir: Path, workers: int) -> Path:
    """Write one config, run it through ``jb`` and return the run folder; a failed run ends the program."""
    combinations: dict[str, list[str]] = {}
    for model, dataset in plan.pairs:
        combinations.setdefault(model, []).append(dataset)
    for name, lines in plan.files.items():
        (folder / name).write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    config = folder / "replay_config.py"
    parts = {
        "models": plan.models,
        "datasets": list(plan.datasets.values()),
        "model_dataset_combinations": [
            {"models": [model], "datasets": datasets} for model, datasets in combinations.items()
        ],
    }
    config.write_text("".join(f"{name} = {pprint.pformat(value, width=120)}\n" for name, value in parts.items()))
    command = [sys.executable, "-m", "judgebench", str(config), "--work-dir", str(folder / "runs")]
    command += ["--data-dir", str(data_dir), "--dump-eval-details", "--max-num-workers", str(workers)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    log = folder / "jb.log"
    with log.open("w") as out:
        code = subprocess.run(command, cwd=folder, env=environment, stdout=out, stderr=out, check=False).returncode
    if code != 0:
        sys.stderr.write(log.read_text()[-3000:])
        raise SystemExit(f"jb ended with exit code {code}; its output is above.")
    return max((folder / "runs").glob("2*"))


def main(argv: list[str] | None = None) -> int:
    """Replay and compare; returns 0 if everything is equal, 1 if not."""
    parser = argparse.ArgumentParser(prog="replay", description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=DATA, help="folder of recorded judges (default: %(default)s)")
    parser.add_argument("--only", nargs="+", default=[], help="names of benchmarks; all by default")
    parser.add_argument("--work-dir", type=Path, help="keep the run here instead of in a temporary folder")
    parser.add_argument("--workers", type=int, default=2, help="task processes at once (default: %(default)s)")
    args = parser.parse_args(argv)
    began = time.monotonic()
    if not args.data_dir.is_dir():
        print(f"replay skipped: there is no data folder {args.data_dir} (name one with --data-dir)")
        return 0
    chosen = [one for one in known_studies() if not args.only or one.name in args.only]
    data_dir = args.data_dir.resolve()
    absent = [one.name for one in chosen if not (data_dir / one.name / one.expected).is_file()]
    chosen = [one for one in chosen if one.name not in absent]
    for name in absent:
        print(f"{name:24} skipped: no recordings here")
    comparisons = []
    with tempfile.TemporaryDirectory(prefix="replay-") as temporary:
        for study in chosen:
            folder = (args.work_dir or Path(temporary)).resolve() / study.name
            folder.mkdir(parents=True, exist_ok=True)
            comparisons.append(_studied(study, folder, data_dir, args.workers))
            _tell(study, comparisons[-1])
    compared = sum(one.compared for one in comparisons)
    mismatches = sum(len(one.mismatches) for one in comparisons)
    recorded, made = sum(one.recordings for one in comparisons), sum(one.results for one in comparisons)
    print(
        f"{compared} figures compared, {mismatches} mismatches; {recorded} recordings, {made} results, "
        f"{time.monotonic() - began:.1f} s"
    )
    return 1 if mismatches else 0


def _studied(study: Study, folder: Path, data_dir: Path, workers: int) -> Comparison:
    """Run what a study asks for in one ``jb`` and compare its figures."""
    source = data_dir / study.name
    plan = study.plan(source)
    run = run_pipeline(plan, folder, data_dir, workers) if plan.pairs else folder
    published = json.loads((source / study.expected).read_text("utf-8"))
    found = compare(study, published, study.figures(source, Results(run)))
    found.recordings, found.results = len(plan.models), len(plan.pairs)
    return found


def _tell(study: Study, found: Comparison) -> None:
    print(f"{study.name:24} {found.compared:6} figures compared, {len(found.mismatches)} mismatches")
    for reason, count in found.skipped.items():
        print(f"{'':24} {count:6} not compared: {reason}")
    for line in found.mismatches[:SHOWN]:
        print(f"  ! {line}")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
