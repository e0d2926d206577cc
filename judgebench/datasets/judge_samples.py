"""Benchmarks of judges: rows that bring the answers along which a judge has to decide about, and the true decision.

Whatever the layout of a benchmark is, its rows come down to a name, the fields that a prompt may show, one or more
answers and a gold decision. The keys of this loader say in which columns they stand; a benchmark whose files need more
than that is a subclass which gives other rows.
"""

from __future__ import annotations

import math
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Literal

import msgspec

from judgebench.datasets.columns import COPY, Row, SourceConfig, media_columns, samples_of_rows
from judgebench.datasets.duplicates import Choice, DuplicateRows, same_content
from judgebench.datasets.objects import objects_of
from judgebench.datasets.row_shapes import TableBeside, one_for_each, rows_inside, table_of, with_columns
from judgebench.datasets.samples import EVERY, candidates, find, hub_rows, missing
from judgebench.errors import DataError
from judgebench.records.flow import Sample

NAME = "item name"
GOLD = "item gold"
_COLUMN = re.compile(r"\{([^{}]+)\}")


class JudgeSamplesConfig(SourceConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of benchmarks of judges, beside those of every loader.

    A column may be a path into what a row holds: ``chosen.answer``, ``grades.0``.

    Attributes:
        also: Other names of the file, tried in turn where there is none at ``path``, such as that of its publication.
        splits: Parts of the benchmark; ``{split}`` in ``path`` stands for each in turn; rows get a column ``split``.
            ``["*"]`` takes every part that there is: all files of such a name, else all splits of the hub; ``["**"]``
            all files below the folder, however deep.
        columns: Names of the columns of a text table without a line of names (``.csv``, ``.tsv``, ``.txt``).
        rows_at: Where the rows stand in a file that is one object: ``*`` for its values, or lists in them (the value's
            key becomes the column ``part``), or the name of the list that holds them.
        each: Column that holds a list or an object; a row gives one item for each entry, which then stands in that
            column, and its number or key in the column ``entry``.
        derived: Further columns, each by a template over the others: ``dict(part="{category}/{id}")``.
        joins: Further files with more columns of the rows: ``dict(path=..., on=..., by=...)``.
        entries: Columns that hold an object each; a row gives one item per column, with the object's keys as columns
            beside its own, and the column's name in the column ``entry``.
        key: Template of the item's name over the columns, such as ``"{split}-{idx}"``; recordings know items by it.
            ``{row}`` is the row's number in its part, from 0.
        where: Only rows whose columns hold these values.
        known_values: All values that a column may hold: a row of no known kind is an error, where it would else be left
            out of the figures by kind.
        may_be_empty: Columns that a row may leave empty (null) or lack; they are an empty text then.
        whole_numbers: Columns that must hold whole numbers, because the score counts by them.
        gold: One gold decision for all items (benchmarks that name their columns ``chosen`` and ``rejected``).
        gold_labels: Gold decision by what the gold column holds; anything else is an error.
        gold_majority: Columns of several annotators; the gold decision is what most of them say.
        gold_names: Columns of the names of the two answers' models, of which the gold column names the better one.
        gold_scores: Columns of a teacher's scores of the two answers; the gold decision is the higher (``A``, ``B``,
            ``tie``), and a row whose scores are both negative, which is how a failed teacher is written, has no gold.
        gold_kind: What gold is without ``gold_labels``: the index of the first wrong one of the ``numbered`` steps, -1
            for none (``step``), a number or a list of them (``grade``; a text that is a number is taken for one), a
            list of truth values, one of each person (``flags``), or anything that the score takes (``any``).
        gold_unknown: What the gold column holds where people could not tell (``Unsure``): such a row has no gold.
        gold_missing: What a row without gold is: an error (``refuse``), or left out (``drop``).
        answer_lists: Columns that hold lists of answers; they follow those of ``answer_columns``.
        numbered: Field name → column of a list of texts, which the field shows as numbered paragraphs, from 0.
        as_text: Take truth values and numbers in answer columns as text, as JSON writes them.
        repeated: What a second row of the same name is: an error (``refuse``), or an item of its own, named
            ``<name>#2`` (``number``), which the result's notes count. Rows without names of their own (no ``key``, or
            one by ``{row}``) are the same where they say the same in one part.
    """

    input_columns: list[str] = msgspec.field(default_factory=list)
    also: list[str] = msgspec.field(default_factory=list)
    columns: list[str] = msgspec.field(default_factory=list)
    rows_at: str = ""
    each: str = ""
    derived: dict[str, str] = msgspec.field(default_factory=dict)
    joins: list[TableBeside] = msgspec.field(default_factory=list)
    entries: list[str] = msgspec.field(default_factory=list)
    splits: list[str] = msgspec.field(default_factory=list)
    key: str = ""
    where: dict[str, Any] = msgspec.field(default_factory=dict)
    known_values: dict[str, list[Any]] = msgspec.field(default_factory=dict)
    may_be_empty: list[str] = msgspec.field(default_factory=list)
    whole_numbers: list[str] = msgspec.field(default_factory=list)
    gold: Any = None
    gold_labels: dict[str, str] = msgspec.field(default_factory=dict)
    gold_majority: list[str] = msgspec.field(default_factory=list)
    gold_names: list[str] = msgspec.field(default_factory=list)
    gold_scores: list[str] = msgspec.field(default_factory=list)
    gold_kind: Literal["any", "step", "grade", "flags"] = "any"
    gold_unknown: list[Any] = msgspec.field(default_factory=list)
    gold_missing: Literal["refuse", "drop"] = "refuse"
    answer_lists: list[str] = msgspec.field(default_factory=list)
    numbered: dict[str, str] = msgspec.field(default_factory=dict)
    as_text: bool = False
    repeated: Choice = "refuse"

    def further_columns(self) -> dict[str, Any]:
        """Return the columns that hold lists of texts."""
        return {name: ["..."] for name in [*self.numbered.values(), *self.answer_lists]}


class JudgeSamples:
    """Items of a benchmark of judges in files (``judgebench.datasets.objects``), or on the hub."""

    Config: ClassVar[type[JudgeSamplesConfig]] = JudgeSamplesConfig

    def __init__(self, config: JudgeSamplesConfig) -> None:
        self.config = config

    def samples(self, data_dir: Path | None = None) -> Iterator[Sample]:
        """Yield the items in the order of the files.

        Raises:
            DataError: A row has no gold, an unknown one, no answer, or an earlier row's name; names file and row.
            MissingDataError: There is neither a file nor a hub to get it from.
        """
        wanted = [*self.config.answer_lists]
        for sample in samples_of_rows(self._items(self.rows(data_dir)), self._columns()):
            answers = [*sample.answers, *(text for name in wanted for text in sample.meta[name])]
            meta = {name: value for name, value in sample.meta.items() if name not in wanted}
            yield msgspec.structs.replace(sample, answers=answers, meta=meta) if wanted else sample

    def count(self, data_dir: Path | None = None) -> int | None:
        """Return how many items there are; ``None`` where only the hub knows."""
        if not self.local(data_dir):
            return None
        return sum(1 for _ in islice(self._items(self.rows(data_dir)), self.config.limit))

    def local(self, data_dir: Path | None) -> bool:
        """Whether the rows are in files here."""
        return all(_file_of(config, data_dir) for _, config in self._parts(data_dir))

    def sources(self, data_dir: Path | None) -> list[Path]:
        """Return the files that are read, as far as they are here."""
        found = [_file_of(config, data_dir) for _, config in self._parts(data_dir)]
        tables = [self.other_file([join.path, *join.also], data_dir) for join in self.config.joins]
        return [*(path for path in found if path is not None), *tables]

    def rows(self, data_dir: Path | None) -> Iterator[Row]:
        """Yield the rows of every part; what a subclass replaces."""
        tables = [self._beside(join, data_dir) for join in self.config.joins]
        for split, config in self._parts(data_dir):
            path = _file_of(config, data_dir)
            rows = objects_of(path, config.columns) if path else hub_rows(config, data_dir)
            for number, row in enumerate(self._shaped(rows, tables)):
                about = {"row": number, "split": split} if split else {"row": number}
                blank = {name: "" for name in self.config.may_be_empty if row.values.get(name) is None}
                named = row._replace(values={**about, **row.values, **blank})
                self.check_kind(named)
                yield from self._entries(named) if self.config.entries else [named]

    def other_file(self, path: str | Sequence[str], data_dir: Path | None) -> Path:
        """Return where a further file of the benchmark is; of several names the first that is here.

        Raises:
            MissingDataError: It is in none of its places.
        """
        names = [path] if isinstance(path, str) else list(path)
        config = msgspec.structs.replace(self.config, path=names[0], also=names[1:], hub=None)
        found = _file_of(config, data_dir)
        if found is None:
            raise missing(config, data_dir)
        return found

    def other_files(self, paths: Iterable[str], data_dir: Path | None) -> list[Path]:
        """Return where further files are, those that are nowhere left out."""
        configs = [msgspec.structs.replace(self.config, path=path, also=[]) for path in paths if path]
        return [found for found in (_file_of(config, data_dir) for config in configs) if found is not None]

    def _shaped(self, rows: Iterator[Row], tables: Iterable[Any]) -> Iterator[Row]:
        rows = rows_inside(rows, self.config.rows_at)
        if self.config.each:
            rows = one_for_each(rows, self.config.each)
        if self.config.derived:
            rows = (row._replace(values={**row.values, **self._derived(row)}) for row in rows)
        for join, path, table in tables:
            rows = with_columns(rows, table, join, path)
        return rows

    def _derived(self, row: Row) -> dict[str, str]:
        return {
            name: _COLUMN.sub(lambda match: _plain(row, match[1]), template)
            for name, template in self.config.derived.items()
        }

    def _beside(self, join: TableBeside, data_dir: Path | None) -> tuple[TableBeside, Path, dict[str, dict[str, Any]]]:
        path = self.other_file([join.path, *join.also], data_dir)
        return join, path, table_of(rows_inside(objects_of(path, join.columns), join.rows_at), join)

    def _entries(self, row: Row) -> Iterator[Row]:
        for column in self.config.entries:
            entry = value_at(row, column)
            if not isinstance(entry, Mapping):
                raise DataError(f"{row.place}: the column {column!r} must hold an object, not {entry!r:.60}.")
            yield row._replace(values={**row.values, **entry, "entry": column})

    def _parts(self, data_dir: Path | None) -> list[tuple[str, JudgeSamplesConfig]]:
        config = self.config
        if not config.splits:
            return [("", config)]
        splits = config.splits
        if splits in (["*"], ["**"]):
            splits = _splits_here(config, data_dir, deep=splits == ["**"])
            if not splits:
                every = config.hub and msgspec.structs.replace(config.hub, split=EVERY)
                shown = config.path.replace("{split}", "*")
                return [("", msgspec.structs.replace(config, path=shown, hub=every))]
        parts = []
        for split in splits:
            place = config.hub and msgspec.structs.replace(
                config.hub,
                split=config.hub.split.replace("{split}", split),
                name=config.hub.name.replace("{split}", split) if isinstance(config.hub.name, str) else config.hub.name,
            )
            names = [name.replace("{split}", split) for name in (config.path, *config.also)]
            parts.append((split, msgspec.structs.replace(config, path=names[0], also=names[1:], hub=place)))
        return parts

    def _columns(self) -> SourceConfig:
        config = self.config
        has_gold = bool(config.gold_column or config.gold_majority or config.gold_scores) or config.gold is not None
        own = {name: getattr(config, name) for name in SourceConfig.__struct_fields__}
        return SourceConfig(
            **{
                **own,
                "input_columns": [*config.input_columns, *config.numbered],
                "id_column": NAME if config.key else config.id_column,
                "gold_column": GOLD if has_gold else "",
                "meta_columns": [*config.meta_columns, *config.answer_lists, COPY],
            }
        )

    def _items(self, rows: Iterable[Row]) -> Iterator[Row]:
        config = self.config
        paths = [*config.input_columns, *config.answer_columns, *config.meta_columns, *config.answer_lists]
        paths.append(config.output_column)
        known = DuplicateRows(config.repeated)
        for row in rows:
            if not _wanted(row, config.where):
                continue
            self._check_numbers(row)
            values = {**row.values, **{path: value_at(row, path) for path in paths if "." in path}}
            gold = self._gold(row)
            if gold is None and config.gold_missing == "drop":
                continue
            if gold is not None:
                values[GOLD] = gold
            for column in config.answer_columns:
                values[column] = self._brought(row, column, values.get(column))
            for column in (*config.answer_lists, *config.numbered.values()):
                _check_texts(row, column, values.get(column, value_at(row, column)))
            values |= {field: _as_paragraphs(value_at(row, column)) for field, column in config.numbered.items()}
            name = self._name(row)
            times = self._times(row, values, name, known)
            if config.key:
                values[NAME] = f"{name}#{times}" if times > 1 and self._named() else name
            if times > 1:
                values[COPY] = True
            yield row._replace(values=values)

    def _name(self, row: Row) -> str:
        return _COLUMN.sub(lambda match: _plain(row, match[1]), self.config.key)

    def _named(self) -> bool:
        """Whether the rows have names of their own."""
        return bool(self.config.id_column or (self.config.key and "{row}" not in self.config.key))

    def _times(self, row: Row, values: Mapping[str, Any], name: str, known: DuplicateRows) -> int:
        """Return how many times a row has stood in the benchmark, this time included."""
        config = self.config
        if self._named():
            return known.times(name, row, f"the item's name {name!r}") if config.key else 1
        shown_columns = [
            *config.input_columns,
            *(name for name, _ in media_columns(config)),
            *config.transcript_columns,
            *config.numbered,
            *config.answer_columns,
            *config.answer_lists,
        ]
        said = [values.get(column) for column in (*shown_columns, config.output_column, "split", "entry")]
        return known.times(same_content(said), row, "what the row holds")

    def _gold(self, row: Row) -> Any:
        config = self.config
        if config.gold is not None:
            return config.gold
        if config.gold_majority:
            found = _majority([value_at(row, column) for column in config.gold_majority], row, config.gold_majority)
            column = " / ".join(config.gold_majority)
        elif config.gold_scores:
            found = _higher([value_at(row, column) for column in config.gold_scores], row, config.gold_scores)
            column = " / ".join(config.gold_scores)
        elif config.gold_column:
            column = config.gold_column
            found = value_at(row, column)
        else:
            return None
        if found is None or found in config.gold_unknown:
            if config.gold_missing == "drop":
                return None
            raise DataError(f"{row.place}: the row has no gold: the column {column!r} is empty or missing.")
        if config.gold_names:
            names = [value_at(row, name) for name in config.gold_names]
            if names.count(found) != 1:
                raise DataError(f"{row.place}: the column {column!r} holds {found!r}; one of {names} was expected.")
            return "AB"[names.index(found)]
        if not config.gold_labels:
            if config.gold_kind == "grade" and isinstance(found, str):
                found = number_in(found, row, column)  # tables of text hold nothing else
            self._check_gold(row, column, found)
            return found
        label = config.gold_labels.get(_written(found))
        if label is None:
            known = ", ".join(map(repr, config.gold_labels))
            raise DataError(f"{row.place}: the column {column!r} holds {found!r}; one of {known} was expected.")
        return label

    def _brought(self, row: Row, column: str, answer: Any) -> Any:
        """Return the answer that a row brings along."""
        if answer is None:
            lacking = "is empty (null)" if column in row.values else "is missing"
            raise DataError(
                f"{row.place}: the row brings no answer to be judged: the column {column!r} {lacking}.",
                hint="Put the answers into that column, or name a file that has them: "
                "--override datasets.NAME.path=FILE",
            )
        return _as_text(answer) if self.config.as_text else answer

    def check_kind(self, row: Row) -> None:
        """Refuse a row of no known kind, whether it is wanted or not."""
        for column, known in self.config.known_values.items():
            value = value_at(row, column)
            if value not in known:
                found = "is missing or empty" if value is None else f"holds {value!r:.60}"
                listed = ", ".join(map(repr, known))
                raise DataError(
                    f"{row.place}: the column {column!r} {found}; one of {listed} was expected.",
                    hint="Correct the row, or add its value to known_values in the dataset's config.",
                )

    def _check_numbers(self, row: Row) -> None:
        for column in self.config.whole_numbers:
            value = value_at(row, column)
            if isinstance(value, bool) or not isinstance(value, int):
                raise DataError(f"{row.place}: the column {column!r} must hold a whole number, not {value!r:.60}.")

    def _check_gold(self, row: Row, column: str, gold: Any) -> None:
        """Refuse gold that the score could only refuse when every judge has been asked."""
        if self.config.gold_kind == "grade":
            grades = gold if isinstance(gold, list) else [gold]
            if not grades or not all(map(_is_score, grades)):
                raise DataError(
                    f"{row.place}: the column {column!r} must hold a number or a list of them, not {gold!r:.60}."
                )
        if self.config.gold_kind == "flags" and not (
            isinstance(gold, list) and gold and all(isinstance(one, bool) for one in gold)
        ):
            raise DataError(f"{row.place}: the column {column!r} must hold a list of truth values, not {gold!r:.60}.")
        if self.config.gold_kind == "step":
            steps = [value_at(row, listed) for listed in self.config.numbered.values()]
            last = min((len(one) for one in steps if isinstance(one, list)), default=sys.maxsize) - 1
            if isinstance(gold, bool) or not isinstance(gold, int) or not -1 <= gold <= last:
                raise DataError(
                    f"{row.place}: the column {column!r} must hold the index of a step, or -1, not {gold!r:.60}."
                )


def _file_of(config: JudgeSamplesConfig, data_dir: Path | None) -> Path | None:
    """Return the first of the names of a part's file that is here."""
    found = (find(msgspec.structs.replace(config, path=name), data_dir) for name in (config.path, *config.also))
    return next((path for path in found if path is not None), None)


