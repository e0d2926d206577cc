"""One ``jb`` at a time on a run folder."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from judgebench.errors import DiskError, RunLockedError
from judgebench.store.journal import write_atomically

logger = logging.getLogger(__name__)


class Holder(msgspec.Struct, frozen=True):
    """Who holds a run folder."""

    pid: int
    host: str
    command: str


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
    from filelock import FileLock, Timeout

    holder_file = lock.with_name(lock.name + ".holder")
    guard = FileLock(lock, timeout=0)
    try:
        guard.acquire()
    except Timeout as error:
        raise _locked(_read(holder_file), lock.parent) from error
    except OSError as error:
        raise DiskError(f"The run folder {lock.parent} cannot be locked: {error.strerror or error}.") from error
    try:
        earlier = _read(holder_file)
        if earlier is not None:
            if earlier.host != socket.gethostname():
                raise _locked(earlier, lock.parent)
            logger.warning("took over the lock of process %d on this host, which has ended", earlier.pid)
        holder = Holder(pid=os.getpid(), host=socket.gethostname(), command=command)
        write_atomically(holder_file, msgspec.json.encode(holder))
        try:
            yield
        finally:
            holder_file.unlink(missing_ok=True)
    finally:
        guard.release()


def _read(path: Path) -> Holder | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Holder)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


def _locked(holder: Holder | None, folder: Path) -> RunLockedError:
    who = f"process {holder.pid} on {holder.host}" if holder else "another process"
    here = holder is not None and holder.host != socket.gethostname()
    return RunLockedError(
        f"The run folder {folder} is in use by {who}.",
        hint=f"If that process no longer runs, remove {folder / '.lock.holder'}."
        if here
        else "Wait for it, or stop it.",
    )
