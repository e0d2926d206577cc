"""An index as one thread has it open: lines of lists, and what people say about them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from judgebench.content.parts import in_words
from judgebench.query.filters import BY_PLACE, Filter, SqlSelection, selection_of
from judgebench.query.index import open_index
from judgebench.query.index_tables import COLUMNS
from judgebench.query.shapes import ItemKey, ItemLine
from judgebench.query.sources import Source
from judgebench.query.texts import TextReader
from judgebench.records.facts import Label
from judgebench.store.journal import DamagedError, Decoder, open_file, reason_of
from judgebench.store.labels import valid_labels

EXCERPT = 2000
"""Characters of a question or an answer in a list."""


class OpenedIndex:
    """An index that is open.

    Args:
        path: Of the index.
        sources: The result rows by number.
        labels: Files of labels.
        problem: Takes a sentence about a label that cannot be read.

    Attributes:
        connection: To the index. ``texts``: reads the run's files.
        sources: As given. ``fields``: fields of the samples by name, with their columns.
        labels: By number of the item, oldest first.
    """

    def __init__(
        self, path: Path, sources: Sequence[Source], labels: Sequence[Path], problem: Callable[[str], None]
    ) -> None:
        self.connection = open_index(path)
        self.sources = sources
        self.texts = TextReader(self.connection, sources)
        self.texts.add_functions(self.connection)
        self.fields: dict[str, str] = dict(self.connection.execute("SELECT name, column_name FROM fields"))
        self.labels: dict[int, list[Label]] = {}
        for file in labels:
            self._add_labels(file, problem)
        self.connection.execute("CREATE TEMP TABLE labels (pos INTEGER PRIMARY KEY, said TEXT)")
        self.connection.executemany(
            "INSERT INTO labels VALUES (?, ?)", [(pos, _said(one)) for pos, one in self.labels.items()]
        )

    def _add_labels(self, path: Path, problem: Callable[[str], None]) -> None:
        decode = Decoder(Label)
        labels = []
        try:
            with open_file(path, "rb") as file:
                for line in file:
                    try:
                        labels.append(decode(line))
                    except DamagedError as error:
                        problem(f"labels/{path.name}: {error}")
        except OSError as error:
            problem(f"labels/{path.name}: {reason_of(error)}")
        for label in valid_labels(labels).values():
            for row, source in enumerate(self.sources):
                if source.dataset == path.stem and label.model in {"", source.model}:
                    key = ItemKey(source.model, source.row, label.id, label.repeat)
                    for pos, answer in self._found(row, key, "pos, hash"):
                        if answer == label.answer_hash:
                            self.labels.setdefault(pos, []).append(label)

    def _found(self, row: int, key: ItemKey, what: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(
            f"SELECT {what} FROM items WHERE row = ? AND id = ? AND repeat = ?", (row, key.id, key.repeat)
        ).fetchall()

    def selection(self, chosen: Filter) -> SqlSelection:
        """Return a filter in SQL.

        Raises:
            UsageError: It names what the run does not hold.
        """
        return selection_of(chosen, self.sources, self.fields)

    def select(
        self, selection: SqlSelection, what: str, *, limit: int = -1, offset: int = 0, backwards: bool = False
    ) -> sqlite3.Cursor:
        """Return what a query finds, in its order.

        Where that is not the order of the table, what is put in order is short: the terms and the place of each
        candidate. Columns are fetched, and texts searched, of what is then asked for alone.

        Args:
            selection: Of which items.
            what: The columns.
            limit: Lines at most; -1 for all.
            offset: So many are passed over.
            backwards: The last ones first.
        """
        condition, candidates = selection.condition, selection.candidates
        order = f"ORDER BY {selection.ordered(backwards=backwards)}"
        part = "LIMIT ? OFFSET ?"
        if selection.order == BY_PLACE:
            query = f"SELECT {what} FROM items WHERE {condition.sql} {order} {part}"
            return self.connection.execute(query, (*condition.values, limit, offset))
        ordered = f"SELECT pos AS at FROM items WHERE {candidates.sql} {order}"
        if condition.reads_texts:
            query = f"SELECT {what} FROM ({ordered} LIMIT -1) CROSS JOIN items ON pos = at WHERE {condition.sql} {part}"
            return self.connection.execute(query, (*candidates.values, *condition.values, limit, offset))
        query = f"SELECT {what} FROM ({ordered} {part}) CROSS JOIN items ON pos = at"
        return self.connection.execute(query, (*candidates.values, limit, offset))

    def key(self, row: int, id: int, repeat: int) -> ItemKey:
        """Return what names an item."""
        return ItemKey(self.sources[row].model, self.sources[row].row, id, repeat)

    def number_of(self, key: ItemKey) -> int | None:
        """Return the number of an item in the index; ``None`` where it is not there."""
        for row, source in enumerate(self.sources):
            if (source.model, source.row) == (key.model, key.row):
                for (pos,) in self._found(row, key, "pos"):
                    return int(pos)
        return None

    def lines_of(self, rows: Sequence[int], id: int, repeat: int) -> list[tuple[int, ItemLine]]:
        """Return the lines about an item in some rows, each with the number of its row."""
        return [
            (row, self.line(values, texts=True))
            for row in rows
            for values in self._found(row, ItemKey("", "", id, repeat), "*")
        ]

    def line(self, values: tuple[Any, ...], *, texts: bool) -> ItemLine:
        """Return a row of the index as a line of a list.

        Args:
            values: The row.
            texts: Whether the line has question and answer.
        """
        one = dict(zip(COLUMNS, values, strict=False))
        source = self.sources[one["row"]]
        fields = zip(self.fields, values[len(COLUMNS) :], strict=False)
        labels = self.labels.get(one["pos"])
        at = one["row"], one["id"], one["repeat"], one["answer_at"], one["answer_size"]
        found = self.texts.answer(*at) if texts else None
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
            label=_said(labels) if labels else None,
            length=one["length"],
            tokens=one["tokens"],
            latency=one["latency"],
            tries=one["tries"],
            fields={name: value for name, value in fields if value is not None},
            question=_shortened(in_words(found.origin_prompt)) if found is not None else "",
            answer=_shortened(found.prediction) if found is not None else "",
            reference=found.gold if found is not None else None,
        )


def _said(labels: list[Label]) -> str:
    """Return what people say about an answer: the last of them."""
    last = labels[-1]
    return last.decision if last.decision is not None else f"{last.score:g}"


def _shortened(text: str) -> str:
    half = EXCERPT // 2
    return text if len(text) <= EXCERPT else f"{text[:half]} … {text[-half:]}"
