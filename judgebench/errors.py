"""The one tree of errors, and the exit codes of the command line.

::

    JudgebenchError
    ├── DeclarationError        the user declared something wrongly; never retried           exit 2
    │   ├── UsageError          flags that do not fit together                               usage
    │   ├── ConfigError         a config file, key or value                                  config
    │   ├── UnknownNameError    a name that is not registered (suggests the nearest)         unknown-name
    │   ├── DataError           a data file or one record of it                              data
    │   ├── ReuseError          a run folder that cannot be continued as asked               reuse
    │   └── RunLockedError      another jb works on this run folder                          locked
    ├── PrerequisiteError       the world lacks something the run needs                      exit 3
    │   ├── MissingExtraError   an optional package                                          missing-extra
    │   ├── MissingDataError    a dataset that is neither on disk nor on the hub            missing-data
    │   ├── EndpointError       a service that refuses, is gone or does not know the model   endpoint
    │   ├── LaunchError         a managed service that did not become healthy                launch
    │   └── DiskError           no space, no permission, quota                               disk
    ├── FailRateError           more items failed than allowed; code fail-rate               exit 4
    ├── WaitingError            batches or files of answers are outstanding; code waiting    exit 8
    ├── LimitReachedError       --max-calls, --max-tokens or --max-cost; code limit          exit 7
    ├── InterruptedRunError     Ctrl-C or SIGTERM; resumable; code interrupted               exit 130
    └── InternalError           our bug                                                      exit 1

Every error carries a stable ``code``, one sentence that names the file, key or record, and a ``hint`` with the next
command to type. Nothing here prints; ``cli`` and the task entry do.

Text is made safe to show here as well: what a model or a service wrote must not steer the terminal.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable
from enum import IntEnum
from typing import ClassVar

DAMAGED = (ValueError, RecursionError)
"""What decoding raises about bytes that are no UTF-8, no JSON, nested too deeply, or of another shape."""


class ExitCode(IntEnum):
    """Exit codes of ``jb``; documented and stable."""

    DONE = 0
    BUG = 1
    USAGE = 2
    PREREQUISITE = 3
    ITEMS_FAILED = 4
    GATE_FAILED = 5
    GATE_UNDECIDED = 6
    BUDGET_REACHED = 7
    WAITING = 8
    INTERRUPTED = 130


RAISED_BY_OTHERS = (Exception, SystemExit)
"""What a config file, a plug-in or a library may raise: ``sys.exit()`` in one must not end a run as if it were done."""


class HelpShown(SystemExit):
    """The help of a command was asked for and printed; any other ``SystemExit`` is of code that is not ours."""


class JudgebenchError(Exception):
    """Base of all errors that are shown to the user as one sentence.

    Args:
        message: One sentence that names the file, key or record and what was expected.
        hint: What to do next, usually a command to type.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[ExitCode] = ExitCode.BUG

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class DeclarationError(JudgebenchError):
    """The user declared something wrongly; retrying cannot help."""

    code = "declaration"
    exit_code = ExitCode.USAGE


class UsageError(DeclarationError):
    """Flags that are missing or do not fit together."""

    code = "usage"


class ConfigError(DeclarationError):
    """A config file, key or value that cannot be used."""

    code = "config"


class UnknownNameError(DeclarationError):
    """A name that is not registered; the hint names the nearest ones."""

    code = "unknown-name"


class DataError(DeclarationError):
    """A data file, or one record of it, that does not have the declared shape."""

    code = "data"


class ReuseError(DeclarationError):
    """A run folder that cannot be continued as asked."""

    code = "reuse"


class RunLockedError(DeclarationError):
    """Another ``jb`` works on the run folder."""

    code = "locked"


class PrerequisiteError(JudgebenchError):
    """The world lacks something the run needs."""

    code = "prerequisite"
    exit_code = ExitCode.PREREQUISITE


class MissingExtraError(PrerequisiteError):
    """An optional package is not installed; the hint names the extra."""

    code = "missing-extra"


class MissingDataError(PrerequisiteError):
    """A dataset is neither on disk nor on the hub; the hint says where to put which file."""

    code = "missing-data"


class EndpointError(PrerequisiteError):
    """A service refuses connections, refuses the key, or does not know the model."""

    code = "endpoint"


