"""Keeps the watermark of a file that a stage fills: which items have ended, in the order in which they are planned."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import judgebench
from judgebench.errors import JudgebenchError
from judgebench.identity.questions import FileIdentity, changed_keys, read_identity, short_hash, write_identity
from judgebench.identity.watermark import CoveredItems, Watermark
from judgebench.records.flow import Prediction, Sample
from judgebench.stages.following import Entry
from judgebench.store.items import answered_items, first_from, tail_of
from judgebench.store.journal import Journal, open_file
from judgebench.store.recorded import slot_sample
from judgebench.store.run_folder import RowFiles

INTERVAL = 5.0
"""Seconds between two watermarks of a file: about what a killed run looks at again."""
MOST_AHEAD = 100_000
"""Items that are planned and not passed yet: where one of the first never ends, there is no watermark."""
MOST_OPEN = 10_000
"""Items below a watermark that may have failed."""

logger = logging.getLogger(__name__)


class _End(NamedTuple):
    ok: bool
    recorded: bool
    unparsed: bool
    digest: int


class Advance:
    """Follows which planned items have ended; the watermark is below the first that has not.

    Items are known by their slots (``slot_sample``) and must be planned in ascending order: else, and where more than
    ``MOST_AHEAD`` wait for one, there is no watermark.

    Args:
        before: The watermark from which the stage goes on.
        held: The last slot of which there was a record then, behind the watermark; -1: of none.
    """

    def __init__(self, before: Watermark | None, held: int = -1) -> None:
        self.before = before
        self._held = held
        self.covered = CoveredItems(before)
        self._below = before.below if before else 0
        self._open = set(before.open if before else ())
        self._ok = before.ok if before else 0
        self._recorded = before.recorded if before else 0
        self._unparsed = before.unparsed if before else 0
        self._proof = before.proof if before else 0
        self._order: deque[int] = deque()
        self._ended: dict[int, _End] = {}
        self._begun: dict[int, tuple[int, int]] = {}
        self._last_answer = before.answers if before else 0
        self._newest = self._latest = self._below - 1
        self._works = True

    def planned(self, samples: Iterator[Sample], repeats: int) -> Iterator[Sample]:
        """Pass planned samples on, and remember their items; each call is a reading of all of them from the start."""
        self._latest = -1
        for sample in samples:
            first = slot_sample(sample.id, 0)
            for slot in range(first, first + repeats):
                self._plan(slot)
            yield sample

    def _plan(self, slot: int) -> None:
        if slot <= self._latest:
            self._stop()
        self._latest = slot
        if slot <= self._newest or not self._works:
            return
        self._newest = slot
        self._order.append(slot)
        if len(self._order) > MOST_AHEAD:
            self._stop()

    def _stop(self) -> None:
        self._works = False
        for kept in (self._order, self._ended, self._begun):
            kept.clear()

    def begun(self, slot: int, at: int, answer: int = 0) -> None:
        """Note that an item has begun.

        Args:
            slot: Of the item.
            at: Bytes of the file behind which its records will be.
            answer: Of a judge: where its answer is in the file of answers.
        """
        if self._works and slot >= self._below:
            self._begun.setdefault(slot, (at, answer))
            self._last_answer = answer

    def ended(self, slot: int, *, ok: bool, recorded: bool = True, unparsed: bool = False, digest: int = 0) -> None:
        """Note that an item has ended.

        Args:
            slot: Of the item.
            ok: Whether it ended well: nothing of it is to be asked again.
            recorded: Whether there is a good record about it.
            unparsed: Whether its verdict could not be read.
            digest: Of the answer that was judged.
        """
        if not self._works:
            return
        if not ok and (before := self._ended.get(slot)) is not None and before.ok:
            return  # an earlier line about it
        end = _End(ok, recorded, unparsed, digest)
        if slot < self._below:
            if ok and slot in self._open:
                self._open.discard(slot)
                self._count(end)
            return
        self._ended[slot] = end
        if len(self._ended) > MOST_AHEAD:
            self._stop()
        while self._order and (end_of_first := self._ended.pop(self._order[0], None)) is not None:
            first = self._order.popleft()
            self._begun.pop(first, None)
            self._below = first + 1
            if end_of_first.ok:
                self._count(end_of_first)
            else:
                self._open.add(first)
        if len(self._open) > MOST_OPEN:
            self._stop()

    def _count(self, end: _End) -> None:
        self._ok += 1
        self._recorded += end.recorded
        self._unparsed += end.unparsed
        self._proof = (self._proof + end.digest) % 2**64

    def watermark(self, path: Path, *, total: int, basis: str, records: int | None = None) -> Watermark | None:
        """Return how far the items are; ``None`` where that is not known.

        Args:
            path: The file; all records are written.
            total: Items planned in all.
            basis: What they rest on, see ``Watermark``.
            records: As in ``Watermark``, where the file has been sorted; ``None``: it is as it was written.
        """
        if not self._works or not self._below:
            return None
        size = path.stat().st_size
        if records is None:
            records = min((at for at, _ in self._begun.values()), default=size)
            if self._below <= self._held:  # of an item that has not ended there may be older records
                records = self.before.records if self.before else 0
        return Watermark(
            below=self._below,
            open=sorted(self._open),
            total=total,
            ok=self._ok,
            recorded=self._recorded,
            unparsed=self._unparsed,
            records=records,
            size=size,
            tail=tail_of(path, size),
            answers=min((answer for _, answer in self._begun.values()), default=self._last_answer),
            proof=self._proof,
            basis=basis,
        )

    def proved(self, path: Path) -> bool:
        """Say whether a file holds the records of which the watermark spoke with which the stage began."""
        return self.before is None or answered_items(path, self.covered) == self.before.recorded

    @property
    def below(self) -> int:
        """The slot below which all planned items have ended."""
        return self._below


def basis_of(*models: dict[str, Any]) -> str:
    """Return a hash of what items rest on besides settings and selection: this version, and how texts are cut out."""
    return short_hash([judgebench.__version__, *(str(model.get("pred_postprocessor", "")) for model in models)], 12)


def kept_watermark(before: FileIdentity | None, now: FileIdentity, path: Path, basis: str) -> Watermark | None:
    """Return the watermark of a file that was never completed, where all that it rests on is as it was.

    Args:
        before: What the file was asked with.
        now: What it is to be asked with.
        path: The file.
        basis: As in ``Watermark``.
    """
    if before is None or before.watermark is None or before.size >= 0 or before.watermark.basis != basis:
        return None
    chosen = {key: before.selection.get(key) for key in now.selection}  # a judge adds how large the answers were
    if chosen != now.selection or changed_keys(before.settings, now.settings):
        return None
    mark = before.watermark
    try:
        with open_file(path, "rb") as file:
            if max(mark.records, mark.size) > os.fstat(file.fileno()).st_size:
                return None
            file.seek(max(0, mark.records - 1))
            begins_line = mark.records == 0 or file.read(1) == b"\n"
        same = tail_of(path, mark.size) == mark.tail
    except OSError:
        return None
    return mark if begins_line and same else None


class CoveredAnswers:
    """Passes over the answers that a watermark covers; in later passes it proves that they are those that were judged.

    Args:
        advance: Of the judge.
    """

    def __init__(self, advance: Advance) -> None:
        self._advance = advance
        self._number = 0
        self._sum = 0

    def __call__(self, entry: Entry[Prediction], number: int) -> bool:
        """Say whether an answer is passed over.

        Args:
            entry: The answer.
            number: Of the pass over all answers, from 0.
        """
        covered = self._advance.covered
        if entry.slot in covered:
            if number and entry.ok:
                known = self._sum if self._number == number else 0
                self._number, self._sum = number, (known + entry.digest()) % 2**64
            return True
        if not entry.ok:
            self._advance.ended(entry.slot, ok=False)
        return entry.slot in covered.open

    @property
    def proved(self) -> bool:
        """Whether the answers, in the last pass, were those that the watermark speaks of."""
        return self._advance.before is None or self._sum == self._advance.before.proof


def new_answers_from(watermark: Watermark | None, answers: RowFiles) -> int:
    """Return behind how many bytes of the answers those are that a watermark does not cover; a later pass finds others.

    Args:
        watermark: Of the judge.
        answers: The files of the answers.
    """
    if watermark is None:
        return 0
    path = answers.predictions
    known = read_identity(answers.identity)
    if known is not None and known.untouched(path):  # complete, thus sorted
        return first_from(path, watermark.below)
    return watermark.answers if path.exists() and watermark.answers <= path.stat().st_size else 0


@asynccontextmanager
async def kept_regularly(
    journal: Journal, identity_file: Path, state: Callable[[], FileIdentity]
) -> AsyncIterator[None]:
    """Write an identity with its watermark every ``INTERVAL`` seconds, after what it speaks of is on the disk.

    Args:
        journal: Of the file.
        identity_file: Where the identity is kept.
        state: Returns the identity as it is now.
    """

    async def keep() -> None:
        while True:
            await asyncio.sleep(INTERVAL)
            try:
                journal.flush()
                if not journal.is_intact() or (identity := state()).watermark is None:
                    continue
                await journal.sync()
                write_identity(identity_file, identity, make=False)
            except (OSError, JudgebenchError) as error:  # the journal says so too where the disk is full
                logger.debug("no watermark is kept: %s", error)

    keeper = asyncio.create_task(keep())
    try:
        yield
    finally:
        keeper.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeper
