"""Runs one service and outlives everything but its owner: ``python guard.py [SECONDS] -- PROGRAM ARGUMENT...``.

The owner holds the write end of the guard's standard input. When that is closed, by intent or because the owner died
in whichever way, or when the guard gets SIGTERM, SIGINT or SIGHUP, the service's whole process group is ended: SIGTERM
first, SIGKILL after ``SECONDS``. When the service ends by itself, what it left behind in its group is ended too and the
guard exits with the service's code. The first line on standard output is the service's process id.

On Linux nothing that the service started stays, whatever session it is in: the guard adopts what loses its parent
(``PR_SET_CHILD_SUBREAPER``) and ends it. A second process stands behind the guard and does so when the guard is killed;
the guard ends everything when that one is.

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
_LINUX = sys.platform == "linux"
_SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of linux/prctl.h
_SET_CHILD_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER
_LAST_WAIT = 2.0
"""Seconds to wait for killed processes to be gone; one that hangs in the kernel is left to it."""


def main(arguments: list[str]) -> int:
    """Run the program after ``--`` and return its exit code, negative signals as 128 + signal."""
    mark = arguments.index("--")
    grace = float(arguments[0]) if mark else GRACE
    command = arguments[mark + 1 :]
    if _LINUX:
        _prctl(_SET_CHILD_SUBREAPER, 1)
        second = os.getpid()
        guard = os.fork()
        if guard:
            return _stand_behind(guard)
        _prctl(_SET_CHILD_SUBREAPER, 1)
        _die_with(second, signal.SIGTERM)
    return _guard(command, grace)


def _stand_behind(guard: int) -> int:
    """Wait for the guard; if it was killed, what it looked after is this process's to end."""
    for number in _STOPPING:
        signal.signal(number, lambda *_: os.kill(guard, signal.SIGTERM))
    os.close(1)  # its end tells the owner that nothing more is said
    status = os.waitpid(guard, 0)[1]
    _end_adopted()
    return _exit_code(status)


def _guard(command: list[str], grace: float) -> int:
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
    _end_adopted()
    return _exit_code(status)


def _exit_code(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _note(_number: int, _frame: object) -> None:
    """Let the wake-up descriptor tell; the handler itself has nothing to do."""


def _start(command: list[str]) -> int:
    guard = os.getpid()
    standing, stands = os.pipe()
    pid = os.fork()
    if pid:
        os.close(stands)
        os.read(standing, 1)  # until its session stands: from now on its process group can be ended
        os.close(standing)
        return pid
    try:
        os.setsid()
        os.close(stands)
        signal.set_wakeup_fd(-1)
        for number in (*_STOPPING, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)
        _die_with(guard, signal.SIGKILL)
        os.execvp(command[0], command)  # noqa: S606 the user's own command, without a shell
    except (OSError, IndexError) as error:
        os.write(2, f"cannot start {command[:1]}: {error}\n".encode(errors="replace"))
    os._exit(NOT_FOUND)


def _die_with(parent: int, number: signal.Signals) -> None:
    """Have the kernel send this process a signal when its parent ends, where it can."""
    if _LINUX:
        _prctl(_SET_DEATH_SIGNAL, number)
        if os.getppid() != parent:
            os._exit(NOT_FOUND)


def _prctl(option: int, value: int) -> None:
    import ctypes

    ctypes.CDLL(None).prctl(option, value)


def _watch(pid: int, wake: int) -> int | None:
    """Wait until the service ends (its status) or the guard is told to end it (``None``)."""
    while True:
        readable, _, _ = select.select([0, wake], [], [])
        if wake in readable and any(number in _STOPPING for number in os.read(wake, 512)):
            return None
        status = _reap(pid)
        if status is not None:
            return status
        if 0 in readable and not os.read(0, 512):
            return None


def _wait(pid: int, seconds: float) -> int | None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        status = _reap(pid)
        if status is not None:
            return status
        time.sleep(0.02)
    return None


def _reap(pid: int) -> int | None:
    """Take the end of every child that has ended; returns the service's status if it is among them."""
    found = None
    while True:
        try:
            done, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if not done:
            return found
        if done == pid:
            found = status


def _end_adopted() -> None:
    """End what the service has left, in whichever session: it all comes here as its parents end."""
    until = time.monotonic() + _LAST_WAIT
    while _LINUX and time.monotonic() < until:
        for pid in children_of(os.getpid()):
            try:
                os.kill(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.01)


def children_of(pid: int) -> list[int]:
    """Return the children of a process, as ``/proc`` has them."""
    own, found = str(pid), []
    for name in os.listdir("/proc"):  # noqa: PTH208 - pathlib takes longer to import than all else here
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - as above
                    parent = file.read().rpartition(")")[2].split()[1]
            except OSError:
                continue
            if parent == own:
                found.append(int(name))
    return found


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        # Gone already; macOS answers "not permitted" for a group of zombies.
        return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
