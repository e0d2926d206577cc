"""The index of a run: what filters and sorts, and where each record stands; it can always be made again.

It is a SQLite file, written beside its place and then put there, and never changed afterwards: a reader needs no lock,
on a network file system neither (docs/decisions/0012-sqlite-index.md). Its place is ``index/items.sqlite`` in the run
folder, or the user's cache where the folder is not ours to write to. Rows whose files have changed are indexed again;
the others are taken over.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import msgspec

from judgebench.errors import DiskError, how_many
from judgebench.query.sources import Source
from judgebench.store.journal import DAMAGED, disk_error, make_folder, open_file, reason_of, temporary_of
from judgebench.store.recorded import slot_sample
from judgebench.store.run_folder import RunFolder, is_run

VERSION = 1
"""Raised with every change of the tables: an index of another version is made again."""

COLUMNS = (
    "pos", "row", "id", "repeat", "key", "status", "decision", "score", "reason", "wrong", "flipped", "truncated",
    "against_rule", "against_judges", "rule_decision", "rule_score", "gold", "length", "tokens", "latency", "tries",
    "hash", "verdict_at", "verdict_size", "answer_at", "answer_size",
)  # fmt: skip
"""Of an item; the fields of the samples follow, each in a column of its own (table ``fields``)."""

_FIELDS_AT_MOST = 200
"""Columns for fields of samples; a run with more of them can filter by the first ones it meets."""

_TABLES = f"""
CREATE TABLE sources (row INTEGER PRIMARY KEY, model TEXT, name TEXT, dataset TEXT, judge TEXT, state TEXT);
CREATE TABLE fields (name TEXT PRIMARY KEY, column_name TEXT);
CREATE TABLE problems (row INTEGER, text TEXT);
CREATE TABLE items ({", ".join(COLUMNS).replace("pos,", "pos INTEGER PRIMARY KEY,", 1)});
CREATE TABLE answers (row INTEGER, slot INTEGER, at INTEGER, size INTEGER, ok INTEGER, length INTEGER,
    tokens INTEGER, latency REAL, tries INTEGER, truncated INTEGER, reason TEXT, PRIMARY KEY (row, slot)) WITHOUT ROWID;
CREATE TABLE calls (row INTEGER, slot INTEGER, at INTEGER, size INTEGER, PRIMARY KEY (row, slot, at)) WITHOUT ROWID;
CREATE INDEX by_sample ON items (row, id, repeat);
CREATE INDEX by_trouble ON items (pos) WHERE wrong OR flipped OR against_rule OR against_judges OR status != 'ok';
PRAGMA user_version = {VERSION};
"""
_ROW_BITS = 40
"""Bits of an item's number below those of its row: items are in the order of rows, then in that of samples."""


class _Tokens(msgspec.Struct, gc=False):
    completion_tokens: int | None = None


class _Answer(msgspec.Struct, gc=False):
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


class _Call(msgspec.Struct, gc=False):
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


def state_of(source: Source) -> str:
    """Return what changes with every change of a row's files."""
    return ";".join(f"{kind}:{_stat(path)}" for kind, path in _files(source))


def _files(source: Source) -> list[tuple[str, Path | None]]:
    return [("answers", source.predictions), ("verdicts", source.verdicts), ("calls", source.calls)]


def _stat(path: Path | None) -> str:
    if path is None:
        return "-"
    try:
        state = path.lstat()
    except OSError:
        return "none"
    return f"{state.st_size},{state.st_mtime_ns},{state.st_ino}"


