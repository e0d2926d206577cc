"""Opening the files of a run folder, and decoding what ``jb`` wrote into them: the one place where either is done.

Somebody else may have put a symbolic link, a named pipe or rubbish in the place of a file of ours. A link is not
followed, because it may lead out of the run folder; a pipe is not waited for; rubbish is one kind of error.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO, Generic, Literal, TypeVar

import msgspec

from judgebench.errors import DiskError

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
    errno.ELOOP: "it is a symbolic link, which might lead outside the run folder",
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
        self._decode = msgspec.json.Decoder(kind).decode

    def __call__(self, data: bytes) -> T:
        """Return what was written.

        Raises:
            DamagedError: The bytes are no UTF-8, no JSON, nested too deeply, or of another shape.
        """
        try:
            return self._decode(data)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise DamagedError(str(error).replace("\n", " ")) from error


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
