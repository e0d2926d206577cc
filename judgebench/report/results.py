"""Result files: ``results/<model>/<dataset>[-<judge>].json``.

A file holds a ``TaskResult`` and, for users' scripts, each metric's value once more as a top-level number under the
metric's name (``{"accuracy": 66.66666666666667, ...}``), as AISBench writes it.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from judgebench.errors import DataError
from judgebench.records import TaskResult
from judgebench.report.plaintext import json_bytes
from judgebench.store.files import DamagedError, Decoder, read_file, reason_of
from judgebench.store.journal import write_atomically


class _WithoutDetails(TaskResult, frozen=True, kw_only=True):
    """A result whose details stay undecoded."""

    details: msgspec.Raw = msgspec.Raw()  # type: ignore[assignment]


_DECODE = Decoder(TaskResult)
_DECODE_BRIEF = Decoder(_WithoutDetails)


def write_result(path: Path, result: TaskResult) -> None:
    """Write a result file; it is either the old or the new one, never a part.

    Raises:
        DiskError: It cannot be written.
    """
    fields = msgspec.to_builtins(result)
    numbers = {name: metric.value for name, metric in result.metrics.items() if name not in fields}
    write_atomically(path, json_bytes({**numbers, **fields}))


def read_result(path: Path, *, details: bool = True) -> TaskResult:
    """Return what a result file says.

    Args:
        path: The file.
        details: Whether to decode the per-item details, if it has any; they may be most of the file.

    Raises:
        DataError: It is missing, unreadable or not a result; names the file and the field.
    """
    try:
        data = read_file(path)
        if details:
            return _DECODE(data)
        brief = _DECODE_BRIEF(data)
        return TaskResult(**{name: getattr(brief, name) for name in brief.__struct_fields__ if name != "details"})
    except OSError as error:
        reason = reason_of(error)
    except DamagedError as error:
        reason = str(error)
    raise DataError(
        f"The result file {path} cannot be read: {reason}.",
        hint="Make it again from the recorded replies, at no cost: jb --mode eval --reuse",
    )
