"""Writing ``verdicts/<model>/<row>.jsonl``: one line an item and repeat, whole or not there.

The writer streams: memory does not grow with the file. What it writes takes the file's place when it is complete.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import msgspec

from judgebench.records.facts import RecordedVerdict
from judgebench.store.journal import (
    disk_error,
    make_folder,
    open_file,
    open_temporary,
    temporary_of,
)

_COPIED = 1 << 20
"""Bytes of a part that are copied at a time."""


class VerdictWriter:
    """Writes a file of verdicts; use as a context manager. Without ``commit`` nothing of it stays.

    Args:
        path: The file.
        durable: Whether ``commit`` waits until it is on disk; parts of a file need not.

    Raises:
        DiskError: From every method, when the disk is full or not writable.
    """

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self._path = path
        self._durable = durable
        self._temporary = temporary_of(path)
        self._parts: list[Path] = []
        self._file: BinaryIO | None = None

    def __enter__(self) -> VerdictWriter:
        make_folder(self._path.parent)
        try:
            self._file = open_temporary(self._temporary)
        except OSError as error:
            raise disk_error(self._path, error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._close_unfinished(self._file)
        for part in self._parts:
            part.unlink(missing_ok=True)

    def write(self, verdicts: Sequence[RecordedVerdict]) -> None:
        """Add lines."""
        assert self._file is not None
        try:
            self._file.write(_encoded(verdicts))
        except OSError as error:
            raise disk_error(self._path, error) from error

    def part(self, number: int) -> Path:
        """Return a place for a part of the file that another process writes; it goes when this writer does."""
        path = temporary_of(self._path, number)
        self._parts.append(path)
        return path

    def append(self, part: Path) -> None:
        """Add the lines of a part."""
        assert self._file is not None
        try:
            with open_file(part, "rb") as source:
                shutil.copyfileobj(source, self._file, _COPIED)
            part.unlink()
        except OSError as error:
            raise disk_error(self._path, error) from error

    def commit(self) -> None:
        """Put what was written in the place of the file."""
        file, self._file = self._file, None
        assert file is not None
        try:
            with file:
                file.flush()
                if self._durable:
                    os.fsync(file.fileno())
            self._temporary.replace(self._path)
        except OSError as error:
            self._temporary.unlink(missing_ok=True)
            raise disk_error(self._path, error) from error

    def _close_unfinished(self, file: BinaryIO) -> None:
        self._file = None
        self._temporary.unlink(missing_ok=True)
        try:
            file.close()
        except OSError:  # what is left in the buffer finds no room; nobody wants it
            return


_ENCODER = msgspec.json.Encoder()


def _encoded(verdicts: Sequence[RecordedVerdict]) -> bytes:
    try:
        return _ENCODER.encode_lines(verdicts)
    except (TypeError, ValueError, RecursionError):  # what a user's method found is no JSON
        return b"".join(_ENCODER.encode(_json_value(one)) + b"\n" for one in verdicts)


def _json_value(value: Any, depth: int = 0) -> Any:
    """Return a value as JSON can say it: objects are named by their type, which is the same every time."""
    said: Any = f"<{type(value).__name__}>"
    if isinstance(value, str):
        said = value.encode("utf-8", "replace").decode("utf-8")
    elif value is None or isinstance(value, bool):
        said = value
    elif isinstance(value, int | float):  # those of other packages, which call themselves so, too
        said = int(value) if isinstance(value, int) else float(value)
    elif depth < _DEEPEST and isinstance(value, msgspec.Struct):
        said = {name: _json_value(one, depth + 1) for name, one in _stated(value)}
    elif depth < _DEEPEST and isinstance(value, Mapping):
        said = {str(name): _json_value(one, depth + 1) for name, one in value.items()}
    elif depth < _DEEPEST and isinstance(value, list | tuple):
        said = [_json_value(one, depth + 1) for one in value]
    return said


def _stated(record: msgspec.Struct) -> Iterator[tuple[str, Any]]:
    """Yield a record's fields by the names that JSON has for them, but for those at their default."""
    for field in msgspec.structs.fields(record):
        value = getattr(record, field.name)
        factory = field.default_factory
        default = field.default if factory is msgspec.NODEFAULT else factory()
        if default is msgspec.NODEFAULT or value != default:
            yield field.encode_name, value


_DEEPEST = 50
"""Levels of a method's details that are written."""
