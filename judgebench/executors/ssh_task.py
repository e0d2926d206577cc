"""The other end of ``executors.ssh``: ``python -m judgebench.executors.ssh_task FILE`` on the machine of a task.

The file says what is to be run; it is removed once it is read, as it holds the environment with its secrets. Lines on
standard input go to the task, its reports to standard output. ``beat`` is for this process: when none has come for the
time of the lease, the connection is taken for lost, although nobody has said so, and the task is ended. It needs the
standard library alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

PATIENCE = 15.0
"""Seconds that a task gets to end by itself after the connection has ended."""


def main(path: Path) -> int:
    """Run the task to its end; returns its exit code, 128 and the number of a signal that ended it."""
    said = json.loads(path.read_text("utf-8"))
    path.unlink()
    lease, reports = float(said["lease"]), os.dup(1)
    with Path(said["log"]).open("ab", buffering=0) as log:
        task = subprocess.Popen(  # noqa: S603 - the command that the supervision wrote
            said["command"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            pass_fds=(reports,),
            env={**os.environ, **said["environment"], "JB_PROGRESS_FD": str(reports)},
            start_new_session=True,
        )
    os.close(reports)
    beaten = [time.monotonic()]

    def end() -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(task.pid, signal.SIGKILL)

    def carry() -> None:
        assert task.stdin is not None
        rest = b""
        while data := os.read(0, 65_536):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if line == b"beat":
                    beaten[0] = time.monotonic()
                elif line == b"kill":
                    end()
                else:
                    with contextlib.suppress(OSError):
                        task.stdin.write(line + b"\n")
                        task.stdin.flush()
        with contextlib.suppress(OSError):
            task.stdin.close()  # which tells the task to stop
        time.sleep(PATIENCE)
        end()

    threading.Thread(target=carry, daemon=True).start()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the end of the input says it
    while (code := task.poll()) is None:
        if time.monotonic() - beaten[0] > lease:
            end()
        time.sleep(0.1)
    end()  # what it left behind in its session
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
