"""Names and places in a run folder. Users and scripts rely on them; the files of a dataset are named here alone.

::

    <work_dir>/<timestamp>/
      run.json                          marks the folder as a run of jb, and says what is where in it
      events.jsonl                      what the display was told
      configs/<timestamp>_<pid>.py      resolved config, secrets as references, loadable again
      configs/<timestamp>_<pid>.json    the plan as task processes read it
      configs/identity/*.json           what each file of predictions was asked with, and whether it is complete
      logs/infer/<model>/<dataset>[-<judge>].out
      logs/eval/<model>/<dataset>[-<judge>].out
      logs/summary.out, logs/services/<model>.out, logs/scheduler.jsonl
      predictions/<model>/<dataset>[-<judge>].jsonl
      batches/<model>/<dataset>[-<judge>].jsonl         batches at a provider, for --reuse to find
      results/<model>/<dataset>[-<judge>].json
      results/<model>/<dataset>-<judge>.comparisons.jsonl     the comparisons behind it, for judges that compare
      verdicts/<model>/<dataset>[-<judge>].jsonl        one line an item; derived by extract
      labels/<dataset>.jsonl                            people's decisions about answers
      again/<dataset>/                                  what judges said when asked again; a run itself
      rankings/<dataset>[-<judge>].json                 all models of the run in order
      summary/summary_<timestamp>.{csv,md,txt,json}

A folder is a run of ours only if its ``run.json`` says so. Nothing else is continued, written to or removed, whatever
name leads to it. A folder of another version of this format is refused, never misread.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from judgebench.errors import DiskError, ReuseError
from judgebench.records.run import row_name
from judgebench.store.journal import (
    DamagedError,
    Decoder,
    make_folder,
    read_file,
    unreadable,
    write_atomically,
)

TIMESTAMP_FORMAT = "%Y%m%d_%H%M%S"
STAMP_LENGTH = 15
_STAMP = re.compile(r"\d{8}_\d{6}", re.ASCII)


class RowFiles(NamedTuple):
    """The files of one row: a dataset, or a dataset and a judge, by one tested model.

    Attributes:
        predictions: The answers; with a judge, its replies to them.
        identity: What they were asked with.
        verdicts: The verdicts behind the result.
        result: The result.
        comparisons: The comparisons behind the result of a judge that compares.
    """

    predictions: Path
    identity: Path
    verdicts: Path
    result: Path
    comparisons: Path


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

    def files(self, model: str, row: str) -> RowFiles:
        """Return the files of a row."""
        return RowFiles(
            predictions=self._predictions(model, row),
            identity=self._identity(model, row),
            verdicts=self.verdicts(model, row),
            result=self.result(model, row),
            comparisons=self.comparisons(model, row),
        )

    def predictions(self, model: str, dataset: str, judge: str = "") -> Path:
        """Return the file of predictions, or of the judge's replies to them."""
        return self._predictions(model, row_name(dataset, judge))

    def identity(self, model: str, dataset: str, judge: str = "") -> Path:
        """Return the file that says what the predictions (or judge calls) were asked with."""
        return self._identity(model, row_name(dataset, judge))

    def result(self, model: str, row: str) -> Path:
        """Return the result file of a summary row."""
        return self._inside("results", model, f"{row}.json")

    def comparisons(self, model: str, row: str) -> Path:
        """Return the file of the comparisons behind the result of a judge that compares."""
        return self._inside("results", model, f"{row}.comparisons.jsonl")

    def verdicts(self, model: str, row: str) -> Path:
        """Return the file of the verdicts behind a result."""
        return self._inside("verdicts", model, f"{row}.jsonl")

    def batches(self, model: str, row: str) -> Path:
        """Return the file of the batches in which a task has asked."""
        return self._inside("batches", model, f"{row}.jsonl")

    def labels(self, dataset: str) -> Path:
        """Return the file of people's decisions about the answers to a dataset."""
        return self._inside("labels", f"{dataset}.jsonl")

    def ranking(self, row: str) -> Path:
        """Return the file of the ranking of all models by one judge on one dataset."""
        return self._inside("rankings", f"{row}.json")

    @property
    def attachments(self) -> Path:
        """Folder of the bytes to which records refer; see ``content.attachments``."""
        return self._checked(self.path / "attachments")

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
        return sorted(self.configs.glob("*.json"), key=lambda plan: (plan.name[:STAMP_LENGTH], plan.stat().st_mtime_ns))

    def next_stamp(self, now: datetime) -> str:
        """Return the time by which a new invocation names its plan: later than all before it.

        Clocks are set back, and two machines may be in two time zones; which plan is the newest must not hang on that.
        """
        return later_stamp(now, (plan.name[:STAMP_LENGTH] for plan in self.plans()), equal=False)

    @property
    def marker(self) -> Path:
        """The file that makes a folder a run of ours: without it nothing is read, written or removed there."""
        return self.path / "run.json"

    @property
    def jobs(self) -> Path:
        """Folder of the attempts at tasks that run as jobs of a batch system; see ``executors.job_files``."""
        return self._checked(self.path) / "jobs"

    @property
    def shards(self) -> Path:
        """Folder of what tasks on shards of the datasets write until all of a row's have ended."""
        return self._checked(self.path / "shards")

    @property
    def events(self) -> Path:
        """The file of what the display was told."""
        return self._checked(self.path) / "events.jsonl"

    @property
    def ledger(self) -> Path:
        """The file of what a run with limits has spent."""
        return self._checked(self.path) / "spending.jsonl"

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

    def _predictions(self, model: str, row: str) -> Path:
        return self._inside("predictions", model, f"{row}.jsonl")

    def _identity(self, model: str, row: str) -> Path:
        return self._inside("configs", "identity", model, f"{row}.json")

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


