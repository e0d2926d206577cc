"""Says what is waited for when code of a user's takes long to run, or never ends."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

QUIET = 5.0
"""Seconds after which it is said."""

logger = logging.getLogger(__name__)


@contextmanager
def say_when_slow(what: str) -> Iterator[None]:
    """Run a file, or import a module, that is not ours; say so where that takes long: nothing else is shown yet.

    Args:
        what: The file or module, as the start of a sentence.
    """
    timer = threading.Timer(QUIET, logger.warning, [f"jb: {what} has been running for {QUIET:g} s; Ctrl-C stops it"])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()  # it ends at once; who counts the threads of a process finds none of ours