def _splits_here(config: JudgeSamplesConfig, data_dir: Path | None, *, deep: bool = False) -> list[str]:
    """Return which splits there are files of, in alphabetical order; those of the first folder that has any."""
    head, _, tail = config.path.partition("{split}")
    start = head[head.rfind("/") + 1 :]
    for folder in candidates(head[: len(head) - len(start)] or ".", data_dir):
        pattern = f"**/{start}*{tail}" if deep else f"{start}*{tail}"
        there = (path.relative_to(folder).as_posix() for path in folder.glob(pattern) if path.is_file())
        if found := sorted(name[len(start) : len(name) - len(tail)] for name in there):
            return found
    return []


def _wanted(row: Row, where: Mapping[str, Any]) -> bool:
    held = {column: value_at(row, column) for column in where}
    lacking = next((column for column, value in held.items() if value is None and where[column] is not None), None)
    if lacking is not None:
        raise DataError(f"{row.place}: the column {lacking!r}, by which rows are chosen, is missing or empty.")
    return held == where


def value_at(row: Row, column: str) -> Any:
    """Return what a column, or a path into one, holds; ``None`` where it is missing."""
    if column in row.values:
        return row.values[column]
    value: Any = row.values
    for part in column.split("."):
        if isinstance(value, Mapping) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def _plain(row: Row, column: str) -> str:
    value = value_at(row, column)
    if value is None or isinstance(value, dict | list):
        raise DataError(f"{row.place}: the column {column!r}, which is part of the item's name, is missing or empty.")
    return _written(value)


