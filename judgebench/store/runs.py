"""One ``jb`` at a time on a run folder.

The runs of a work folder: made, found by name, and taken back where nothing was asked.

A folder is a run of ours only if its ``run.json`` says so. Nothing else is continued, written to or removed, whatever
name leads to it.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from judgebench.errors import DiskError, ReuseError, RunLockedError, UsageError
from judgebench.store.files import DamagedError, Decoder, open_descriptor, read_file, reason_of, unreadable
from judgebench.store.journal import write_atomically
from judgebench.store.run_folder import FORMAT, TIMESTAMP_FORMAT, RunFolder, make_folder

logger = logging.getLogger(__name__)


class Holder(msgspec.Struct, frozen=True):
    """Who holds a run folder."""

    pid: int
    host: str
    command: str


_DECODE = Decoder(Holder)


@contextmanager
def hold(lock: Path, command: str) -> Iterator[None]:
    """Hold the lock of a run folder.

    The operating system's lock on ``.lock`` decides on one host (it ends with its process); the names written in
    ``.lock.holder`` decide between hosts, where such locks cannot be relied on. A holder that is dead on this host is
    taken over, with a line in the log.

    Raises:
        RunLockedError: Another ``jb`` works on the folder; names its process and host.
        DiskError: The folder is not writable.
    """
    holder_file = lock.with_name(lock.name + ".holder")
    try:
        descriptor = open_descriptor(lock, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise _unlockable(lock, error) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _locked(_read(holder_file), lock.parent) from error
        except OSError as error:
            raise _unlockable(lock, error) from error
        previous = _read(holder_file)
        if previous is not None:
            if previous.host != socket.gethostname():
                raise _locked(previous, lock.parent)
            logger.warning("took over the lock of process %d on this host, which has ended", previous.pid)
        holder = Holder(pid=os.getpid(), host=socket.gethostname(), command=command)
        write_atomically(holder_file, msgspec.json.encode(holder))
        try:
            yield
        finally:
            holder_file.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _read(path: Path) -> Holder | None:
    try:
        return _DECODE(read_file(path))
    except (FileNotFoundError, DamagedError):
        return None
    except OSError as error:
        raise unreadable(path, error) from error


def _unlockable(lock: Path, error: OSError) -> DiskError:
    return DiskError(
        f"The run folder {lock.parent} cannot be locked: {lock.name}: {reason_of(error)}.",
        hint=f"Remove what is in the place of {lock}, or make the folder writable.",
    )


def _locked(holder: Holder | None, folder: Path) -> RunLockedError:
    who = f"process {holder.pid} on {holder.host}" if holder else "another process"
    here = holder is not None and holder.host != socket.gethostname()
    return RunLockedError(
        f"The run folder {folder} is in use by {who}.",
        hint=f"If that process no longer runs, remove {folder / '.lock.holder'}."
        if here
        else "Wait for it, or stop it.",
    )


_TIMESTAMP = re.compile(r"(\d{8}_\d{6})(?:_(\d+))?", re.ASCII)
_TEMPORARY = re.compile(r"\..+\.(\d+)\.tmp", re.ASCII)


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


def new_run(work_dir: Path, now: datetime) -> RunFolder:
    """Return a fresh run folder named by the time; a second run in the same second gets a suffix.

    Raises:
        DiskError: It cannot be made.
    """
    make_folder(work_dir)
    stamp = now.strftime(TIMESTAMP_FORMAT)
    for nth_try in range(100):
        path = work_dir / (stamp if nth_try == 0 else f"{stamp}_{nth_try}")
        try:
            path.mkdir()
        except FileExistsError:
            continue
        except OSError as error:
            raise DiskError(
                f"The run folder {path} cannot be made: {error.strerror or error}.",
                hint="Choose another place with --work-dir, or make room, or change the permissions, there.",
            ) from error
        run = RunFolder(path)
        try:
            mark(run)
            run.create()
        except DiskError:
            take_back(run)
            raise
        return run
    raise DiskError(f"{work_dir} already holds 100 runs of {stamp}.", hint="Wait a second and start again.")


def take_back(run: RunFolder) -> None:
    """Remove a run that this process has made and in which nothing was written yet.

    Only files that ``jb`` made are removed, and folders that are empty then. Where there is anything else, all stays.
    """
    own = {run.lock, run.marker}
    folders: list[Path] = []
    for parent, inner, names in os.walk(run.path):
        folders.append(Path(parent))
        entries = {
            Path(parent, name) for name in (*names, *(name for name in inner if Path(parent, name).is_symlink()))
        }
        if entries - own:
            return
    with contextlib.suppress(OSError):
        for file in own - {run.marker}:
            file.unlink(missing_ok=True)
        for folder in reversed(folders[1:]):
            folder.rmdir()
        run.marker.unlink(missing_ok=True)  # last: until here the folder is a run
        run.path.rmdir()


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
                f"There is no run to reuse in {work_dir}.", hint="Start one without --reuse, or name --work-dir."
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


def check_outside_of_runs(folder: Path, flag: str) -> None:
    """Refuse a folder that is to be written to and lies in a run.

    Raises:
        UsageError: It does, or is a run itself.
    """
    place = Path(os.path.realpath(folder))
    for parent in (place, *place.parents):
        if is_run(parent):
            where = "is the folder of a run" if parent == place else f"lies in the folder of the run {parent}"
            raise UsageError(
                f"{flag} {folder} {where}, whose files jb alone writes.",
                hint=f"Name a folder outside of it: {flag} DIR",
            )


def remove_leftovers(run: RunFolder) -> None:
    """Remove what processes that have ended left half written; call it only while the run's lock is held."""
    for path in list(_temporaries(run.path)):
        with contextlib.suppress(OSError):
            path.unlink()


def _temporaries(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        for name in names:
            found = _TEMPORARY.fullmatch(name)
            if found is not None and not _runs(int(found[1])):
                yield Path(parent, name)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def _sync(folder: Path) -> None:
    """Write a folder's entries to disk, as far as its file system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
