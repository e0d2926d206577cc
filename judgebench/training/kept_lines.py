"""What a training was told already, as lines of a file, so that one that was killed asks nothing twice."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import msgspec

from judgebench.errors import DAMAGED
from judgebench.store.journal import open_file, open_mended

T = TypeVar("T")


def kept_lines(file: Path, kind: type[T]) -> list[T]:
    """Return the lines of a file, none where it is missing; what a damaged line said is asked again.

    Raises:
        DiskError: It cannot be read.
    """
    decode = msgspec.json.Decoder(kind).decode
    lines: list[T] = []
    if kept := open_mended(file):
        with kept:
            for line in kept:
                with suppress(*DAMAGED):
                    lines.append(decode(line))
    return lines


def keep_line(file: Path, *lines: msgspec.Struct) -> None:
    """Add lines to a file.

    Raises:
        DiskError: It cannot be written.
    """
    with open_file(file, "ab") as end:
        end.write(msgspec.json.Encoder().encode_lines(lines))
