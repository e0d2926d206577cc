"""Append-only JSONL files: the writing side.

Records are appended as they finish. All records of one turn of the event loop go out in one ``write``, at the end of
that turn, so a killed process loses nothing that it had finished before. They are synced to disk at most
``SYNC_INTERVAL`` seconds later, which bounds what a power cut can take. Reading them is ``judgebench.store.recorded``.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import msgspec

from judgebench.errors import DiskError
from judgebench.records.flow import Exchange
from judgebench.store.files import DamagedError, Decoder, open_descriptor, open_file, reason_of
from judgebench.store.run_folder import make_folder

SYNC_INTERVAL = 1.0
"""Seconds between two syncs to disk while records arrive: the most that a power cut can take."""

_WAYS_OUT = {
    errno.EFBIG: "Raise the limit (ulimit -f)",
    errno.EROFS: "Make it writable",
    errno.ELOOP: "Put a file in its place",
    errno.EISDIR: "Put a file in its place",
    errno.ENXIO: "Put a file in its place",
}
_OBJECT = Decoder(dict)

logger = logging.getLogger(__name__)


class Journal:
    """Appends records to a JSONL file; use as an async context manager in the process that owns the file.

    Args:
        path: The file; made with its folder when missing, mended when its last line is torn.

    Raises:
        DiskError: From ``append`` or on entering, when the disk is full or not writable, and from ``append`` when the
            file was removed or moved meanwhile. What is on disk stays valid.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._encoder = msgspec.json.Encoder()
        self._buffer: list[bytes] = []
        self._fd = -1
        self._size = 0
        self._scheduled = False
        self._dirty = False
        self._failure: DiskError | None = None
        self._syncer: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Journal:
        make_folder(self.path.parent)
        mend(self.path)
        try:
            self._fd = open_descriptor(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            self._size = os.fstat(self._fd).st_size
        except OSError as error:
            raise disk_error(self.path, error) from error
        self._syncer = asyncio.create_task(self._sync_regularly())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._syncer:
            self._syncer.cancel()
        try:
            self._flush()
            if self._failure is None:
                os.fsync(self._fd)
                self._failure = None if self._in_place() else removed(self.path)
        except OSError as failure:
            self._failure = disk_error(self.path, failure)
        finally:
            os.close(self._fd)
        if self._failure is not None and kind is None:
            raise self._failure

    def append(self, record: Exchange) -> None:
        """Add a record; it is written at the end of this turn of the event loop.

        Raises:
            DiskError: An earlier record could not be written.
        """
        if self._failure is not None:
            raise self._failure
        self._buffer.append(self._encoder.encode(record))
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._scheduled = False
        if not self._buffer or self._failure is not None:
            return
        data = b"\n".join(self._buffer) + b"\n"
        self._buffer.clear()
        try:
            written = os.write(self._fd, data)
            while written < len(data):
                written += os.write(self._fd, data[written:])
        except OSError as error:
            # Whole lines stay; a line that was written in part is cut off again.
            kept = data.rfind(b"\n", 0, max(0, os.fstat(self._fd).st_size - self._size)) + 1
            os.ftruncate(self._fd, self._size + kept)
            self._size += kept
            self._failure = disk_error(self.path, error)
            return
        self._size += len(data)
        self._dirty = True

    async def _sync_regularly(self) -> None:
        loop = asyncio.get_running_loop()
        while self._failure is None:
            await asyncio.sleep(SYNC_INTERVAL)
            if not self._in_place():
                self._failure = self._failure or removed(self.path)
            elif self._dirty:
                self._dirty = False
                try:
                    await loop.run_in_executor(None, os.fsync, self._fd)
                except OSError as error:
                    self._failure = disk_error(self.path, error)

    def _in_place(self) -> bool:
        """Whether the path still leads to the file that is written: what goes into an unlinked file is lost."""
        try:
            return os.path.samestat(os.fstat(self._fd), self.path.lstat())
        except OSError:
            return False


def mend(path: Path) -> int:
    """Cut a torn last line off a file; returns the number of bytes cut.

    A last line that is whole but lacks its newline is completed instead.

    Raises:
        DiskError: The file cannot be written, or is a symbolic link, which may lead out of the run folder.
    """
    try:
        with open_file(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 1))
            if file.read(1) in {b"", b"\n"}:
                return 0
        with open_file(path, "r+b") as file:
            return _mend_last_line(path, file, size)
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise disk_error(path, error) from error


def _mend_last_line(path: Path, file: BinaryIO, size: int) -> int:
    start = _start_of_last_line(file, size)
    file.seek(start)
    tail = file.read()
    try:
        _OBJECT(tail)
    except DamagedError:
        file.truncate(start)
        logger.warning("%s: the last line was torn (%d bytes); its item is asked again", path.name, len(tail))
        return len(tail)
    file.seek(0, os.SEEK_END)
    file.write(b"\n")
    return 0


def write_atomically(path: Path, data: bytes) -> None:
    """Write a whole file so that it is either the old or the new one.

    Raises:
        DiskError: It cannot be written.
    """
    make_folder(path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open_temporary(temporary) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise disk_error(path, error) from error


def open_temporary(path: Path) -> BinaryIO:
    """Open a file that takes another's place when it is complete; a link or a leftover of that name is removed first.

    Raises:
        OSError: It cannot be made.
    """
    path.unlink(missing_ok=True)
    return open_file(path, "xb", buffering=1 << 20)


def removed(path: Path) -> DiskError:
    """Return the error for a file or folder that somebody removed or moved while a run wrote to it."""
    return DiskError(
        f"{path} was removed or moved while the run wrote to it, so later records could not be kept.",
        hint="Move it back and continue with --reuse; if it was removed, start a new run.",
    )


def disk_error(path: Path, error: OSError) -> DiskError:
    """Return the error that tells what the operating system said about writing ``path``."""
    way_out = _WAYS_OUT.get(error.errno or 0, "Make room")
    return DiskError(
        f"{path} cannot be written: {reason_of(error)}.",
        hint=f"The files on disk are valid. {way_out}, then continue with the same command and --reuse.",
    )


def _start_of_last_line(file: BinaryIO, size: int) -> int:
    step = 1 << 16
    end = size
    while end > 0:
        begin = max(0, end - step)
        file.seek(begin)
        newline = file.read(end - begin).rfind(b"\n")
        if newline >= 0:
            return begin + newline + 1
        end = begin
    return 0
