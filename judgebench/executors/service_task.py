"""Runs a launched service inside of a job: ``service_task.py JOBS NAME PORT LIMIT HEALTH -- COMMAND``.

It finds a free port, starts the command under the guard (``executors.guard``), waits until the service is healthy, and
reports its address as a task reports progress. It ends the service when it is told to, when its input ends, and when
nobody needs it any more: neither ``jb``, which renews the time of a file, nor a job of the run that works. Standard
library only, as it runs on every node.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import select
import socket
import subprocess
import sys
import time
from pathlib import Path

ALIVE = "alive"
"""In the folder of a run's jobs: ``jb`` renews its time while it needs the services."""
NEEDLESS = 120.0
"""Seconds without ``jb`` and without a job that works, after which a service ends."""
SERVICE_FOLDER = "service-"
"""How the folders of services begin."""
STOPPED = 130
"""Exit code of a service that was told to end, or that nobody needs: it is not begun again."""
LOOK_EVERY = 5.0
"""Seconds between two looks for whom they serve."""


def main(arguments: list[str]) -> int:
    """Run the service to its end; returns its exit code: 3 if it never became healthy, ``STOPPED`` if told to end."""
    jobs, name, wanted, limit, health, mark, *command = arguments
    assert mark == "--"
    host, port = name.replace("{host}", reachable_name()) or reachable_name(), int(wanted) or free_port()
    marks = {"{port}": str(port), "{host}": host}
    filled = [_fill(part, marks) for part in command]
    guard = Path(__file__).with_name("guard.py")
    process = subprocess.Popen(  # noqa: S603 - the command of the user's config
        [sys.executable, "-I", "-S", str(guard), "--", *filled], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    until = time.monotonic() + float(limit)
    while not healthy(host, port, health):
        if process.poll() is not None:
            return process.returncode or 3
        if time.monotonic() > until or _must_stop(0.3):
            process.stdin.close()
            process.wait()
            return 3
    _report({"task": "service", "state": "running", "note": f"http://{host}:{port}"})
    need = Need(Path(jobs))
    while process.poll() is None:
        if _must_stop(0.5) or not need.is_there():
            process.stdin.close()
            process.wait()
            return STOPPED
    return process.returncode


class Need:
    """Whether anybody needs the services of a run.

    Args:
        jobs: Folder of the run's jobs.
    """

    def __init__(self, jobs: Path) -> None:
        self._jobs = jobs
        self.lasts, self.every = NEEDLESS, LOOK_EVERY
        self._stamp = 0
        self._seen_at = self._looked_at = time.monotonic()

    def is_there(self) -> bool:
        """Say whether somebody needed them lately, by this machine's clock."""
        now = time.monotonic()
        if now - self._looked_at >= self.every:
            self._looked_at = now
            stamp = self._stamp
            with contextlib.suppress(OSError):
                stamp = (self._jobs / ALIVE).stat().st_mtime_ns
            if stamp != self._stamp or self._others():
                self._stamp, self._seen_at = stamp, now
        return now - self._seen_at < self.lasts

    def _others(self) -> bool:
        try:
            begun = [one for one in self._jobs.glob("*/*/claim") if not one.parts[-3].startswith(SERVICE_FOLDER)]
        except OSError:
            return True
        return any(not one.with_name("end.json").exists() for one in begun)


def reachable_name() -> str:
    """Return a name of this machine that others know; the loopback address where it has none."""
    name = socket.gethostname()
    try:
        socket.getaddrinfo(name, None)
    except OSError:
        return "127.0.0.1"
    return name


def free_port() -> int:
    """Return a port on which nobody listens now."""
    with socket.socket() as check:
        check.bind(("", 0))
        port: int = check.getsockname()[1]
        return port


def healthy(host: str, port: int, path: str) -> bool:
    """Return whether the service answers ``path`` with 200; without a path, whether it accepts connections."""
    connection = http.client.HTTPConnection(host, port, timeout=5.0)
    try:
        connection.connect()
        if not path:
            return True
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _fill(part: str, marks: dict[str, str]) -> str:
    for mark, value in marks.items():
        part = part.replace(mark, value)
    return part


def _must_stop(seconds: float) -> bool:
    """Wait for a line of the agent; whether it says stop, or the agent is gone."""
    ready, _, _ = select.select([0], [], [], seconds)
    if not ready:
        return False
    said = os.read(0, 4096)
    return not said or b"stop" in said.split()


def _report(what: dict[str, str]) -> None:
    with contextlib.suppress(OSError):
        os.write(int(os.environ["JB_PROGRESS_FD"]), json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
