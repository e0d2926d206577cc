"""Names and places in a run folder. Users and scripts rely on them; the files of a dataset are named here alone.

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
      results/<model>/<dataset>-<judge>.comparisons.jsonl     the comparisons behind it, for judges that compare
      rankings/<dataset>[-<judge>].json                 all models of the run in order
      summary/summary_<timestamp>.{csv,md,txt,json}

The version of a run folder's format: a folder of another version is refused, never misread.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from judgebench.errors import DiskError, ReuseError
from judgebench.records.run import row_name
from judgebench.store.files import DamagedError, Decoder, read_file, unreadable

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

    def identity(self, model: str, dataset: str, judge: str = "") -> Path:
        """Return the file that says what the predictions (or judge calls) were asked with."""
        return self._inside("configs", "asked", model, f"{row_name(dataset, judge)}.json")

    def result(self, model: str, row: str) -> Path:
        """Return the result file of a summary row."""
        return self._inside("results", model, f"{row}.json")

    def comparisons(self, model: str, row: str) -> Path:
        """Return the file of the comparisons behind the result of a judge that compares."""
        return self._inside("results", model, f"{row}.comparisons.jsonl")

    def ranking(self, row: str) -> Path:
        """Return the file of the ranking of all models by one judge on one dataset."""
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
                f"{folder} lies outside the run folder {self.path} (a symbolic link leads outside).",
                hint="Remove the link; jb never writes outside the run folder.",
            )
        return folder


def log_file(stage: str, model: str, row: str) -> str:
    """Return a task's log file, relative to the run folder; ``stage`` is ``infer`` or ``eval``."""
    return f"logs/{stage}/{model}/{row}.out"


def in_round_robin(judge: str, compared_model: str) -> str:
    """Return the abbr of the part of a round robin judge that compares with one compared model."""
    return f"{judge}-vs-{compared_model}"


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
            hint="Choose another place with --work-dir, or make room, or change the permissions, there.",
        ) from error


FORMAT = 1
"""Raised whenever a file of a run folder changes its meaning. There has been no earlier one, so nothing is migrated."""


class _Versioned(msgspec.Struct, frozen=True):
    """The part of a plan, or of what was asked, that says how the rest is to be read."""

    format: int


_DECODE = Decoder(_Versioned)


def check_format(run: RunFolder) -> None:
    """Check that a run folder can be read by this version.

    Every plan in it counts: one that a newer version wrote may have left records that this one would misread.

    Raises:
        ReuseError: It was written in another format, or by another program.
        DiskError: A plan cannot be read.
    """
    plans = sorted(run.configs.glob("*.json"))
    for path in [run.marker, *plans] if run.marker.exists() else plans:
        try:
            check_version(path, read_file(path))
        except OSError as error:
            raise unreadable(path, error) from error
    if not plans and any((run.path / "predictions").glob("*/*.jsonl")):
        raise ReuseError(
            f"The run folder {run.path} holds predictions, but no plan (configs/*.json) says in what format.",
            hint="Start a new run without --reuse; a run of another program cannot be continued.",
        )


def check_version(path: Path, data: bytes) -> None:
    """Check the ``format`` of one file; what is no JSON object with such a number is left to its reader.

    Raises:
        ReuseError: It is another than ``FORMAT``.
    """
    try:
        found = _DECODE(data).format
    except DamagedError:
        return
    if found == FORMAT:
        return
    writer = "a newer" if found > FORMAT else "an older"
    raise ReuseError(
        f"{path} was written by {writer} version of jb, in format {found}; this version reads format {FORMAT}.",
        hint="Continue the run with the version that started it, or start a new run without --reuse.",
    )
