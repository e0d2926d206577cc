"""What files of predictions and the cache of replies hold already, read without touching them.

A dry run writes nothing: no torn line is mended, no damaged one put aside, no cache made.
"""

from __future__ import annotations

import contextlib
import math
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from judgebench.content.parts import rough_tokens
from judgebench.errors import DAMAGED
from judgebench.records.flow import Exchange, JudgeCall, Prediction, Reply
from judgebench.store.journal import open_file
from judgebench.store.replies import FILE

TEXTS = 500
"""Replies of a file that are kept, to stand for those that are not there yet."""


class MeanTokens:
    """Mean tokens of recorded calls.

    Attributes:
        calls: Calls that came with token counts.
        read: Tokens of their prompts. ``rough``: as ``rough_tokens`` has it.
        written: Tokens of their replies. ``squared``: sum of the squares.
        cached: Of those read, from the service's cache. ``stored``: into it. ``reasoning``: of those written.
    """

    def __init__(self) -> None:
        self.calls = self.read = self.written = self.squared = self.cached = self.stored = self.reasoning = 0
        self.rough = 0.0

    def add(self, exchange: Exchange) -> None:
        """Take in a call."""
        usage = exchange.usage
        if usage is None or exchange.status != "ok":
            return
        self.calls += 1
        self.read += usage.prompt_tokens
        self.rough += rough_tokens(exchange.origin_prompt)
        self.written += usage.completion_tokens
        self.squared += usage.completion_tokens**2
        self.cached += usage.cached_tokens
        self.stored += usage.cache_write_tokens
        self.reasoning += usage.reasoning_tokens

    def merge(self, other: MeanTokens) -> None:
        """Take in what another file has."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    @property
    def margin(self) -> float:
        """How far the mean length of the replies may be off: half of its 95% interval, as a share of it."""
        if self.calls < 2 or not self.written:
            return math.inf
        mean = self.written / self.calls
        variance = max(0.0, self.squared / self.calls - mean**2) * self.calls / (self.calls - 1)
        return 1.96 * math.sqrt(variance / self.calls) / mean


T = TypeVar("T", Prediction, JudgeCall)


class RecordedCalls(Generic[T]):
    """The calls of a file, found by what was asked.

    Args:
        path: The file; may be missing.
        kind: Record type of its lines.
    """

    def __init__(self, path: Path, kind: type[T]) -> None:
        self._path = path
        self._decode: Callable[[bytes], T] = msgspec.json.Decoder(kind).decode
        self._found: dict[tuple[int, int, str], int] = {}
        self._slots: dict[tuple[int, int], int] = {}
        self.measured = MeanTokens()
        self.texts: list[str] = []
        position = 0
        with contextlib.suppress(OSError), open_file(path, "rb") as file:
            for line in file:
                with contextlib.suppress(*DAMAGED):
                    call = self._decode(line)
                    key = (call.id, call.repeat, call.uuid)
                    if call.status == "ok" or key not in self._found:
                        self._found[key] = self._slots[call.id, call.repeat] = position
                    self.measured.add(call)
                    if call.status == "ok" and len(self.texts) < TEXTS:
                        self.texts.append(call.prediction)
                position += len(line)

    def get(self, id: int, repeat: int, uuid: str) -> T | None:
        """Return a call; ``None`` where it was not made."""
        return self._at(self._found.get((id, repeat, uuid)))

    def latest(self, id: int, repeat: int) -> T | None:
        """Return the last call about an item, whatever was asked."""
        return self._at(self._slots.get((id, repeat)))

    def _at(self, position: int | None) -> T | None:
        if position is None:
            return None
        with open_file(self._path, "rb") as file:
            file.seek(position)
            return self._decode(file.readline())


class CachedReplies:
    """What the cache of replies knows.

    Args:
        folder: Of the cache; empty for none.
    """

    def __init__(self, folder: str) -> None:
        path = Path(folder).expanduser() / FILE
        self._base: sqlite3.Connection | None = None
        self._decode = msgspec.json.Decoder(Reply).decode
        if folder and path.exists():
            with contextlib.suppress(sqlite3.Error):
                self._base = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)

    def get(self, uuid: str) -> Reply | None:
        """Return the reply to a question, by its hash; ``None`` where it is not known."""
        if self._base is None:
            return None
        try:
            found = self._base.execute("SELECT reply FROM replies WHERE asked = ?", (bytes.fromhex(uuid),)).fetchone()
            return self._decode(found[0]) if found is not None else None
        except (sqlite3.Error, *DAMAGED):
            return None

    def close(self) -> None:
        """Close it."""
        if self._base is not None:
            self._base.close()


def in_turn(texts: list[str], stand_in: str) -> Iterator[str]:
    """Yield recorded texts again and again; a stand-in where there are none."""
    while True:
        yield from texts or [stand_in]
