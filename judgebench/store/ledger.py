"""``spending.jsonl``: what a run with limits has spent, so that its next invocation goes on counting where it stopped.

The first line of an invocation says what had been spent before it; each further one where a task stands. An allowance
is written down before the task hears of it. So whatever is killed, and whenever: the file never says less than what was
spent, and more by no more than what the killed tasks had been allowed and had not used.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from judgebench.errors import DAMAGED
from judgebench.records.spending import Spending
from judgebench.store.journal import disk_error, mend, open_descriptor, open_file, unreadable


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of the ledger.

    Attributes:
        plan: Name of the plan of the invocation that begins here; ``before`` is what had been spent until then.
        currency: Of all costs from here on.
        task: Id of a task, in the other lines.
        granted: All that it may spend; where it has ended, all that it may have spent.
        spent: What it says that it has spent.
    """

    plan: str = ""
    before: Spending = Spending()
    currency: str = ""
    task: str = ""
    granted: Spending = Spending()
    spent: Spending = Spending()


_MOST = 1e15
"""More calls, tokens or money than anybody spends; sums of amounts below it are numbers."""


def _is_possible(spending: Spending) -> bool:
    return all(0 <= amount <= _MOST for amount in (spending.calls, spending.tokens, spending.cost))


class Ledger:
    """Appends to the ledger of a run.

    Args:
        path: The file; made when the first line comes.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    def write(self, entry: LedgerEntry) -> None:
        """Append a line; it is on disk when this returns.

        Raises:
            DiskError: It cannot be written.
        """
        try:
            if self._descriptor < 0:
                mend(self._path)
                self._descriptor = open_descriptor(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            line = msgspec.json.encode(entry) + b"\n"
            while line:  # a disk that is nearly full takes a part
                line = line[os.write(self._descriptor, line) :]
            os.fsync(self._descriptor)
        except OSError as error:
            raise disk_error(self._path, error) from error

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def read_ledger(path: Path) -> tuple[Spending, str]:
    """Return what a run has spent by its ledger, and the currency of the cost; nothing where there is no ledger.

    A line that cannot be read may have been the first of an invocation. What the tasks before it had spent is then kept
    beside what the same tasks say after it, so that damage makes the sum larger, and never smaller.

    Raises:
        DiskError: It cannot be read.
    """
    decode = msgspec.json.Decoder(LedgerEntry).decode
    before, currency = Spending(), ""
    tasks: dict[str, Spending] = {}
    try:
        with open_file(path, "rb") as file:
            for line in file:
                entry = _entry_of(line, decode)
                if entry is None:
                    before, tasks = _sum(before, tasks), {}
                elif entry.task:
                    tasks[entry.task] = entry.granted.most(entry.spent)
                else:
                    before, currency, tasks = entry.before, entry.currency, {}
    except FileNotFoundError:
        return Spending(), ""
    except OSError as error:
        raise unreadable(path, error) from error
    return _sum(before, tasks), currency


def _entry_of(line: bytes, decode: Callable[[bytes], LedgerEntry]) -> LedgerEntry | None:
    """Return what a line says; ``None`` where it is damaged, torn, or says what nobody can have spent."""
    try:
        entry = decode(line)
    except DAMAGED:
        return None
    return entry if all(map(_is_possible, (entry.before, entry.granted, entry.spent))) else None


def _sum(before: Spending, tasks: Mapping[str, Spending]) -> Spending:
    for spent in tasks.values():
        before += spent
    return before
