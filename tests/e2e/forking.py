"""Runs ``jb`` without starting Python for each: forked from a process that has imported what every ``jb`` imports.

``run`` of the harness goes this way: a judged run takes 0.2 s of CPU instead of 1.3 s. So does the warm process of the
tasks of a ``jb`` that works in the test's own process (``tests/conftest.py``). What a start itself does (imports,
signals, kills) is tested with real processes, as ``Bench.start`` and ``tests/executors/test_fork_server.py`` make them;
tests that stop a ``jb`` only to go on from there take ``Bench.fork``.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import logging
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

_HEADER = struct.Struct("!I")
_ROOT = Path(__file__).parents[2]
_READ_BY_PYTHON = ("PYTHON", "LD_", "LC_", "LANG", "HOME", "TMPDIR", "PATH", "SSL_")
"""Variables that a process, or a library that it imports, reads once: they take a real start."""
_TAKEN = {"PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONFAULTHANDLER"}
"""Those of them that a forked process takes, or that change nothing of what it does."""
_STARTED_WITH = dict(os.environ)
_USUAL = (
    "encodings.idna", "judgebench.cli.arguments", "judgebench.cli.console", "judgebench.cli.execute",
    "judgebench.cli.listing", "judgebench.cli.main", "judgebench.dashboard.plain", "judgebench.engine.senders",
    "judgebench.executors.local", "judgebench.executors.services", "judgebench.executors.supervision",
    "judgebench.judges.methods.reference_verifier", "judgebench.judges.rules.verdicts", "judgebench.models.table",
    "judgebench.preflight", "judgebench.preflight.trial_calls", "judgebench.query", "judgebench.stages.constraining",
)  # fmt: skip
"""What nearly every ``jb`` of the tests imports, or one of its tasks."""


def forkable(extra: Mapping[str, str]) -> bool:
    """Whether a process with these variables behaves as one that was started with them."""
    if any(Path(entry, "sitecustomize.py").exists() for entry in extra.get("PYTHONPATH", "").split(os.pathsep)):
        return False
    return sys.platform == "linux" and not any(name.startswith(_READ_BY_PYTHON) for name in extra.keys() - _TAKEN)


class ForkedCommand:
    """A ``jb`` that was forked.

    Args:
        arguments: Of ``jb``.
        folder: Working directory.
        environment: All of its environment.
        out: Descriptor that its stdout goes to. ``err``: its stderr.
        stdin: Given where this is no ``jb`` but the warm process of its tasks, whose orders come in there.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        out: int,
        err: int,
        stdin: int | None = None,
    ) -> None:
        order = json.dumps([list(arguments), str(folder), dict(environment)]).encode()
        descriptors = [out, err] if stdin is None else [out, err, stdin]
        self._told, tells = os.pipe()
        with _LOCK:
            server = _server()
            socket.send_fds(server, [_HEADER.pack(len(order))], [tells, *descriptors])
            server.sendall(order)
        os.close(tells)
        self._lines = os.fdopen(self._told, "rb")
        self.pid = int(self._lines.readline())

    def wait(self) -> int:
        """Return the exit code; minus a signal's number where one ended it."""
        with self._lines:
            return int(self._lines.readline())


