"""Which display suits a run."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from judgebench.dashboard.display import Display


def display_for(json: bool, debug: bool, stream: TextIO) -> Display:
    """Return the display that suits the run.

    Args:
        json: One JSON event per line on standard output, everything human on standard error.
        debug: The tasks write to the terminal, so nothing may be drawn over it.
        stream: Where human text goes.
    """
    if json:
        from judgebench.dashboard.events import EventDisplay
        from judgebench.dashboard.plain import PlainDisplay

        return EventDisplay(sys.stdout, PlainDisplay(sys.stderr if stream is sys.stdout else stream))
    if debug or not _can_draw(stream):
        from judgebench.dashboard.plain import PlainDisplay

        return PlainDisplay(stream)
    from judgebench.dashboard.live import LiveDisplay

    return LiveDisplay(stream)


def _can_draw(stream: TextIO) -> bool:
    if not stream.isatty() or os.environ.get("TERM", "") in {"", "dumb"}:
        return False
    try:
        return os.get_terminal_size(stream.fileno()).columns >= 40
    except OSError:
        return False
