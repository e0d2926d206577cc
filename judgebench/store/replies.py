"""Replies kept across runs, in one SQLite file that several processes may use at once.

SQLite comes with Python and holds bytes; libraries for caches on top of it unpickle what they find in the file.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import msgspec

from judgebench.errors import DiskError
from judgebench.records.flow import Reply
from judgebench.store.journal import DamagedError, Decoder, open_descriptor, reason_of

FILE = "replies.sqlite"
WAIT = 30.0
"""Seconds that one process waits while another one writes."""


class ReplyCache:
    """Usable replies by the hash of what was asked.

    Args:
        folder: Where the file is; made when missing.

    Raises:
        DiskError: The file cannot be opened, read or written.
    """

    def __init__(self, folder: str | Path) -> None:
        self.path = Path(folder).expanduser() / FILE
        self._decode = Decoder(Reply)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            os.close(open_descriptor(self.path, os.O_RDWR | os.O_CREAT))  # SQLite would wait for a pipe in its place
        except OSError as error:
            raise self._failed(reason_of(error)) from error
        try:
            # isolation_level None: each reply is on its own, so a killed run keeps what it paid for.
            self._base = sqlite3.connect(self.path, timeout=WAIT, isolation_level=None)
            self._base.execute("PRAGMA journal_mode = WAL")
            self._base.execute("PRAGMA synchronous = NORMAL")
            self._base.execute("CREATE TABLE IF NOT EXISTS replies (asked BLOB PRIMARY KEY, reply BLOB) WITHOUT ROWID")
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def get(self, uuid: str) -> Reply | None:
        """Return the reply to a question, by its hash (hex)."""
        try:
            row = self._base.execute("SELECT reply FROM replies WHERE asked = ?", (bytes.fromhex(uuid),)).fetchone()
        except sqlite3.Error as error:
            raise self._failed(error) from error
        if row is None or not isinstance(row[0], bytes):
            return None
        try:
            return self._decode(row[0])
        except DamagedError:
            return None  # damaged, or written by a version with other fields: asked again, and replaced

    def put(self, uuid: str, reply: Reply) -> None:
        """Keep a reply; only those that are ``ok`` may be."""
        assert reply.status == "ok"
        try:
            entry = (bytes.fromhex(uuid), msgspec.json.encode(reply))
            self._base.execute("INSERT OR REPLACE INTO replies VALUES (?, ?)", entry)
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    def _failed(self, error: sqlite3.Error | str) -> DiskError:
        return DiskError(
            f"The cache {self.path} cannot be used: {error}.", hint="Name another folder, or leave out --cache."
        )
