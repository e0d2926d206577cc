"""``events.jsonl``: what the display was told, appended line by line as it happens."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from judgebench.errors import DiskError
from judgebench.store.journal import mend, open_descriptor


class EventLog:
    """Appends lines to a file, for a writer of events; made when the first line comes.

    A killed run leaves a torn last line at worst, which the next invocation cuts off. A log that cannot be written ends
    there: no run fails for it.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1
        self._closed = False

    @property
    def begun(self) -> bool:
        """Whether there is a line of this invocation."""
        return self._descriptor >= 0

    def write(self, line: str, /) -> None:
        """Append a line, which ends with a newline."""
        if self._closed:
            return
        try:
            if not self.begun:
                mend(self._path)
                self._descriptor = open_descriptor(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(self._descriptor, line.encode("utf-8"))
        except (OSError, DiskError):
            self.close()

    def flush(self) -> None:
        """Do nothing: every line is handed to the system at once."""

    def close(self) -> None:
        """Write nothing more."""
        self._closed = True
        if self._descriptor >= 0:
            with contextlib.suppress(OSError):
                os.close(self._descriptor)
        self._descriptor = -1
