"""Names and places in a run folder. Users and scripts rely on them; the files of a data set are named here alone.

::

    <work_dir>/<timestamp>/
      run.json                          marks the folder as a run of jb
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
from pathlib import Path

from judgebench.errors import DiskError

TIMESTAMP_FORMAT = "%Y%m%d_%H%M%S"


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
    def marker(self) -> Path:
        """The file that makes a folder a run of ours: without it nothing is read, written or removed there."""
        return self.path / "run.json"

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
