"""The tables of an index, which one module fills and others read."""

from __future__ import annotations

VERSION = 3
"""Raised with every change of the tables: an index of another version is made again."""

COLUMNS = (
    "pos", "row", "id", "repeat", "key", "status", "decision", "score", "reason", "wrong", "flipped", "truncated",
    "against_rule", "against_judges", "rule_decision", "rule_score", "gold", "length", "tokens", "latency", "tries",
    "hash", "verdict_at", "verdict_size", "answer_at", "answer_size",
)  # fmt: skip
"""Of an item; the fields of the samples follow, each in a column of its own (table ``fields``)."""

TABLES = f"""
CREATE TABLE sources (row INTEGER PRIMARY KEY, model TEXT, name TEXT, dataset TEXT, judge TEXT, state TEXT);
CREATE TABLE fields (name TEXT PRIMARY KEY, column_name TEXT);
CREATE TABLE problems (row INTEGER, text TEXT);
CREATE TABLE tallies (n INTEGER);
CREATE TABLE items ({", ".join(COLUMNS).replace("pos,", "pos INTEGER PRIMARY KEY,", 1)});
CREATE TABLE answers (row INTEGER, slot INTEGER, at INTEGER, size INTEGER, ok INTEGER, length INTEGER,
    tokens INTEGER, latency REAL, tries INTEGER, truncated INTEGER, reason TEXT, PRIMARY KEY (row, slot)) WITHOUT ROWID;
CREATE TABLE calls (row INTEGER, slot INTEGER, at INTEGER, size INTEGER, PRIMARY KEY (row, slot, at)) WITHOUT ROWID;
PRAGMA user_version = {VERSION};
"""
INDEXES = (
    "CREATE INDEX IF NOT EXISTS by_sample ON items (row, id, repeat)",
    """CREATE INDEX IF NOT EXISTS by_trouble
        ON items (pos, row, status, decision, wrong, flipped, truncated, against_rule, against_judges, length)
        WHERE wrong OR flipped OR against_rule OR against_judges OR status != 'ok'""",
)
"""Made when the table is filled, many times quicker than with every line. Trouble is counted without the table."""
ROW_BITS = 40
"""Bits of an item's number below those of its row: items are in the order of rows, then in that of samples."""
