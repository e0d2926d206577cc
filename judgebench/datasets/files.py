"""Where a data file is, and its bytes line by line."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from judgebench.datasets.columns import SourceConfig, schema_of
from judgebench.errors import DataError, MissingDataError

PACKAGE_PREFIX = "package:"
SHIPPED = Path(__file__).parent / "data"
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def places(path: str, data_dir: Path | None) -> list[Path]:
    """Return where a data file is looked for, in order.

    Args:
        path: As in the config.
        data_dir: ``--data-dir``; the environment variable ``JB_DATA_DIR`` stands in for it.
    """
    if path.startswith(PACKAGE_PREFIX):
        return [SHIPPED / path.removeprefix(PACKAGE_PREFIX)]
    asked = Path(path).expanduser()
    if asked.is_absolute():
        return [asked]
    environment = os.environ.get("JB_DATA_DIR", "")
    folders = [data_dir, Path(environment).expanduser() if environment else None, Path(), Path("data")]
    return list(dict.fromkeys(folder / asked for folder in folders if folder is not None))


def find(config: SourceConfig, data_dir: Path | None) -> Path | None:
    """Return the data file, or ``None`` where it is in none of its places."""
    if not config.path:
        return None
    return next((place for place in places(config.path, data_dir) if place.is_file()), None)


def missing(config: SourceConfig, data_dir: Path | None, *, why: str = "") -> MissingDataError:
    """Return the error that says where to put which file, and what it must hold.

    Args:
        config: The loader's keys.
        data_dir: ``--data-dir``.
        why: Why the hub could not help, as a sentence.
    """
    looked = ", ".join(str(place.absolute()) for place in places(config.path, data_dir)) if config.path else "nowhere"
    names = [config.path, *getattr(config, "also", [])]  # a benchmark's file may have the name of its publication too
    target = " or ".join(f"<folder>/{name}" for name in names) if config.path else "a file and name it by `path`"
    return MissingDataError(
        f"The data file {config.path!r} was not found (looked for: {looked}).{' ' + why if why else ''}",
        hint=f"Put it at {target} and pass --data-dir <folder>, or set JB_DATA_DIR. Each row has the columns of: "
        f"{schema_of(config)}",
    )


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a data file for reading bytes, decompressed where its name ends in ``.gz``, past a UTF-8 mark.

    Raises:
        DataError: The file cannot be read, is damaged, or is no UTF-8 text.
    """
    try:
        with cast("IO[bytes]", gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")) as file:
            start = file.read(3)
            if start[:2] in _UTF16_MARKS:
                raise DataError(f"{path} is UTF-16 text; UTF-8 was expected.")
            if start != _UTF8_MARK:
                file.seek(0)
            yield file
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path} is a damaged gzip file: {error}.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the number (from 1) and the bytes of every line that is not blank; only a line feed ends a line."""
    with opened(path) as file:
        for number, line in enumerate(file, 1):
            stripped = line.strip(b" \t\r\n")
            if stripped:
                yield number, stripped
