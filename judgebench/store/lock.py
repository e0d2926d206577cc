"""One ``jb`` at a time on a run folder."""

from __future__ import annotations

import fcntl
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from judgebench.errors import DiskError, RunLockedError
from judgebench.store.journal import (
    DamagedError,
    Decoder,
    open_descriptor,
    read_file,
    reason_of,
    unreadable,
    write_atomically,
)
from judgebench.store.run_folder import RunFolder

logger = logging.getLogger(__name__)


class Holder(msgspec.Struct, frozen=True):
    """Who holds a run folder."""

    pid: int
    host: str
    command: str


_HOLDER = Decoder(Holder)


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
        return _HOLDER(read_file(path))
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


def holder_of(run: RunFolder) -> Holder | None:
    """Return who works on a run now; ``None`` where nobody does, or where that cannot be read.

    One on another host counts as at work: nobody here knows better.
    """
    try:
        holder = _read(run.lock.with_name(run.lock.name + ".holder"))
    except DiskError:
        return None
    if holder is None or holder.host != socket.gethostname():
        return holder
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        return holder
    return holder
