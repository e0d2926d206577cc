"""The questions that a door puts to a run."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from judgebench.errors import ReuseError, UsageError
from judgebench.query.filters import CHIPS, LABELLED, Filter, SqlSelection
from judgebench.query.index import index_paths, make_index, open_index, up_to_date
from judgebench.query.index_tables import COLUMNS
from judgebench.query.mending import with_mended_index, with_reasons
from judgebench.query.neighbours import Neighbours, neighbours_of
from judgebench.query.opened import OpenedIndex
from judgebench.query.shapes import Item, ItemKey, ItemLine, Page
from judgebench.query.sharing import withheld_datasets
from judgebench.query.sources import Source, size_of, sources_of
from judgebench.query.tallies import tallied
from judgebench.query.traits import Trait, traits_of
from judgebench.query.where import column_of
from judgebench.query.whole import Whole
from judgebench.store.journal import read_file
from judgebench.store.run_folder import RunFolder, check_version, is_run

_SECONDS_UNCHECKED = 2.0
"""For so long the files of a run are taken to be as they were; longer where making the index takes long."""

LARGE = 50_000_000
"""Bytes of records from which on a run makes its index itself: about a second of work."""

_PART = 2_000
"""Items whose texts are searched at a stretch."""

_MAKING = threading.Lock()
"""Held while an index is made: one at a time in a process, and none twice."""


class SearchPart(NamedTuple):
    """A part of a list that is being counted.

    Attributes:
        found: Lines in this part. ``looked_at``: of how many items; ``total``: how many there are to look at in all.
        after: Where the next part begins; ``None`` behind the last.
    """

    found: int
    looked_at: int
    total: int
    after: int | None


class _State(NamedTuple):
    """What there is to be opened."""

    path: Path
    sources: list[Source]
    stat: tuple[str, int, int]


def open_query(path: str | os.PathLike[str]) -> RunQuery:
    """Open a run folder for questions: finished, running, damaged, or copied from elsewhere.

    Args:
        path: The run folder.

    Raises:
        ReuseError: It is no run folder, or was written by a version of another format.
        DiskError: The index can be written neither into it nor into the user's cache.
    """
    folder = Path(path).expanduser()
    parts = ("predictions", "verdicts", "results")
    if not is_run(folder) and not any((folder / name).is_dir() for name in parts):
        raise ReuseError(
            f"{folder} is no run folder: it has no run.json, no predictions/ and no verdicts/.",
            hint="Name the folder of one run, such as outputs/default/20260101_120000.",
        )
    return RunQuery(RunFolder(folder))


def to_be_indexed(path: str | os.PathLike[str]) -> int:
    """Return how many bytes of a run ``open_query`` would have to index first; 0 where its index is up to date."""
    folder = RunFolder(Path(path).expanduser())
    sources = sources_of(folder, [])
    return 0 if _up_to_date(folder, sources) is not None else size_of(sources)


def index_large_run(path: str | os.PathLike[str], *, stop: Callable[[], bool]) -> bool:
    """Make the index of a run whose first look would have to wait for it; returns whether it did.

    Args:
        path: The run folder.
        stop: Says whether to give up.

    Raises:
        DiskError: It can be written nowhere.
        InterruptedRunError: ``stop`` said so.
    """
    folder = RunFolder(Path(path))
    sources = sources_of(folder, [])
    if size_of(sources) < LARGE or _up_to_date(folder, sources) is not None:
        return False
    make_index(folder, sources, stop=stop)
    return True


class RunQuery:
    """A run to which questions are put; made by ``open_query``. Several threads may use one.

    What the run's files say is looked up anew when they have changed. Every method that takes a filter raises a
    ``UsageError`` where it names what the run does not hold.

    Attributes:
        path: The run folder.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self.path = folder.path
        if is_run(folder.path):
            check_version(folder.marker, read_file(folder.marker))
        self._lock = threading.Lock()
        self._mine = threading.local()
        self._problems: list[str] = []
        self._unchecked_until = 0.0
        self._state = self._looked_up()

    def refresh(self) -> None:
        """See whether the run's files have changed, and index what has; done by itself every few seconds.

        Raises:
            DiskError: The index can be written nowhere.
        """
        with self._lock:
            self._state = self._looked_up()

    def make_index_again(self) -> None:
        """Make the index anew, whatever state its file is in.

        Raises:
            DiskError: It can be written nowhere.
        """
        with self._lock, _MAKING:
            self._state.path.unlink(missing_ok=True)
            self._mine.state = None
            self._state = self._looked_up(making=True)

    def given_up(self) -> UsageError | None:
        """Return why this thread's last search was given up, once; ``None`` where it was not."""
        opened: OpenedIndex | None = getattr(self._mine, "opened", None)
        return opened.texts.given_up() if opened is not None else None

    def _looked_up(self, *, making: bool = False) -> _State:
        began = time.monotonic()
        problems: list[str] = []
        sources = sources_of(self._folder, problems)
        path = _up_to_date(self._folder, sources)
        if path is None:
            with nullcontext() if making else _MAKING:  # whoever waited finds it made
                path = _up_to_date(self._folder, sources) or make_index(self._folder, sources)
        self._problems = problems
        now = time.monotonic()
        self._unchecked_until = now + max(_SECONDS_UNCHECKED, 5 * (now - began))
        return _State(path, sources, _stat(path))

    @property
    def problems(self) -> list[str]:
        """What could not be read, a sentence each."""
        found = self._opened().connection.execute("SELECT DISTINCT text FROM problems ORDER BY row").fetchall()
        return [*self._problems, *(text for (text,) in found)]

    @property
    def rows(self) -> list[Source]:
        """The result rows with their files."""
        return list(self._opened().sources)

    @property
    def fields(self) -> list[str]:
        """Names of the samples' fields by which can be filtered, sorted and grouped."""
        return list(self._opened().fields)

    @with_mended_index
    def page(self, chosen: Filter, offset: int = 0, limit: int = 50, *, texts: bool = True) -> Page:
        """Return a part of the list.

        Args:
            chosen: Which verdicts, in which order.
            offset: Number of the first line, from 0.
            limit: Lines at most.
            texts: Whether the lines have question and answer.
        """
        opened = self._opened()
        selection = opened.selection(chosen)
        searched = selection.condition.reads_texts
        found = opened.select(selection, "items.*", limit=limit + (1 if searched else 0), offset=offset).fetchall()
        rows = [opened.line(one, texts=texts) for one in found[:limit]]
        if searched:
            exact = len(found) <= limit and (bool(found) or not offset)
            return Page(rows=rows, offset=offset, total=offset + len(found) if found else 0, exact=exact)
        return Page(rows=rows, offset=offset, total=self.count(chosen), exact=True)

    @with_mended_index
    def count(self, chosen: Filter) -> int:
        """Return how many lines the whole list has; for a search in texts all are read, which takes its time."""
        opened = self._opened()
        ((number,),) = tallied(opened.connection, "count(*)", opened.selection(chosen).condition)
        return int(number)

    @with_mended_index
    def count_part(self, chosen: Filter, after: int = -1, *, seconds: float = 1.0) -> SearchPart:
        """Count on in a list for some time: to search in the texts of a large run takes longer than a reader waits.

        Args:
            chosen: Which verdicts.
            after: Where the part before ended; -1 begins.
            seconds: After so long the next part is left for later.
        """
        opened = self._opened()
        condition = opened.selection(chosen).condition
        among = _without_texts(opened, chosen).condition
        ((total,),) = tallied(opened.connection, "count(*)", among)
        looked_at = found = 0
        until = time.monotonic() + seconds
        while True:
            ((end, size),) = opened.connection.execute(
                "SELECT max(pos), count(*) FROM (SELECT pos FROM items WHERE pos > ? AND"
                f" {among.sql} ORDER BY pos LIMIT {_PART})",
                (after, *among.values),
            )
            if size:
                (number,) = opened.connection.execute(
                    f"SELECT count(*) FROM items WHERE pos > ? AND pos <= ? AND {condition.sql}",
                    (after, end, *condition.values),
                ).fetchone()
                after, looked_at, found = end, looked_at + size, found + number
            if size < _PART:
                return SearchPart(found, looked_at, int(total), None)
            if time.monotonic() > until:
                return SearchPart(found, looked_at, int(total), after)

    @with_mended_index
    def counts(self, chosen: Filter) -> dict[str, int]:
        """Return how many of the chosen are wrong, unread, and so on (``CHIPS``), and how many there are in all.

        Texts are not searched: the numbers are those of the filter without ``text``, ``regex`` and texts in ``where``.
        """
        opened = self._opened()
        condition = _without_texts(opened, chosen).condition
        sums = ", ".join("count(*)" if sql == "1" else f"count(*) FILTER (WHERE {sql})" for sql in CHIPS.values())
        (numbers,) = tallied(opened.connection, sums, condition)
        # labels are not in the index; they are few, so the items that have one are looked up
        labelled = opened.connection.execute(
            f"SELECT count(*) FROM items WHERE {LABELLED} AND {condition.sql}", condition.values
        ).fetchone()
        return dict(zip(CHIPS, map(int, numbers), strict=True)) | {"labelled": labelled[0]}

    @with_mended_index
    def groups(self, chosen: Filter, by: str) -> list[tuple[Any, int]]:
        """Return the values of a field among the chosen, each with its number, the most frequent first.

        Args:
            chosen: Which verdicts.
            by: Name of a field, such as ``reason``, ``decision``, ``model`` or a field of the samples.
        """
        opened = self._opened()
        what = f"{column_of(by, opened.fields)}, count(*)"
        found = tallied(opened.connection, what, opened.selection(chosen).condition, "GROUP BY 1 ORDER BY 2 DESC, 1")
        return [(value, int(number)) for value, number in found]

    @with_mended_index
    def in_common(self, chosen: Filter, *, lengths: bool = True) -> list[Trait]:
        """Return what the chosen have in common that others of the same rows have not, the most telling first.

        Texts are not searched, as in ``counts``.

        Args:
            chosen: Which verdicts.
            lengths: Whether the lengths of answers are looked at, which takes a look at every item.
        """
        opened = self._opened()
        among = _without_texts(opened, chosen).condition
        base = opened.selection(Filter(row=chosen.row, model=chosen.model, judge=chosen.judge)).condition
        names = {
            "unread": ("unread", "reason", "decision"),
            "failed": ("failed", "reason", "decision"),
            "wrong": ("decision", "rule"),
            "disagree": ("against_rule", "against_judges"),
            **{name: (name,) for name in ("flipped", "truncated", "decision", "model", "row")},
        }
        left_out = tuple(one for name, ones in names.items() if getattr(chosen, name) for one in ones)
        return traits_of(opened.connection, among, base, opened.fields, left_out=left_out, lengths=lengths)

    @with_reasons
    def search(self, chosen: Filter, regex: str, limit: int = 50) -> Iterator[ItemLine]:
        """Yield the lines in whose texts a regular expression is found, each as soon as it is.

        Args:
            chosen: Which verdicts.
            regex: The expression, case as written. ``chosen.search_in`` says in which texts.
            limit: Lines at most. The full count is ``count`` of the same filter with ``regex``.
        """
        opened = self._opened()
        selection = opened.selection(msgspec.structs.replace(chosen, regex=regex))
        for one in opened.select(selection, "items.*", limit=limit):
            yield opened.line(one, texts=True)

    @with_reasons
    def lines(self, chosen: Filter, *, texts: bool = False) -> Iterator[ItemLine]:
        """Yield every chosen line; memory does not grow with their number.

        Args:
            chosen: Which verdicts, in which order.
            texts: Whether the lines have question and answer.
        """
        opened = self._opened()
        for one in opened.select(opened.selection(chosen), "items.*"):
            yield opened.line(one, texts=texts)

    @with_reasons
    def items(self, chosen: Filter, *, others: bool = False) -> Iterator[Item]:
        """Yield all about every chosen item; memory does not grow.

        Args:
            chosen: Which verdicts, in which order.
            others: Whether other opinions and other answers are looked up, which takes time.
        """
        opened = self._opened()
        whole = Whole(self._folder, opened)
        for values in opened.select(opened.selection(chosen), "items.*"):
            line, row = opened.line(values, texts=False), values[COLUMNS.index("row")]
            yield whole.item(row, line, opened.labels.get(values[0], []), others=others)

    @with_mended_index
    def field_types(self) -> dict[str, set[str]]:
        """Return what the values of each field of the samples are: ``integer``, ``real``, ``text``."""
        opened = self._opened()
        found = {
            name: {kind for (kind,) in opened.connection.execute(f"SELECT DISTINCT typeof({column}) FROM items")}
            for name, column in opened.fields.items()
        }
        return {name: kinds - {"null"} for name, kinds in found.items()}

    @property
    def withheld(self) -> set[str]:
        """Datasets whose texts are not to be handed on: ``shareable=False``.

        Raises:
            DiskError: A plan of the run cannot be read, so that it is not known.
        """
        return withheld_datasets(self._folder)

    @with_mended_index
    def neighbours(self, chosen: Filter, key: ItemKey) -> Neighbours:
        """Return what comes before and after an item in a list, and which of the list it is."""
        opened = self._opened()
        return neighbours_of(opened, chosen, key)

    @with_mended_index
    def item(self, row: str, id: int, repeat: int = 0, judge: str = "", *, model: str = "") -> Item:
        """Return all that the run holds about one verdict.

        Args:
            row: Name of the result row; with ``judge``, the dataset's name will do.
            id: ``Sample.id``.
            repeat: Number of the tested model's repetition.
            judge: Abbr of the judge.
            model: Abbr of the tested model; may be left out where one alone has it.

        Raises:
            UsageError: There is none, or it is not clear which is meant.
        """
        opened = self._opened()
        named = Filter(row=row, judge=judge, model=model)
        opened.selection(named)  # refuses what is not there
        numbers = [
            number
            for number, one in enumerate(opened.sources)
            if row in {one.row, one.dataset} and judge in {"", one.judge} and model in {"", one.model}
        ]
        exact = [number for number in numbers if opened.sources[number].row == row]
        found = list(dict(opened.lines_of(exact or numbers, id, repeat)).items())  # of a damaged file's two the last
        if not found:
            raise UsageError(
                f"The row {row!r} has no item {id}" + (f", repeat {repeat}" if repeat else "") + ".",
                hint="An item is named by its id, the number of its row in the data file from 0.",
            )
        if len(found) > 1:
            choices = ", ".join(f"{one.row} of {one.model}" for _, one in found)
            raise UsageError(
                f"Several verdicts are about item {id} of {row!r}: {choices}.", hint="Name the row, and the model too."
            )
        ((number, line),) = found
        pos = opened.number_of(line.name)
        labels = opened.labels.get(pos, []) if pos is not None else []
        return Whole(self._folder, opened).item(number, line, labels)

    def _opened(self) -> OpenedIndex:
        """Return what this thread has open, opened anew where the index or the labels have changed."""
        if time.monotonic() > self._unchecked_until:
            self.refresh()
        labels = sorted((self.path / "labels").glob("*.jsonl"))
        state = (self._state, *(_stat(path) for path in labels))
        if getattr(self._mine, "state", None) != state:
            self._mine.opened = OpenedIndex(self._state.path, self._state.sources, labels, self._problem)
            self._mine.state = state
        opened: OpenedIndex = self._mine.opened
        return opened

    def _problem(self, text: str) -> None:
        if text not in self._problems:
            self._problems.append(text)


def _without_texts(opened: OpenedIndex, chosen: Filter) -> SqlSelection:
    """Return a filter in SQL without what it searches in texts."""
    rest = msgspec.structs.replace(chosen, text="", regex="", sort="")
    selection = opened.selection(rest)
    if selection.condition.reads_texts:
        return opened.selection(msgspec.structs.replace(rest, where=""))
    return selection


def _up_to_date(folder: RunFolder, sources: list[Source]) -> Path | None:
    return next((path for path in index_paths(folder) if _fits(path, sources)), None)


def _fits(path: Path, sources: list[Source]) -> bool:
    try:
        index = open_index(path)
    except (OSError, sqlite3.Error):
        return False
    try:
        return up_to_date(index, sources)
    except sqlite3.Error:
        return False
    finally:
        index.close()


def _stat(path: Path) -> tuple[str, int, int]:
    try:
        state = path.lstat()
    except OSError:
        return path.name, -1, -1
    return path.name, state.st_ino, state.st_size + state.st_mtime_ns
