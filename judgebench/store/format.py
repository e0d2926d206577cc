"""The version of a run folder's format: a folder of another version is refused, never misread."""

from __future__ import annotations

from pathlib import Path

import msgspec

from judgebench.errors import ReuseError
from judgebench.store.files import DamagedError, Decoder, read_file, unreadable
from judgebench.store.layout import RunFolder

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
            hint="Start a new run without --reuse; answers of other programs cannot be continued.",
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
