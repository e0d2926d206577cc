"""Fills the tables of an index with what the files of a run say."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from judgebench.errors import DAMAGED, InterruptedRunError, how_many
from judgebench.query.index_tables import COLUMNS, INDEXES, ROW_BITS
from judgebench.query.sources import Source, state_of
from judgebench.query.tallies import make_tallies
from judgebench.store.journal import open_file, reason_of
from judgebench.store.recorded import slot_sample

_FIELDS_AT_MOST = 200
"""Columns for fields of samples; a run with more of them can filter by the first ones it meets."""
_LINES_UNCHECKED = (1 << 12) - 1
_LINE_END = ord("\n")


class _Tokens(msgspec.Struct, gc=False):
    completion_tokens: int | None = None


class _IndexedAnswer(msgspec.Struct, gc=False):
    """The part of a prediction that is indexed."""

    id: int
    status: str
    repeat: int = 0
    prediction: str = ""
    usage: _Tokens | None = None
    latency: float = 0.0
    tries: int = 1
    finish_reason: str | None = None
    error: dict[str, Any] | None = None


class _IndexedCall(msgspec.Struct, gc=False):
    """The part of a judge call that is indexed."""

    id: int
    repeat: int = 0


class _SaidOnce(msgspec.Struct, gc=False):
    order: str = ""
    prefers: str | None = None


class _Rule(msgspec.Struct, gc=False):
    status: str
    decision: str | None = None
    score: float | None = None


class _Line(msgspec.Struct, gc=False):
    """The part of a verdict that is indexed."""

    id: int
    status: str
    repeat: int = 0
    key: str | None = None
    decision: str | None = None
    score: float | None = None
    reason: str = ""
    presentations: list[_SaidOnce] = []
    rule: _Rule | None = None
    gold: Any = None
    answer_hash: str = ""
    truncated: bool = False
    meta: dict[str, Any] = {}


class IndexFiller:
    """Fills the tables of an index.

    Args:
        index: The index, open to be written.
        stop: Says whether to give up.
    """

    def __init__(self, index: sqlite3.Connection, stop: Callable[[], bool]) -> None:
        self._index = index
        self._stop = stop
        self._fields: dict[str, str] = dict(index.execute("SELECT name, column_name FROM fields"))

    def update(self, sources: list[Source]) -> None:
        """Index the rows whose files have changed.

        Raises:
            InterruptedRunError: ``stop`` said so.
        """
        known: dict[int, str] = dict(self._index.execute("SELECT row, state FROM sources"))
        changed: set[int] = set()
        for row, source in enumerate(sources):
            state = state_of(source)
            if known.get(row) == state:
                continue
            changed.add(row)
            for table in ("items", "calls", "problems"):
                self._index.execute(f"DELETE FROM {table} WHERE row = ?", (row,))
            first = next(number for number, one in enumerate(sources) if one.predictions == source.predictions)
            if first == row and known.get(row, "").split(";")[:1] != state.split(";")[:1]:
                self._index.execute("DELETE FROM answers WHERE row = ?", (row,))
                self._add_answers(row, source)
            self._index.execute(
                "INSERT OR REPLACE INTO sources VALUES (?, ?, ?, ?, ?, ?)",
                (row, source.model, source.row, source.dataset, source.judge, state),
            )
            self._add(row, source, first)
        for statement in INDEXES:
            self._index.execute(statement)
        for rows in _comparable(sources):
            if changed & set(rows):
                self._compare(rows)
        if changed:
            make_tallies(self._index, self._fields.values())
            self._index.execute("PRAGMA analysis_limit = 1000")
            self._index.execute("ANALYZE")

    def _add_answers(self, row: int, source: Source) -> None:
        """Index the answers, under the number of the first row that is about them."""
        if source.predictions is not None:
            self._index.executemany(
                "INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " at = excluded.at, size = excluded.size, ok = excluded.ok, length = excluded.length,"
                " tokens = excluded.tokens, latency = excluded.latency, tries = excluded.tries,"
                " truncated = excluded.truncated, reason = excluded.reason WHERE excluded.ok OR NOT ok",
                self._answers(row, source.predictions),
            )

    def _add(self, row: int, source: Source, answers: int) -> None:
        if source.calls is not None:
            self._index.executemany("INSERT OR IGNORE INTO calls VALUES (?, ?, ?, ?)", self._calls(row, source.calls))
        if source.verdicts.exists():
            self._verdicts(row, source.verdicts, answers)
        else:
            self._unjudged(row, answers)

    def _answers(self, row: int, path: Path) -> Iterator[tuple[Any, ...]]:
        for slot, at, size, one in self._lines(row, path, _IndexedAnswer):
            usage, error = one.usage, one.error
            yield (
                row, slot, at, size, one.status == "ok", len(one.prediction),
                usage.completion_tokens if usage is not None else None, one.latency, one.tries,
                one.finish_reason == "length", str(error.get("kind", "")) if error else "",
            )  # fmt: skip

    def _calls(self, row: int, path: Path) -> Iterator[tuple[int, int, int, int]]:
        for slot, at, size, _ in self._lines(row, path, _IndexedCall):
            yield row, slot, at, size

    def _verdicts(self, row: int, path: Path, answers: int) -> None:
        names = list(COLUMNS)
        batch: list[tuple[Any, ...]] = []

        def write() -> None:
            marks = ", ".join("?" * len(names))
            self._index.executemany(f"INSERT OR REPLACE INTO items ({', '.join(names)}) VALUES ({marks})", batch)
            batch.clear()

        answer_of = _AnswerLines(self._index, answers).find
        first, fields = row << ROW_BITS, self._fields
        for number, (slot, at, size, one) in enumerate(self._lines(row, path, _Line), first):
            meta, rule, status = one.meta, one.rule, one.status
            if not meta.keys() <= fields.keys():
                write()
                self._add_fields([name for name in meta if name not in fields])
            if len(names) != len(COLUMNS) + len(fields):
                write()
                names = [*COLUMNS, *fields.values()]
            length, tokens, latency, tries, answer_at, answer_size = answer_of(slot)
            against = rule is not None and rule.status == status == "ok" and _differ(one, rule)
            batch.append((
                number, row, one.id, one.repeat, one.key, status, one.decision, one.score,
                one.reason or None, status == "ok" and _wrong(one), len(one.presentations) > 1 and _flipped(one),
                one.truncated, against, False,
                rule.decision if rule is not None else None, rule.score if rule is not None else None, _plain(one.gold),
                length, tokens, latency, tries, one.answer_hash or None, at, size, answer_at, answer_size,
                *[_plain(meta.get(name)) for name in fields],
            ))  # fmt: skip
            if len(batch) == 1000:
                write()
        write()

    def _unjudged(self, row: int, answers: int) -> None:
        """Index the answers, or the judge's replies about answers of the items, of a row that has no verdicts yet."""
        self._index.execute(
            "INSERT INTO items (pos, row, id, repeat, status, reason, wrong, flipped, truncated, against_rule,"
            f" against_judges) SELECT DISTINCT (row << {ROW_BITS}) | (dense_rank() OVER (ORDER BY slot)),"
            " row, slot >> 20, slot & 1048575, 'not_judged', 'no verdict yet', 0, 0, 0, 0, 0 FROM calls WHERE row = ?"
            " AND NOT EXISTS (SELECT 1 FROM answers WHERE row = ?)",
            (row, answers),
        )
        self._index.execute(
            "INSERT INTO items (pos, row, id, repeat, status, reason, wrong, flipped, truncated, against_rule,"
            " against_judges, length, tokens, latency, tries, answer_at, answer_size)"
            f" SELECT (?1 << {ROW_BITS}) | (row_number() OVER (ORDER BY slot)), ?1, slot >> 20, slot & 1048575,"
            " iif(ok, 'not_judged', 'prediction_failed'), iif(ok, 'no verdict yet', reason), 0, 0, truncated, 0, 0,"
            " length, tokens, latency, tries, at, size FROM answers WHERE row = ?2 ORDER BY slot",
            (row, answers),
        )

    def _add_fields(self, names: list[str]) -> None:
        for name in names[: max(0, _FIELDS_AT_MOST - len(self._fields))]:
            column = f"field_{len(self._fields)}"
            self._index.execute(f"ALTER TABLE items ADD COLUMN {column}")
            self._index.execute("INSERT INTO fields VALUES (?, ?)", (name, column))
            self._fields[name] = column

    def _lines(self, row: int, path: Path, kind: type[Any]) -> Iterator[tuple[int, int, int, Any]]:
        """Yield the number, the place, the size and the record of every line that is whole."""
        decode = msgspec.json.Decoder(kind).decode
        at = 0
        damaged = 0
        try:
            with open_file(path, "rb", buffering=1 << 20) as file:
                for number, line in enumerate(file):
                    if not number & _LINES_UNCHECKED and self._stop():
                        raise InterruptedRunError("stopped while the index was made", hint="Continue with --reuse.")
                    size = len(line)
                    if line[-1] != _LINE_END:
                        break  # torn, or still being written
                    try:
                        one = decode(line)
                        slot = _slot(one.id, one.repeat)
                    except DAMAGED:
                        damaged += 1
                    else:
                        yield slot, at, size, one
                    at += size
        except FileNotFoundError:
            self._problem(row, f"{path.parent.parent.name}/{path.parent.name}/{path.name} is not there")
        except OSError as error:
            self._problem(row, f"{path.parent.parent.name}/{path.parent.name}/{path.name}: {reason_of(error)}")
        if damaged:
            lines = how_many(damaged, "line is", "lines are")
            self._problem(
                row, f"{path.parent.parent.name}/{path.parent.name}/{path.name}: {lines} damaged and left out"
            )

    def _problem(self, row: int, text: str) -> None:
        self._index.execute("INSERT INTO problems VALUES (?, ?)", (row, text))

    def _compare(self, rows: list[int]) -> None:
        """Mark the answers about which judges say different things."""
        among = f"row IN ({', '.join(str(row) for row in rows)})"
        checks = "decision IN ('correct', 'incorrect', 'invalid')"
        same_answer = f"SELECT id, repeat FROM items WHERE {among} AND status = 'ok' GROUP BY id, repeat HAVING"
        differ = (
            f"count(DISTINCT CASE WHEN {checks} THEN decision END) > 1"
            f" OR count(DISTINCT CASE WHEN NOT {checks} THEN decision END) > 1"
            " OR (count(decision) = 0 AND count(DISTINCT score) > 1)"
        )
        self._index.execute(f"UPDATE items SET against_judges = 0 WHERE {among} AND against_judges")
        self._index.execute(
            f"UPDATE items SET against_judges = 1 WHERE {among} AND status = 'ok'"
            f" AND (id, repeat) IN ({same_answer} {differ})"
        )


