"""Names and places in a run folder. Users and scripts rely on them; the files of a data set are named here alone.

::

    <work_dir>/<timestamp>/
      configs/<timestamp>_<pid>.py      resolved config, secrets as references, loadable again
      configs/<timestamp>_<pid>.json    the plan as task processes read it
      configs/asked/*.json              what each file of predictions was asked with, and whether it is complete
      logs/infer/<model>/<dataset>[-<judge>].out
      logs/eval/<model>/<dataset>[-<judge>].out
      logs/summary.out, logs/services/<model>.out, logs/scheduler.jsonl
      predictions/<model>/<dataset>[-<judge>].jsonl
      results/<model>/<dataset>[-<judge>].json
      results/<model>/<dataset>-<judge>.games.jsonl     the comparisons behind it, for judges that compare
      rankings/<dataset>[-<judge>].json                 all models of the run in order
      summary/summary_<timestamp>.{csv,md,txt,json}
"""

from __future__ import annotations

import os
import re
import shutil
from datetime import datetime
from pathlib import Path

from judgebench.errors import DiskError, ReuseError

TIMESTAMP_FORMAT = "%Y%m%d_%H%M%S"
_TIMESTAMP = re.compile(r"^\d{8}_\d{6}(?:_\d+)?$")


class RunFolder:
    """One run on disk.

    Args:
        path: The run folder, ``<work_dir>/<timestamp>``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()

    @property
    def timestamp(self) -> str:
        """Name of the folder: the time of the run's first invocation."""
        return self.path.name

    def predictions(self, model: str, dataset: str, judge: str = "") -> Path:
        """Return the file of predictions, or of the judge's replies to them."""
        return self._inside("predictions", model, f"{row_name(dataset, judge)}.jsonl")

    def asked(self, model: str, dataset: str, judge: str = "") -> Path:
        """Return the file that says what the predictions (or judge calls) were asked with."""
        return self._inside("configs", "asked", model, f"{row_name(dataset, judge)}.json")

    def result(self, model: str, row: str) -> Path:
        """Return the result file of a summary row."""
        return self._inside("results", model, f"{row}.json")

    def games(self, model: str, row: str) -> Path:
        """Return the file of the comparisons behind the result of a judge that compares."""
        return self._inside("results", model, f"{row}.games.jsonl")

    def ranking(self, row: str) -> Path:
        """Return the file of the ranking of all models by one judge on one data set."""
        return self._inside("rankings", f"{row}.json")

    @property
    def configs(self) -> Path:
        """Folder of resolved configs and plans."""
        return self._checked(self.path / "configs")

    @property
    def summary(self) -> Path:
        """Folder of summaries."""
        return self._checked(self.path / "summary")

    def plans(self) -> list[Path]:
        """Return the plans of the run's invocations, oldest first."""
        # By the second of the invocation, as names have it; within one by the file's time, as process ids come round.
        return sorted(self.configs.glob("*.json"), key=lambda plan: (plan.name[:15], plan.stat().st_mtime_ns))

    @property
    def lock(self) -> Path:
        """The file that one ``jb`` at a time holds."""
        return self.path / ".lock"

    def create(self) -> None:
        """Make the folder.

        Raises:
            DiskError: It cannot be made.
        """
        make_folder(self.configs)

    def discard(self, *files: Path) -> None:
        """Remove the files of an invocation that asked nothing, and the folder where it holds nothing else."""
        for file in files:
            file.unlink(missing_ok=True)
        if not any(path.is_file() and path.parent != self.path for path in self.path.rglob("*")):
            shutil.rmtree(self.path, ignore_errors=True)

    def _inside(self, *parts: str) -> Path:
        place = self.path.joinpath(*parts)
        self._checked(place.parent)
        return place

    def _checked(self, folder: Path) -> Path:
        if not Path(os.path.realpath(folder)).is_relative_to(Path(os.path.realpath(self.path))):
            raise DiskError(
                f"{folder} lies outside of the run folder {self.path} (a symbolic link leads out of it).",
                hint="Remove the link; nothing is ever written outside of the run folder.",
            )
        return folder


def log_file(stage: str, model: str, row: str) -> str:
    """Return a task's log file, relative to the run folder; ``stage`` is ``infer`` or ``eval``."""
    return f"logs/{stage}/{model}/{row}.out"


def row_name(dataset: str, judge: str = "") -> str:
    """Return the name of a result row: ``<dataset>`` or ``<dataset>-<judge>``."""
    return f"{dataset}-{judge}" if judge else dataset


def in_league(judge: str, opponent: str) -> str:
    """Return the abbr of the part of a league judge that compares with one opponent."""
    return f"{judge}-vs-{opponent}"


def make_folder(path: Path) -> None:
    """Make a folder and its parents.

    Raises:
        DiskError: It cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DiskError(
            f"The folder {path} cannot be made: {error.strerror or error}.",
            hint="Choose another place with --work-dir, or make room or rights there.",
        ) from error


def new_run(work_dir: Path, now: datetime) -> RunFolder:
    """Return a fresh run folder named by the time; a second run in the same second gets a suffix.

    Raises:
        DiskError: It cannot be made.
    """
    make_folder(work_dir)
    stamp = now.strftime(TIMESTAMP_FORMAT)
    for attempt in range(100):
        path = work_dir / (stamp if attempt == 0 else f"{stamp}_{attempt}")
        try:
            path.mkdir()
        except FileExistsError:
            continue
        except OSError as error:
            raise DiskError(
                f"The run folder {path} cannot be made: {error.strerror or error}.",
                hint="Choose another place with --work-dir, or make room or rights there.",
            ) from error
        run = RunFolder(path)
        run.create()
        return run
    raise DiskError(f"{work_dir} already holds 100 runs of {stamp}.", hint="Wait a second and start again.")


def existing_run(work_dir: Path, timestamp: str) -> RunFolder:
    """Return the run folder to continue; ``latest`` means the newest timestamp.

    Raises:
        ReuseError: There is no such run.
    """
    runs = known_runs(work_dir)
    if timestamp == "latest":
        if not runs:
            raise ReuseError(
                f"There is no run to reuse in {work_dir}.", hint="Start one without --reuse, or name --work-dir."
            )
        return RunFolder(work_dir / runs[-1])
    if not (work_dir / timestamp).is_dir():
        known = (
            f"Runs there: {', '.join(runs[-5:])}."
            if runs
            else "There are none there yet: leave --reuse out to start one."
        )
        raise ReuseError(f"There is no run {timestamp!r} in {work_dir}.", hint=known)
    return RunFolder(work_dir / timestamp)


def known_runs(work_dir: Path) -> list[str]:
    """Return the timestamps of the runs in a folder, oldest first."""
    if not work_dir.is_dir():
        return []
    return sorted(entry.name for entry in work_dir.iterdir() if entry.is_dir() and _TIMESTAMP.match(entry.name))