def later_stamp(now: datetime, before: Iterable[str], *, equal: bool) -> str:
    """Return a time as names have it, or one second more than the latest of those before where that is later.

    Args:
        now: The time.
        before: Times in the same form; others are passed over.
        equal: Whether it may be the same as the latest.
    """
    stamp = now.strftime(TIMESTAMP_FORMAT)
    latest = max((one for one in before if _STAMP.fullmatch(one)), default="")
    if latest < stamp or (equal and latest == stamp):
        return stamp
    try:
        return (datetime.strptime(latest, TIMESTAMP_FORMAT) + timedelta(seconds=1)).strftime(TIMESTAMP_FORMAT)  # noqa: DTZ007 - a name, not a moment
    except (ValueError, OverflowError):  # digits that are no time: nobody's clock wrote them
        return stamp


def log_file(stage: str, model: str, row: str) -> str:
    """Return a task's log file, relative to the run folder; ``stage`` is ``infer`` or ``eval``."""
    return f"logs/{stage}/{model}/{row}.out"


def in_round_robin(judge: str, compared_model: str) -> str:
    """Return the abbr of the part of a round robin judge that compares with one compared model."""
    return f"{judge}-vs-{compared_model}"


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


class _Marker(msgspec.Struct, frozen=True, kw_only=True):
    """What ``run.json`` says; a reader of a later format finds these two keys there as well."""

    format: int = FORMAT
    kind: Literal["judgebench run"]


_MARKER = Decoder(_Marker)


def is_run(folder: Path) -> bool:
    """Say whether a folder is a run of ours."""
    try:
        _MARKER(read_file(RunFolder(folder).marker))
    except (OSError, DamagedError):
        return False
    return True


def mark(run: RunFolder) -> None:
    """Make a folder a run of ours.

    Raises:
        DiskError: The marker cannot be written.
    """
    write_atomically(run.marker, msgspec.json.format(msgspec.json.encode(_Marker(kind="judgebench run"))))
    for folder in (run.path, run.path.parent):  # a power cut must not take the name of what makes it a run
        _sync(folder)


def _sync(folder: Path) -> None:
    """Write a folder's entries to disk, as far as its file system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