class _AnswerLines:
    """Finds answers by their numbers: mostly the next one, as verdicts are written in the order of the samples.

    Args:
        index: The index.
        row: Under which number of a row they stand.
    """

    _NONE = (None,) * 6

    def __init__(self, index: sqlite3.Connection, row: int) -> None:
        what = "SELECT length, tokens, latency, tries, at, size, slot FROM answers WHERE row = ? AND slot"
        self._row = row
        self._one = index.cursor()
        self._named = f"{what} = ?"
        self._in_order = index.execute(f"{what} >= 0 ORDER BY slot", (row,))
        self._next = self._in_order.fetchone()

    def find(self, slot: int) -> tuple[Any, ...]:
        """Return length, tokens, latency, tries and place of an answer."""
        found = self._next
        if found is not None and found[6] == slot:
            self._next = self._in_order.fetchone()
            return found[:6]  # type: ignore[no-any-return]
        found = self._one.execute(self._named, (self._row, slot)).fetchone()
        if found is None:
            return self._NONE
        if self._next is not None and slot > self._next[6]:  # some have no verdict: go on behind this one
            self._in_order.execute(f"{self._named.removesuffix('= ?')}> ? ORDER BY slot", (self._row, slot))
            self._next = self._in_order.fetchone()
        return found[:6]  # type: ignore[no-any-return]


