"""Single key presses from the terminal, and a terminal that is as before on every way out.

The terminal is put into cbreak mode: keys come at once and without echo, Ctrl-C stays a signal. Suspending (Ctrl-Z)
gives the terminal back, continuing takes it again; a ``jb`` in the background never touches it.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import termios
import tty
from collections.abc import Callable
from typing import Any, Literal

Key = Literal["up", "down", "left", "right", "page-up", "page-down", "home", "end", "pause"]

_SEQUENCES: dict[bytes, Key] = {
    b"\x1b[A": "up",
    b"\x1bOA": "up",
    b"\x1b[B": "down",
    b"\x1bOB": "down",
    b"\x1b[C": "right",
    b"\x1bOC": "right",
    b"\x1b[D": "left",
    b"\x1bOD": "left",
    b"\x1b[5~": "page-up",
    b"\x1b[6~": "page-down",
    b"\x1b[H": "home",
    b"\x1b[F": "end",
    b"\x1b[1~": "home",
    b"\x1b[4~": "end",
    b"p": "pause",
    b"P": "pause",
}


def read_keys(typed: bytes) -> list[Key]:
    """Return the known keys in what was typed; everything else is dropped."""
    keys: list[Key] = []
    position = 0
    while position < len(typed):
        for sequence, key in _SEQUENCES.items():
            if typed.startswith(sequence, position):
                keys.append(key)
                position += len(sequence)
                break
        else:
            position += 1
    return keys


class Keyboard:
    """The terminal of a file descriptor in cbreak mode, from ``open`` to ``close``.

    Args:
        fd: A terminal.
        on_suspend: Called before the process stops (leave the alternate screen here).
        on_resume: Called after it goes on in the foreground.
    """

    def __init__(self, fd: int, *, on_suspend: Callable[[], None], on_resume: Callable[[], None]) -> None:
        self._fd = fd
        self._on_suspend = on_suspend
        self._on_resume = on_resume
        self._before: list[int | list[bytes | int]] | None = None
        self._former: dict[signal.Signals, Any] = {}
        self._open = False

    @property
    def active(self) -> bool:
        """Whether keys are read now; false while the process is in the background."""
        return self._before is not None

    def open(self) -> None:
        """Take the terminal, if this process is in its foreground."""
        self._open = True
        self._take()
        handlers = {signal.SIGTSTP: self._suspend, signal.SIGCONT: self._resume, signal.SIGQUIT: self._quit}
        for number, handler in handlers.items():
            self._former[number] = signal.signal(number, handler)
        atexit.register(self.close)

    def close(self) -> None:
        """Give the terminal back as it was; safe to call again."""
        if not self._open:
            return
        self._open = False
        self._give_back()
        for number, handler in self._former.items():
            signal.signal(number, handler)
        atexit.unregister(self.close)

    def in_foreground(self) -> bool:
        """Return whether this process may use the terminal."""
        try:
            return os.tcgetpgrp(self._fd) == os.getpgrp()
        except OSError:
            return False

    def check(self) -> bool:
        """Take the terminal if the process has come to the foreground; returns whether it may draw."""
        if not self.in_foreground():
            return False
        if self._open and self._before is None:
            self._take()
        return True

    def read(self) -> list[Key] | None:
        """Return the keys typed since the last call, ``None`` when the terminal is gone.

        Call it when the descriptor is readable.
        """
        if not self.active or not self.in_foreground():
            return []
        try:
            typed = os.read(self._fd, 1024)
        except OSError:
            return None
        return read_keys(typed) if typed else None

    def _take(self) -> None:
        if not self.in_foreground():
            return
        try:
            self._before = termios.tcgetattr(self._fd)
            tty.setcbreak(self._fd, termios.TCSANOW)
        except termios.error:
            self._before = None

    def _give_back(self) -> None:
        if self._before is None:
            return
        before, self._before = self._before, None
        if self.in_foreground():
            with contextlib.suppress(termios.error):  # the terminal is gone
                termios.tcsetattr(self._fd, termios.TCSANOW, before)

    def _suspend(self, _number: int, _frame: object) -> None:
        self._on_suspend()
        self._give_back()
        os.kill(os.getpid(), signal.SIGSTOP)

    def _quit(self, _number: int, _frame: object) -> None:
        self._on_suspend()
        self.close()
        signal.signal(signal.SIGQUIT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGQUIT)

    def _resume(self, _number: int, _frame: object) -> None:
        if self._open and self.in_foreground():
            self._take()
            self._on_resume()