def index_paths(folder: RunFolder) -> list[Path]:
    """Return where an index may stand: the best place first."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "judgebench" / "index"
    name = hashlib.sha256(os.path.realpath(folder.path).encode("utf-8", "surrogateescape")).hexdigest()[:24]
    ours = folder.path / "index" / "items.sqlite"
    inside = is_run(folder.path) and not ours.parent.is_symlink() and os.access(folder.path, os.W_OK)
    return [*([ours] if inside else []), cache / f"{name}.sqlite"]


def open_index(path: Path) -> sqlite3.Connection:
    """Open an index to be read, by any thread but by one at a time.

    Raises:
        sqlite3.Error: It is missing, damaged, or of another version.
    """
    with closing(open_file(path, "rb")):
        pass  # no link and no pipe
    found = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False, isolation_level=None
    )
    try:
        found.execute("PRAGMA trusted_schema = OFF")
        found.execute("PRAGMA cache_size = -16000")  # kB, of each thread
        found.execute("PRAGMA temp_store = MEMORY")
        found.execute("SELECT 1 FROM items LIMIT 1").fetchall()
        usable = found.execute("PRAGMA user_version").fetchone() == (VERSION,)
    except BaseException:
        found.close()
        raise
    if not usable:
        found.close()
        raise sqlite3.DatabaseError(f"{path} is an index of another version")
    return found


def up_to_date(index: sqlite3.Connection, sources: list[Source]) -> bool:
    """Say whether an index is of these files as they are now."""
    known = index.execute("SELECT model, name, state FROM sources ORDER BY row").fetchall()
    return known == [(one.model, one.row, state_of(one)) for one in sources]


def make_index(folder: RunFolder, sources: list[Source]) -> Path:
    """Make the index of a run, taking over what an earlier one says of files that are unchanged; return its place.

    Raises:
        DiskError: It can be written nowhere.
    """
    failure: DiskError | None = None
    for place in index_paths(folder):
        try:
            make_folder(place.parent)
            _make(place, sources)
        except sqlite3.Error as error:
            failure = DiskError(f"{place} cannot be written: {error}.", hint="Make room, or set XDG_CACHE_HOME.")
        except OSError as error:
            failure = disk_error(place, error)
        except DiskError as error:
            failure = DiskError(error.message, hint="Set XDG_CACHE_HOME to a folder that can be written to.")
        else:
            return place
    assert failure is not None
    raise failure


def _make(place: Path, sources: list[Source]) -> None:
    temporary = temporary_of(place)
    temporary.unlink(missing_ok=True)
    try:
        kept = _taken_over(place, temporary, sources)
        # nobody else writes this file, and it is of no use half written: neither locks nor a journal
        with closing(
            sqlite3.connect(f"{temporary.absolute().as_uri()}?vfs=unix-none", uri=True, isolation_level=None)
        ) as index:
            index.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -48000;")
            if not kept:
                index.executescript(f"PRAGMA page_size = 16384; {_TABLES}")
            index.execute("BEGIN")
            _Maker(index).update(sources)
            index.execute("COMMIT")
        temporary.replace(place)
    finally:
        temporary.unlink(missing_ok=True)


def _taken_over(place: Path, temporary: Path, sources: list[Source]) -> bool:
    """Copy an earlier index where at least half of what it is about is unchanged and stands in the same order."""
    try:
        with closing(open_index(place)) as index:
            found = index.execute("SELECT model, name, state FROM sources ORDER BY row").fetchall()
        known = {(model, name): state for model, name, state in found}
        same = [one for one in sources if known.get((one.model, one.row)) == state_of(one)]
        if list(known) != [(one.model, one.row) for one in sources] or size_of(same) * 2 < size_of(sources):
            return False
        with open_file(place, "rb") as source, open_file(temporary, "xb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
    except (OSError, sqlite3.Error):
        return False
    return True


def size_of(sources: Iterable[Source]) -> int:
    """Return how many bytes the files of result rows have."""
    total = 0
    for path in {path for source in sources for _, path in _files(source) if path is not None}:
        with suppress(OSError):
            total += path.lstat().st_size
    return total


class _Maker:
    """Fills the tables of an index."""

    def __init__(self, index: sqlite3.Connection) -> None:
        self._index = index
        self._fields: dict[str, str] = dict(index.execute("SELECT name, column_name FROM fields"))

    def update(self, sources: list[Source]) -> None:
        """Index the rows whose files have changed."""
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
        for rows in _comparable(sources):
            if changed & set(rows):
                self._compare(rows)
        if changed:
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
        for at, size, one in self._lines(row, path, _Answer):
            tokens = one.usage.completion_tokens if one.usage is not None else None
            reason = str((one.error or {}).get("kind", ""))
            yield (
                row, _slot(one.id, one.repeat), at, size, one.status == "ok", len(one.prediction), tokens, one.latency,
                one.tries, one.finish_reason == "length", reason,
            )  # fmt: skip

    def _calls(self, row: int, path: Path) -> Iterator[tuple[int, int, int, int]]:
        for at, size, one in self._lines(row, path, _Call):
            yield row, _slot(one.id, one.repeat), at, size

    def _verdicts(self, row: int, path: Path, answers: int) -> None:
        names = list(COLUMNS)
        batch: list[tuple[Any, ...]] = []

        def write() -> None:
            marks = ", ".join("?" * len(names))
            self._index.executemany(f"INSERT OR REPLACE INTO items ({', '.join(names)}) VALUES ({marks})", batch)
            batch.clear()

        answer = self._index.cursor()
        for number, (at, size, one) in enumerate(self._lines(row, path, _Line)):
            answer.execute(
                "SELECT length, tokens, latency, tries, at, size FROM answers WHERE row = ? AND slot = ?",
                (answers, _slot(one.id, one.repeat)),
            )
            length, tokens, latency, tries, answer_at, answer_size = answer.fetchone() or (None,) * 6
            if new := [name for name in one.meta if name not in self._fields]:
                write()
                self._add_fields(new)
                names = [*COLUMNS, *self._fields.values()]
            elif len(names) != len(COLUMNS) + len(self._fields):
                names = [*COLUMNS, *self._fields.values()]
            rule = one.rule
            against = rule is not None and rule.status == one.status == "ok" and _differ(one, rule)
            batch.append((
                row << _ROW_BITS | number, row, one.id, one.repeat, one.key, one.status, one.decision, one.score,
                one.reason or None, _wrong(one), _flipped(one), one.truncated, against, False,
                rule.decision if rule is not None else None, rule.score if rule is not None else None, _plain(one.gold),
                length, tokens, latency, tries, one.answer_hash or None, at, size, answer_at, answer_size,
                *(_plain(one.meta.get(name)) for name in self._fields),
            ))  # fmt: skip
            if len(batch) == 1000:
                write()
        write()

    def _unjudged(self, row: int, answers: int) -> None:
        """Index the answers, or the judge's replies about answers of the items, of a row that has no verdicts yet."""
        self._index.execute(
            "INSERT INTO items (pos, row, id, repeat, status, reason, wrong, flipped, truncated, against_rule,"
            f" against_judges) SELECT DISTINCT (row << {_ROW_BITS}) | (dense_rank() OVER (ORDER BY slot)),"
            " row, slot >> 20, slot & 1048575, 'not_judged', 'no verdict yet', 0, 0, 0, 0, 0 FROM calls WHERE row = ?"
            " AND NOT EXISTS (SELECT 1 FROM answers WHERE row = ?)",
            (row, answers),
        )
        self._index.execute(
            "INSERT INTO items (pos, row, id, repeat, status, reason, wrong, flipped, truncated, against_rule,"
            " against_judges, length, tokens, latency, tries, answer_at, answer_size)"
            f" SELECT (?1 << {_ROW_BITS}) | (row_number() OVER (ORDER BY slot)), ?1, slot >> 20, slot & 1048575,"
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

    def _lines(self, row: int, path: Path, kind: type[Any]) -> Iterator[tuple[int, int, Any]]:
        decode = msgspec.json.Decoder(kind).decode
        at = 0
        damaged = 0
        try:
            with open_file(path, "rb", buffering=1 << 20) as file:
                for line in file:
                    size = len(line)
                    if not line.endswith(b"\n"):
                        break  # torn, or still being written
                    try:
                        one = decode(line)
                        _slot(one.id, one.repeat)
                    except DAMAGED:
                        damaged += 1
                    else:
                        yield at, size, one
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
    if one.status != "ok":
        return False
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
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
        return float(value)
    if value is None or isinstance(value, str | int | float):
        return value
    return msgspec.json.encode(value).decode()
