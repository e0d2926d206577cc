"""The runs of a folder: made, found by name, taken back, rid of what is half written; and files outside of them."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from judgebench.errors import DiskError, ReuseError, UsageError
from judgebench.store.journal import disk_error, make_folder, write_atomically, writer_of
from judgebench.store.run_folder import STAMP_LENGTH, TIMESTAMP_FORMAT, RunFolder, is_run, later_stamp, mark

_TIMESTAMP = re.compile(r"(\d{8}_\d{6})(?:_(\d+))?", re.ASCII)


def planned_run(work_dir: Path, now: datetime) -> RunFolder:
    """Return the run folder that ``new_run`` would make now, without making it.

    It is none that exists: what lies in another run of the same second is no part of a new one.
    """
    free = (path for path in _names(work_dir, now) if not os.path.lexists(path))
    return RunFolder(next(free, work_dir / now.strftime(TIMESTAMP_FORMAT)))


def new_run(work_dir: Path, now: datetime) -> RunFolder:
    """Return a fresh run folder named by the time; a second run in the same second gets a suffix.

    Where the folder holds a run of a later time (the clock was set back, or another machine has another time zone), the
    name comes after that one, so that ``latest`` means the run that was started last.

    Raises:
        DiskError: It cannot be made.
    """
    make_folder(work_dir)
    for path in _names(work_dir, now):
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
        try:
            mark(run)
            run.create()
        except BaseException:
            take_back(run)
            raise
        return run
    second = now.strftime(TIMESTAMP_FORMAT)
    raise DiskError(f"{work_dir} already holds 100 runs of {second}.", hint="Wait a second and start again.")


def _names(work_dir: Path, now: datetime) -> Iterator[Path]:
    """Yield the names that a run of now may have, the best one first."""
    entries = list(work_dir.iterdir()) if work_dir.is_dir() else []
    times = (match[1] for entry in entries if (match := _TIMESTAMP.fullmatch(entry.name)))
    ahead = [time for time in times if time > now.strftime(TIMESTAMP_FORMAT)]
    stamp = later_stamp(now, (run[:STAMP_LENGTH] for run in known_runs(work_dir)) if ahead else (), equal=True)
    yield work_dir / stamp
    yield from (work_dir / f"{stamp}_{number}" for number in range(1, 100))


def take_back(run: RunFolder) -> None:
    """Remove a run that this process has made and in which nothing was written yet.

    Only files that ``jb`` made are removed, and folders that are empty then. Where there is anything else, all stays.
    """
    folders: list[Path] = []
    unread: list[OSError] = []
    for parent, inner, names in os.walk(run.path, onerror=unread.append):
        folders.append(Path(parent))
        entries = {
            Path(parent, name) for name in (*names, *(name for name in inner if Path(parent, name).is_symlink()))
        }
        if entries - {run.lock, run.marker}:
            return
    if unread:  # with no memory left to list a folder; what is empty can be removed without
        folders = [run.path, run.configs]
    aside = run.path.with_name(f".{run.path.name}.{run.marker.name}")
    with contextlib.suppress(OSError):
        run.lock.unlink(missing_ok=True)
        for folder in reversed(folders[1:]):
            folder.rmdir()
        with contextlib.suppress(FileNotFoundError):
            run.marker.rename(aside)  # last: until here the folder is a run
        try:
            run.path.rmdir()
        except OSError:
            aside.rename(run.marker)
            raise
        aside.unlink(missing_ok=True)


def existing_run(work_dir: Path, name: str) -> RunFolder:
    """Return the run that a name means.

    Args:
        work_dir: Parent of the run folders.
        name: ``latest`` (the newest timestamp), a timestamp, or the path of a run folder.

    Raises:
        ReuseError: There is no such run.
    """
    runs = known_runs(work_dir)
    if name == "latest":
        if not runs:
            raise ReuseError(
                f"There is no run in {work_dir}.",
                hint="Make one with jb --models NAME --datasets NAME, or say with --work-dir where the runs are.",
            )
        return RunFolder(work_dir / runs[-1])
    by_time = _TIMESTAMP.fullmatch(name) is not None
    if by_time and is_run(work_dir / name):
        return RunFolder(work_dir / name)
    if name and "\0" not in name and is_run(Path(name).expanduser()):
        return RunFolder(Path(os.path.realpath(Path(name).expanduser())))
    there = (
        f"Runs there: {', '.join(runs[-5:])}." if runs else "There are none there yet; jb without --reuse makes one."
    )
    if by_time and not (work_dir / name).exists():
        raise ReuseError(f"There is no run {name!r} in {work_dir}.", hint=there)
    raise ReuseError(
        f"{name!r} is neither 'latest', nor the timestamp of a run in {work_dir}, nor a folder that holds the run.json "
        "of a run.",
        hint=there,
    )


def known_runs(work_dir: Path) -> list[str]:
    """Return the timestamps of the runs in a folder, oldest first."""
    if not work_dir.is_dir():
        return []
    found = [match for entry in work_dir.iterdir() if (match := _TIMESTAMP.fullmatch(entry.name)) and is_run(entry)]
    return [match[0] for match in sorted(found, key=lambda match: (match[1], int(match[2] or 0)))]


def check_outside_of_runs(place: Path, flag: str = "") -> None:
    """Refuse a file or folder that is to be written to and lies in a run.

    Args:
        place: It.
        flag: The flag that named it.

    Raises:
        UsageError: It does, or is a run itself.
    """
    real = Path(os.path.realpath(place))
    for parent in (real, *real.parents):
        if is_run(parent):
            where = "is the folder of a run" if parent == real else f"lies in the folder of the run {parent}"
            raise UsageError(
                f"{flag} {place} {where}, whose files jb alone writes.".lstrip(),
                hint=f"Name a place outside of it{f' with {flag}' if flag else ''}.",
            )


def write_report(path: Path, data: bytes) -> None:
    """Write a file of the user's own, outside of any run: a link is followed, a pipe or a device is written to.

    Raises:
        UsageError: It lies in a run.
        DiskError: It cannot be written.
    """
    check_outside_of_runs(path.expanduser())
    place = path.expanduser().absolute()
    if place.is_symlink() and not place.is_relative_to("/dev"):
        place = Path(os.path.realpath(place))
    if not os.path.lexists(place) or (place.is_file() and not place.is_symlink()):
        write_atomically(place, data)
        return
    sys.stdout.flush()  # it may be the same terminal or pipe
    try:
        with place.open("ab") as file:
            file.write(data)
    except OSError as error:
        raise disk_error(path, error) from error


TASK_FILE = "task.json"
"""In the folder of a task that is started elsewhere (``executors.ssh``): what is run there, with what environment."""


def remove_leftovers(run: RunFolder) -> None:
    """Remove what processes that have ended left half written; call it only while the run's lock is held.

    The environment of a task that goes to another machine holds secrets, so a file of it that nobody has read goes too.
    """
    for path in [*_temporaries(run.path), *run.path.glob(f"logs/tasks/*/{TASK_FILE}")]:
        with contextlib.suppress(OSError):
            path.unlink()


def _temporaries(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        for name in names:
            writer = writer_of(name)
            if writer is not None and not _runs(writer):
                yield Path(parent, name)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True