class ForkedProcess:
    """The part of ``subprocess.Popen`` that tests of a ``jb`` in the middle of its work use; it prints into a file."""

    def __init__(self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._out = tempfile.TemporaryFile()  # noqa: SIM115 - read when it has ended
        out = self._out.fileno()
        self._command = ForkedCommand(arguments, folder, environment, out, out)
        self.pid = self._command.pid
        self.returncode: int | None = None
        self._waits = threading.Thread(target=self._wait, daemon=True)
        self._waits.start()

    def poll(self) -> int | None:
        """Return the exit code, None before the end."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code when it has ended."""
        self._waits.join(timeout)
        assert self.returncode is not None, f"jb did not end within {timeout} s"
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, None]:
        """Return all that it printed, when it has ended."""
        self.wait(timeout)
        self._out.seek(0)
        return self._out.read().decode(), None

    def send_signal(self, number: int) -> None:
        """Send a signal, where it has not ended."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def _wait(self) -> None:
        self.returncode = self._command.wait()


_LOCK = threading.Lock()
_SERVERS: dict[int, socket.socket] = {}


def _server() -> socket.socket:
    """The socket to the warm process of this test process, which starts it once."""
    if os.getpid() not in _SERVERS:
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.e2e.forking"],
                cwd=_ROOT,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        _SERVERS[os.getpid()] = ours
        atexit.register(lambda: (ours.close(), process.wait()))
    return _SERVERS[os.getpid()]


def _serve() -> int:
    """Fork one ``jb`` for each order that comes in on stdin, until its end."""
    from setproctitle import getproctitle  # where tasks are forked, it is required

    for name in _USUAL:
        importlib.import_module(name)
    from judgebench.stages.warm_up import warm_up

    getproctitle()  # it finds the place of the title now, and no more once the environment has been changed
    warm_up(["infer", "judge", "extract", "summarize"])
    rest = [one for one in sys.path if one not in {"", str(_ROOT)}]
    gc.collect()
    gc.freeze()
    orders = socket.socket(fileno=os.dup(0))
    while True:
        head, descriptors, _, _ = socket.recv_fds(orders, _HEADER.size, 4)
        if len(head) < _HEADER.size:
            return 0
        order = b""
        while len(order) < _HEADER.unpack(head)[0]:
            order += orders.recv(_HEADER.unpack(head)[0] - len(order))
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not os.fork():
            orders.close()
            _watch(*json.loads(order), descriptors, rest)
        for descriptor in descriptors:
            os.close(descriptor)


def _watch(
    arguments: list[str], folder: str, environment: dict[str, str], descriptors: list[int], path: list[str]
) -> NoReturn:
    """Fork ``jb`` and tell its process id and how it ended: the warm process waits for nobody."""
    tells, out, err, *orders = descriptors
    stands, standing = os.pipe()
    pid = os.fork()
    if pid:
        for descriptor in (out, err, standing, *orders):
            os.close(descriptor)
        os.read(stands, 1)  # its session stands: its process group can be ended
        os.write(tells, f"{pid}\n".encode())
        _, status = os.waitpid(pid, 0)
        with contextlib.suppress(BrokenPipeError):
            os.write(tells, f"{os.waitstatus_to_exitcode(status)}\n".encode())
        os._exit(0)
    os.setsid()
    for descriptor in (stands, standing, tells):
        os.close(descriptor)
    _become(environment, *(orders or [os.open(os.devnull, os.O_RDONLY)]), out, err)
    os.chdir(folder)
    entries = environment.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:] = dict.fromkeys([folder, *filter(None, entries), *path])
    if orders:
        _serve_tasks(arguments)
    sys.argv = [str(_ROOT / "judgebench" / "__main__.py"), *arguments]
    _show("judgebench", *arguments)
    from judgebench.__main__ import main
    from judgebench.executors import fork_server
    from judgebench.executors.forked import leave

    fork_server.subprocess = _Forking()  # type: ignore[assignment]
    leave(main)


def _become(environment: Mapping[str, str], *standard: int) -> None:
    """Take an environment and standard streams as if started with them."""
    for number, descriptor in enumerate(standard):
        os.dup2(descriptor, number)
    os.closerange(3, max(standard) + 1)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    atexit._clear()
    logging.root.handlers.clear()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115


def _show(*words: str) -> None:
    """Have the list of processes show this one as it shows one that was started."""
    from setproctitle import setproctitle

    setproctitle(" ".join([sys.executable, "-m", *words]))


def _serve_tasks(stages: Sequence[str]) -> NoReturn:
    """Be the warm process of tasks."""
    from judgebench.executors.forked import leave, main

    sys.argv = ["judgebench.executors.forked", *stages]
    _show(*sys.argv)
    leave(lambda: main(list(stages)))


class WarmStart:
    """Stands for ``subprocess`` where a ``jb`` in the test's process starts the warm process of its tasks."""

    DEVNULL = subprocess.DEVNULL

    @staticmethod
    def Popen(  # noqa: N802 - as it is called there
        command: Sequence[str], *, stdin: int, env: Mapping[str, str], **more: Any
    ) -> WarmStart.Forked | subprocess.Popen[bytes]:
        """Fork it where that is the same as to start it."""
        changed = {name for name in {*env, *_STARTED_WITH} - _TAKEN if env.get(name) != _STARTED_WITH.get(name)}
        if forkable(dict.fromkeys(changed, "")):
            return WarmStart.Forked(command, stdin, env)
        return subprocess.Popen(command, stdin=stdin, env=env, **more)

    class Forked:
        """The part of ``subprocess.Popen`` that is used there."""

        def __init__(self, command: Sequence[str], stdin: int, env: Mapping[str, str]) -> None:
            stages = command[command.index("judgebench.executors.forked") + 1 :]
            with Path(os.devnull).open("r+b") as nothing:
                out = nothing.fileno()
                self._command = ForkedCommand(stages, Path.cwd(), env, out, out, stdin)
            self.pid = self._command.pid
            self.returncode: int | None = None

        def send_signal(self, number: int) -> None:
            os.kill(self.pid, number)

        def kill(self) -> None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

        def wait(self) -> int:
            if self.returncode is None:
                self.returncode = self._command.wait()
            return self.returncode


class _Forking:
    """Stands for ``subprocess`` where ``jb`` starts the warm process of its tasks: that is forked, too."""

    DEVNULL = subprocess.DEVNULL

    class Popen:
        """The part of ``subprocess.Popen`` that is used there."""

        def __init__(self, command: Sequence[str], *, stdin: int, env: Mapping[str, str], **_: Any) -> None:
            assert threading.active_count() == 1
            sys.stdout.flush()
            stages = command[command.index("judgebench.executors.forked") + 1 :]
            self.returncode: int | None = None
            self.pid = os.fork()
            if self.pid:
                return
            os.setsid()
            nothing = os.open(os.devnull, os.O_RDWR)
            _become(env, stdin, nothing, nothing)
            _serve_tasks(stages)

        def send_signal(self, number: int) -> None:
            os.kill(self.pid, number)

        def kill(self) -> None:
            if self.returncode is None:
                os.kill(self.pid, signal.SIGKILL)

        def wait(self) -> int:
            if self.returncode is None:
                self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            return self.returncode


if __name__ == "__main__":
    sys.exit(_serve())
