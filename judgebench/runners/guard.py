"""Runs one service and outlives everything but its owner: ``python guard.py [SECONDS] -- PROGRAM ARGUMENT...``.

The owner holds the write end of the guard's standard input. When that is closed, by intent or because the owner died
in whichever way, or when the guard gets SIGTERM, SIGINT or SIGHUP, the service's whole process group is ended: SIGTERM
first, SIGKILL after ``SECONDS``. When the service ends by itself, what it left behind in its group is ended too and the
guard exits with the service's code. The first line on standard output is the service's process id.

Only the standard library, and little of it: nothing is asked before this process has started.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time

GRACE = 5.0
"""Seconds between SIGTERM and SIGKILL by default."""

NOT_FOUND = 127
"""Exit code when the program cannot be started, as in a shell."""

_STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of linux/prctl.h


def main(arguments: list[str]) -> int:
    """Run the program after ``--`` and return its exit code, negative signals as 128 + signal."""
    mark = arguments.index("--")
    grace = float(arguments[0]) if mark else GRACE
    command = arguments[mark + 1 :]
    wake, write_end = os.pipe()
    os.set_blocking(write_end, False)
    for number in (*_STOPPING, signal.SIGCHLD):
        signal.signal(number, _note)
    signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    pid = _start(command)
    os.write(1, f"{pid}\n".encode())
    os.close(1)
    status = _watch(pid, wake)
    if status is None:
        _signal_group(pid, signal.SIGTERM)
        status = _wait(pid, grace)
    _signal_group(pid, signal.SIGKILL)
    if status is None:
        status = os.waitpid(pid, 0)[1]
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _note(_number: int, _frame: object) -> None:
    """Let the wake-up descriptor tell; the handler itself has nothing to do."""


def _start(command: list[str]) -> int:
    guard = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (*_STOPPING, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)
        _die_with(guard)
        os.execvp(command[0], command)  # noqa: S606 the user's own command, without a shell
    except (OSError, IndexError) as error:
        os.write(2, f"cannot start {command[:1]}: {error}\n".encode(errors="replace"))
    os._exit(NOT_FOUND)


def _die_with(guard: int) -> None:
    """Have the kernel end the service when the guard itself is killed, where it can."""
    if sys.platform != "linux":
        return
    import ctypes

    ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != guard:
        os._exit(NOT_FOUND)


def _watch(pid: int, wake: int) -> int | None:
    """Wait until the service ends (its status) or the guard is told to end it (``None``)."""
    while True:
        readable, _, _ = select.select([0, wake], [], [])
        if wake in readable and any(number in _STOPPING for number in os.read(wake, 512)):
            return None
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status
        if 0 in readable and not os.read(0, 512):
            return None


def _wait(pid: int, seconds: float) -> int | None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status
        time.sleep(0.02)
    return None


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        # Gone already; macOS answers "not permitted" for a group of zombies.
        return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
