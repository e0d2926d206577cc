"""Files of a run folder: opened, decoded, written whole or line by line, in one place.

Somebody else may have put a symbolic link, a named pipe or rubbish in the place of a file of ours. A link is not
followed, because it may lead out of the run folder; a pipe is not waited for; rubbish is one kind of error. A record is
appended as one line; a file is replaced whole or not at all.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Generic, Literal, TypeVar

import msgspec

from judgebench.errors import DAMAGED, DiskError
from judgebench.records.flow import Exchange

T = TypeVar("T")

_MODES: dict[Literal["rb", "r+b", "ab", "xb"], tuple[int, str]] = {
    "rb": (os.O_RDONLY, "rb"),
    "r+b": (os.O_RDWR, "r+b"),
    "ab": (os.O_WRONLY | os.O_APPEND | os.O_CREAT, "ab"),
    "xb": (os.O_WRONLY | os.O_CREAT | os.O_EXCL, "wb"),
}
_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota is used up",
    errno.EFBIG: "it would exceed the limit on file sizes",
    errno.EROFS: "the disk is read-only",
    errno.ELOOP: "it is a symbolic link, which might lead out of the run folder",
    errno.EISDIR: "it is a folder",
    errno.ENXIO: "it is a named pipe or a device, where a file was expected",
}


class DamagedError(Exception):
    """Bytes that are not what ``jb`` writes: cut off, changed, or written by another program."""


class Decoder(Generic[T]):
    """Decodes JSON that ``jb`` wrote; whatever is wrong with it is a ``DamagedError``.

    Args:
        kind: The type that was written.
    """

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind

    @cached_property
    def _decode(self) -> Callable[[bytes], T]:
        """Made when something is first decoded: a process decodes few of the types that its modules know."""
        return msgspec.json.Decoder(self._kind).decode

    def __call__(self, data: bytes) -> T:
        """Return what was written.

        Raises:
            DamagedError: The bytes are no UTF-8, no JSON, nested too deeply, or of another shape.
        """
        try:
            return self._decode(data)
        except DAMAGED as error:
            raise DamagedError(str(error).replace("\n", " ")) from error

    def read(self, path: Path) -> T:
        """Return what a file of one value holds.

        Raises:
            OSError: It cannot be opened or read.
            DamagedError: As of ``__call__``.
        """
        return self(read_file(path))


def open_descriptor(path: Path, flags: int) -> int:
    """Open a regular file; neither a symbolic link nor anything that is no file in its place is opened.

    Raises:
        OSError: It cannot be opened; ``ELOOP`` for a link, ``EISDIR`` for a folder, ``ENXIO`` for a pipe or device.
    """
    try:
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise OSError(error.errno, reason_of(error), str(path)) from error
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        os.set_blocking(descriptor, True)  # it only kept the opening from waiting
        return descriptor
    os.close(descriptor)
    number = errno.EISDIR if stat.S_ISDIR(mode) else errno.ENXIO
    raise OSError(number, _REASONS[number], str(path))


def open_file(path: Path, mode: Literal["rb", "r+b", "ab", "xb"], *, buffering: int = -1) -> BinaryIO:
    """Open a regular file as ``open`` does; see ``open_descriptor``.

    Raises:
        OSError: It cannot be opened.
    """
    flags, python_mode = _MODES[mode]
    return os.fdopen(open_descriptor(path, flags), python_mode, buffering=buffering)  # type: ignore[return-value]


def read_file(path: Path) -> bytes:
    """Return the content of a regular file; see ``open_descriptor``.

    Raises:
        OSError: It cannot be opened or read.
    """
    with open_file(path, "rb") as file:
        return file.read()


def reason_of(error: OSError) -> str:
    """Return in words why a file cannot be opened, read or written."""
    return _REASONS.get(error.errno or 0, error.strerror or str(error))


def unreadable(path: Path, error: OSError) -> DiskError:
    """Return the error for a file of a run folder that is there and cannot be read."""
    return DiskError(
        f"{path} cannot be read: {reason_of(error)}.",
        hint="Remove what is in its place, or make it readable, then continue with --reuse.",
    )


def make_folder(path: Path, flag: str = "--work-dir") -> None:
    """Make a folder and its parents.

    Args:
        path: The folder.
        flag: That chooses another one.

    Raises:
        DiskError: It cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DiskError(
            f"The folder {path} cannot be made: {error.strerror or error}.",
            hint=f"Choose another place with {flag}, or make room or rights there.",
        ) from error


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

    Attributes:
        size: Bytes of the file so far: each record that is added from now on begins there or behind it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._encoder = msgspec.json.Encoder()
        self._buffer: list[bytes] = []
        self._fd = -1
        self.size = 0
        self._scheduled = False
        self._dirty = False
        self._failure: DiskError | None = None
        self._syncer: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Journal:
        make_folder(self.path.parent)
        mend(self.path)
        try:
            self._fd = open_descriptor(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            self.size = os.fstat(self._fd).st_size
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
            self.flush()
            if self._failure is None:
                os.fsync(self._fd)
                self._failure = self._meddled()
        except OSError as failure:
            self._failure = disk_error(self.path, failure)
        finally:
            os.close(self._fd)
        if self._failure is not None and kind is None:
            raise self._failure

    def is_intact(self) -> bool:
        """Say whether the file holds all that was written, and nothing else."""
        return self._failure is None and self._meddled() is None

    async def sync(self) -> None:
        """Have the disk hold all that was written so far.

        Raises:
            OSError: It does not.
        """
        await asyncio.get_running_loop().run_in_executor(None, os.fsync, self._fd)

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
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Write what was added; what the disk says of it comes with the next record, or at the end."""
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
            kept = data.rfind(b"\n", 0, max(0, os.fstat(self._fd).st_size - self.size)) + 1
            os.ftruncate(self._fd, self.size + kept)
            self.size += kept
            self._failure = disk_error(self.path, error)
            return
        self.size += len(data)
        self._dirty = True

    async def _sync_regularly(self) -> None:
        loop = asyncio.get_running_loop()
        while self._failure is None:
            await asyncio.sleep(SYNC_INTERVAL)
            if (meddled := self._meddled()) is not None:
                self._failure = self._failure or meddled
            elif self._dirty:
                self._dirty = False
                try:
                    await loop.run_in_executor(None, os.fsync, self._fd)
                except OSError as error:
                    self._failure = disk_error(self.path, error)

    def _meddled(self) -> DiskError | None:
        """Return what to tell where somebody else has been at the file; ``None`` where nobody has.

        What goes into an unlinked file is lost, and so is what another program cuts off or joins to half a line.
        """
        try:
            state = os.fstat(self._fd)
            in_place = os.path.samestat(state, self.path.lstat())
        except OSError:
            in_place = False
        if not in_place:
            return removed(self.path)
        return None if state.st_size == self.size else changed(self.path)


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
        logger.warning("%s: the last line was torn (%d bytes) and counts as not written", path.name, len(tail))
        return len(tail)
    file.seek(0, os.SEEK_END)
    file.write(b"\n")
    return 0


def open_mended(path: Path, *, buffering: int = -1) -> BinaryIO | None:
    """Open a file of records to be read, its torn last line cut off; see ``mend``.

    Args:
        path: The file.
        buffering: Bytes to read at a time; -1 takes what Python takes.

    Returns:
        The file; ``None`` where there is none.

    Raises:
        DiskError: It cannot be mended or opened.
    """
    mend(path)
    try:
        return open_file(path, "rb", buffering=buffering)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unreadable(path, error) from error


def write_atomically(path: Path, data: bytes, *, synced: bool = True, make: bool = True) -> None:
    """Write a whole file so that it is either the old or the new one.

    Args:
        path: The file.
        data: What it is to hold.
        synced: Whether it must outlive a power cut; not what can be made again at no cost, and is checked when read.
        make: Whether its folder is made where it is missing.

    Raises:
        DiskError: It cannot be written.
    """
    if make:
        make_folder(path.parent)
    with replacing(path, synced=synced) as file:
        file.write(data)


@contextmanager
def replacing(path: Path, *, synced: bool = True) -> Iterator[BinaryIO]:
    """Open what takes a file's place when the block has ended well: there is either the old file or the new one.

    Args:
        path: The file.
        synced: As in ``write_atomically``.

    Raises:
        DiskError: It cannot be written; the old file stays.
    """
    temporary = temporary_of(path)
    try:
        with open_temporary(temporary) as file:
            yield file
            file.flush()
            if synced:
                os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise disk_error(path, error) from error


def temporary_of(path: Path, part: int | None = None) -> Path:
    """Return where this process writes what is to take a file's place, or one part of it."""
    number = "" if part is None else f".{part}"
    return path.with_name(f".{path.name}{number}.{os.getpid()}.tmp")


def writer_of(name: str) -> int | None:
    """Return the process that writes a temporary file of this name; ``None`` where it is none."""
    found = _TEMPORARY.fullmatch(name)
    return int(found[1]) if found is not None else None


_TEMPORARY = re.compile(r"\..+\.(\d+)\.tmp", re.ASCII)


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


def changed(path: Path) -> DiskError:
    """Return the error for a file that another program cut off or added to while a run wrote to it."""
    return DiskError(
        f"{path} was changed by another program while the run wrote to it, so records may be missing.",
        hint="Let nothing else write there, and continue with --reuse: only what is missing is asked.",
    )


def disk_error(path: Path, error: OSError) -> DiskError:
    """Return the error that tells what the operating system said about writing ``path``."""
    way_out = _WAYS_OUT.get(error.errno or 0, "Make room")
    return DiskError(
        f"{path} cannot be written: {reason_of(error)}.",
        hint=f"The files on disk are valid. {way_out}, then type the command again; a run goes on with --reuse.",
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
