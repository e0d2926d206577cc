"""Who hears a run: one protocol of events, the display's; here are the listener that hears nothing and the recorder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import msgspec

from judgebench import plugins
from judgebench.dashboard.board import RunHeader, TaskRow
from judgebench.dashboard.display import Display, ShownScore
from judgebench.errors import RAISED_BY_OTHERS, ConfigError
from judgebench.records.run import Typed


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader of a run's numbers should know.

    Attributes:
        kind: ``preflight``, ``unparsed``, ``failed-items``, ...
        text: One sentence or less.
        task: Id of the task that it is about; empty for the run.
    """

    kind: str
    text: str
    task: str = ""


class ListenerConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of a listener that declares none of its own."""


class Listener(Display):
    """Hears a run and does nothing; inherit from it and define what you want to hear.

    The methods are called from the thread that the run works in, and should return at once. What they raise ends a run
    that was given the listener in Python; one of a config is heard no more, and the run goes on.

    Args:
        config: The keys that its config has.
    """

    Config: ClassVar[type[msgspec.Struct]] = ListenerConfig

    def __init__(self, config: msgspec.Struct | None = None) -> None:
        self.config = config

    def start(self, run: RunHeader, rows: Sequence[TaskRow]) -> None:
        """All tasks of the run, in the order of the plan; the rows change in place."""

    def task(self, row: TaskRow) -> None:
        """A task has changed its status or its counts."""

    def message(self, text: str) -> None:
        """Something is said to people; may be untrusted text of several lines."""

    def finding(self, kind: str, text: str, *, task: str = "") -> None:
        """The run met something that a reader of its numbers should know."""

    def finish(self, *, interrupted: bool) -> None:
        """No task runs any more."""

    def done(self, *, exit_code: int, scores: Sequence[ShownScore], next_command: str) -> None:
        """The last word."""


class Recorder:
    """Passes every event on to a listener, and keeps what was said and found."""

    def __init__(self, listener: Display) -> None:
        self._listener = listener
        self.findings: list[Finding] = []
        self.messages: list[str] = []

    def start(self, run: RunHeader, rows: Sequence[TaskRow]) -> None:
        """Pass it on."""
        self._listener.start(run, rows)

    def task(self, row: TaskRow) -> None:
        """Pass it on."""
        self._listener.task(row)

    def message(self, text: str) -> None:
        """Keep it and pass it on."""
        self.messages.append(text)
        self._listener.message(text)

    def finding(self, kind: str, text: str, *, task: str = "") -> None:
        """Keep it and pass it on."""
        self.findings.append(Finding(kind=kind, text=text, task=task))
        self._listener.finding(kind, text, task=task)

    def finish(self, *, interrupted: bool) -> None:
        """Pass it on."""
        self._listener.finish(interrupted=interrupted)

    def done(self, *, exit_code: int, scores: Sequence[ShownScore], next_command: str) -> None:
        """Pass it on."""
        self._listener.done(exit_code=exit_code, scores=scores, next_command=next_command)


class Audience:
    """Passes every event on to a display and to listeners; one that raises is told of as a finding, and hears no more.

    Args:
        display: Is told first, and of listeners that fail.
        listeners: By name.
    """

    def __init__(self, display: Display, listeners: Mapping[str, Display]) -> None:
        self._display = display
        self._listeners = dict(listeners)

    def start(self, run: RunHeader, rows: Sequence[TaskRow]) -> None:
        """Pass it on."""
        self._display.start(run, rows)
        self._tell(lambda one: one.start(run, rows))

    def task(self, row: TaskRow) -> None:
        """Pass it on."""
        self._display.task(row)
        self._tell(lambda one: one.task(row))

    def message(self, text: str) -> None:
        """Pass it on."""
        self._display.message(text)
        self._tell(lambda one: one.message(text))

    def finding(self, kind: str, text: str, *, task: str = "") -> None:
        """Pass it on."""
        self._display.finding(kind, text, task=task)
        self._tell(lambda one: one.finding(kind, text, task=task))

    def finish(self, *, interrupted: bool) -> None:
        """Pass it on."""
        self._display.finish(interrupted=interrupted)
        self._tell(lambda one: one.finish(interrupted=interrupted))

    def done(self, *, exit_code: int, scores: Sequence[ShownScore], next_command: str) -> None:
        """Pass it on, to the display last: it says that nothing more comes."""
        self._tell(lambda one: one.done(exit_code=exit_code, scores=scores, next_command=next_command))
        self._display.done(exit_code=exit_code, scores=scores, next_command=next_command)

    def _tell(self, say: Callable[[Display], None]) -> None:
        for name, listener in list(self._listeners.items()):
            try:
                say(listener)
            except RAISED_BY_OTHERS as error:  # no run is lost because somebody who only listens fails
                del self._listeners[name]
                reason = f"{type(error).__name__}: {error}"
                self.finding("listener", f"the listener {name} failed and hears no more of this run: {reason}")


def made_listeners(declared: Mapping[str, Typed]) -> dict[str, Display]:
    """Return the listeners that configs declare, by name.

    Raises:
        ConfigError: One cannot be made.
    """
    made: dict[str, Display] = {}
    for name, part in declared.items():
        where = f"listeners.{name}"
        try:
            made[name] = plugins.make(part.type, part.options, "listeners", where=where)
        except ConfigError:
            raise
        except RAISED_BY_OTHERS as error:  # its class may raise anything
            raise ConfigError(
                f"{where}: {part.type} cannot be made: {type(error).__name__}: {error}.",
                hint="Correct its class, or leave the listener out.",
            ) from error
    return made
