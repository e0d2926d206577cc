"""Attempts at a task in a batch system: their files, and what can be known of them.

``jobs/<task>/`` of the run folder has the file ``owner``, the number of the attempt that may work, and a folder for
each attempt. Writing a new number is what takes the work away from an older one: its agent (``executors.job_agent``)
sees it within a second and ends its task, and one that cannot see it ends its task when its lease is over. So two
attempts never work on a task at once: where the supervision does not know that the older one is gone, it waits for the
lease.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import msgspec

from judgebench.executors.file_channel import Reports
from judgebench.executors.job_agent import BEAT, CLAIM, END, ENVIRONMENT, JOB, ORDERS, OWNER, REPORTS
from judgebench.executors.process import prepare_log
from judgebench.stages.progress import Progress
from judgebench.store.journal import write_atomically
from judgebench.store.run_folder import RunFolder

_OF_THIS_MACHINE = ("SLURM_", "SSH_", "XDG_", "DBUS_")
_OF_THIS_SHELL = frozenset({"TMPDIR", "TMP", "TEMP", "HOSTNAME", "DISPLAY", "PWD", "OLDPWD", "SHLVL", "_"})


class JobFile(msgspec.Struct, frozen=True, kw_only=True):
    """What ``job.json`` of an attempt says.

    Attributes:
        task: Id of the task.
        name: The job's, unique: it, not a number that a batch system may give out again, tells which job it is.
        command: Command of the task.
        log: Its log file.
        lease: Seconds after which an agent that cannot read the folder ends its task.
        executor: Dotted path of the executor that made it, and its ``options``: whoever comes later asks the same
            batch system.
    """

    task: str
    name: Annotated[str, msgspec.Meta(pattern=r"^jb-[\w.-]+\Z")]
    command: list[str]
    log: str
    lease: float
    executor: str
    options: dict[str, Any] = {}


class AttemptEnd(msgspec.Struct, frozen=True):
    """How an attempt ended, by its agent.

    Attributes:
        code: Exit code of the task; minus a signal's number where one ended it.
        signal: The last signal that the batch system or a person sent to the job; 0 for none.
        reason: One sentence where the task could not be started.
    """

    code: int
    signal: int = 0
    reason: str = ""


class Attempt:
    """One attempt at a task, by its files.

    Args:
        folder: Of the attempt.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.number = int(folder.name)
        self._reports = Reports(folder / REPORTS)

    @cached_property
    def job(self) -> JobFile:
        """What it was made for, read once: the folder may be removed while somebody still speaks of it.

        Raises:
            OSError: The file cannot be read.
            msgspec.DecodeError: It is damaged, or names a job that is none of ours.
        """
        return msgspec.json.decode((self.folder / JOB).read_bytes(), type=JobFile)

    @property
    def begun(self) -> bool:
        """Whether a job has taken it."""
        return (self.folder / CLAIM).exists()

    def beat(self) -> bytes:
        """Return what changes while its agent lives."""
        try:
            return (self.folder / BEAT).read_bytes()
        except OSError:
            return b""

    def end(self) -> AttemptEnd | None:
        """Return how it ended; ``None`` while that is not written."""
        try:
            return msgspec.json.decode((self.folder / END).read_bytes(), type=AttemptEnd)
        except (OSError, msgspec.DecodeError):
            return None

    def reports(self) -> Iterator[Progress]:
        """Yield what the task has said since the last call."""
        return self._reports.new()

    def tell(self, line: str) -> None:
        """Hand the task a line."""
        with contextlib.suppress(OSError), (self.folder / ORDERS).open("ab", buffering=0) as file:
            file.write(f"{line}\n".encode())


class TaskJobs:
    """All attempts at one task.

    Args:
        folder: The task's, which holds theirs.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of(cls, run_dir: Path, task: str) -> TaskJobs:
        """Return those of a task of a run.

        Raises:
            DiskError: The folder cannot be made.
        """
        name = f"{_plain(task)}-{hashlib.sha256(task.encode()).hexdigest()[:6]}"
        jobs = RunFolder(run_dir).jobs.relative_to(run_dir)
        parent = prepare_log(run_dir, f"{jobs}/{name}/{OWNER}").parent
        return cls(parent)

    def newest(self) -> Attempt | None:
        """Return the newest attempt; ``None`` where there is none."""
        try:
            numbers = [int(path.name) for path in self.folder.iterdir() if path.name.isdecimal()]
        except OSError:  # it has just been cleared away
            return None
        return Attempt(self.folder / str(max(numbers))) if numbers else None

    def make(
        self,
        task: str,
        run_dir: Path,
        *,
        command: list[str],
        log: str,
        environment: Mapping[str, str],
        lease: float,
        executor: str,
        options: Mapping[str, Any],
    ) -> Attempt:
        """Make the next attempt, which from now on is the only one that may work.

        Args:
            task: Its id.
            run_dir: The run folder.
            command: The task's.
            log: Its log file, relative to the run folder.
            environment: The task's, secrets included.
            lease: As in ``JobFile``.
            executor: Likewise.
            options: Likewise.

        Raises:
            OSError: Its files cannot be written.
            DiskError: Likewise.
        """
        previous = self.newest()
        number = previous.number + 1 if previous is not None else 1
        folder = self.folder / str(number)
        folder.mkdir(mode=0o700)
        job = JobFile(
            task=task,
            name=f"jb-{_plain(run_dir.name)}-{os.urandom(4).hex()}-{number}",
            command=command,
            log=str(prepare_log(run_dir, log)),
            lease=lease,
            executor=executor,
            options=dict(options),
        )
        (folder / ORDERS).touch()
        write_secret(folder / ENVIRONMENT, carried(environment))
        write_atomically(folder / JOB, msgspec.json.encode(job))
        self.give_to(number)
        return Attempt(folder)

    def give_to(self, number: int) -> None:
        """Let one attempt work and no other; 0 lets none.

        Raises:
            DiskError: That cannot be written.
        """
        write_atomically(self.folder / OWNER, f"{number}\n".encode())

    def remove(self) -> None:
        """Remove all; the task has ended."""
        shutil.rmtree(self.folder, ignore_errors=True)


def jobs_in(run_dir: Path) -> list[TaskJobs]:
    """Return what tasks of a run have attempts that nobody has cleared away."""
    folder = RunFolder(run_dir).jobs
    if not folder.is_dir():
        return []
    return [TaskJobs(path) for path in sorted(folder.iterdir()) if path.is_dir() and not path.is_symlink()]


def _plain(text: str) -> str:
    """Return a text with nothing in it that a batch system or a path takes for more than a letter."""
    return re.sub(r"[^A-Za-z0-9_.-]", "-", text)[:80]


def carried(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without what belongs to this machine or shell."""
    return {
        name: value
        for name, value in environment.items()
        if name not in _OF_THIS_SHELL and not name.startswith(_OF_THIS_MACHINE)
    }


def write_secret(path: Path, value: Mapping[str, Any]) -> None:
    """Write JSON into a new file that nobody else can read.

    Raises:
        OSError: It cannot be written.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(dict(value), file)