def _written(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _as_text(value: Any) -> Any:
    return _written(value) if isinstance(value, bool | int | float) else value


def _majority(votes: list[Any], row: Row, columns: list[str]) -> Any:
    if any(isinstance(vote, list | dict) for vote in votes):
        raise DataError(f"{row.place}: one label was expected in each of {', '.join(columns)}, not {votes!r:.80}.")
    given = Counter(vote for vote in votes if vote is not None)
    if not given:
        return None
    (label, most), *rest = given.most_common()
    if rest and rest[0][1] == most:
        raise DataError(f"{row.place}: no majority among {', '.join(columns)} (they say {votes}).")
    return label


def _higher(scores: list[Any], row: Row, columns: list[str]) -> str | None:
    if len(scores) != 2 or not all(map(_is_score, scores)):
        raise DataError(f"{row.place}: two scores were expected in {', '.join(columns)}, not {scores!r:.80}.")
    first, second = scores
    if first < 0 and second < 0:
        return None
    return "A" if first > second else "B" if second > first else "tie"


def number_in(text: str, row: Row, column: str) -> float:
    """Return the number that a text is.

    Raises:
        DataError: It is none.
    """
    try:
        value = float(text)
    except ValueError:
        raise DataError(f"{row.place}: the column {column!r} must hold a number, not {text!r:.60}.") from None
    return value


def _is_score(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _as_paragraphs(texts: Any) -> str:
    return "\n\n".join(f"[{number}] {text}" for number, text in enumerate(texts))


def _check_texts(row: Row, column: str, value: Any) -> None:
    if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
        raise DataError(f"{row.place}: the column {column!r} must hold a list of texts, not {value!r:.60}.")