def _comparable(sources: list[Source]) -> Iterator[list[int]]:
    """Yield the rows of judges that look at the same answers in the same way."""
    groups: dict[tuple[str, str, str], list[int]] = {}
    for row, source in enumerate(sources):
        if source.judge:
            groups.setdefault((source.model, source.dataset, source.against), []).append(row)
    yield from (rows for rows in groups.values() if len(rows) > 1)


def _slot(id: int, repeat: int) -> int:
    if not (0 <= id < 1 << 43 and 0 <= repeat < 1 << 20):
        raise ValueError("no number of an item")
    return slot_sample(id, repeat)


def _wrong(one: _Line) -> bool:
    """Say whether a verdict calls an answer wrong or, where the true decision is known, is wrong itself."""
    if one.gold is None:
        return one.decision in {"incorrect", "invalid"}
    if isinstance(one.gold, str):
        return one.decision is not None and one.decision != one.gold
    gold = _first_wrong(one.gold) if isinstance(one.gold, list) else one.gold
    return isinstance(gold, int | float) and one.score is not None and one.score != gold


def _first_wrong(steps: list[Any]) -> int | None:
    """Return the index of the first step that is wrong, -1 where none is, as verdicts about steps have it."""
    if not all(isinstance(step, bool) for step in steps):
        return None
    return steps.index(False) if False in steps else -1


def _differ(one: _Line, rule: _Rule) -> bool:
    if one.decision is not None and rule.decision is not None:
        return one.decision != rule.decision
    return one.decision is rule.decision is None and one.score != rule.score


def _flipped(one: _Line) -> bool:
    said = [part for part in one.presentations if part.prefers]
    return len({part.order for part in said}) > 1 and len({part.prefers for part in said}) > 1


def _plain(value: Any) -> Any:
    """Return a value as a column holds it: a list or an object as JSON."""
    if value is None or value.__class__ is str:
        return value
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
        return float(value)
    if isinstance(value, str | int | float):
        return value
    return msgspec.json.encode(value).decode()
