"""What a display is told, as programs read it: lines of ``jb --json`` and of ``events.jsonl``."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType


class PlannedTask(msgspec.Struct, frozen=True, kw_only=True):
    """A task of the run.

    Attributes:
        id: ``<stage>:<model>/<dataset>[-<judge>]``.
        name: ``<model>/<dataset>[-<judge>]``.
        needs: Tasks that come before.
        log: Its log file, relative to the run folder.
    """

    id: str
    name: str
    stage: str
    needs: list[str]
    log: str


class ScoreEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One headline number of the run; ``lo`` and ``hi`` are the 95% interval."""

    name: str
    value: float | None
    lo: float | None = None
    hi: float | None = None
    n: int = 0


class EndError(msgspec.Struct, frozen=True, kw_only=True):
    """What ended a command before its run did."""

    code: str
    message: str


class LaunchEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="launch"):
    """An invocation begins: name of the run, process id, and the run folder as the user is told."""

    run: str
    pid: int
    dir: str


class PlanEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="plan"):
    """The tasks, and how many of them run at once."""

    tasks: list[PlannedTask]
    max_workers: int


class ProgressEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="progress"):
    """How far a task is."""

    task: str
    done: int
    total: int
    kept: int
    post: int
    recv: int
    finish: int
    fail: int
    unparsed: int
    in_flight: int
    tokens: int
    rate: float
    token_rate: float
    eta: float | None
    note: str


class TaskEvent(ProgressEvent, frozen=True, kw_only=True, tag_field="event", tag="task"):
    """The status of a task has changed; at the end with seconds and exit code, and what went wrong."""

    name: str
    stage: str
    status: str
    pid: int | UnsetType = UNSET
    seconds: float | UnsetType = UNSET
    exit_code: int | UnsetType | None = UNSET
    error: str | UnsetType = UNSET
    hint: str | UnsetType = UNSET
    log: str | UnsetType = UNSET
    tail: list[str] | UnsetType = UNSET


class FindingEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="finding"):
    """Something that a reader of the run's numbers should know."""

    kind: str
    text: str
    task: str


class DoneEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="done"):
    """Nothing more comes: ``done``, ``failed``, ``interrupted``, or ``error`` where an error ended the command."""

    status: str
    exit_code: int
    scores: list[ScoreEvent] | UnsetType = UNSET
    next: str | UnsetType = UNSET
    error: EndError | UnsetType = UNSET


Event = LaunchEvent | PlanEvent | TaskEvent | ProgressEvent | FindingEvent | DoneEvent
"""One line."""
