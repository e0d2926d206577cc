"""What a file of predictions or judge calls was asked with, and whether it is complete.

Identity is the hash of what was asked: each record carries it as ``uuid``. The settings kept here serve to say in words
what changed, and to know without reading the file that nothing is left to do.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec

from judgebench.records import Prompt
from judgebench.store.files import DamagedError, Decoder, read_file, unreadable
from judgebench.store.format import FORMAT, check_version
from judgebench.store.journal import write_atomically

_EXACT = 2.0**53
"""Up to here every whole number is one float."""
_DETERMINISTIC = msgspec.json.Encoder(order="deterministic")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Settings and state of one file.

    Attributes:
        settings: What the questions were made of, by dotted key (values are JSON values or hashes of long texts).
        selection: Which samples were planned (``num_prompts``, ``ids``, ``shuffle``), and what they rest on.
        served_model: The model id that the service gave.
        planned: Items planned. ``ok`` and ``failed``: how they ended.
        size: Bytes of the file when it was completed; a file that was changed or removed since is not complete.
        modified: When it was last written then (nanoseconds since 1970), so that a change that keeps the size is seen.
    """

    format: int = FORMAT
    settings: dict[str, Any]
    selection: dict[str, Any] = {}
    served_model: str = ""
    planned: int = 0
    ok: int = 0
    failed: int = 0
    size: int = -1
    modified: int = 0

    def untouched(self, file: Path) -> bool:
        """Say whether ``file`` is as it was when it was completed."""
        try:
            state = file.lstat()
        except FileNotFoundError:
            return False
        return (state.st_size, state.st_mtime_ns) == (self.size, self.modified)

    def complete(self, file: Path, *, retry_failed: bool) -> bool:
        """Say whether nothing is left to ask for ``file``."""
        if not self.untouched(file):
            return False
        return self.ok + self.failed == self.planned and not (retry_failed and self.failed)


_DECODE = Decoder(Asked)


def sealed(asked: Asked, file: Path) -> Asked:
    """Return what was asked together with the state of its completed file."""
    state = file.stat() if file.exists() else None
    return msgspec.structs.replace(
        asked, size=state.st_size if state else -1, modified=state.st_mtime_ns if state else 0
    )


def read_asked(path: Path) -> Asked | None:
    """Return what was asked, or ``None`` where nothing readable is recorded.

    Raises:
        ReuseError: It is recorded in the format of another version.
        DiskError: Something is in its place that is no file, or it may not be read.
    """
    try:
        data = read_file(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unreadable(path, error) from error
    check_version(path, data)
    try:
        return _DECODE(data)
    except DamagedError:
        return None


def write_asked(path: Path, asked: Asked) -> None:
    """Write what is asked, atomically."""
    write_atomically(path, msgspec.json.format(msgspec.json.encode(asked), indent=1))


def changed_keys(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return one phrase per setting that differs: ``temperature: 0.6 -> 0.2``."""
    phrases = []
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        if _encoded(before) != _encoded(after):
            phrases.append(f"{key}: {_short(before)} -> {_short(after)}")
    return phrases


def question_uuid(prompt: Prompt, params: dict[str, Any], identity: dict[str, Any], number: int = 0) -> str:
    """Return the identity of a question: 32 hex digits over prompt, parameters, model and number of the repetition.

    Equal numbers are the same question, however they are written: a temperature of ``0`` and one of ``0.0``.
    """
    asked = _DETERMINISTIC.encode([prompt, _as_written_shortest(params), identity])
    uuid = hashlib.blake2b(asked, digest_size=16).hexdigest()
    return uuid if number == 0 else repeated_uuid(uuid, number)


def repeated_uuid(uuid: str, number: int) -> str:
    """Return the identity of the same question asked for the ``number``-th time again."""
    return hashlib.blake2b(f"{uuid}/{number}".encode(), digest_size=16).hexdigest() if number else uuid


def shared_uuid(uuid: str) -> str:
    """Return the identity of a question that is asked once for all repeats of a sample."""
    return hashlib.blake2b(f"{uuid}/shared".encode(), digest_size=16).hexdigest()


def short_hash(value: Any, digits: int = 6) -> str:
    """Return a short hash of a JSON value, for versions shown to people."""
    return hashlib.blake2b(_encoded(value), digest_size=16).hexdigest()[:digits]


def _encoded(value: Any) -> bytes:
    return _DETERMINISTIC.encode(_as_written_shortest(value))


def _as_written_shortest(value: Any) -> Any:
    """Return a JSON value in which whole numbers are integers."""
    if isinstance(value, dict):
        return {key: _as_written_shortest(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_written_shortest(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    return value


def _short(value: Any) -> str:
    if value is None:
        return "not set"
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 60 else text[:57] + "..."
