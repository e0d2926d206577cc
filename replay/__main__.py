"""``python -m replay``: replays the recorded judges of a data folder and compares every published figure."""

from __future__ import annotations

import argparse
import difflib
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
from replay.folder import DATA, DATA_VARIABLE, ROOT, WITHOUT_VARIABLE, excused
from replay.sources import SOURCES
from replay.study import Check, Ours, Path_, Plan, Results, Skip, Study, leaves

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
    """Compare every published figure with ours; one that we do not have is a mismatch, and so is one that is lost.

    A figure of ours without a published one means that the expectation was emptied, even where ours is 0.
    """
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
        if not equal(figure, value, study.tolerance(place)):
            found.mismatches.append(f"{name}: {value!r} is published, ours is {figure!r}")
    for place, figure in ours.items():
        if place in wanted or isinstance(figure, Skip):
            continue
        name = f"{study.name}: {' / '.join(place)}"
        if not isinstance(figure, Check):
            found.mismatches.append(
                f"{name}: ours is {figure!r}, and {study.expected} does not hold this figure any more"
            )
            continue
        found.compared += 1
        if figure.differs != 0:
            found.mismatches.append(f"{name}: {figure.differs!r}, and nothing should differ")
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
    """Write one config, run it through ``jb`` and return the run folder.

    Raises:
        ValueError: ``jb`` failed; the end of its output is written to the error stream.
    """
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
        raise ValueError(f"jb ended with exit code {code}; the end of its output is above")
    return max((folder / "runs").glob("2*"))


def main(argv: list[str] | None = None) -> int:
    """Replay and compare.

    Returns:
        0 if everything is equal, or there is no data folder; 1 if a figure differs, is lost, or a study has no
        recordings; 2 if a name is no study's.
    """
    parser = argparse.ArgumentParser(prog="replay", description=__doc__)
    parser.add_argument(
        "--data-dir", type=Path, default=DATA,
        help=f"folder of recorded judges (default: {DATA_VARIABLE}, else ../shared/data; here %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--only", nargs="+", action="extend", default=[], metavar="STUDY", help="names of studies; all by default"
    )
    parser.add_argument(
        "--without", nargs="+", default=excused(), metavar="STUDY",
        help=f"studies whose recordings need not be there (default: those that {WITHOUT_VARIABLE} names)",
    )  # fmt: skip
    parser.add_argument("--work-dir", type=Path, help="keep the run here instead of in a temporary folder")
    parser.add_argument("--workers", type=int, default=2, help="task processes at once (default: %(default)s)")
    args = parser.parse_args(argv)
    began = time.monotonic()
    every = {one.name: one for one in known_studies()}
    strange = next((name for name in (*args.only, *args.without) if name not in every), None)
    if strange is not None:
        near = difflib.get_close_matches(strange, every, n=1)
        print(
            f"There is no study {strange!r}.{f' Did you mean {near[0]}?' if near else ''} Studies: {', '.join(every)}."
        )
        return 2
    if not args.data_dir.is_dir():
        print(f"replay skipped: there is no data folder {args.data_dir} (name one by --data-dir or {DATA_VARIABLE})")
        return 0
    data_dir = args.data_dir.resolve()
    chosen = [
        one for one in every.values() if (not args.only or one.name in args.only) and one.name not in args.without
    ]
    faults = [fault for one in chosen if (fault := _incomplete(one, data_dir))]
    if not args.only:
        faults += [
            f"{path.name}: there is no study of this folder; write replay/studies/{path.name}.py"
            for path in sorted(data_dir.iterdir())
            if path.is_dir() and path.name not in every
        ]
    for name in args.without:
        print(f"{name:24} left out by --without")
    comparisons = []
    with tempfile.TemporaryDirectory(prefix="replay-") as temporary:
        for study in [one for one in chosen if not _incomplete(one, data_dir)]:
            folder = (args.work_dir or Path(temporary)).resolve() / study.name
            folder.mkdir(parents=True, exist_ok=True)
            comparisons.append(_studied(study, folder, data_dir, args.workers))
            _tell(study, comparisons[-1])
    for fault in faults:
        print(f"  ! {fault}")
    compared = sum(one.compared for one in comparisons)
    mismatches = sum(len(one.mismatches) for one in comparisons)
    recorded, made = sum(one.recordings for one in comparisons), sum(one.results for one in comparisons)
    print(
        f"{compared} figures compared, {mismatches} mismatches, {len(faults)} folders at fault; {recorded} recordings, "
        f"{made} results, {time.monotonic() - began:.1f} s"
    )
    return 1 if mismatches or faults else 0


def _incomplete(study: Study, data_dir: Path) -> str:
    """Return why a study cannot be run over a data folder; empty where it can."""
    if not (data_dir / study.name).is_dir():
        lacking = f"the folder is not in {data_dir}"
    elif not (data_dir / study.name / study.expected).is_file():
        lacking = f"{data_dir / study.name / study.expected}, which holds the expected figures, is not there"
    else:
        return ""
    return f"{study.name}: {lacking}; docs/replay.md says where it comes from, and --without {study.name} excuses it"


def _studied(study: Study, folder: Path, data_dir: Path, workers: int) -> Comparison:
    """Run what a study asks for in one ``jb`` and compare its figures."""
    source = data_dir / study.name
    try:
        published = study.read(source / study.expected)
        plan = study.plan(source)
        run = run_pipeline(plan, folder, data_dir, workers) if plan.pairs else folder
        found = compare(study, published, study.figures(source, Results(run)))
    except (OSError, LookupError, ValueError) as error:  # a file that is lost, or no longer what it was
        said = f"{type(error).__name__}: {error}"
        return Comparison(mismatches=[f"{study.name}: the folder cannot be replayed ({said})"])
    at_least = SOURCES[study.name].at_least
    if found.compared < at_least:
        lost = (
            f"{found.compared} figures are compared, and there were {at_least}: an expectation or a recording is lost"
        )
        found.mismatches.append(f"{study.name}: {lost}")
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
