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
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from judgebench.errors import DiskError
from judgebench.query.index_filler import IndexFiller
from judgebench.query.index_tables import TABLES, VERSION
from judgebench.query.sources import Source, size_of, state_of
from judgebench.store.journal import disk_error, make_folder, open_file, temporary_of
from judgebench.store.run_folder import RunFolder, is_run


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


def make_index(folder: RunFolder, sources: list[Source], *, stop: Callable[[], bool] = lambda: False) -> Path:
    """Make the index of a run, taking over what an earlier one says of files that are unchanged; return its place.

    Args:
        folder: The run folder.
        sources: Its result rows.
        stop: Says whether to give up.

    Raises:
        DiskError: It can be written nowhere.
        InterruptedRunError: ``stop`` said so.
    """
    failure: DiskError | None = None
    for place in index_paths(folder):
        try:
            make_folder(place.parent)
            _make(place, sources, stop)
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


def _make(place: Path, sources: list[Source], stop: Callable[[], bool]) -> None:
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
                index.executescript(f"PRAGMA page_size = 16384; {TABLES}")
            index.execute("BEGIN")
            IndexFiller(index, stop).update(sources)
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