class LaunchError(PrerequisiteError):
    """A managed service did not become healthy in time."""

    code = "launch"


class DiskError(PrerequisiteError):
    """No space, no permission or a quota; what is on disk stays valid."""

    code = "disk"


class FailRateError(JudgebenchError):
    """More items failed than ``--max-fail-rate`` allows."""

    code = "fail-rate"
    exit_code = ExitCode.ITEMS_FAILED


class WaitingError(JudgebenchError):
    """What was asked is not answered yet: batches that go on at the provider, or a file of requests."""

    code = "waiting"
    exit_code = ExitCode.WAITING


class LimitReachedError(JudgebenchError):
    """The run has spent what it may; it can be continued."""

    code = "limit"
    exit_code = ExitCode.BUDGET_REACHED


class InterruptedRunError(JudgebenchError):
    """The run was interrupted and can be resumed."""

    code = "interrupted"
    exit_code = ExitCode.INTERRUPTED


class InternalError(JudgebenchError):
    """A state that this program's own logic excludes."""

    code = "bug"


def missing_extra(package: str, extra: str, purpose: str) -> MissingExtraError:
    """Return the error for an optional package that is not installed.

    Args:
        package: The distribution that is missing.
        extra: The extra of this project that brings it.
        purpose: What it is needed for, as the end of "... is needed for".
    """
    return MissingExtraError(
        f"The package {package!r} is needed for {purpose} and is not installed.",
        hint=f'Install it with: pip install "judgebench[{extra}]"',
    )


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``Did you mean 'x' or 'y'? `` for the names that look like ``name``, or nothing."""
    import difflib

    near = difflib.get_close_matches(name, list(known), n=2, cutoff=0.55)
    return f"Did you mean {' or '.join(repr(one) for one in near)}? " if near else ""


_OUT_OF_MEMORY = ("malloc failure", "No cipher can be selected", "can't start new thread", "failed to map segment")
"""What OpenSSL, threads and the loader of shared libraries say."""


def out_of_memory(error: BaseException) -> PrerequisiteError | None:
    """Return the message for an error that means that no more memory is available; ``None`` for any other."""
    said = str(error)
    lacking = isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM)
    if not lacking and not any(words in said for words in _OUT_OF_MEMORY):
        return None
    why = (said.splitlines() or [""])[-1]
    return PrerequisiteError(
        f"There is not enough memory, or a limit keeps it from this program ({type(error).__name__}: {why}).",
        hint="Raise the limit (ulimit -v, the memory of the container or job), or run fewer tasks: --max-num-workers 1",
    )


def out_of_files(error: BaseException) -> PrerequisiteError | None:
    """Return what to tell of an error that means that no more files may be opened; ``None`` for any other."""
    if not isinstance(error, OSError) or error.errno not in {errno.EMFILE, errno.ENFILE}:
        return None
    return PrerequisiteError(
        "This program may not open more files and connections at once (limit: ulimit -n).",
        hint="Raise the limit, or lower batch_size of the models, and continue with --reuse.",
    )


_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\ufdd0-\ufdef\ufeff\ufff0-\ufffb\ufffe\uffff\ud800-\udfff\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff\U0001fffe\U0001ffff\U000ffffe-\U0010ffff]"
)
_BREAKS = re.compile("[\r\n\t\v\f\u0085\u00a0\u2028\u2029 ]+")


def visible(text: str) -> str:
    r"""Return ``text`` with control, bidirectional and other invisible characters written as escapes (``\x1b``).

    Line breaks and tabs stay.
    """
    return _UNSAFE.sub(_escape, text)


def one_line(text: str, *, limit: int = 0) -> str:
    """Return ``text`` as one visible line; ``limit`` characters at most, the cut marked, when it is not 0."""
    line = visible(_BREAKS.sub(" ", text).strip())
    return f"{line[: limit - 1]}…" if limit and len(line) > limit else line


def how_many(number: int, one: str, many: str = "") -> str:
    """Return how many there are of something: ``1 reply``, ``1,200 replies``; ``many`` is ``one`` with an s."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def _escape(match: re.Match[str]) -> str:
    number = ord(match[0])
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
