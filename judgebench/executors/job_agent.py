"""Runs one task inside a job of a batch system: ``python -m judgebench.executors.job_agent FOLDER``.

The folder is that of one attempt (``executors.job_files``), on a file system that the supervision sees too. The agent

- takes the attempt, if it is the task's newest and no other job has taken it: a batch system may start a job twice;
- starts the task with pipes, as the local executor does, and carries orders to it and its reports back;
- counts up in the file ``beat``, so that the supervision knows that it lives, whatever the clocks of two machines say;
- ends the task at once when a newer attempt has been made, and when the folder was out of reach for the time of the
  lease: by then the supervision may have given the work to another;
- passes SIGTERM and SIGUSR1 (time limits, preemption) on as an order to stop, and writes down how all ended.

It lives on when the supervision dies: ``jb --reuse`` waits for it. Standard library only, as it runs on every node.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

OWNER = "owner"
"""In the task's folder: number of the attempt that may work."""
JOB, CLAIM, ENVIRONMENT, ORDERS, REPORTS, BEAT, END = (
    "job.json", "claim", "environment", "orders", "progress.jsonl", "beat.json", "end.json",
)  # fmt: skip
"""Files of an attempt."""
RESERVE, RESERVED = "reserve", 32_768
"""A file of so many bytes, given up where the disk is full, so that there is room to say so."""

EVERY = 0.2
"""Seconds between two looks at the task and at the files."""
BEAT_EVERY = 2.0
PERSISTENCE = 60.0
"""Seconds for which the agent tries to write down how the task ended (the disk may be full for a while)."""
FENCED = -1000
"""The code of a task that ended because a newer attempt took its place."""


def read_text(path: Path) -> str | None:
    """Return a file's text, ``""`` where it is not there, and ``None`` where nobody can tell."""
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, ValueError):
        return None


def replace(path: Path, value: Any) -> bool:
    """Put JSON in a file's place, whole; returns whether that could be done."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_text(json.dumps(value), "utf-8")
        part.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink()
        return False
    return True


class Agent:
    """One attempt at one task.

    Args:
        folder: Of the attempt.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.job: dict[str, Any] = json.loads((folder / JOB).read_text("utf-8"))
        self._owner = folder.parent / OWNER
        self._orders_at = 0
        self._rest = b""
        self._beats = 0
        self._last_beat = self._reached_at = time.monotonic()
        self._last_signal = 0
        self._signal = 0
        self._unsaid = b""
        """Reports for which there was no room."""
        self._task: subprocess.Popen[bytes] | None = None

    def run(self) -> int:
        """Run the attempt to its end; returns the exit code of the job."""
        if not self._is_owner() or not self._claim():
            return 0
        environment = {**os.environ, **self._environment()}
        for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._received)
        self._beat()
        try:
            code = self._work(environment)
        except OSError as error:
            code, reason = 1, f"the task's process cannot be started: {error}"
        else:
            reason = ""
        ended = {"code": code, "signal": self._signal, "reason": reason}
        give_up = time.monotonic() + PERSISTENCE
        while not (self._say() and replace(self.folder / END, ended)):
            if not self._give_up_reserve():
                if time.monotonic() > give_up or not self._is_owner():
                    break
                time.sleep(1.0)
        return code if code >= 0 else 1 if code == FENCED else 128 - code

    def _is_owner(self) -> bool:
        said = read_text(self._owner)
        if said is None:
            return time.monotonic() - self._reached_at < float(self.job["lease"])
        self._reached_at = time.monotonic()
        return said.strip() == self.folder.name

    def _claim(self) -> bool:
        try:
            descriptor = os.open(self.folder / CLAIM, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return False
        with os.fdopen(descriptor, "w") as file:
            json.dump(
                {"host": socket.gethostname(), "pid": os.getpid(), "job": os.environ.get("SLURM_JOB_ID", "")}, file
            )
        with contextlib.suppress(OSError):
            (self.folder / RESERVE).write_bytes(bytes(RESERVED))
        return True

    def _environment(self) -> dict[str, str]:
        """Return what the task's environment holds, secrets too; it is on disk no longer than until here."""
        path = self.folder / ENVIRONMENT
        text = path.read_text("utf-8")
        path.unlink()
        return dict(json.loads(text))

    def _received(self, number: int, _frame: object) -> None:
        self._signal = self._last_signal = number

    def _work(self, environment: dict[str, str]) -> int:
        reports, task_reports = os.pipe()
        with Path(self.job["log"]).open("ab", buffering=0) as log:
            self._task = task = subprocess.Popen(  # noqa: S603 - the command that the supervision wrote
                self.job["command"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=(task_reports,),
                env={**environment, "JB_PROGRESS_FD": str(task_reports)},
                start_new_session=True,
            )
        os.close(task_reports)
        carrier = threading.Thread(target=self._carry, args=(reports,), daemon=True)
        carrier.start()
        fenced = False
        while (code := task.poll()) is None:
            if not fenced and not self._is_owner():
                fenced = True
                self._kill(task)
            if self._last_signal:
                self._last_signal = 0
                self._tell(b"stop\n")
            self._take_orders()
            if time.monotonic() - self._last_beat >= BEAT_EVERY:
                self._beat()
            time.sleep(EVERY)
        self._kill(task)  # what it left behind in its session
        carrier.join(2.0)
        return FENCED if fenced else code

    def _take_orders(self) -> None:
        try:
            with (self.folder / ORDERS).open("rb") as file:  # opened anew: a network file system looks for changes then
                file.seek(self._orders_at)
                data = file.read()
        except OSError:
            return
        self._orders_at += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line == b"kill" and self._task is not None:
                self._kill(self._task)
            else:
                self._tell(line + b"\n")

    def _tell(self, line: bytes) -> None:
        if self._task is not None and self._task.stdin is not None:
            with contextlib.suppress(OSError):
                self._task.stdin.write(line)
                self._task.stdin.flush()

    def _kill(self, task: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(task.pid, signal.SIGKILL)

    def _carry(self, reports: int) -> None:
        while data := os.read(reports, 65_536):
            self._unsaid += data
            self._say()

    def _say(self) -> bool:
        """Write down what the task has reported; returns whether all of it is written."""
        try:
            with (self.folder / REPORTS).open("ab", buffering=0) as file:
                while self._unsaid:
                    self._unsaid = self._unsaid[file.write(self._unsaid) :]
        except OSError:
            return False
        return True

    def _give_up_reserve(self) -> bool:
        """Make room on a full disk; returns whether there was any to give."""
        try:
            (self.folder / RESERVE).unlink()
        except OSError:
            return False
        return True

    def _beat(self) -> None:
        self._last_beat = time.monotonic()
        self._beats += 1
        replace(self.folder / BEAT, {"count": self._beats})


if __name__ == "__main__":
    sys.exit(Agent(Path(sys.argv[1])).run())
