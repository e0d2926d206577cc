"""The little that the command line prints itself: errors and plain tables.

Colour is used on a terminal only, never with ``NO_COLOR``.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from judgebench.errors import DiskError, JudgebenchError, one_line, visible

_RED = "\x1b[1;31m"
_RESET = "\x1b[0m"


def print_error(error: JudgebenchError, stream: TextIO | None = None) -> None:
    """Print an error as ``jb: <code>: <sentence>`` with the hint below it."""
    out = sys.stderr if stream is None else stream
    head = f"jb: {error.code}:"
    if coloured(out):
        head = f"{_RED}{head}{_RESET}"
    with suppress(OSError):  # nobody can be told, and the exit code still says what happened
        print(f"{head} {visible(error.message)}", file=out)
        for line in visible(error.hint).splitlines():
            print(f"  {line}", file=out)


def within_window(text: str, stream: TextIO | None = None) -> str:
    """Return a text whose lines fit the window of a terminal, broken between words; commands stay whole.

    Args:
        text: Lines; those that begin with ``jb`` are commands.
        stream: Where it will be printed.
    """
    import shutil
    import textwrap

    if not (sys.stdout if stream is None else stream).isatty():
        return text
    width = max(40, shutil.get_terminal_size().columns - 1)
    lines = []
    for line in text.splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        if len(line) <= width or line.lstrip().startswith("jb "):
            lines.append(line)
        else:
            lines += textwrap.wrap(
                line, width, subsequent_indent=f"{indent}  ", break_long_words=False, break_on_hyphens=False
            )
    return "\n".join(lines)


def print_bug(error: BaseException, stream: TextIO | None = None) -> None:
    """Print an error that is ours, and how to get its traceback."""
    out = sys.stderr if stream is None else stream
    said = one_line(f"{type(error).__name__}: {error}".rstrip(": "), limit=500)
    with suppress(OSError):
        print(f"jb: bug: {said}. This is a bug in judgebench, not in what you typed.", file=out)
        print("  Run the same command with --debug for the traceback, and report both.", file=out)


class WatchedStream:
    """A stream that remembers what could not be written; for the rest it is the stream.

    A display goes on when its reader is gone or its disk is full, because the run must. Whoever called ``jb`` must
    still learn that the output is not whole.

    Attributes:
        failure: The first failure that is not a reader who has gone away.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.failure: OSError | None = None

    def write(self, text: str) -> int:
        """Write as the stream does."""
        with self._watching():
            return self._stream.write(text)

    def flush(self) -> None:
        """Flush as the stream does."""
        with self._watching():
            self._stream.flush()

    def close(self) -> None:
        """Stay open: what a config or a plug-in closes is the output of ``jb``."""
        self.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @contextmanager
    def _watching(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno != errno.EPIPE and self.failure is None:
                self.failure = error
            raise


@contextmanager
def watched_output() -> Iterator[WatchedStream]:
    """Put a watched stream in the place of standard output."""
    stream, watched = sys.stdout, WatchedStream(sys.stdout)
    sys.stdout = watched
    try:
        yield watched
    finally:
        sys.stdout = stream


def output_lost(error: OSError) -> DiskError:
    """Return what to tell of output that could not be written."""
    return DiskError(
        f"The output of jb could not be written: {error.strerror or error}.",
        hint="What was done is done, and only its output is lost: make room, or send the output to another place.",
    )


def discard_output() -> None:
    """Let what is still to be printed go nowhere: the reader of standard output has gone (``jb --list | head``)."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def coloured(stream: TextIO) -> bool:
    """Whether control codes may be written: a terminal, and the user did not ask for none."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()


def columns(rows: Sequence[Sequence[str]], *, gap: int = 2) -> str:
    """Return rows as aligned columns without a frame; the last column is not padded."""
    if not rows:
        return ""
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]) - 1)]
    space = " " * gap
    return "\n".join(
        space.join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in rows
    )
