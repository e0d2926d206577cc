"""A warm process from which tasks are forked: ``python -m judgebench.executors.forked``.

It is started by ``executors.fork_server``.

It imports what all stages need once, while the supervisor still reads configs, and then waits. A forked task is a
process like any other: a session, a log, an environment and a control pipe of its own; it only skips the imports. Its
stdin is a socket to the supervisor; when that is gone, so is this process, and the tasks see to themselves.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import io
import os
import select
import signal
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NoReturn, cast

import msgspec

from judgebench.stages import task as entry

HEADER = struct.Struct("!I")
"""Length of the order that follows; the three file descriptors come with it."""

FILES_PATIENCE = 1.0
"""Seconds for which the end of a process waits for files that its threads hold: as many as Python waits itself."""

_FILE = cast("type[io.IOBase]", io.IOBase.__base__)
"""What all files are. To ask for ``io.IOBase`` itself fails for a class of a plug-in that has no hash."""


class Order(msgspec.Struct, frozen=True):
    """A task to fork.

    Attributes:
        number: By which the supervisor knows it.
        arguments: Plan and task.
        environment: All of its environment; the descriptor of its reports is added.
    """

    number: int
    arguments: list[str]
    environment: dict[str, str]


class ForkMessage(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of an order: the process runs as ``pid``, or it ended with ``code`` (minus the signal's number)."""

    number: int
    pid: int = 0
    code: int | None = None


def main(stages: list[str]) -> NoReturn:
    """Fork a task of one of the stages for every order."""
    from judgebench.stages.warm_up import (
        warm_up,
    )  # the supervisor, which knows the records of this module, needs it not

    gc.disable()  # what is imported stays
    warm_up(stages)
    _find_title()
    control = socket.socket(fileno=os.dup(0))
    gc.collect()
    gc.enable()
    gc.freeze()  # what is there stays in shared pages
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    numbers: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([control.fileno(), woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            _reap(control, numbers)
        if control.fileno() in ready:
            received = _receive(control)
            if received is None:
                os._exit(0)
            order, descriptors = received
            standing, stands = os.pipe()
            pid = os.fork()
            if not pid:
                os.setsid()
                control.close()
                for descriptor in (woken, wakes, standing, stands):
                    os.close(descriptor)
                _become(order, descriptors)
                leave(partial(entry.main, order.arguments))
            for descriptor in (*descriptors, stands):
                os.close(descriptor)
            os.read(standing, 1)  # its session stands: from now on its process group can be ended
            os.close(standing)
            numbers[pid] = order.number
            _send(control, ForkMessage(order.number, pid=pid))


def leave(work: Callable[[], int]) -> NoReturn:
    """Do the work of a forked process, and end as Python does after ``sys.exit(work())``.

    But it takes nothing apart: Python would touch every object that it inherited, and have all their pages copied.
    """
    try:
        code: Any = work()
    except SystemExit as ended:
        code = ended.code
    except BaseException:  # noqa: BLE001 - what Python itself does at the end of a program
        sys.excepthook(*sys.exc_info())
        code = 1
    if not isinstance(code, int | None):
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"{code}\n")
        code = 1
    # As ``multiprocessing`` ends what it forks; a signal that interrupts one of these leaves the others.
    waits_for_threads = threading._shutdown  # type: ignore[attr-defined]  # noqa: SLF001
    for ends in (waits_for_threads, atexit._run_exitfuncs, _write_out_files):  # noqa: SLF001
        with contextlib.suppress(BaseException):
            ends()
    os._exit(code or 0)


def _write_out_files() -> None:
    """Write out what waits in files: a plug-in may have left one open, and Python would close it now."""
    opened = [one for one in gc.get_objects() if issubclass(type(one), _FILE)]  # inherited ones are frozen
    if opened:
        closing = threading.Thread(target=_close, args=(sorted(opened, key=_depth),), daemon=True)
        closing.start()
        closing.join(FILES_PATIENCE)  # a daemon thread may hold a file for ever
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()


def _close(files: Iterable[io.IOBase]) -> None:
    for one in files:
        with contextlib.suppress(Exception):
            if one.writable():
                one.close()


def _depth(file: io.IOBase) -> int:
    """How many files may write into this one when they are closed."""
    if isinstance(file, io.TextIOBase):
        return 0
    return 3 if isinstance(file, io.RawIOBase) else 2 if type(file) in (io.BufferedWriter, io.BufferedRandom) else 1


def _find_title() -> None:
    from setproctitle import getproctitle  # a dependency where tasks are forked

    getproctitle()  # it finds the place of the title now, and no more once the environment has been changed


def _receive(control: socket.socket) -> tuple[Order, list[int]] | None:
    head, descriptors, _, _ = socket.recv_fds(control, HEADER.size, 3)
    if len(head) < HEADER.size:
        return None
    (left,) = HEADER.unpack(head)
    parts = []
    while left:
        part = control.recv(left)
        if not part:
            return None
        parts.append(part)
        left -= len(part)
    return msgspec.json.decode(b"".join(parts), type=Order), descriptors


def _become(order: Order, descriptors: list[int]) -> None:
    """Turn this freshly forked process into one that was started for the order."""
    from setproctitle import setproctitle

    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    control, log, reports = descriptors
    os.dup2(control, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    for descriptor in (control, log):
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(order.environment, JB_PROGRESS_FD=str(reports))
    sys.argv[1:] = order.arguments
    setproctitle(" ".join([sys.executable, "-m", "judgebench.stages", *order.arguments]))


def _reap(control: socket.socket, numbers: dict[int, int]) -> None:
    while numbers:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        if pid in numbers:
            _send(control, ForkMessage(numbers.pop(pid), code=os.waitstatus_to_exitcode(status)))


def _send(control: socket.socket, message: ForkMessage) -> None:
    try:
        control.sendall(msgspec.json.encode(message) + b"\n")
    except OSError:
        os._exit(0)  # the supervisor is gone


if __name__ == "__main__":
    main(sys.argv[1:])
