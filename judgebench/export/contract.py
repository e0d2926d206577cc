"""What a format is given."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

import msgspec

from judgebench.query import Filter, Item, RunQuery
from judgebench.records.flow import TaskResult
from judgebench.records.manifest import RunManifest

WITHHELD = "withheld: the dataset is marked shareable=False"
"""Stands where a format needs a text that is not to be handed on."""


class Wishes(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the formats of training data are to hold.

    Attributes:
        agreeing: Of ``sft``: only judgments that are the item's true decision.
        margin: Of ``dpo``: least distance between chosen and rejected.
        top_percent: Of ``scored``: share of the items that is kept, the best first.
    """

    agreeing: bool = False
    margin: float = 0.0
    top_percent: float = 1.0


class Job(NamedTuple):
    """What is to be exported.

    Attributes:
        query: The run.
        chosen: Which items.
        withheld: Datasets whose texts stay out.
        manifest: What the run says of itself; ``None`` where it cannot be read.
        results: Its current results.
        notes: Takes a sentence about what could not be exported.
        wishes: What the formats of training data are to hold.
    """

    query: RunQuery
    chosen: Filter
    withheld: Collection[str]
    manifest: RunManifest | None
    results: list[TaskResult]
    notes: list[str]
    wishes: Wishes = Wishes()

    def rows(self) -> Iterator[tuple[str, str, str]]:
        """Yield model, row and judge of each result row that the filter chooses."""
        for source in self.query.rows:
            named = self.chosen.row in {"", source.row, source.dataset}
            if named and self.chosen.model in {"", source.model} and self.chosen.judge in {"", source.judge}:
                yield source.model, source.row, source.judge

    def items_of(self, model: str, row: str, *, others: bool = False) -> Iterator[Item]:
        """Yield the chosen items of one result row by their number, without what is withheld."""
        chosen = msgspec.structs.replace(self.chosen, model=model, row=row, judge="", sort="id")
        for item in self.query.items(chosen, others=others):
            yield without_texts(item) if item.line.dataset in self.withheld else item

    def started(self) -> str:
        """Return when the run began, in ISO 8601; the beginning of time where it does not say."""
        if self.manifest is not None and self.manifest.invocations:
            return self.manifest.invocations[0].started
        return "1970-01-01T00:00:00+00:00"


class Format(NamedTuple):
    """A format.

    Attributes:
        about: What it is, in a few words.
        suffix: End of the file's name; empty where it is a folder.
        to_stream: Writes it where it is one text, which may go to standard output.
        to_path: Writes it where it is a file of bytes, or a folder. Both return how many items they wrote.
    """

    about: str
    suffix: str
    to_stream: Callable[[Job, TextIO], int] | None = None
    to_path: Callable[[Job, Path], int] | None = None


def without_texts(item: Item) -> Item:
    """Return an item without its texts, its fields and whatever quotes them."""
    line = msgspec.structs.replace(item.line, key=None, reason="", fields={}, gold=None, question="", answer="",
                                   reference=None)  # fmt: skip
    return msgspec.structs.replace(
        item, line=line, prompt=None, question="", reference=None, answer="", reasoning="", prediction=None,
        verdict=None, span=None, calls=[], opinions=[], answers=[], repeats=[], labels=[],
    )  # fmt: skip
