"""The questions that a door asks about a run."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from judgebench.content.parts import in_words
from judgebench.errors import ReuseError, UsageError
from judgebench.query.filters import CHIPS, Filter, SqlSelection, selection_of
from judgebench.query.index import COLUMNS, index_paths, make_index, open_index, up_to_date
from judgebench.query.shapes import Item, ItemKey, ItemLine, Page
from judgebench.query.sources import Source, sources_of
from judgebench.query.texts import TextReader
from judgebench.query.where import column_of
from judgebench.records.facts import Label
from judgebench.store.journal import DamagedError, Decoder, open_file, read_file, reason_of
from judgebench.store.labels import valid_labels
from judgebench.store.run_folder import RunFolder, check_version, is_run

_SECONDS_UNCHECKED = 2.0
"""For so long the files of a run are taken to be as they were; longer where making the index takes long."""

_EXCERPT = 2000
"""Characters of a question or an answer in a list."""


class _Opened(NamedTuple):
    """What one thread has open of an index, and the labels that it was told of: by number of the item."""

    state: tuple[Any, ...]
    connection: sqlite3.Connection
    texts: TextReader
    labels: dict[int, list[Label]]


class Neighbours(NamedTuple):
    """Where an item stands in a list; nothing of it where it is not in the list.

    Attributes:
        before: What comes before it. ``after``: after it. ``None`` at the ends of the list.
        number: Which of the list it is, from 1; 0 where that was not counted, as in a search in texts.
    """

    before: ItemKey | None = None
    after: ItemKey | None = None
    number: int = 0


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


class RunQuery:
    """A run, to be asked; made by ``open_query``. Several threads may use one.

    What the run's files say is looked up anew when they have changed.

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
        self._generation = 0
        self._place: Path | None = None
        self._sources: list[Source] = []
        self._problems: list[str] = []
        self._unchecked_until = 0.0
        self._fields: dict[str, str] = {}
        self.refresh()

    def refresh(self) -> None:
        """See whether the run's files have changed, and index what has.

        Raises:
            DiskError: The index can be written nowhere.
        """
        with self._lock:
            problems: list[str] = []
            sources = sources_of(self._folder, problems)
            began = time.monotonic()
            place = next((place for place in index_paths(self._folder) if _fits(place, sources)), None)
            if place is None or place != self._place or sources != self._sources:
                self._place = place or make_index(self._folder, sources)
                self._sources = sources
                self._generation += 1
            if self._generation:
                self._problems = problems
            now = time.monotonic()
            self._unchecked_until = now + max(_SECONDS_UNCHECKED, 5 * (now - began))

    @property
    def problems(self) -> list[str]:
        """What could not be read, a sentence each."""
        found = self._opened().connection.execute("SELECT DISTINCT text FROM problems ORDER BY row").fetchall()
        return [*self._problems, *(text for (text,) in found)]

    @property
    def rows(self) -> list[Source]:
        """The result rows with their files."""
        self._opened()
        return list(self._sources)

    @property
    def fields(self) -> list[str]:
        """Names of the samples' fields by which can be filtered, sorted and grouped."""
        self._opened()
        return list(self._fields)

    def page(self, chosen: Filter, offset: int = 0, limit: int = 50, *, texts: bool = True) -> Page:
        """Return a part of the list.

        Args:
            chosen: Which verdicts, in which order.
            offset: Number of the first line, from 0.
            limit: Lines at most.
            texts: Whether the lines have question and answer.

        Raises:
            UsageError: The filter names what the run does not hold.
        """
        opened = self._opened()
        selection = self._selection(chosen)
        dear = selection.condition.reads_texts
        found = self._select(opened, selection, "*", f"LIMIT {limit + (1 if dear else 0)} OFFSET {offset}")
        more = len(found) > limit
        lines = [self._line(opened, one, texts=texts) for one in found[:limit]]
        if dear:
            total = offset + len(found) if found or not offset else 0
            return Page(rows=lines, offset=offset, total=total, exact=not more and bool(found or not offset))
        return Page(rows=lines, offset=offset, total=self.count(chosen), exact=True)

    def count(self, chosen: Filter) -> int:
        """Return how many lines the whole list has; with a search in texts all are read, which takes its time."""
        opened = self._opened()
        (((number),),) = self._select(opened, self._selection(chosen), "count(*)", "", order=False)
        return int(number)

    def counts(self, chosen: Filter) -> dict[str, int]:
        """Return how many of the chosen are wrong, unread, and so on (``CHIPS``), and how many there are in all.

        Texts are not searched: the numbers are those of the filter without ``text``, ``regex`` and texts in ``where``.
        """
        opened = self._opened()
        selection = self._selection(msgspec.structs.replace(chosen, text="", regex="", sort=""))
        if selection.condition.reads_texts:
            selection = self._selection(msgspec.structs.replace(chosen, text="", regex="", sort="", where=""))
        sums = ", ".join("count(*)" if sql == "1" else f"total({sql})" for sql in CHIPS.values())
        (found,) = self._select(opened, selection, sums, "", order=False)
        return {name: int(number) for name, number in zip(CHIPS, found, strict=True)}

    def groups(self, chosen: Filter, by: str) -> list[tuple[Any, int]]:
        """Return the values of a field among the chosen, each with its number, the most frequent first.

        Args:
            chosen: Which verdicts.
            by: Name of a field, such as ``reason``, ``decision``, ``model`` or a field of the samples.

        Raises:
            UsageError: There is no such field.
        """
        opened = self._opened()
        column = column_of(by, self._fields)
        tail = "GROUP BY 1 ORDER BY 2 DESC, 1"
        return list(self._select(opened, self._selection(chosen), f"{column}, count(*)", tail, order=False))

    def search(self, chosen: Filter, regex: str, limit: int = 50) -> Iterator[ItemLine]:
        """Yield the lines in whose texts a regular expression is found, each as soon as it is.

        Args:
            chosen: Which verdicts.
            regex: The expression, case as written. ``chosen.search_in`` says in which texts.
            limit: Lines at most. The full count is ``count`` of the same filter with ``regex``.
        """
        opened = self._opened()
        selection = self._selection(msgspec.structs.replace(chosen, regex=regex))
        for one in self._cursor(opened, selection, "*", f"LIMIT {limit}"):
            yield self._line(opened, one, texts=True)

    def neighbours(self, chosen: Filter, key: ItemKey) -> Neighbours:
        """Return what comes before and after an item in a list, and which of the list it is."""
        opened = self._opened()
        selection = self._selection(chosen)
        if selection.order != "pos":
            return self._neighbours_by_looking(opened, selection, key)
        own = next((line for line in self._numbers(opened, key)), None)
        condition, values = selection.condition.sql, selection.condition.values
        if (
            own is None
            or not opened.connection.execute(
                f"SELECT 1 FROM items WHERE pos = ? AND {condition}", (own, *values)
            ).fetchone()
        ):
            return Neighbours()
        ends: list[ItemKey | None] = []
        for sign, order in (("<", "DESC"), (">", "ASC")):
            near = opened.connection.execute(
                f"SELECT row, id, repeat FROM items WHERE pos {sign} ? AND {condition} ORDER BY pos {order} LIMIT 1",
                (own, *values),
            ).fetchone()
            ends.append(self._key(*near) if near else None)
        if selection.condition.reads_texts:
            return Neighbours(ends[0], ends[1])
        (number,) = opened.connection.execute(
            f"SELECT count(*) FROM items WHERE pos <= ? AND {condition}", (own, *values)
        ).fetchone()
        return Neighbours(ends[0], ends[1], int(number))

    def _neighbours_by_looking(self, opened: _Opened, selection: SqlSelection, key: ItemKey) -> Neighbours:
        before: ItemKey | None = None
        found = 0
        for number, (row, id, repeat) in enumerate(self._cursor(opened, selection, "row, id, repeat", ""), 1):
            one = self._key(row, id, repeat)
            if found:
                return Neighbours(before, one, found)
            if one == key:
                found = number
            else:
                before = one
        return Neighbours(before, None, found) if found else Neighbours()

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
        from judgebench.query.whole import Whole

        opened = self._opened()
        numbers = [
            number
            for number, one in enumerate(self._sources)
            if row in {one.row, one.dataset} and (not judge or one.judge == judge) and (not model or one.model == model)
        ]
        exact = [number for number in numbers if self._sources[number].row == row]
        if not numbers:
            self._selection(Filter(row=row, judge=judge, model=model))
        found = self._lines_of(opened, exact or numbers, id, repeat)
        if not found:
            raise UsageError(
                f"The row {row!r} has no item {id}" + (f", repeat {repeat}" if repeat else "") + ".",
                hint="An item is named by its id, the number of its row in the data file from 0.",
            )
        if len(found) > 1:
            choices = ", ".join(f"{one.row} of {one.model}" for one in found)
            raise UsageError(
                f"Several verdicts are about item {id} of {row!r}: {choices}.", hint="Name the row, and the model too."
            )
        (line,) = found
        number = next(
            number for number, one in enumerate(self._sources) if (one.model, one.row) == (line.model, line.row)
        )
        labels = [label for pos in self._numbers(opened, line.name) for label in opened.labels.get(pos, [])]
        return Whole(self._folder, self._sources, opened.connection, opened.texts).item(number, line, labels)

    def lines(self, chosen: Filter, *, texts: bool = False) -> Iterator[ItemLine]:
        """Yield every chosen line; memory does not grow with their number.

        Args:
            chosen: Which verdicts, in which order.
            texts: Whether the lines have question and answer.
        """
        opened = self._opened()
        for one in self._cursor(opened, self._selection(chosen), "*", ""):
            yield self._line(opened, one, texts=texts)

    def _opened(self) -> _Opened:
        """Return what this thread asks, opened anew where the index or the labels have changed."""
        if time.monotonic() > self._unchecked_until:
            self.refresh()
        labels = sorted((self.path / "labels").glob("*.jsonl"))
        state = (self._generation, *(_stat(path) for path in labels))
        mine: _Opened | None = getattr(self._mine, "opened", None)
        if mine is None or mine.state != state:
            assert self._place is not None
            with self._lock:
                index, sources = open_index(self._place), self._sources
            texts = TextReader(index, sources)
            texts.add_functions(index)
            with self._lock:
                self._fields = dict(index.execute("SELECT name, column_name FROM fields"))
            mine = _Opened(state, index, texts, self._with_labels(index, labels))
            self._mine.opened = mine
        return mine

    def _with_labels(self, index: sqlite3.Connection, paths: list[Path]) -> dict[int, list[Label]]:
        """Make the labels known to SQL, as the table ``labels``, and return them by number of the item."""
        found: dict[int, list[Label]] = {}
        decode = Decoder(Label)
        for path in paths:
            try:
                with open_file(path, "rb") as file:
                    labels = []
                    for line in file:
                        try:
                            labels.append(decode(line))
                        except DamagedError as error:
                            self._problem(f"labels/{path.name}: {error}")
            except OSError as error:
                self._problem(f"labels/{path.name}: {reason_of(error)}")
                continue
            for label in valid_labels(labels).values():
                for row, source in enumerate(self._sources):
                    if source.dataset != path.stem or label.model not in {"", source.model}:
                        continue
                    for pos, hash in index.execute(
                        "SELECT pos, hash FROM items WHERE row = ? AND id = ? AND repeat = ?",
                        (row, label.id, label.repeat),
                    ):
                        if hash == label.answer_hash:
                            found.setdefault(pos, []).append(label)
        index.execute("CREATE TEMP TABLE labels (pos INTEGER PRIMARY KEY, said TEXT)")
        index.executemany(
            "INSERT INTO labels VALUES (?, ?)",
            [(pos, one[-1].decision or f"{one[-1].score:g}") for pos, one in found.items()],
        )
        return found

    def _problem(self, text: str) -> None:
        if text not in self._problems:
            self._problems.append(text)

    def _selection(self, chosen: Filter) -> SqlSelection:
        return selection_of(chosen, self._sources, self._fields)

    def _select(
        self, opened: _Opened, selection: SqlSelection, what: str, tail: str, *, order: bool = True
    ) -> list[tuple[Any, ...]]:
        return self._cursor(opened, selection, what, tail, order=order).fetchall()

    def _cursor(
        self, opened: _Opened, selection: SqlSelection, what: str, tail: str, *, order: bool = True
    ) -> sqlite3.Cursor:
        ordered = f"ORDER BY {selection.order}" if order else ""
        return opened.connection.execute(
            f"SELECT {what} FROM items WHERE {selection.condition.sql} {ordered} {tail}", selection.condition.values
        )

    def _key(self, row: int, id: int, repeat: int) -> ItemKey:
        return ItemKey(self._sources[row].model, self._sources[row].row, id, repeat)

    def _numbers(self, opened: _Opened, key: ItemKey) -> Iterator[int]:
        for row, source in enumerate(self._sources):
            if (source.model, source.row) == (key.model, key.row):
                for (pos,) in opened.connection.execute(
                    "SELECT pos FROM items WHERE row = ? AND id = ? AND repeat = ?", (row, key.id, key.repeat)
                ):
                    yield pos

    def _lines_of(self, opened: _Opened, rows: Sequence[int], id: int, repeat: int | None) -> list[ItemLine]:
        """Return the lines about a sample in some rows; of every repeat where none is named."""
        found: list[ItemLine] = []
        for row in rows:
            only = "" if repeat is None else "AND repeat = ?"
            values = (row, id) if repeat is None else (row, id, repeat)
            cursor = opened.connection.execute(
                f"SELECT * FROM items WHERE row = ? AND id = ? {only} ORDER BY repeat", values
            )
            found.extend(self._line(opened, one, texts=True) for one in cursor.fetchall())
        return found

    def _line(self, opened: _Opened, values: tuple[Any, ...], *, texts: bool) -> ItemLine:
        one = dict(zip(COLUMNS, values, strict=False))
        source = self._sources[one["row"]]
        fields = zip(self._fields, values[len(COLUMNS) :], strict=False)
        labels = opened.labels.get(one["pos"])
        found = (
            opened.texts.answer(one["row"], one["id"], one["repeat"], one["answer_at"], one["answer_size"])
            if texts
            else None
        )
        return ItemLine(
            model=source.model,
            row=source.row,
            dataset=source.dataset,
            judge=source.judge,
            id=one["id"],
            repeat=one["repeat"],
            key=one["key"],
            status=one["status"],
            decision=one["decision"],
            score=one["score"],
            reason=one["reason"] or "",
            wrong=bool(one["wrong"]),
            unread=one["status"] == "unparsed",
            failed=one["status"] in {"judge_failed", "prediction_failed"},
            truncated=bool(one["truncated"]),
            flipped=bool(one["flipped"]),
            against_rule=bool(one["against_rule"]),
            against_judges=bool(one["against_judges"]),
            rule_decision=one["rule_decision"],
            rule_score=one["rule_score"],
            gold=one["gold"],
            label=(labels[-1].decision or f"{labels[-1].score:g}") if labels else None,
            length=one["length"],
            tokens=one["tokens"],
            latency=one["latency"],
            tries=one["tries"],
            fields={name: value for name, value in fields if value is not None},
            question=_shortened(in_words(found.origin_prompt)) if found is not None else "",
            answer=_shortened(found.prediction) if found is not None else "",
            reference=found.gold if found is not None else None,
        )


def _fits(place: Path, sources: list[Source]) -> bool:
    try:
        index = open_index(place)
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
    return path.name, state.st_size, state.st_mtime_ns


def _shortened(text: str) -> str:
    half = _EXCERPT // 2
    return text if len(text) <= _EXCERPT else f"{text[:half]} … {text[-half:]}"
